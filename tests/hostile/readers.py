"""Every place where the package parses bytes that somebody else may have written: ending of the file -> its reader."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py  # noqa: F401  (heavy packages are imported once, before any test is timed)
import pandas as pd  # noqa: F401
import pyarrow.parquet as pq  # noqa: F401
import torch  # noqa: F401

from todacomm.analysis.cache.digests import file_digest
from todacomm.analysis.own_clouds import read_clouds
from todacomm.models.sources import read_config
from todacomm.models.weights import count_parameters
from todacomm.reports.render import check_template
from todacomm.settings.files import read_yaml
from todacomm.settings.sweep import SweepConfig
from todacomm.system.npz import read_npy, read_npz
from todacomm.texts.files import read_file
from todacomm.texts.pydoc import docstrings_of
from todacomm.tracking.files import (
    read_cloud,
    read_layer,
    read_loop_points,
    read_replicates,
    read_tables,
    read_texts,
)

READERS: dict[str, tuple[str, Callable[[Path], Any]]] = {
    "arrays": (".npz", read_npz),
    "array": (".npy", read_npy),
    **{f"clouds in {ending}": (f".{ending}", read_clouds)
       for ending in ("npz", "npy", "safetensors", "pt", "parquet", "csv", "h5", "h5ad")},
    **{f"texts in {ending}": (f".{ending}", read_file) for ending in ("txt", "json", "jsonl", "csv", "tsv", "parquet")},
    "options": (".yaml", read_yaml),
    "list of models": (".txt", lambda path: SweepConfig.from_flat({"models": f"@{path}"})),
    "config of a model": ("config.json", lambda path: read_config(path.parent)),
    "weights": (".safetensors", lambda path: count_parameters([path])),
    "documentation": (".py", lambda path: list(docstrings_of(path, path.parent))),
    "template": (".md.j2", check_template),
    "digest": (".bin", file_digest),
    "tables of a run": (".json", read_tables),
    "texts of a run": (".json", read_texts),
    "cloud of a run": (".npz", read_cloud),
    "diagrams of a run": (".npz", read_layer),
    "half-samples of a run": (".npz", read_replicates),
    "loops of a run": (".npz", read_loop_points),
}  # fmt: skip
"""What is read -> ending of its file and the function that reads it."""
