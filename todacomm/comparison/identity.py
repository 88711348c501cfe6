"""What an analysis is of, and what it is called beside others."""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from todacomm.results.facts import OWN
from todacomm.system.order import by_numbers

if TYPE_CHECKING:
    from todacomm.tracking import Analysis

MODELS, DATASETS = "models", "datasets"
"""What a comparison runs over: models on one data set, or data sets read by one model."""
IDENTITY = ["model", "revision", "weights", "dataset"]
SERIES = {
    "gpt2": "GPT-2", "pythia": "Pythia", "smollm": "SmolLM", "qwen": "Qwen", "gpt-neo": "GPT-Neo", "opt-": "OPT",
    "gemma": "Gemma", "llama": "Llama", "mistral": "Mistral", "phi-": "Phi", "olmo": "OLMo", "bloom": "BLOOM",
    "bert": "BERT", "t5": "T5",
}  # fmt: skip
"""Families of models by what their names hold; the architecture stands for one that is not among them."""


def identity_of(analysis: "Analysis") -> dict[str, str]:
    """Model, revision, weights and data set."""
    model = analysis.model
    return {
        "model": model.name,
        "revision": model.revision,
        "weights": model.weights,
        "dataset": analysis.dataset.name,
    }


def model_of(analysis: "Analysis") -> tuple[str, ...]:
    """By what one model is told from another: name, revision, weights, and the digest of what was loaded.

    A file of clouds holds no model, and has its name alone.
    """
    model = analysis.model
    digests = ("", "") if model.family == OWN else (model.weights_digest, model.adapter_digest)
    return model.name, model.revision, model.weights, *digests


def order_of(analysis: "Analysis") -> tuple[object, ...]:
    """Key to sort by: name and revision, numbers in them by size, then trained weights before random ones."""
    own = identity_of(analysis)
    first = [by_numbers(own[name]) for name in ("model", "revision")]
    return *first, own["weights"] == "random", by_numbers(own["dataset"]), analysis.run_id


def labels(analyses: Iterable["Analysis"], over: str = MODELS) -> list[str]:
    """Names by which analyses are distinguished: model, its revision where there are several, random weights."""
    identities = [identity_of(analysis) | {"run_id": analysis.run_id} for analysis in analyses]
    parts: list[Callable[[Mapping[str, str]], str]] = [
        (lambda own: own["dataset"]) if over == DATASETS else _model_label,
        lambda own: f"@{own['revision'][:12]}" if own["revision"] else "",
        lambda own: f" on {own['dataset']}" if over == MODELS else f" ({_model_label(own)})",
        lambda own: f" #{own['run_id'][:6]}",
    ]
    names = [parts[0](own) for own in identities]
    for part in parts[1:]:
        repeated = {name for name in names if names.count(name) > 1}
        names = [name + part(own) if name in repeated else name for name, own in zip(names, identities, strict=True)]
    return names


def model_family(model: str, architecture: str) -> str:
    """The family a model belongs to by its name, else its architecture.

    >>> model_family("distilgpt2", "gpt2"), model_family("mine", "mamba")
    ('GPT-2', 'mamba')
    """
    names = model.rpartition("/")[2].lower(), architecture.lower()
    return next((family for name in names for part, family in SERIES.items() if part in name), architecture)


def _model_label(own: Mapping[str, str]) -> str:
    return own["model"] + (" (random)" if own["weights"] == "random" else "")
