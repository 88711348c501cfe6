"""What is prose in documentation and what is not."""

import numpy as np

from todacomm.texts.prose import paragraphs

DOCUMENTATION = """
Return the mean of ``values`` along an axis, see :func:`~numpy.mean` for more.

Parameters
----------
values : array_like
    Numbers whose *mean* is wanted; wrapped lines
    are joined into one paragraph.

.. note:: This directive is left out,
   with everything under it.

It is used like this::

    mean([1, 2, 3])
    print("code is no prose, not even with many plain words in it.")

>>> mean([1, 2, 3])
2.0

========  ========
a table   is left out
========  ========

- First point is a sentence of its own.
- Second point is a sentence as well.

https://example.org/a/long/address
"""


def test_sentences_stay_and_the_rest_goes():
    assert paragraphs(DOCUMENTATION) == [
        "Return the mean of values along an axis, see numpy.mean for more.",
        "Numbers whose mean is wanted; wrapped lines are joined into one paragraph.",
        "First point is a sentence of its own.",
        "Second point is a sentence as well.",
    ]


def test_nothing_of_markup_or_code_is_left_in_real_documentation():
    kept = paragraphs(np.linalg.svd.__doc__)
    assert len(kept) > 5
    assert not [text for text in kept if ">>>" in text or "``" in text or ":math:" in text or "---" in text]


def test_empty_documentation_has_no_paragraphs():
    assert paragraphs("") == []
    assert paragraphs("\n \n") == []
