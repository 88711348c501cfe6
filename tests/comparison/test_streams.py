"""A comparison goes along the residual stream, whatever else the analyses took."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.comparison.conftest import make
from tests.helpers.records import record
from tests.helpers.results import add_streams
from todacomm.comparison import gather
from todacomm.comparison.differences import paired_differences
from todacomm.comparison.grouping import curve_distances
from todacomm.comparison.means import ranking


def test_streams_change_nothing_of_a_comparison(store: Path) -> None:
    alone = [record(make(model, 5, factor)) for model, factor in (("alpha", 1.0), ("beta", 1.1))]
    beside = [record(add_streams(make(model, 5, factor))) for model, factor in (("alpha", 1.0), ("beta", 1.1))]
    expected, found = (gather(run_ids=",".join(ids)) for ids in (alone, beside))
    pd.testing.assert_frame_equal(ranking(found), ranking(expected))
    pd.testing.assert_frame_equal(paired_differences(found), paired_differences(expected))
    for metric in ("h0_total_norm", "h1_max_norm"):
        np.testing.assert_array_equal(curve_distances(found, metric), curve_distances(expected, metric))


def test_an_analysis_of_streams_alone_is_refused(store: Path) -> None:
    record(make("alpha", 5))
    record(add_streams(make("beta", 5, layers="attention,ffn"), residual=False))
    with pytest.raises(ValueError, match=r"beta was analysed with layers=attention,ffn, none of the residual stream"):
        gather()
