"""What every test needs: an offline hub, the processor alone, one thread for each worker, no cache, and the data folder
where it exists.
"""

import os

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["CUDA_VISIBLE_DEVICES"] = ""  # device=auto is the processor
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("MPLBACKEND", "agg")

import signal
import tempfile
from pathlib import Path

import numpy as np
import pytest

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as a shell starts what stands before an &
    signal.signal(signal.SIGINT, signal.default_int_handler)

_CACHE = tempfile.TemporaryDirectory(prefix="todacomm-tests-", ignore_cleanup_errors=True)
os.environ["TODACOMM_CACHE"] = _CACHE.name  # never the user's own
os.environ["TODACOMM_CACHE_GB"] = "0"

pytest_plugins = ["tests.helpers.stores"]

ROOT = Path(__file__).resolve().parents[1]
SHARED_DATA = Path(os.environ.get("TODACOMM_TEST_DATA", ROOT.parent / "shared" / "data"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--run-slow", action="store_true", help="run the tests marked heavy too, as `make test-heavy` does"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the heavy tests out unless they are asked for by ``--run-slow`` or ``-m``."""
    if config.option.run_slow or "heavy" in config.option.markexpr:
        return
    heavy = [item for item in items if item.get_closest_marker("heavy")]
    items[:] = [item for item in items if item not in heavy]
    config.hook.pytest_deselected(items=heavy)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real texts, models and tokenizers beside the checkout."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"no test data at {SHARED_DATA}: set TODACOMM_TEST_DATA to its folder")
    return SHARED_DATA


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)
