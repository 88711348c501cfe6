"""Settings of an analysis: one place for names, defaults, help and validation."""

import dataclasses
import math
import types
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args, get_type_hints

import yaml

from todacomm.settings.protocols import load_protocol
from todacomm.system.digests import digest_of_json

AUTO = "auto"
POOLINGS = ("auto", "last", "cls", "mean")
DEVICES = ("auto", "cpu", "cuda", "mps")
DTYPES = ("auto", "float32", "float16", "bfloat16")
UNITS = ("passage", "line", "row")
ENDINGS = ("any", "distinct")
METRICS = ("euclidean", "cosine", "cityblock", "chebyshev")
ENGINES = ("auto", "gudhi", "ripser")
MIN_LANDMARKS = 4
NULL_KINDS = ("rotation", "random_weights", "shuffled_tokens", "permuted_dimensions")


def option(default: Any, help: str, **checks: Any) -> Any:
    """A dataclass field that carries its help and its checks (``choices``, ``low``, ``high``, ``numbers``)."""
    return field(default=default, metadata={"help": help, **checks})


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """Which model, and how it is run."""

    model: str = option("demo-decoder", "preset, hub id or local folder of the model")
    revision: str = option("", "hub revision, or a subfolder of a local folder such as step-000100")
    weights: str = option(
        "trained", "trained, or random: the same config initialised from the seed", choices=("trained", "random")
    )
    layers: str = option(
        "all",
        "all (the residual stream), attention and ffn (what each block's attention and MLP add to it), "
        "or names with commas: embedding,layer_0,layer_0_ffn,final",
    )
    pooling: str = option("auto", "one vector a text: last token, cls or mean", choices=POOLINGS)
    device: str = option(
        AUTO, "where the model runs; auto takes cuda or mps where present", choices=DEVICES, numbers=False
    )
    dtype: str = option(AUTO, "precision of the forward pass; auto is float32 on a CPU", choices=DTYPES)
    batch_tokens: int | None = option(None, "tokens in a batch, padding included", low=1, numbers=False)
    trust_remote_code: bool = option(False, "run code that comes with the model", numbers=False)
    allow_pickle: bool = option(False, "load .bin weights (with weights_only=True)", numbers=False)
    likelihood: bool = option(True, "measure perplexity where the model has a head")


@dataclass(frozen=True, slots=True)
class TextsConfig:
    """Which texts the model reads."""

    dataset: str = option("pydoc", "pydoc, wikitext2, squad, a file, or hf:path[:config]:split:field")
    dataset_revision: str = option("", "hub revision of the data set")
    text_column: str = option("", "column or key of the text in a .csv, .parquet or .jsonl file")
    samples: int = option(500, "texts, and so points in every cloud", low=10)
    unit: str = option(
        "passage",
        "passage: 64 words from anywhere in a document; line: lines as they stand; row: lines with headings",
        choices=UNITS,
    )
    endings: str = option("any", "distinct: passages that end in different words", choices=ENDINGS)
    max_length: int | None = option(
        None, "tokens of a text; auto: the longest passage up to the model's context", low=2
    )


@dataclass(frozen=True, slots=True)
class TopologyConfig:
    """From a cloud to its diagrams."""

    pca: int = option(50, "principal components kept; 0: no PCA", low=0)
    standardize: bool = option(False, "z-score every dimension before PCA")
    maxdim: int = option(1, "highest homology degree", low=0, high=2)
    metric: str = option("euclidean", "distance between points", choices=METRICS)
    engine: str = option(AUTO, "gudhi or ripser; auto takes gudhi where installed", choices=ENGINES, numbers=False)
    threads: int | None = option(None, "threads for the homology", low=1, numbers=False)
    landmarks: int = option(0, "homology among so many points, spread over a large cloud; 0: among all", low=0)


@dataclass(frozen=True, slots=True)
class InferenceConfig:
    """What makes the numbers believable."""

    protocol: str = option("standard", "named protocol the settings follow")
    replicates: int = option(100, "half-samples for the intervals; 0: none", low=0)
    nulls: int = option(39, "draws of the rotation null; 0: none", low=0)
    null_kinds: str = option("rotation", f"null models with commas: {', '.join(NULL_KINDS)}")
    control_draws: int = option(1, "draws of each null model that costs a forward pass; a p-value needs 19", low=1)


@dataclass(frozen=True, slots=True)
class RecordConfig:
    """Where and how the run is recorded."""

    run_name: str = option("", "name of the run; empty: model, data set and points", numbers=False)
    experiment_name: str = option("todacomm", "MLflow experiment", numbers=False)
    output_dir: str = option("", "also write the run's files to this folder", numbers=False)
    keep_clouds: bool = option(True, "store the pooled activations", numbers=False)
    cache: bool = option(True, "use and keep pooled activations in the cache folder of this user", numbers=False)
    seed: int = option(42, "seed of every random choice", low=0)


@dataclass(frozen=True, slots=True)
class AnalysisConfig:
    """Everything one analysis depends on, validated once.

    Raises
    ------
    ValueError
        A value is out of range or no known choice; the message names the option, what was seen and what fits.
    """

    model: ModelConfig = field(default_factory=ModelConfig)
    texts: TextsConfig = field(default_factory=TextsConfig)
    topology: TopologyConfig = field(default_factory=TopologyConfig)
    inference: InferenceConfig = field(default_factory=InferenceConfig)
    record: RecordConfig = field(default_factory=RecordConfig)

    def __post_init__(self) -> None:
        for name, value in self.to_flat().items():
            validate(name, value, OPTIONS[name].metadata)
        if not self.model.model.strip():
            raise ValueError("model is empty: name a preset, a hub id or a local folder")
        if self.texts.endings == "distinct" and self.texts.unit != "passage":
            raise ValueError(f"endings=distinct is for passages, unit is {self.texts.unit}: give one or the other")
        kinds = _words(self.inference.null_kinds)
        for kind in kinds:
            _check_choice("null_kinds", kind, NULL_KINDS)
        if not kinds and self.inference.nulls:
            raise ValueError(
                f"null_kinds is empty with nulls={self.inference.nulls}: name one of {', '.join(NULL_KINDS)}"
            )
        if self.model.model.startswith("clouds:"):
            costly = {"random_weights", "shuffled_tokens"}.intersection(kinds)
            if costly:
                raise ValueError(f"null_kinds has {', '.join(sorted(costly))}: clouds from a file have no model to run")
        self._check_landmarks()
        if not _words(self.model.layers):
            raise ValueError("layers is empty: give all, or layer names with commas")

    def _check_landmarks(self) -> None:
        landmarks, samples = self.topology.landmarks, self.texts.samples
        if 0 < landmarks < MIN_LANDMARKS:
            raise ValueError(f"landmarks is {landmarks}: expected 0 for none, or at least {MIN_LANDMARKS}")
        if landmarks > samples and not self.model.model.startswith("clouds:"):
            raise ValueError(f"landmarks is {landmarks} with samples={samples}: expected at most as many as points")

    @property
    def null_kinds(self) -> tuple[str, ...]:
        """The null models asked for, each once."""
        return tuple(dict.fromkeys(_words(self.inference.null_kinds)))

    @property
    def has_intervals(self) -> bool:
        """Whether half-samples are drawn: among landmarks they have no meaning."""
        return self.inference.replicates > 0 and not self.topology.landmarks

    @classmethod
    def from_flat(cls, values: Mapping[str, Any]) -> "AnalysisConfig":
        """Settings from one flat mapping; strings are parsed, an unknown name is an error.

        >>> AnalysisConfig.from_flat({"samples": "300", "max_length": "auto"}).texts.samples
        300
        """
        groups: dict[str, dict[str, Any]] = {}
        for name, value in values.items():
            if name not in OPTIONS:
                close = get_close_matches(name, OPTIONS, n=1)
                hint = f": did you mean {close[0]}?" if close else f": choose from {', '.join(OPTIONS)}"
                raise ValueError(f"unknown option {name!r}{hint}")
            groups.setdefault(_GROUP_OF[name], {})[name] = parse_value(name, value, _TYPES[name])
        return cls(**{group: _GROUPS[group](**values) for group, values in groups.items()})

    def to_flat(self) -> dict[str, Any]:
        """Every option by name, in the order of the groups."""
        return {name: getattr(getattr(self, group), name) for name, group in _GROUP_OF.items()}

    def numbers(self) -> dict[str, Any]:
        """The options that decide the numbers, without those that only decide where and how fast."""
        return {name: value for name, value in self.to_flat().items() if OPTIONS[name].metadata.get("numbers", True)}

    def digest(self) -> str:
        """Short digest of :meth:`numbers`: two runs that agree in it measure the same thing."""
        return digest_of_json(self.numbers())


_GROUPS: dict[str, Any] = {
    "model": ModelConfig,
    "texts": TextsConfig,
    "topology": TopologyConfig,
    "inference": InferenceConfig,
    "record": RecordConfig,
}
OPTIONS: dict[str, dataclasses.Field[Any]] = {f.name: f for g in _GROUPS.values() for f in dataclasses.fields(g)}
"""Every option of an analysis by its flat name: the same in YAML, Python and MLproject, in kebab case on a console."""
OPTION_GROUPS: dict[str, tuple[str, ...]] = {
    (group.__doc__ or name): tuple(f.name for f in dataclasses.fields(group)) for name, group in _GROUPS.items()
}
"""What a group of options is about -> the names in it."""
_GROUP_OF = {f.name: name for name, group in _GROUPS.items() for f in dataclasses.fields(group)}
_TYPES = {name: hint for group in _GROUPS.values() for name, hint in get_type_hints(group).items()}


def option_type(name: str) -> Any:
    """The annotated type of an option."""
    return _TYPES[name]


def load_config(path: str | Path | None, overrides: Mapping[str, Any]) -> AnalysisConfig:
    """Settings of the protocol, then of a YAML file (flat option names), then ``overrides``: the later one wins.

    Raises
    ------
    ValueError
        The file is no mapping of options, cannot be read, or holds a wrong value; the protocol is unknown.
    """
    given = {**(read_yaml(Path(path)) if path else {}), **overrides}
    protocol = load_protocol(str(given.get("protocol", OPTIONS["protocol"].default)))
    return AnalysisConfig.from_flat({**protocol.options, **given, "protocol": protocol.name})


def deviations(config: AnalysisConfig) -> dict[str, tuple[Any, Any]]:
    """Options in which settings differ from their protocol: name -> (the protocol's value, the value used)."""
    options = config.to_flat()
    protocol = load_protocol(config.inference.protocol).options
    wanted = {name: parse_value(name, value, _TYPES[name]) for name, value in protocol.items()}
    return {name: (value, options[name]) for name, value in wanted.items() if options[name] != value}


def read_yaml(path: Path) -> dict[str, Any]:
    """The mapping in a YAML file.

    Raises
    ------
    ValueError
        The file does not exist, is no YAML or holds no mapping.
    """
    if not path.is_file():
        raise ValueError(f"no configuration at {path}: give the path of a YAML file")
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is no readable YAML: {error}") from error
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise ValueError(f"{path} holds a {type(values).__name__}: expected lines of the form option: value")
    return values


def parse_value(name: str, value: Any, hint: Any) -> Any:
    """A value as an option's type; console and MLproject hand over strings.

    Raises
    ------
    ValueError
        It is none of that type.
    """
    optional = isinstance(hint, types.UnionType)
    kind = next(a for a in get_args(hint) if a is not type(None)) if optional else hint
    if optional and (value is None or (isinstance(value, str) and value.strip().lower() == AUTO)):
        return None
    if kind is bool:
        return _parse_bool(name, value)
    if kind is int:
        return _parse_int(name, value, "a whole number or auto" if optional else "a whole number")
    if kind is float:
        return _parse_float(name, value, "a number or auto" if optional else "a number")
    if isinstance(value, Mapping):
        raise ValueError(f"{name} holds options of its own ({', '.join(map(str, value))}): expected one value")
    if isinstance(value, (list, tuple)):
        return ",".join(str(item) for item in value)
    return "" if value is None else str(value).strip()


def _parse_bool(name: str, value: Any) -> bool:
    word = str(value).strip().lower()
    if word in ("true", "yes", "on", "1"):
        return True
    if word in ("false", "no", "off", "0"):
        return False
    raise ValueError(f"{name} is {value!r}: expected true or false")


def _parse_int(name: str, value: Any, expected: str) -> int:
    try:
        number = float(value) if not isinstance(value, bool) else math.nan
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number) or number != int(number):
        raise ValueError(f"{name} is {value!r}: expected {expected}")
    return int(number)


def _parse_float(name: str, value: Any, expected: str) -> float:
    try:
        number = float(value) if not isinstance(value, bool) else math.nan
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"{name} is {value!r}: expected {expected}")
    return number


def validate(name: str, value: Any, checks: Mapping[str, Any]) -> None:
    """Hold a value against a field's checks, see :func:`option`.

    Raises
    ------
    ValueError
        It is no known choice, or out of range.
    """
    if "choices" in checks:
        _check_choice(name, value, checks["choices"])
    if value is None:
        return
    if "low" in checks and value < checks["low"]:
        raise ValueError(f"{name} is {value}: expected at least {checks['low']}")
    if "high" in checks and value > checks["high"]:
        raise ValueError(f"{name} is {value}: expected at most {checks['high']}")


def _check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        known = [choice for choice in choices if choice]
        raise ValueError(f"unknown {name} {value!r}: choose {', '.join(known[:-1])} or {known[-1]}")


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]
