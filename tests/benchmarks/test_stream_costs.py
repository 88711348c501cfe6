"""What a pass a block at a time costs on paper, and the table of it in the docs."""

import json
import re

import pytest

from benchmarks.page import markdown
from benchmarks.reporting import RESULTS
from benchmarks.stream_costs import CARD_24, CARD_80, LLAMA_8B, LLAMA_70B, LLAMA_405B, costs_table, stream_costs
from benchmarks.streaming import MOST_GIB, MOST_OF_BLOCKS
from tests.conftest import ROOT

PAGE = ROOT / "docs" / "how-to" / "large-models.md"


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


def test_the_page_has_the_tables_as_they_were_measured() -> None:
    stored, page = json.loads((RESULTS / "streaming.json").read_text()), PAGE.read_text()
    assert stored["form"] == "full"
    assert [row["skipped"] for row in stored["rows"]] == [""] * 5
    for table in stored["tables"]:
        assert table["title"] in page
        assert table["text"].split(".")[0].lower() in " ".join(page.split()).lower()
        assert markdown(table["header"], table["rows"]) in page
    small, least, beside, large, least_of_large = stored["rows"]
    assert small["value"] < 0.2
    assert large["value"] <= large["goal"] == MOST_GIB
    assert all(row["value"] <= row["goal"] == MOST_OF_BLOCKS for row in (least, least_of_large))
    assert f"{beside['value']:.2f} times as fast" in page
