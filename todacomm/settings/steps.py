"""Revisions and the training steps in their names."""

import re

_NAMED = re.compile(r"(?:step|checkpoint|iter(?:ation)?)[-_]?(\d{1,12})([kKmM]?)(?![a-zA-Z\d])", re.IGNORECASE)
_BARE = re.compile(r"\d{1,12}")  # longer ones are hashes or dates, and may not fit the store's 64 bits
_FACTORS = {"": 1, "k": 10**3, "m": 10**6}


def revision_and_step(entry: str, option: str = "revisions") -> tuple[str, int | None]:
    """A revision as ``option`` lists it, and its training step: given after ``=``, else read from the name.

    >>> revision_and_step("step143000"), revision_and_step("main=143000"), revision_and_step("main")
    (('step143000', 143000), ('main', 143000), ('main', None))

    Raises
    ------
    ValueError
        What is given is no whole number, or one of more than 12 digits.
    """
    revision, given, step = (part.strip() for part in entry.partition("="))
    if not given:
        return revision, training_step(revision)
    if not revision or not _BARE.fullmatch(step):
        raise ValueError(
            f"{option} has {entry!r}: expected NAME=STEP with a whole number of up to 12 digits, such as main=143000"
        )
    return revision, int(step)


def training_step(revision: str) -> int | None:
    """The training step in a revision's name; None where there is none to read.

    >>> training_step("step-000100"), training_step("stage1-step5000-tokens21B"), training_step("checkpoint_20k")
    (100, 5000, 20000)
    >>> training_step("0042"), training_step("v1.2"), training_step("a1b2c3d")
    (42, None, None)
    >>> training_step("9" * 40), training_step("step" + "9" * 40)
    (None, None)
    """
    if match := _NAMED.search(revision):
        return int(match[1]) * _FACTORS[match[2].lower()]
    return int(revision) if _BARE.fullmatch(revision) else None
