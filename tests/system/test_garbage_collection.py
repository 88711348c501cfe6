"""The collector of cycles in a process that does one job."""

import subprocess
import sys

CYCLE = """
import gc, sys
from todacomm.system.garbage_collection import collect_rarely

class Held:
    def __del__(self):
        sys.stdout.write("collected")

{begin}
held = Held()
held.itself = held
"""


def printed(begin: str) -> str:
    """What a process that ends with a cycle alive prints."""
    return subprocess.run(
        [sys.executable, "-c", CYCLE.format(begin=begin)], capture_output=True, text=True, check=True
    ).stdout


def test_a_process_that_ends_takes_nothing_apart():
    assert printed("") == "collected"
    assert printed("collect_rarely()") == ""


def test_cycles_are_looked_for_while_it_works():
    many = "collect_rarely()\nfor _ in range(600_000):\n    held = Held()\n    held.itself = held"
    assert printed(many).startswith("collected")
