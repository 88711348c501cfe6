"""Foreign bytes: each reader gives a value, or one error on one line that names the file, and soon."""

import os
import resource
import signal

import numpy as np
import psutil
import pytest

from tests.hostile.contents import ANY
from tests.hostile.readers import READERS

SECONDS = 5.0
BYTES = 2 << 30
PARSED = [(name, content) for name in READERS for content in ANY]
NO_FILES = (
    "pipe",
    "device",
    "folder",
    "link to nothing",
    "link to itself",
    "long name",
    "long path",
    "zero byte",
    "/proc",
)


@pytest.fixture(autouse=True)
def bounded_memory():
    """What would fill the memory is an error here, and not the end of the machine."""
    limits = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (psutil.Process().memory_info().vms + BYTES, limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, limits)


class Endless(BaseException):
    """Reading takes too long: no handler of errors may catch it."""


def attempt(read, path):
    """The error's text where reading ends in one that is a user's to correct; any other exception fails the test."""

    def end(*_):
        raise Endless

    previous = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        read(path)
    except ValueError as error:
        return str(error)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
    return None


@pytest.mark.parametrize(("name", "content"), PARSED)
def test_bytes(tmp_path, name, content):
    ending, read = READERS[name]
    path = tmp_path / (ending if ending[0] != "." else f"hostile{ending}")
    path.write_bytes(ANY[content])
    text = attempt(read, path)
    if text is not None:
        assert path.name in text
        assert len(text) < 1500


def no_file(kind, folder, ending):
    """A path that is no regular file."""
    path = folder / f"hostile{ending}"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind.startswith("link"):
        path.symlink_to(path if kind == "link to itself" else folder / "nothing")
    elif kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "/proc":
        path.symlink_to("/proc/self/mem")
    elif kind == "long name":
        path = folder / f"{'x' * 300}{ending}"
    elif kind == "long path":
        path = folder / f"{'x/' * 3000}a{ending}"
    else:
        path = folder / f"a\0b{ending}"
    return path


@pytest.mark.parametrize("kind", NO_FILES)
@pytest.mark.parametrize("name", READERS)
def test_what_is_no_file(tmp_path, name, kind):
    ending, read = READERS[name]
    if ending[0] != ".":
        path = tmp_path / "folder" / ending
        path.parent.mkdir()
        place = no_file(kind, tmp_path, ".json")
        try:
            path.symlink_to(place)
        except (OSError, ValueError):
            pytest.skip("no link can lead there")
    else:
        path = no_file(kind, tmp_path, ending)
    assert attempt(read, path)


def test_nothing_was_run_and_memory_stayed_small():
    assert not os.path.exists("/tmp/ran")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 4e6  # kilobytes, of all tests of this process


@pytest.mark.heavy
@pytest.mark.parametrize("name", READERS)
def test_sound_files_with_random_damage(tmp_path, name):
    """Bytes changed, cut and repeated at random in contents of every kind."""
    rng = np.random.default_rng([7, list(READERS).index(name)])
    ending, read = READERS[name]
    path = tmp_path / (ending if ending[0] != "." else f"hostile{ending}")
    for _ in range(400):
        content = bytearray(ANY[rng.choice(list(ANY))][:20_000])
        for _ in range(rng.integers(1, 20)):
            at = int(rng.integers(0, len(content) + 1))
            choice = rng.integers(3)
            if choice == 0 and at < len(content):
                content[at] = int(rng.integers(256))
            elif choice == 1:
                del content[at : at + int(rng.integers(1, 50))]
            else:
                content[at:at] = content[at : at + int(rng.integers(1, 50))]
        path.write_bytes(bytes(content))
        attempt(read, path)
