"""Console lines that cannot be meant, kind by kind: a reason on one screen and the exit code, never a traceback."""

import json
import os
import shlex

import numpy as np
import pytest
from click.testing import CliRunner

from tests.helpers.records import record
from tests.helpers.results import make_result
from tests.helpers.stores import copy_store
from tests.helpers.tiny_models import tiny_model_folder
from todacomm.cli import main
from todacomm.tracking import load_analysis, search_analyses

RED = "\x1b[31mred"

LINES: dict[str, list[tuple[str, int, str]]] = {
    "bytes": [
        ("run --model clouds:broken.npz", 1, "broken.npz cannot be read as"),
        ("run --model clouds:deep.csv", 1, "deep.csv"),
        ("run --model clouds:petabytes.npy", 1, "declares"),
        ("run --model clouds:objects.npz", 1, "holds no cloud"),
        ("run --dataset broken.parquet", 1, "cannot be read as a parquet file"),
        ("run --dataset broken.jsonl", 1, "cannot be read as JSON in line 1"),
        ("run --dataset utf-32.txt", 1, "is in UTF-32"),
        ("run --dataset utf-16.txt", 1, "is in UTF-16"),
        ("run --dataset twice.parquet", 1, "twice.parquet"),
        ("run --config deep.yaml", 2, "deep.yaml"),
        ("run --config bomb.yaml", 2, "has an alias"),
        ("run --config on.yaml", 2, "has the key on"),
        ("run --config numbers.yaml", 2, "has the key 1"),
        ("run --config folder", 2, "folder"),
        ("sweep --models @folder", 2, "folder"),
    ],
    "records": [
        ("show spoilt", 1, "layers.json"),
        ("show spoilt --full", 1, "layers.json"),
        ("show spoilt --loops", 1, "layers.json"),
        ("export spoilt out", 1, "layers.json"),
        ("explore spoilt", 1, "layers.json"),
        ("compare spoilt,sound", 1, "layers.json"),
        ("gate latest latest", 1, "layers.json"),
        ("show nothing-of-that-name", 1, "no finished analysis"),
        ("show ''", 1, "no finished analysis"),
        ("show " + "f" * 32, 1, "no run"),
        ("compare sound,sound", 1, "two different ones"),
        ("compare sound", 1, "two different ones"),
        ("compare nothing,sound", 2, "no finished analysis"),
        ("compare --models nothing*", 1, "no finished analysis matches"),
        ("compare --experiment nothing", 1, "no experiment 'nothing'"),
        ("export sound /dev/null/x", 1, "/dev/null"),
        ("export sound full", 1, "full"),
    ],
    "configs of models": [
        ("run --model no-layers", 1, "num_hidden_layers=0"),
        ("run --model no-heads", 1, "num_attention_heads=0"),
        ("run --model list-for-name", 1, "list-for-name"),
        ("run --model no-tokenizer", 1, "no-tokenizer"),
        ("run --model empty-weights", 1, "empty-weights"),
        ("run --model folder", 1, "config.json"),
    ],
    "what never ends": [
        ("run --model clouds:pipe.npz", 1, "is a pipe"),
        ("run --model clouds:zero.npy", 1, "is a pipe, socket or device"),
        ("run --dataset pipe.txt", 1, "is a pipe"),
        ("run --dataset zero.txt", 1, "is a pipe, socket or device"),
        ("run --config pipe.yaml", 2, "is a pipe"),
        ("run --model clouds:loop.npz", 1, "loop.npz"),
        ("run --dataset equality.txt --samples 2000", 1, "too few texts"),
    ],
    "templates": [
        ("compare sound,other --template reads-env.md.j2 --geometry none", 1, "reads-env.md.j2"),
        ("compare sound,other --template nothing.md.j2", 1, "nothing.md.j2"),
        ("compare sound,other --template folder", 1, "folder"),
    ],
    "places and numbers": [
        ("run --output-dir /proc/x", 1, "output_dir"),
        ("run --output-dir '~nobody-at-all/x'", 1, "output_dir"),
        ("run --output-dir " + "x" * 300, 1, "output_dir"),
        ("run --output-dir dangling/x", 1, "output_dir"),
        ("run --output-dir full", 1, "output_dir"),
        ("run --samples " + "9" * 400, 2, "samples"),
        ("run --samples 1e400", 2, "samples"),
        ("run --samples nan", 2, "samples"),
        ("run --samples -1", 2, "samples is -1"),
        ("run --seed " + "9" * 40, 2, "seed"),
        ("run --seed -1", 2, "seed"),
        ("run --pca 99999999999999999999", 2, "pca"),
        ("run --threads 0", 2, "threads"),
        ("run --maxdim 9", 2, "maxdim"),
        ("run --replicates -3", 2, "replicates"),
        ("run --batch-tokens 0", 2, "batch_tokens"),
        ("run --max-length 0", 2, "max_length"),
        ("run --metric nearness", 2, "metric"),
        ("run --engine javaplex", 2, "engine"),
        ("run --layers ''", 2, "layers"),
        ("run --model clouds:own.npz --landmarks 3", 2, "landmarks"),
        ("run --model clouds:nothing.npz", 1, "does not exist"),
        ("run --model clouds:folder", 1, "is a folder"),
        ("run --model ''", 2, "model"),
        ("run --model ../nothing", 1, "no folder"),
        ("run --model 'a\0b'", 1, ""),
        ("run --dataset nothing", 1, "nothing"),
        ("run --dataset hf:", 1, "hf:"),
        ("run --dataset hf:a:b", 1, "hf:a:b"),
        ("run --dataset folder", 1, "folder"),
        ("run --dataset texts.txt --text-column body", 1, "has no columns"),
        ("run --dataset rows.csv --text-column body", 1, "has no column 'body'"),
        ("run --dataset rows.csv --text-column '{text'", 1, "text_column"),
        ("run --model '" + RED + "'", 1, "\\x1b[31mred"),
        ("show '" + RED + "'", 1, "\\x1b[31mred"),
        ("gate models:/nothing/1 models:/nothing/latest", 1, "registry has no"),
        ('gate "models:/a\'b/latest" models:/a/1', 1, "registry has no"),
        ("gate models:/ models:/x", 1, "no registered model"),
        ("gate sound", 2, "no CANDIDATE: give a model"),
        ("gate sound other --margin 1e400", 2, "margin"),
        ("ui --port 99999999", 2, "port"),
    ],
    "without effect": [
        ("run --model clouds:own.npz --weights random", 2, "weights would have no effect"),
        ("run --model clouds:own.npz --pooling cls", 2, "pooling would have no effect"),
        ("run --model clouds:own.npz --dataset squad", 2, "dataset would have no effect"),
        ("run --model clouds:own.npz --layers nope", 1, "has no layer nope"),
        ("run --model clouds:own.npz --samples 11", 1, "samples is 11"),
        ("run --model clouds:layer-run.npz", 1, "named run"),
        ("run --model clouds:few.npz", 1, "at least 10"),
        ("run --model clouds:unequal.npz", 1, "different numbers of rows"),
        ("run --model clouds:own.npz --distances true", 1, "square matrix of distances"),
        ("run --distances true", 1, "distances=true is for"),
        ("run --models clouds:own.npz --hf-model a", 2, "give one of them"),
        ("run --models ,", 2, "names nothing"),
        ("run --system hello", 1, "system is for conversations"),
        ("sweep --models ''", 2, "models"),
        ("sweep --models a,../b --dry-run true", 1, "../b"),
        ("convergence --sizes 5,3", 2, "sizes"),
        ("run --nonsense 3", 2, "nonsense"),
        ("rnu", 2, "did you mean run"),
    ],
    "store": [
        ("run --model clouds:own.npz --experiment-name ''", 1, "experiment"),
        ("run --model clouds:own.npz --experiment-name " + "x" * 600, 1, "exceeds the maximum length"),
        ("run --model clouds:own.npz --tags a", 2, "tags"),
    ],
}  # fmt: skip
"""Kind of attack -> lines, their exit code, and what the error says."""
TABLE = [(kind, *row) for kind, rows in LINES.items() for row in rows]


@pytest.fixture(scope="module")
def place(tmp_path_factory, template):
    """A folder of material with a store: two sound runs, and a spoilt one."""
    folder = tmp_path_factory.mktemp("hostile")
    rng = np.random.default_rng(0)
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("MLFLOW_") and name != "MLFLOW_DISABLE_TELEMETRY"]:
            patch.delenv(name)
        patch.chdir(folder)
        copy_store(template, folder)
        for name in ("sound", "other", "spoilt"):
            run_id = record(make_result(model=name, control=False))
            if name == "spoilt":
                load_analysis(run_id).artifact("tables/layers.json").write_text('{"schema": 1}')
        write_material(folder, rng)
        there = sorted(os.listdir(folder))
        yield folder
        assert sorted(set(os.listdir(folder)) - {"mlflow.db-shm", "mlflow.db-wal"}) == there
        runs = search_analyses(status=None)
        assert set(runs["run_name"].str.split().str[0]) == {"sound", "other", "spoilt"}, runs["run_name"]
        assert set(runs["status"]) == {"FINISHED"}


def write_material(folder, rng):
    (folder / "folder").mkdir()
    (folder / "full").mkdir()
    (folder / "full/a").write_text("a")
    (folder / "dangling").symlink_to("nothing/at/all")
    (folder / "loop.npz").symlink_to("loop.npz")
    for name in ("pipe.npz", "pipe.txt", "pipe.yaml"):
        os.mkfifo(folder / name)
    for name in ("zero.npy", "zero.txt"):
        (folder / name).symlink_to("/dev/zero")
    (folder / "broken.npz").write_bytes(b"PK\x03\x04 and no more")
    (folder / "deep.csv").write_text("[" * 100_000)
    with (folder / "petabytes.npy").open("wb") as file:
        header = {"descr": "<f4", "fortran_order": False, "shape": (2**40, 2**40)}
        np.lib.format.write_array_header_1_0(file, header)
    np.savez(folder / "objects.npz", a=np.array([{}, {}], dtype=object))
    np.savez(folder / "own.npz", layer_0=rng.normal(size=(20, 4)))
    np.savez(folder / "few.npz", layer_0=rng.normal(size=(9, 4)))
    np.savez(folder / "layer-run.npz", run=rng.normal(size=(20, 4)))
    np.savez(folder / "unequal.npz", a=rng.normal(size=(20, 4)), b=rng.normal(size=(21, 4)))
    (folder / "broken.parquet").write_bytes(b"PAR1" + bytes(64) + b"PAR1")
    (folder / "broken.jsonl").write_text("[" * 100_000)
    for name in ("utf-16", "utf-32"):
        (folder / f"{name}.txt").write_bytes("a text\n".encode(name))
    (folder / "equality.txt").write_text(" = = = =" * 20_000 + "\n")
    (folder / "texts.txt").write_text("a b c\n" * 30)
    (folder / "rows.csv").write_text("text,n\n" + "a b c,1\n" * 30)
    (folder / "deep.yaml").write_text("a: " + "[" * 3000)
    (folder / "bomb.yaml").write_text("a: &a [x, x]\nmodel: [*a, *a]\n")
    (folder / "on.yaml").write_text("on: true\n")
    (folder / "numbers.yaml").write_text("1: gpt2\n")
    (folder / ".env").write_text("SECRET")
    (folder / "reads-env.md.j2").write_text("{% include '.env' %}")
    write_twice(folder / "twice.parquet")
    model = tiny_model_folder(folder, "gpt2")
    config = json.loads((model / "config.json").read_text())
    for name, changes in {
        "no-layers": {"n_layer": 0}, "no-heads": {"n_head": 0}, "list-for-name": {"activation_function": ["gelu"]},
    }.items():  # fmt: skip
        copy = tiny_copy(model, folder / name)
        (copy / "config.json").write_text(json.dumps(config | changes))
    (tiny_copy(model, folder / "no-tokenizer") / "tokenizer.json").unlink()
    (tiny_copy(model, folder / "empty-weights") / "model.safetensors").write_bytes(b"")


def tiny_copy(model, folder):
    folder.mkdir()
    for file in model.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    return folder


def write_twice(path):
    """A parquet file with two columns of one name."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    column = pa.array(["a b c"] * 30)
    pq.write_table(pa.Table.from_arrays([column, column], names=["text", "text"]), path)


@pytest.mark.parametrize(("kind", "line", "code", "says"), TABLE, ids=[f"{k}: {one[:60]!a}" for k, one, *_ in TABLE])
def test_a_line_ends_in_its_reason(place, kind, line, code, says):
    result = CliRunner().invoke(main, shlex.split(line), prog_name="todacomm")
    assert isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == code, result.output
    assert says in result.stderr
    assert "Traceback" not in result.output
    assert "\x1b" not in result.output
    assert "SECRET" not in result.output
    assert len(result.stderr) < 3000
