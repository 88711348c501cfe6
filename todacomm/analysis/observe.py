"""From settings to an observation: run the model on the texts, or read it from the cache or a file of clouds."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from todacomm.analysis.memory import check_memory
from todacomm.core.facts import RunWarning
from todacomm.results.facts import TextFacts
from todacomm.results.observation import Observation
from todacomm.results.texts import clusters_of, text_table
from todacomm.settings.analysis import OPTIONS, AnalysisConfig, protocol_values
from todacomm.settings.values import OBJECT, OWN_CLOUDS
from todacomm.system.progress import Progress, silent

if TYPE_CHECKING:
    from todacomm.activations import Finished
    from todacomm.models import LoadedModel
    from todacomm.texts import Texts

Observe = Callable[..., Observation]
"""Takes settings and progress, as :func:`run_model` does: what an analysis and its controls are observed with."""


def observe(config: AnalysisConfig, progress: Progress = silent, *, finished: "Finished | None" = None) -> Observation:
    """Run the model on the texts, or read clouds that somebody else took (``model=clouds:FILE``).

    Parameters
    ----------
    finished : callable, optional
        As in :func:`read_texts`; not called where no model runs.

    Raises
    ------
    ValueError
        The model, the texts or the file of clouds is not there or not usable, or was an object in memory.
    """
    for name, value in (("model", config.model.model), ("dataset", config.texts.dataset)):
        if value.removeprefix(OWN_CLOUDS).startswith(OBJECT):
            raise ValueError(f"{name} is {value}: it was an object in memory; give it to todacomm.analyze again")
    if path := config.model.clouds_file:
        from todacomm.analysis.own_clouds import read_clouds

        layers = () if config.model.layers == ("all",) else config.model.layers
        observed = read_clouds(path, layers, config.topology.distances)
        check_points(config, observed)
        return observed
    return run_model(config, progress, finished=finished)


def check_points(config: AnalysisConfig, observed: Observation) -> None:
    """Whether settings fit clouds that were taken elsewhere.

    Raises
    ------
    ValueError
        ``samples`` is another number, there are more landmarks, or no label for ``cluster``.
    """
    clusters_of(observed.texts, config.inference.cluster)
    landmarks, n_points, asked = config.topology.landmarks, len(observed.dataset.ids), config.texts.samples
    named = protocol_values(config.inference.protocol).get("samples")
    given = "samples" in config.typed or asked not in (OPTIONS["samples"].default, named)
    if given and asked != n_points:
        raise ValueError(f"samples is {asked}, the file has {n_points} points a layer: leave samples out")
    if landmarks > n_points:
        raise ValueError(f"landmarks is {landmarks}, the file has {n_points} points a layer: expected at most as many")


def run_model(
    config: AnalysisConfig,
    progress: Progress = silent,
    *,
    seed: int | None = None,
    shuffle_seed: int | None = None,
    finished: "Finished | None" = None,
) -> Observation:
    """One forward pass of the model over the texts, or what the cache kept of the same one.

    Parameters
    ----------
    seed : int, optional
        Of random weights; the settings' seed without it.
    shuffle_seed : int, optional
        Put the tokens of each text into a random order first.
    finished : callable, optional
        As in :func:`read_texts`; not called where the cache has it.
    """
    forward = partial(forward_pass, config, progress, seed=seed, shuffle_seed=shuffle_seed, finished=finished)
    if not config.record.cache:
        return forward()
    from todacomm.analysis.cache import remembered

    return remembered(config, seed, shuffle_seed, forward)


@dataclass(frozen=True)
class Given:
    """Objects in place of what the settings name; nothing of them is in the cache, which knows names and files only.

    Attributes
    ----------
    model, tokenizer : PreTrainedModel, PreTrainedTokenizerBase
        None where the model is named in the settings.
    texts : Texts or None
        None where the data set is named in the settings.
    """

    model: Any = None
    tokenizer: Any = None
    texts: "Texts | None" = None


NOTHING_GIVEN = Given()


def forward_pass(
    config: AnalysisConfig,
    progress: Progress = silent,
    *,
    seed: int | None = None,
    shuffle_seed: int | None = None,
    finished: "Finished | None" = None,
    given: Given = NOTHING_GIVEN,
) -> Observation:
    """One forward pass of the model over the texts; the arguments are those of :func:`run_model`."""
    from todacomm.models import load_model
    from todacomm.texts import load_texts

    seed = config.record.seed if seed is None else seed
    texts = given.texts or load_texts(config.texts, config.record.seed)
    check_memory(config.topology, len(texts.texts))
    clusters_of(text_table(texts.ids, documents=texts.documents, columns=texts.columns), config.inference.cluster)
    if given.model is None:
        return read_texts(load_model(config.model, seed), texts, config, progress, shuffle_seed, finished)
    from todacomm.models.given import describe_model, in_evaluation

    with in_evaluation(given.model):
        loaded = describe_model(given.model, given.tokenizer, config.model, seed)
        return read_texts(loaded, texts, config, progress, shuffle_seed, finished)


def read_texts(
    loaded: "LoadedModel",
    texts: "Texts",
    config: AnalysisConfig,
    progress: Progress = silent,
    shuffle_seed: int | None = None,
    finished: "Finished | None" = None,
) -> Observation:
    """What a loaded model makes of texts.

    Parameters
    ----------
    finished : callable, optional
        Called with a layer's name and cloud while the model is at work on later layers: of one that is read a block at
        a time, and of one on an accelerator. One that is whole on a processor takes all of that for itself.
    """
    from todacomm.activations import extract
    from todacomm.analysis.cache import passes_folder
    from todacomm.texts.chat import templated

    chat = config.texts.chat
    words = templated(loaded.tokenizer, texts.texts, config.texts.system) if chat else texts.texts
    activations = extract(
        loaded,
        words,
        templated=chat,
        layers=config.model.layers,
        pooling=config.model.pooling,
        max_length=config.texts.max_length,
        batch_tokens=config.model.batch_tokens,
        likelihood=config.model.likelihood,
        seed=config.record.seed,
        shuffle_seed=shuffle_seed,
        progress=progress,
        finished=finished if loaded.surveyed or loaded.device.type != "cpu" else None,
        resume=passes_folder() if config.record.cache and loaded.surveyed else None,
    )
    return Observation(
        model=activations.model,
        dataset=TextFacts(
            name=texts.name,
            source=texts.source,
            revision=texts.revision,
            unit=texts.unit,
            samples=len(texts.texts),
            digest=texts.digest,
            n_documents=texts.n_documents,
            ids=texts.ids,
        ),
        clouds=activations.clouds,
        likelihood=activations.likelihood,
        pooled_tokens=activations.pooled_tokens,
        truncated_fraction=float(activations.truncated.mean()),
        token_embeddings=activations.token_embeddings,
        texts=text_table(
            texts.ids,
            words,
            documents=texts.documents,
            positions=texts.positions,
            last_tokens=activations.last_tokens,
            n_tokens=activations.n_tokens,
            nll=activations.nll,
            columns=texts.columns,
        ),
        warnings=(*texts.warnings, *activations.warnings, *(_same_ending(activations.last_tokens) if chat else ())),
    )


def _same_ending(last_tokens: tuple[str, ...]) -> tuple[RunWarning, ...]:
    """What is to be said of conversations that all end in a token of the template."""
    if len(set(last_tokens)) > 1:
        return ()
    text = (
        f"every text ends in {last_tokens[0]!r}, a token of the chat template: vectors of the last token are read there"
    )
    return (RunWarning("template_ending", text),)
