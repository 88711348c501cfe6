"""Where a model goes, by its size and the room there is."""

from pathlib import Path

import pytest

from tests.helpers.tiny_models import tiny_model_folder
from todacomm.models import load_model
from todacomm.models.opening import open_model
from todacomm.models.placement import place, placement_of
from todacomm.settings.analysis import ModelConfig

GB = 10**9


@pytest.mark.parametrize(
    ("size", "free", "elsewhere", "kind"),
    [
        (10, 24, (), "whole"),
        (17.9, 24, (), "whole"),
        (18.1, 24, (), "stream"),
        (30, 24, (24,), "spread"),
        (40, 24, (24,), "stream"),
        (10, 24, (24, 24), "whole"),
    ],
)
def test_auto_takes_the_first_that_fits_beside_the_work(
    size: float, free: int, elsewhere: tuple[int, ...], kind: str
) -> None:
    placed = place("auto", int(size * GB), free * GB, free_elsewhere=[one * GB for one in elsewhere])
    assert placed.kind == kind
    assert (placed.device_map == "auto") == (kind == "spread")
    assert f"{size:,.1f} GB" in placed.reason


def test_without_accelerate_nothing_is_spread() -> None:
    assert place("auto", 30 * GB, 24 * GB, free_elsewhere=[24 * GB], accelerate=False).kind == "stream"


def test_what_is_asked_for_is_done() -> None:
    assert place("whole", 99 * GB, GB).kind == "whole"
    assert place("stream", 0, GB).kind == "stream"


def test_what_cannot_be_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"unknown placement 'half': choose auto, whole or stream"):
        ModelConfig(placement="half")
    with pytest.raises(ValueError, match=r"placement=stream: it is a pickle"):
        place("stream", 1, 1, cannot_stream="it is a pickle")
    with pytest.raises(ValueError, match=r"30.0 GB of weights do not fit into 24.0 GB, .*: it is a pickle"):
        place("auto", 30 * GB, 24 * GB, cannot_stream="it is a pickle")


@pytest.mark.parametrize("weights", ["trained", "random"])
def test_the_size_is_that_of_the_config_in_the_precision_of_the_pass(
    tmp_path: Path, weights: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tiny_model_folder(tmp_path, "llama")
    n_parameters = load_model(ModelConfig(model=str(folder)), 0).info.n_parameters or 0
    for dtype, bytes_each in (("float32", 4), ("bfloat16", 2)):
        config = ModelConfig(model=str(folder), weights=weights, dtype=dtype)
        needed = n_parameters * bytes_each
        for free, kind in ((4 * needed // 3 + 4, "whole"), (4 * needed // 3 - 4, "stream")):
            monkeypatch.setattr("todacomm.models.placement.available_memory", lambda free=free: free)
            assert placement_of(open_model(config)).kind == kind
