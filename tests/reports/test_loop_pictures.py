"""A noisy circle of one's own: a loop, its labels in the order of their angle, and its picture beside them."""

import re

import numpy as np
import pytest

from todacomm.core.loops import circular_correlation
from todacomm.jobs.analyze import analyze

N_POINTS, NOISE, DIMS = 300, 0.2, 50


@pytest.fixture(scope="module")
def true_angle():
    """Of a circle without a wide gap, as four in five of this size have none: docs/calibration.md."""
    return np.random.default_rng(3).uniform(0.0, 2.0 * np.pi, N_POINTS)


@pytest.fixture(scope="module")
def circle_file(tmp_path_factory, true_angle):
    rng = np.random.default_rng(4)
    circle = rng.normal(scale=NOISE, size=(N_POINTS, DIMS))
    circle[:, :2] += np.column_stack([np.cos(true_angle), np.sin(true_angle)])
    path = tmp_path_factory.mktemp("clouds") / "circle.npz"
    texts = np.array([f"costs $5 at <{angle:.3f}>" for angle in true_angle])
    np.savez(path, circle=circle, east=np.cos(true_angle), luck=rng.normal(size=N_POINTS), texts=texts)
    return path


@pytest.fixture
def analysis(store, circle_file):
    return analyze(model=f"clouds:{circle_file}", pca=0, replicates=60, nulls=39, explorer=False)


def test_a_noisy_circle_is_a_loop_whose_labels_stand_in_the_order_of_their_angle(analysis, true_angle):
    loop = analysis.loop("circle")
    assert loop.verdict == "loop"
    assert circular_correlation(loop.angle.to_numpy(), true_angle) > 0.95
    listed = np.array([float(text.split("<")[1].rstrip(">")) for text in loop.texts["text"]])
    steps = np.angle(np.exp(1j * np.diff(listed, append=listed[0])))
    assert abs(steps.sum()) == pytest.approx(2.0 * np.pi)
    assert (np.sign(steps) == np.sign(steps.sum())).all()
    strength = analysis.associations.set_index("covariate").loc["east", "strength"]
    assert strength > 0.95


def test_its_picture_is_on_record_and_stands_beside_its_texts(analysis):
    for form in ("png", "svg"):
        assert analysis.artifact(f"plots/loops/00_circle_1.{form}").stat().st_size > 10_000
    report = analysis.artifact("report.md").read_text()
    block = report.partition("#### circle: loop")[2].partition("### ")[0]
    assert "costs $5 at" in block
    assert "`plots/loops/00_circle_1.png`" in block
    page = analysis.artifact("report.html").read_text()
    assert re.search(r'<figure><svg [^>]*aria-label="circle: loop"', page)


def test_without_a_loop_there_is_no_picture_and_without_words_none_is_shown(store, circle_file, tmp_path):
    noise = tmp_path / "noise.npz"
    np.savez(noise, noise=np.random.default_rng(2).normal(size=(60, 10)))
    bare = analyze(model=f"clouds:{noise}", pca=0, replicates=10, nulls=19, explorer=False)
    with pytest.raises(ValueError, match="plots/loops"):
        bare.artifact("plots/loops/00_noise_1.png")
    assert "plots/loops" not in bare.artifact("report.md").read_text()
