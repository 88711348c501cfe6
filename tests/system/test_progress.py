"""Progress on a terminal, with the time left."""

import os
import sys

from todacomm.system.progress import Bars


def test_a_bar_is_shown_where_a_terminal_says_that_it_has_no_size(monkeypatch):
    """As containers and `script` have it; a bar of tqdm's own choice is then not drawn."""
    reading, writing = os.openpty()
    with os.fdopen(writing, "w") as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        bars = Bars()
        bars("extraction", 1, 4)
        bars.close()
        shown = os.read(reading, 10_000).decode()
    os.close(reading)
    assert "extraction:" in shown
    assert "/4 [" in shown
