"""Foreign bytes: each reader gives a value, or one error on one line that names the file, and soon."""

import os
import resource
import signal

import numpy as np
import psutil
import pytest

from tests.hostile.contents import ANY
from tests.hostile.readers import READERS
from tests.hostile.sound import sound

SECONDS = 20.0
BYTES = 2 << 30
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


def complaint(read, path):
    """What is wrong with how reading ends; empty where it gives a value, or an error that names the file shortly."""
    try:
        text = attempt(read, path)
    except (Exception, Endless) as error:  # every one of them is a defect: all are listed at once
        return f"{type(error).__name__}: {error}"[:200]
    return "" if text is None or (path.name in text and len(text) < 1500) else f"not a message on one screen: {text}"


def place_of(name, folder):
    ending = READERS[name][0]
    return folder / (ending if ending[0] != "." else f"hostile{ending}")


@pytest.mark.parametrize("name", READERS)
def test_bytes(tmp_path, name):
    """Contents of every kind, and half of a sound file."""
    path, read = place_of(name, tmp_path), READERS[name][1]
    whole = sound(name, READERS[name][0])
    failures = {}
    for content, data in {**ANY, "half of a sound file": whole[: len(whole) // 2]}.items():
        path.write_bytes(data)
        failures[content] = complaint(read, path)
    assert not {content: wrong for content, wrong in failures.items() if wrong}


@pytest.mark.parametrize("name", READERS)
def test_a_sound_file_is_read(tmp_path, name):
    """What the damaged ones are made of."""
    path = place_of(name, tmp_path)
    path.write_bytes(sound(name, READERS[name][0]))
    assert attempt(READERS[name][1], path) is None


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


@pytest.mark.parametrize("name", READERS)
def test_what_is_no_file(tmp_path, name):
    ending, read = READERS[name]
    failures = []
    for number, kind in enumerate(NO_FILES):
        folder = tmp_path / str(number)
        (folder / "folder").mkdir(parents=True)
        if ending[0] != ".":
            path = folder / "folder" / ending
            try:
                path.symlink_to(no_file(kind, folder, ".json"))
            except (OSError, ValueError):
                continue  # no link can lead there
        else:
            path = no_file(kind, folder, ending)
        failures += [kind] if not attempt(read, path) else []
    assert not failures


def test_nothing_was_run_and_memory_stayed_small():
    assert not os.path.exists("/tmp/ran")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 4e6  # kilobytes, of all tests of this process


@pytest.mark.heavy
@pytest.mark.parametrize("whole", [True, False], ids=["sound", "hostile"])
@pytest.mark.parametrize("name", READERS)
def test_files_with_random_damage(tmp_path, name, whole):
    """Bits and bytes changed, cut and repeated at random in sound files, and in contents of every kind."""
    rng = np.random.default_rng([7, list(READERS).index(name), whole])
    path, read = place_of(name, tmp_path), READERS[name][1]
    failures = set()
    for _ in range(1000 if whole else 400):
        content = bytearray(sound(name, READERS[name][0]) if whole else ANY[rng.choice(list(ANY))][:20_000])
        for _ in range(rng.integers(1, 6 if whole else 20)):
            damage(content, rng)
        path.write_bytes(bytes(content))
        failures.add(complaint(read, path))
    assert failures <= {""}


def damage(content, rng):
    at = int(rng.integers(0, len(content) + 1))
    choice = rng.integers(4)
    if choice == 0:
        content[at : at + 1] = bytes([rng.integers(256)])
    elif choice == 1:
        del content[at : at + int(rng.integers(1, 50))]
    elif choice == 2:
        content[at:at] = content[at : at + int(rng.integers(1, 50))]
    elif at < len(content):
        content[at] ^= 1 << int(rng.integers(8))
