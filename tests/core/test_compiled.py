"""Machine code that cannot be kept is made anew."""

import numba

from todacomm.core.compiled import compiled


def test_where_machine_code_cannot_be_kept_it_is_made_anew(monkeypatch):
    njit, kept = numba.njit, []

    def in_no_folder(cache=False, **options):
        kept.append(cache)
        if cache:
            raise RuntimeError("cannot cache function 'double': no locator available")
        return njit(**options)

    with monkeypatch.context() as patch:  # numba's own modules take it too, when something is first compiled
        patch.setattr(numba, "njit", in_no_folder)
        double = compiled(lambda number: 2 * number)
    assert double(21) == 42
    assert kept == [True, False]
