"""What costs nothing to see is refused before any heavy import."""

import subprocess
import sys

import pytest

from tests.conftest import ROOT

SCRIPT = """
import sys
from click.testing import CliRunner
from todacomm.cli import main
done = CliRunner().invoke(main, sys.argv[1:])
assert done.exit_code == 1, done.output
print(done.stderr, sorted({"torch", "transformers", "mlflow", "pandas"} & sys.modules.keys()))
"""


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("run --model ./nothing", "no folder ./nothing"),
        ("run --model folder", "has no config.json"),
        ("run --model without-tokenizer", "has no tokenizer"),
        ("run --model without-weights", "has no weights"),
        ("run --model clouds:nothing.npz", "does not exist"),
        ("run --dataset ./nothing.txt", "unknown dataset"),
        ("run --dataset hf:imdb", "dataset is 'hf:imdb': expected hf:path[:config]:split:field"),
    ],
)
def test_what_is_not_there_is_refused_before_the_imports_of_the_job(tmp_path, line, says):
    for name, files in {
        "folder": (),
        "without-tokenizer": ("config.json",),
        "without-weights": ("config.json", "tokenizer.json"),
    }.items():
        (tmp_path / name).mkdir()
        for file in files:
            (tmp_path / name / file).write_text("{}")
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{SCRIPT}", *line.split()]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True)
    assert says in done.stdout
    assert done.stdout.strip().endswith("[]")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "without-tokenizer", "without-weights"]
