"""Where a model goes, by its size and the room there is; and what that costs on paper."""

import re
from pathlib import Path

import pytest

from tests.helpers.tiny_models import tiny_model_folder
from todacomm.config import ModelConfig
from todacomm.models.costs import CARD_24, CARD_80, LLAMA_8B, LLAMA_70B, LLAMA_405B, costs_table, stream_costs
from todacomm.models.placement import GIB, place, placement_of

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "large-models.md"


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
    placed = place("auto", int(size * GIB), free * GIB, free_elsewhere=[one * GIB for one in elsewhere])
    assert placed.kind == kind
    assert (placed.device_map == "auto") == (kind == "spread")
    assert f"{size:,.1f} GiB" in placed.reason


def test_without_accelerate_nothing_is_spread() -> None:
    assert place("auto", 30 * GIB, 24 * GIB, free_elsewhere=[24 * GIB], accelerate=False).kind == "stream"


def test_what_is_asked_for_is_done() -> None:
    assert place("whole", 99 * GIB, GIB).kind == "whole"
    assert place("stream", 0, GIB).kind == "stream"
    assert place("auto", 99 * GIB, None).kind == "whole"


def test_what_cannot_be_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"unknown placement 'half': choose auto, whole or stream"):
        place("half", 1, 1)
    with pytest.raises(ValueError, match=r"placement=stream: it is a pickle"):
        place("stream", 1, 1, cannot_stream="it is a pickle")
    with pytest.raises(ValueError, match=r"30.0 GiB of weights do not fit into 24.0 GiB, .*: it is a pickle"):
        place("auto", 30 * GIB, 24 * GIB, cannot_stream="it is a pickle")


@pytest.mark.parametrize("weights", ["trained", "random"])
def test_the_size_is_that_of_the_config_in_the_precision_of_the_pass(
    tmp_path: Path, weights: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tiny_model_folder(tmp_path, "llama")
    for dtype, bytes_each in (("float32", 4), ("bfloat16", 2)):
        config = ModelConfig(model=str(folder), weights=weights, dtype=dtype)
        needed = 47_328 * bytes_each
        for free, kind in ((4 * needed // 3 + 4, "whole"), (4 * needed // 3 - 4, "stream")):
            monkeypatch.setattr("todacomm.models.placement.available_memory", lambda free=free: free)
            assert placement_of(config).kind == kind


def test_parameters_are_those_of_the_published_models() -> None:
    published = {LLAMA_8B: 8_030_261_248, LLAMA_70B: 70_553_706_496, LLAMA_405B: 405_853_388_800}
    for size, n_parameters in published.items():
        assert size.n_parameters == pytest.approx(n_parameters, rel=1e-6)


def test_what_takes_longest_limits() -> None:
    few, many = stream_costs(LLAMA_70B, CARD_80, 1_000), stream_costs(LLAMA_70B, CARD_80, 1_000_000)
    assert (few.limit, many.limit) == ("disk", "work")
    assert few.seconds == pytest.approx(few.seconds_disk, rel=0.02)
    assert many.seconds >= many.seconds_work
    assert many.operations == 1000 * few.operations
    assert many.bytes_read == few.bytes_read
    assert not stream_costs(LLAMA_70B, CARD_24, 1).fits_whole
    assert stream_costs(LLAMA_405B, CARD_24, 1).fits_streamed


def test_the_page_has_the_table_as_it_is_computed() -> None:
    page = PAGE.read_text()
    (n_tokens,) = re.findall(r"500 texts of 100 tokens, ([\d,]+) tokens", page)
    for row in costs_table(int(n_tokens.replace(",", ""))):
        assert f"| {' | '.join(row)} |" in page
