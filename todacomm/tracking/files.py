"""The files of an analysis, written and read back: tables, diagrams, clouds, settings."""

import json
import math
import platform
import zipfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import yaml

from todacomm.core.checks import as_cloud, as_diagram
from todacomm.core.facts import RunWarning
from todacomm.core.homology import resolve_engine
from todacomm.core.inference import INTERVAL_METRICS
from todacomm.core.loops.whole_run import LoopPoints
from todacomm.results.facts import ModelFacts, TextFacts
from todacomm.results.layer import LayerResult
from todacomm.results.loops import loop_texts
from todacomm.results.result import Result
from todacomm.results.table import (
    ASSOCIATION_COLUMNS,
    COLUMNS,
    LOOP_COLUMNS,
    NULL_COLUMNS,
    RUN_LAYER,
    SCHEMA_VERSION,
    tidy,
)
from todacomm.results.texts import record_of, restored
from todacomm.settings.values import AUTO
from todacomm.system.errors import UserError
from todacomm.system.foreign import parsed, read_json
from todacomm.system.installed import package_version
from todacomm.system.npz import read_npz
from todacomm.tracking.schema import checked_facts, checked_settings, checked_warnings

TABLES = "tables/layers.json"
TEXTS = "config/texts.json"
REPLICATES = "tables/replicates.npz"
LOOPS = "diagrams/loops.npz"
LARGEST_ARRAYS = 500_000_000
"""Bytes that diagrams, half-samples or loops of one file unpack to at most; clouds may be larger."""
_AGAIN = "run the analysis again"
_HALVES = "half_samples/"
"""Before a layer's name in the file of half-samples: a layer may be called as another array is."""
_PACKAGES = (
    "todacomm", "torch", "transformers", "tokenizers", "safetensors", "datasets", "mlflow", "numpy", "scipy", "pandas",
    "scikit-learn", "numba", "gudhi", "ripser", "matplotlib",
)  # fmt: skip


class Tables(NamedTuple):
    """What ``tables/layers.json`` holds."""

    layers: pd.DataFrame
    nulls: pd.DataFrame
    loops: pd.DataFrame
    associations: pd.DataFrame
    model: ModelFacts
    dataset: TextFacts
    settings: dict[str, Any]
    warnings: tuple[RunWarning, ...]


def stage(result: Result, folder: Path) -> None:
    """Write the tables, diagrams, clouds and settings of a result into ``folder``, beside what is there already."""
    for name in ("tables", "diagrams", "config"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    result.table.to_csv(folder / "tables/layers.csv", index=False)
    if len(result.nulls):
        result.nulls.to_csv(folder / "tables/nulls.csv", index=False)
    write_json(folder / TABLES, _tables(result), indent=None)
    stage_loops(result, folder)
    write_json(folder / TEXTS, result.dataset.record() | {"ids": result.dataset.ids, "table": record_of(result.texts)})
    result.texts.to_csv(folder / "tables/texts.csv", index=False)
    write_json(folder / "environment.json", environment(result))
    options = yaml.safe_dump(resolved(result), sort_keys=False, allow_unicode=True)
    (folder / "config/resolved.yaml").write_text(options, encoding="utf-8")
    if result.config.has_intervals:
        halves = {f"{_HALVES}{name}": values.astype(np.float32) for name, values in result.replicates.items()}
        _write_npz(folder / REPLICATES, {"metrics": np.array(INTERVAL_METRICS), **halves})
    for layer in result.layers:
        diagrams = {f"h{degree}": dgm for degree, dgm in enumerate(layer.diagrams)}
        arrays = {"layer": np.array(layer.name), **diagrams, **layer.curves}
        _write_npz(folder / diagram_file(layer.file), arrays)
    if not result.config.no_clouds:
        stage_clouds(result, folder)


def stage_loops(result: Result, folder: Path) -> None:
    """The longest bars with their verdicts, the texts on each loop in order, and what loops and gaps go with."""
    if len(result.associations):
        result.associations.to_csv(folder / "tables/associations.csv", index=False)
    if not len(result.loops):
        return
    result.loops.to_csv(folder / "tables/loops.csv", index=False)
    loop_texts(result.loop_points, result.texts).to_csv(folder / "tables/loop_texts.csv", index=False)
    arrays: dict[str, np.ndarray] = {}
    for loop in result.loop_points:
        arrays[f"points/{loop.layer}/{loop.rank}"] = loop.points
        if loop.angle is not None:
            arrays[f"angle/{loop.layer}/{loop.rank}"] = loop.angle
    _write_npz(folder / LOOPS, arrays)


def stage_clouds(result: Result, folder: Path) -> None:
    """One compressed file a layer: the cloud in the precision it came in, and which text each row is."""
    (folder / "clouds").mkdir(exist_ok=True)
    ids = np.array(result.dataset.ids, dtype=np.str_)

    def write(layer: LayerResult) -> None:
        arrays = {"layer": np.array(layer.name), "cloud": result.clouds[layer.name], "text_ids": ids}
        _write_npz(folder / cloud_file(layer.file), arrays)

    with ThreadPoolExecutor(max_workers=2) as writers:
        list(writers.map(write, result.layers))


def diagram_file(layer: str) -> str:
    """Path of a layer's diagrams and curves in the run, by :func:`todacomm.results.layer.layer_file`."""
    return f"diagrams/{layer}.npz"


def cloud_file(layer: str) -> str:
    """Path of a layer's cloud in the run, by the same name."""
    return f"clouds/{layer}.npz"


def resolved(result: Result) -> dict[str, Any]:
    """Every option that has an effect by name, with what ``auto`` came to where the result tells."""
    options = {**result.config.effective(), "samples": result.dataset.samples}
    known: dict[str, Any] = {"engine": resolve_engine(options["engine"], options["maxdim"])}
    facts = result.dataset.record() | result.model.record()
    known |= {name: value for name, value in facts.items() if value}
    for name, value in options.items():
        if value in (AUTO, None):
            options[name] = known.get(name, AUTO)
    return options


def environment(result: Result) -> dict[str, Any]:
    """What the analysis ran on: versions, system, model, texts, seconds by stage."""
    return {
        "packages": {name: version for name in _PACKAGES if (version := package_version(name))},
        "python": platform.python_version(),
        "system": platform.platform(),
        "machine": platform.machine(),
        "model": result.model.record(),
        "texts": result.dataset.record(),
        "seconds": result.seconds,
    }


def read_tables(path: Path) -> Tables:
    """The tidy tables with their settings and warnings.

    Raises
    ------
    ValueError
        The file was written by another version of the schema, or is none of ours.
    """
    stored = read_json(path, "the tables of an analysis", _AGAIN)
    with parsed(path, "the tables of an analysis", _AGAIN):
        schema = stored["schema"]
        if schema != SCHEMA_VERSION:
            todo = "upgrade todacomm" if schema > SCHEMA_VERSION else _AGAIN
            raise UserError(f"{path} has schema {schema}, this version reads schema {SCHEMA_VERSION}", todo)
        settings = checked_settings(stored["settings"])
        return Tables(
            layers=_of_layers(_table(stored["columns"], stored["rows"], COLUMNS), settings),
            nulls=_table(stored["null_columns"], stored["nulls"], NULL_COLUMNS),
            loops=_table(stored["loop_columns"], stored["loops"], LOOP_COLUMNS),
            associations=_table(stored["association_columns"], stored["associations"], ASSOCIATION_COLUMNS),
            model=checked_facts(ModelFacts, settings["model"]),
            dataset=checked_facts(TextFacts, settings["texts"]),
            settings=settings,
            warnings=checked_warnings(stored["warnings"]),
        )


def read_texts(path: Path) -> tuple[tuple[str, ...], pd.DataFrame]:
    """Which text each row of a cloud is, and what each point read.

    Raises
    ------
    ValueError
        The file is none of ours.
    """
    stored = read_json(path, "the texts of an analysis", _AGAIN)
    with parsed(path, "the texts of an analysis", _AGAIN):
        return tuple(map(str, stored["ids"])), restored(stored["table"])


def read_loop_points(path: Path) -> tuple[LoopPoints, ...]:
    """Which points make each bar, in the order of the table of loops."""
    arrays = read_npz(path, limit=LARGEST_ARRAYS).arrays
    points = []
    with parsed(path, "the loops of an analysis", _AGAIN):
        for name, rows in arrays.items():
            kind, _, bar = name.partition("/")
            layer, _, rank = bar.rpartition("/")
            if kind == "points":
                if rows.ndim != 1 or rows.dtype.kind not in "iu":
                    raise ValueError(f"{name} holds no rows of a cloud")
                points.append(LoopPoints(layer, int(rank), rows, arrays.get(f"angle/{bar}")))
    return tuple(points)


def read_layer(path: Path) -> tuple[list[np.ndarray], dict[str, np.ndarray]]:
    """Diagrams by degree, and the curves by name."""
    arrays = read_npz(path, limit=LARGEST_ARRAYS).arrays
    arrays.pop("layer", None)
    diagrams = [arrays.pop(name) for name in ("h0", "h1", "h2") if name in arrays]
    with parsed(path, "the diagrams of a layer", _AGAIN):
        diagrams = [as_diagram(dgm) for dgm in diagrams]
    return diagrams, arrays


def read_cloud(path: Path) -> np.ndarray:
    """A layer's cloud, shape ``(n_points, n_dims)``."""
    arrays = read_npz(path, only=["cloud"]).arrays
    if "cloud" not in arrays:
        raise UserError(f"{path} holds no cloud", _AGAIN)
    with parsed(path, "the cloud of a layer", _AGAIN):
        as_cloud(arrays["cloud"])
    return arrays["cloud"]


def read_replicates(path: Path) -> dict[str, np.ndarray]:
    """Layer -> its metrics on the half-samples, columns as ``INTERVAL_METRICS``; nan where one is not known."""
    arrays = read_npz(path, limit=LARGEST_ARRAYS).arrays
    with parsed(path, "the half-samples of an analysis", _AGAIN):
        known = arrays["metrics"].tolist()
        columns = [known.index(metric) if metric in known else -1 for metric in INTERVAL_METRICS]
        layers = {}
        for name, values in arrays.items():
            if name.startswith(_HALVES):
                padded = np.column_stack([values.astype(np.float64), np.full(len(values), np.nan)])
                layers[name.removeprefix(_HALVES)] = padded[:, columns]
        return layers


def _tables(result: Result) -> dict[str, Any]:
    return {
        "schema": SCHEMA_VERSION,
        "columns": COLUMNS,
        "rows": result.table[list(COLUMNS)].to_numpy(dtype=object),
        "null_columns": NULL_COLUMNS,
        "nulls": result.nulls[list(NULL_COLUMNS)].to_numpy(dtype=object),
        "loop_columns": LOOP_COLUMNS,
        "loops": result.loops[list(LOOP_COLUMNS)].to_numpy(dtype=object),
        "association_columns": ASSOCIATION_COLUMNS,
        "associations": result.associations[list(ASSOCIATION_COLUMNS)].to_numpy(dtype=object),
        "settings": {
            "options": result.config.to_flat(),
            "resolved": resolved(result),
            "config_hash": result.config.digest(),
            "model": result.model.record(),
            "texts": result.dataset.record(),
            "seconds": result.seconds,
            "layers": [[layer.index, layer.name, layer.depth] for layer in result.layers],
        },
        "warnings": result.warnings,
    }


def _table(stored: list[str], rows: list[list[Any]], columns: tuple[str, ...]) -> pd.DataFrame:
    """Rows as :func:`todacomm.results.table.tidy` has them, with no dictionary a row: runs are read by hundreds."""
    values = dict(zip(stored, zip(*rows, strict=True), strict=True)) if rows else dict.fromkeys(stored, ())
    dtypes = _dtypes(columns)
    for name, dtype in dtypes.items():
        kind, cells = int | float | None if pd.api.types.is_float_dtype(dtype) else str, values[name]
        if wrong := [cell for cell in cells if not isinstance(cell, kind) or cell in (math.inf, -math.inf)]:
            raise ValueError(f"column {name} holds {wrong[0]!r:.60}")
    return pd.DataFrame({name: pd.Series(values[name], dtype=dtype) for name, dtype in dtypes.items()})


def _of_layers(table: pd.DataFrame, settings: Mapping[str, Any]) -> pd.DataFrame:
    """The table, if it has rows and all its layers are layers of the run."""
    known = {name for _, name, _ in settings["layers"]} | {RUN_LAYER}
    if not len(table) or (unknown := set(table["layer"]) - known):
        raise ValueError(f"its table has no rows, or rows of unknown layers ({', '.join(unknown)})")
    return table


@cache
def _dtypes(columns: tuple[str, ...]) -> dict[str, Any]:
    return dict(tidy([], columns).dtypes)


def write_json(path: Path, content: Any, indent: int | None = 2) -> None:
    """A file of :func:`strict` JSON."""
    text = json.dumps(strict(content), indent=indent, allow_nan=False, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")


def strict(value: Any) -> Any:
    """A value as strict JSON knows it: nan is null, numpy's numbers and arrays are plain.

    >>> strict({"p": float("nan"), "n": np.int64(3), "layers": ("a", "b")})
    {'p': None, 'n': 3, 'layers': ['a', 'b']}
    """
    if isinstance(value, np.generic | np.ndarray):
        value = value.tolist()
    if isinstance(value, Mapping):
        return {str(name): strict(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [strict(item) for item in value]
    return None if isinstance(value, float) and math.isnan(value) else value


def _write_npz(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """As ``np.savez_compressed``, at zlib's quickest level: activations hardly shrink further at any other."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as entry:
                np.lib.format.write_array(entry, array, allow_pickle=False)
