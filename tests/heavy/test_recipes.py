"""A new metric, null and similarity are one row with its function: everything else follows from the row."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.heavy.conftest import copy_project, project_environment

pytestmark = pytest.mark.heavy

METRIC = '''

def nearest_norm(neighbours: Array, unit: float) -> float:
    """``mean over points of min(d) / m'``: the distance to the nearest neighbour in units of the median distance."""
    others = neighbours + np.diag(np.full(len(neighbours), np.inf))
    return float(others.min(axis=1).mean() / unit) if len(others) else np.nan


DIMENSION_METRICS["nearest_norm"] = Metric(
    compute=nearest_norm, needs=("neighbours", "unit"), group="geometry", label="Nearest neighbour / median distance",
    short="Nearest neighbour", units="-", meaning="A scratch metric of the nearest neighbours.", compared=True,
    table="geometry",
)
'''
NULL = '''

def sign_flips(clouds: Sequence[ArrayLike], rng: np.random.Generator) -> list[Array]:
    """Every text mirrored about the centroid or not."""
    signs = rng.choice([-1.0, 1.0], size=(len(clouds[0]), 1))
    return [signs * as_cloud(cloud) for cloud in clouds]


NULLS["sign_flips"] = Null(draw=sign_flips, space="scores", label="sign flips", shows="what is not symmetric")
'''
SIMILARITY = '''

def largest_common(first: Array, second: Array) -> float:
    """Largest singular value of the product of two factors."""
    return float(np.linalg.svd(first.T @ second, compute_uv=False)[0])


SIMILARITIES["largest_common"] = Similarity(
    prepare=shape_factor, measure=largest_common, label="Largest common direction", short="Common direction",
    range=(0.0, 1.0), alike=1, chance="small", reading="A scratch similarity of two layers.",
)
'''
USE = """
import json
from pathlib import Path
import numpy as np
import todacomm
from docs.hooks import metric_pages
rng = np.random.default_rng(0)
for name in ("one", "two"):
    np.savez(f"{name}.npz", **{layer: rng.normal(size=(40, 12)) for layer in ("embedding", "layer_0", "final")})
options = dict(replicates=6, nulls=5, null_kinds="rotation,sign_flips")
one = todacomm.analyze(model="clouds:one.npz", **options)
two = todacomm.analyze(model="clouds:two.npz", **options)
quick = dict(rtd_permutations=0, rtd_points=20, output_dir="out")
comparison, run = todacomm.compare(run_ids=f"{one.run_id},{two.run_id}", **quick)
written = list(Path("out").rglob("*"))
print(json.dumps({
    "analysis": one.artifact("report.md").read_text(),
    "comparison": next(file for file in written if file.name == "report.md").read_text(),
    "figures": [file.name for file in written],
    "pages": list(metric_pages.pages()),
    "errors": one.layers[one.layers["metric"] == "nearest_norm"]["se"].tolist(),
    "p": one.nulls[one.nulls["null"] == "sign_flips"]["p_adjusted"].tolist(),
    "compared": sorted(set(comparison.tables["paired_differences"]["metric"])),
    "measures": sorted(set(comparison.tables["similarity"]["measure"])),
}))
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> dict:
    """What an analysis and a comparison give after three functions with their rows are added, and nothing else."""
    project = copy_project(tmp_path_factory.mktemp("recipes"))
    for file, rows in {
        "metrics/dimension.py": METRIC, "nulls.py": NULL, "similarity/representations.py": SIMILARITY,
    }.items():  # fmt: skip
        with (project / "todacomm/core" / file).open("a", encoding="utf-8") as module:
            module.write(rows)
    return json.loads(run(project, USE).splitlines()[-1])


def run(project: Path, program: str) -> str:
    environment = project_environment(PYTHONPATH=str(project), MLFLOW_TRACKING_URI=f"sqlite:///{project}/mlflow.db")
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=project, env=environment, capture_output=True, text=True, timeout=1800
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def test_a_metric_is_measured_with_an_interval_and_explained(made):
    assert all(error > 0.0 for error in made["errors"])
    assert "A scratch metric of the nearest neighbours." in made["analysis"]
    assert "| Nearest neighbour |" in made["analysis"]
    assert "metrics/nearest_norm.md" in made["pages"]


def test_a_metric_that_is_compared_stands_in_the_comparison(made):
    assert "nearest_norm" in made["compared"]
    assert "Nearest neighbour" in made["comparison"]
    assert "A scratch metric of the nearest neighbours." in made["comparison"]


def test_a_null_is_an_option_is_drawn_and_has_its_p(made):
    assert made["p"]
    assert all(1 / 6 <= p <= 1.0 for p in made["p"])
    assert "sign flips" in made["analysis"]


def test_a_similarity_has_its_table_and_its_figure(made):
    assert "largest_common" in made["measures"]
    assert "similarity_largest_common.png" in made["figures"]
    assert "A scratch similarity of two layers." in made["comparison"]
