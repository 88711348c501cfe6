"""Sound files of every kind that is read, so that damage reaches the depths of their readers."""

import io
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import h5py
import numpy as np
import pandas as pd
from safetensors.numpy import save

from tests.helpers.results import make_result
from todacomm.tracking.files import stage

_CLOUDS = {f"layer_{i}": np.random.default_rng(i).normal(size=(12, 3)).astype(np.float32) for i in range(3)}
_ROWS = pd.DataFrame({"text": [f"some words, number {i}" for i in range(12)], "x1": np.arange(12.0), "x2": 1.0})
_WORDS = {
    ".yaml": "model: gpt2\nsamples: 20\nlayers: [all]\n", ".txt": "a line of text\n" * 12,
    ".py": '"""Words."""\nx = 1\n', "config.json": '{"model_type": "gpt2", "n_layer": 2, "n_head": 2, "n_embd": 8}',
    ".json": '{"data": [{"title": "a", "paragraphs": [{"context": "some words", "qas": [{"question": "Why?"}]}]}]}',
    ".md.j2": "# {{ title }}\n{% for one in warnings %}* {{ one }}\n{% endfor %}", ".bin": "some bytes",
}  # fmt: skip
_OF_A_RUN = {
    "tables of a run": "tables/layers.json", "texts of a run": "config/texts.json",
    "cloud of a run": "clouds/01_layer_0.npz", "diagrams of a run": "diagrams/01_layer_0.npz",
    "half-samples of a run": "tables/replicates.npz", "loops of a run": "diagrams/loops.npz",
}  # fmt: skip


def sound(name: str, ending: str) -> bytes:
    """A sound file for the reader of that name, see :data:`tests.hostile.readers.READERS`."""
    if name in _OF_A_RUN:
        return _run()[_OF_A_RUN[name]]
    if ending in _WORDS:
        return _WORDS[ending].encode()
    stream = io.BytesIO()
    if ending == ".npz":
        np.savez_compressed(stream, **_CLOUDS)
    elif ending == ".npy":
        np.save(stream, _CLOUDS["layer_0"])
    elif ending == ".safetensors":
        return save(_CLOUDS)
    elif ending == ".parquet":
        _ROWS.to_parquet(stream)
    elif ending in (".csv", ".tsv"):
        return _ROWS.to_csv(index=False, sep="," if ending == ".csv" else "\t").encode()
    elif ending == ".jsonl":
        return _ROWS.to_json(orient="records", lines=True).encode()
    elif ending in (".h5", ".h5ad"):
        with h5py.File(stream, "w") as file:
            for key, cloud in _CLOUDS.items():
                file[key if ending == ".h5" else f"obsm/{key}"] = cloud
            if ending == ".h5ad":
                file["X"] = _CLOUDS["layer_0"]
    elif ending == ".pt":
        import torch

        torch.save({key: torch.tensor(cloud) for key, cloud in _CLOUDS.items()}, stream)
    else:
        raise ValueError(f"no sound file for {name} ({ending})")
    return stream.getvalue()


@cache
def _run() -> dict[str, bytes]:
    with TemporaryDirectory() as folder:
        stage(make_result(n_layers=3, control=False), Path(folder))
        return {str(p.relative_to(folder)): p.read_bytes() for p in Path(folder).rglob("*") if p.is_file()}
