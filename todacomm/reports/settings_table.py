"""The settings of a report: what was analysed, and how."""

import numpy as np

from todacomm.core.inference.evidence import MIN_DRAWS
from todacomm.core.nulls import NULLS, ROTATION
from todacomm.reports.formats import listing, number, share
from todacomm.results.cloud import cloud_words
from todacomm.results.facts import OWN, ModelFacts, TextFacts
from todacomm.results.result import Provenance, Result
from todacomm.settings.analysis import AnalysisConfig, deviations, protocol_tag
from todacomm.system.units import count


def settings_table(result: Provenance) -> list[tuple[str, str]]:
    """Pairs of a name and its value; what is not known is left out, and of a convergence what it does not use."""
    model, texts, config = result.model, result.dataset, result.config
    topology = config.topology
    of_analysis = [
        ("Landmarks", number(topology.landmarks) if topology.landmarks else ""),
        ("Intervals", half_samples_words(config)),
        ("Nulls", _nulls(config)),
        ("Likelihood", f"of {number(model.n_predicted)} predicted tokens" if model.n_predicted else ""),
    ]
    rows = [
        ("Model", _with(model.name, revision=model.revision)),
        ("Architecture", _architecture(model)),
        _weights(model),
        ("Texts", _with(texts.name, revision=texts.revision)),
        ("Points", _points(texts)),
        ("Columns of the data", listing(config.texts.text_columns)),
        ("Words of the texts", "" if config.record.keep_texts else "not on record; ids, numbers and columns are"),
        ("Tokens", _tokens(result)),
        ("Pooling", model.pooling),
        ("Cloud", cloud_words(topology, [model.width])),
        ("Homology", f"degrees 0 to {topology.maxdim}, engine {topology.engine}"),
        *(of_analysis if isinstance(result, Result) else []),
        ("Protocol", _protocol(config)),
        ("Forward pass", _forward_pass(model)),
        ("Seed", str(config.record.seed)),
        ("Seconds", ", ".join(f"{stage} {number(seconds, 2)}" for stage, seconds in result.seconds.items())),
    ]
    return [(name, value) for name, value in rows if value]


def half_samples_words(config: AnalysisConfig) -> str:
    """What intervals are from: half-samples of texts, or of clusters of them."""
    cluster, n = config.inference.cluster, config.inference.replicates
    of_clusters = f", each of half of the values of {cluster}" if cluster else ""
    return f"{n} half-samples{of_clusters}" if config.has_intervals else "none"


def _weights(model: ModelFacts) -> tuple[str, str]:
    """The weights, or where no model was run the digest of the clouds."""
    if model.family == OWN:
        return "Clouds", f"from {model.source}, digest {model.weights_digest}"
    stored_as = {"stored as": model.stored_as, "digest": model.weights_digest}
    return "Weights", _with(model.weights, **stored_as, adapter=_with(model.adapter, digest=model.adapter_digest))


def _forward_pass(model: ModelFacts) -> str:
    place = {"stream": "a block at a time", "spread": "over several devices"}.get(model.placement, "")
    return ", ".join(filter(None, (" on ".join(filter(None, (model.dtype, model.device))), place)))


def _with(name: str, **details: str) -> str:
    return ", ".join(filter(None, [name, *(f"{key} {value}" for key, value in details.items() if value)]))


def _architecture(model: ModelFacts) -> str:
    sizes = {
        "layer" if model.n_layers == 1 else "layers": model.n_layers,
        "wide": model.width,
        "parameters": model.n_parameters,
        "tokens of context": model.context_length,
    }
    parts = [model.family, model.kind, *(f"{number(size)} {noun}" for noun, size in sizes.items() if size)]
    return ", ".join(filter(None, parts))


def _points(texts: TextFacts) -> str:
    documents = "" if texts.unit == "row" else f"from {count(texts.n_documents, 'document')}, "
    return f"{number(texts.samples)}, one for each {texts.unit}, {documents}digest {texts.digest}"


def _tokens(result: Provenance) -> str:
    """Numbers of the texts: the longest, how many were cut, and how many share their pooled token."""
    longest = result.model.max_length
    parts = [f"at most {number(longest)} a text"] if longest else []
    if (start := result.model.start_tokens) is not None:
        parts.append(f"each text begins with {start}" if start else "no special token at the start of a text")
    if isinstance(result, Result):
        cut, top = (result.depth.curve(name).value[0] for name in ("truncated_fraction", "top_token_fraction"))
        parts += [f"{share(cut)} of the texts cut"] if np.isfinite(cut) else []
        parts += [f"{share(top)} of the texts pooled at the commonest one"] if np.isfinite(top) else []
    return ", ".join(parts)


def _nulls(config: AnalysisConfig) -> str:
    kinds, n_draws = config.inference.null_kinds, config.null_draws
    further = config.inference.further_nulls if n_draws >= MIN_DRAWS else 0
    more = f" ({further} more for H0 where none of them reaches it)" if further else ""
    of_scores = [kind for kind in kinds if NULLS[kind].space == "scores"] if n_draws else []
    rows = [
        (count(n_draws, "rotation") if kind == ROTATION else f"{count(n_draws, 'draw')} of {NULLS[kind].label}") + more
        for kind in of_scores
    ]
    controls = [NULLS[kind].label for kind in kinds if NULLS[kind].space != "scores"]
    rows += [f"{count(config.inference.control_draws, 'draw')} of {listing(controls)}"] if controls else []
    return "; ".join(rows) or "none"


def _protocol(config: AnalysisConfig) -> str:
    changed = deviations(config)
    tag = protocol_tag(config)
    differing = [f"{name}={_plain(used)} (not {_plain(wanted)})" for name, (wanted, used) in changed.items()]
    return f"{tag}, with {', '.join(differing)}" if tag and differing else tag


def _plain(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
