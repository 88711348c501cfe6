"""Settings of an analysis: one place for names, defaults, help and validation."""

import os.path
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from todacomm.settings.base import BESIDE, NOTHING, WHICH, Settings, option
from todacomm.settings.protocols import load_protocol
from todacomm.settings.values import AUTO, OWN_CLOUDS, parse_value, tags_of

POOLINGS = ("auto", "last", "cls", "mean")
DEVICES = ("auto", "cpu", "cuda", "mps")
DTYPES = ("auto", "float32", "float16", "bfloat16")
UNITS = ("passage", "line", "row")
ENDINGS = ("any", "distinct")
PLACEMENTS = ("auto", "whole", "stream")
METRICS = ("euclidean", "cosine", "cityblock", "chebyshev")
ENGINES = ("auto", "lunes", "gudhi", "ripser")
FIGURES = ("all", "summary", "none")
MIN_LANDMARKS = 4


def null_names() -> tuple[str, ...]:
    """The null models that there are."""
    from todacomm.core.nulls import NULLS

    return tuple(NULLS)


@dataclass(frozen=True, slots=True)
class ModelConfig(Settings):
    """Which model, and how it is run."""

    model: str = option("demo-decoder", "preset, hub id, local folder or GGUF file of the model", decides=WHICH)
    revision: str = option("", "hub revision, or a subfolder of a local folder such as step-000100", decides=WHICH)
    weights: str = option(
        "trained",
        "trained, or random: the same config initialised from the seed",
        decides=WHICH,
        choices=("trained", "random"),
    )
    layers: tuple[str, ...] = option(
        ("all",),
        "all (the residual stream), attention and ffn (what each block's attention and MLP add to it), middle (the "
        "middle block), or names with commas: embedding,layer_0,layer_0_ffn,final",
        decides=WHICH,
        needed=True,
    )
    pooling: str = option(
        "auto",
        "one vector a text: last token, cls or mean; auto: as the model's own files say, else by its kind",
        choices=POOLINGS,
    )
    device: str = option(
        AUTO, "where the model runs; auto takes cuda or mps where present", choices=DEVICES, decides=NOTHING
    )
    dtype: str = option(AUTO, "precision of the forward pass; auto is float32 on a CPU", choices=DTYPES)
    batch_tokens: int | None = option(None, "tokens in a batch, padding included", low=1, decides=NOTHING)
    placement: str = option(
        AUTO,
        "whole: all weights at once; stream: a block at a time; auto: whole where they fit beside the work",
        choices=PLACEMENTS,
        decides=NOTHING,
    )
    adapter: str = option("", "folder of a PEFT adapter (LoRA) merged into the trained weights", decides=WHICH)
    trust_remote_code: bool = option(False, "run code that comes with the model", decides=NOTHING)
    allow_pickle: bool = option(False, "load .bin weights (with weights_only=True)", decides=NOTHING)
    likelihood: bool = option(True, "measure perplexity where the model has a head", decides=BESIDE)

    @property
    def clouds_file(self) -> Path | None:
        """The file of clouds in place of a model; None where a model runs."""
        is_file = self.model.startswith(OWN_CLOUDS)
        return Path(os.path.expanduser(self.model.removeprefix(OWN_CLOUDS))) if is_file else None

    def check(self) -> None:
        if not self.model:
            raise ValueError("model is empty: name a preset, a hub id or a local folder")
        if self.adapter and self.weights != "trained":
            raise ValueError("adapter is merged into trained weights: leave it out, or set weights=trained")


@dataclass(frozen=True, slots=True)
class TextsConfig(Settings):
    """Which texts the model reads."""

    dataset: str = option("pydoc", "pydoc, wikitext2, squad, a file, or hf:path[:config]:split:field", decides=WHICH)
    dataset_revision: str = option("", "hub revision of the data set", decides=WHICH)
    text_column: str = option(
        "",
        "column or key of the text in a file or an hf: data set, or a prompt of several: '{question} {answer}'",
        decides=WHICH,
    )
    text_columns: tuple[str, ...] = option(
        (),
        "other columns of the file, with commas: recorded with each text, and tried as what a loop goes with",
        decides=BESIDE,
    )
    samples: int = option(500, "texts, and so points in every cloud", low=10, decides=WHICH)
    unit: str = option(
        "passage",
        "passage: 64 words from anywhere in a document; line: lines as they stand; row: lines with headings",
        choices=UNITS,
    )
    endings: str = option("any", "distinct: passages that end in different words", choices=ENDINGS)
    chat: bool = option(False, "a row is a conversation or a user's message, read in the model's chat template")
    system: str = option("", "system message before conversations that have none; with chat=true")
    max_length: int | None = option(
        None, "tokens of a text; auto: the longest passage up to the model's context", low=2
    )

    def check(self) -> None:
        if self.endings == "distinct" and self.unit != "passage":
            raise ValueError(f"endings=distinct is for passages, unit is {self.unit}: give one or the other")


@dataclass(frozen=True, slots=True)
class TopologyConfig(Settings):
    """From a cloud to its diagrams."""

    pca: int = option(50, "principal components kept; 0: no PCA", low=0)
    standardize: bool = option(False, "z-score every dimension before PCA")
    maxdim: int = option(1, "highest homology degree", low=0, high=2)
    metric: str = option("euclidean", "distance between points; cosine is taken from the centroid", choices=METRICS)
    engine: str = option(
        AUTO, "lunes, gudhi or ripser; auto takes lunes, for H2 gudhi where installed", choices=ENGINES, decides=NOTHING
    )
    threads: int | None = option(None, "threads for the homology", low=1, decides=NOTHING)
    landmarks: int = option(0, "homology among so many points, spread over a large cloud; 0: among all", low=0)
    distances: bool = option(
        False, "clouds:FILE holds distances, a square matrix a layer, and no coordinates: no PCA, no rotation null",
        decides=WHICH,
    )  # fmt: skip

    def check(self) -> None:
        if self.distances and (self.standardize or self.landmarks or self.metric != "euclidean"):
            raise ValueError("distances are given as they are: leave metric, standardize and landmarks out")
        if self.engine == "lunes" and self.maxdim > 1:
            raise ValueError(f"engine=lunes goes up to H1, and maxdim is {self.maxdim}: leave engine out")
        if 0 < self.landmarks < MIN_LANDMARKS:
            raise ValueError(f"landmarks is {self.landmarks}: expected 0 for none, or at least {MIN_LANDMARKS}")


@dataclass(frozen=True, slots=True)
class InferenceConfig(Settings):
    """Intervals and null models."""

    protocol: str = option("standard", "named protocol the settings follow", decides=BESIDE)
    replicates: int = option(100, "half-samples for the intervals; 0: none", low=0, decides=BESIDE)
    cluster: str = option(
        "",
        "column of the texts, such as document, of whose values half-samples are drawn: intervals for other documents; "
        "empty: texts by themselves",
    )
    nulls: int = option(39, "draws of the rotation null and of others in its space; 0: none", low=0, decides=BESIDE)
    further_nulls: int = option(
        60, "further draws for H0 where none of the first reaches it; 0: none", low=0, decides=BESIDE
    )
    null_kinds: tuple[str, ...] = option(
        ("rotation",),
        "null models with commas: {choices}",
        decides=BESIDE,
        choices=null_names,
    )
    control_draws: int = option(
        1, "draws of each null model that costs a forward pass; a p-value needs 19", low=1, decides=BESIDE
    )

    loops: int = option(
        5, "longest H1 bars looked at as loops, and as many of the largest ratios; 0: none", low=0, decides=BESIDE
    )

    def check(self) -> None:
        if not self.null_kinds and self.nulls:
            raise ValueError(f"null_kinds is empty with nulls={self.nulls}: name one of {', '.join(null_names())}")
        if self.cluster and not self.replicates:
            raise ValueError(f"cluster is {self.cluster!r} without half-samples: leave it out, or set replicates")


@dataclass(frozen=True, slots=True)
class RecordConfig(Settings):
    """Where and how the run is recorded."""

    run_name: str = option("", "name of the run; empty: model, data set and points", decides=NOTHING)
    experiment_name: str = option(
        "todacomm",
        "MLflow experiment; under `mlflow run` its own --experiment-name decides",
        decides=NOTHING,
    )
    tags: tuple[str, ...] = option((), "tags of the run with commas: key=value,key=value", decides=NOTHING)
    output_dir: str = option("", "also write the run's files to this folder", decides=NOTHING)
    keep_clouds: bool = option(True, "store the pooled activations", decides=NOTHING)
    figures: str = option(
        "all", "pictures: all, summary (the model at a glance alone) or none", decides=NOTHING, choices=FIGURES
    )
    explorer: bool = option(True, "write the interactive page, explorer.html", decides=NOTHING)
    keep_texts: bool = option(True, "store the words of the texts; without them ids and numbers stay", decides=NOTHING)
    cache: bool = option(True, "use and keep pooled activations in the cache folder of this user", decides=NOTHING)
    seed: int = option(42, "seed of every random choice", low=0, decides=WHICH)

    def check(self) -> None:
        for key in tags_of(self.tags):
            if key.startswith(("todacomm.", "mlflow.")):
                raise ValueError(f"tags has {key}: names that begin so are taken by the record itself, choose another")


@dataclass(frozen=True, slots=True)
class AnalysisConfig(Settings):
    """Everything one analysis depends on, validated once.

    ``typed`` holds the names of the options that a user gave, in a file or by name.

    >>> AnalysisConfig.from_flat({"samples": "300", "max_length": "auto"}).texts.samples
    300
    """

    model: ModelConfig = field(default_factory=ModelConfig)
    texts: TextsConfig = field(default_factory=TextsConfig)
    topology: TopologyConfig = field(default_factory=TopologyConfig)
    inference: InferenceConfig = field(default_factory=InferenceConfig)
    record: RecordConfig = field(default_factory=RecordConfig)
    typed: frozenset[str] = field(default=frozenset(), compare=False, repr=False)

    def check(self) -> None:
        landmarks, samples = self.topology.landmarks, self.texts.samples
        if landmarks and self.inference.cluster:
            raise ValueError(f"cluster is {self.inference.cluster!r}: landmarks have no half-samples; leave one out")
        if self.topology.distances and set(self.inference.null_kinds) - {"rotation"}:
            raise ValueError(f"null_kinds is {','.join(self.inference.null_kinds)}: distances alone have no null model")
        if self.model.clouds_file is None:
            if landmarks > samples:
                raise ValueError(f"landmarks is {landmarks} with samples={samples}: expected at most as many as points")
            return
        wanted = protocol_values(self.inference.protocol)
        given = {name: value for name, value in self.changed().items() if name in self.idle and name != "likelihood"}
        if idle := [name for name, value in given.items() if value != wanted.get(name)]:
            raise ValueError(
                f"{', '.join(idle)} would have no effect: clouds from a file have no model to run, no texts to read; "
                "leave it out"
            )
        from todacomm.core.nulls import NULLS

        passes = [kind for kind in self.inference.null_kinds if NULLS[kind].needs_pass]
        if passes:
            raise ValueError(f"null_kinds has {', '.join(passes)}: clouds from a file have no model to run")

    @property
    def idle(self) -> frozenset[str]:
        """Options that mean nothing here: clouds from a file have no model to run and no texts to read."""
        if self.model.clouds_file is None:
            return frozenset()
        return frozenset({*ModelConfig.options(), *TextsConfig.options()} - {"model", "layers", "samples"})

    def effective(self) -> dict[str, Any]:
        """Every option that has an effect, by its flat name."""
        return {name: value for name, value in self.to_flat().items() if name not in self.idle}

    @property
    def has_intervals(self) -> bool:
        """Whether half-samples are drawn: among landmarks they have no meaning."""
        return self.inference.replicates > 0 and not self.topology.landmarks

    @property
    def null_draws(self) -> int:
        """Draws of each null model in the space of the distances: it takes the coordinates of all points."""
        return 0 if self.topology.landmarks or self.topology.distances else self.inference.nulls

    @property
    def rotations(self) -> int:
        """Draws of the rotation null."""
        return self.null_draws if "rotation" in self.inference.null_kinds else 0

    @property
    def no_clouds(self) -> str:
        """Why no clouds are on record; empty where they are."""
        if self.topology.distances:
            return "it is of distances, which have none"
        return "" if self.record.keep_clouds else "analyse again with keep_clouds=true"


OPTIONS = AnalysisConfig.options()
"""Every option of an analysis by its flat name: the same in YAML, Python and MLproject, in kebab case on a console."""


def deviations(config: AnalysisConfig) -> dict[str, tuple[Any, Any]]:
    """Options in which settings differ from their protocol: name -> (the protocol's value, the value used)."""
    if config.idle:  # no protocol describes clouds that were taken elsewhere
        return {}
    options, wanted = config.to_flat(), protocol_values(config.inference.protocol)
    return {name: (value, options[name]) for name, value in wanted.items() if options[name] != value}


def protocol_values(name: str) -> dict[str, Any]:
    """The options of a protocol as settings have them."""
    options = load_protocol(name).options
    return {name: parse_value(name, value, OPTIONS[name].kind, OPTIONS[name].checks) for name, value in options.items()}


def protocol_tag(config: AnalysisConfig) -> str:
    """Name, version and hash of the protocol; empty for clouds that were taken elsewhere."""
    return "" if config.idle else load_protocol(config.inference.protocol).tag
