"""Errors that a user can correct: the problem, and what to do."""


class UserError(ValueError):
    """A problem with its remedy as separate fields.

    Attributes
    ----------
    problem : str
        What was read or tried, and what was expected.
    remedy : str
        What the user can do.

    >>> error = UserError("no tracking store answers at http://runs:5000", "start it, or change MLFLOW_TRACKING_URI")
    >>> print(error)
    no tracking store answers at http://runs:5000: start it, or change MLFLOW_TRACKING_URI
    """

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(f"{problem}: {remedy}")
        self.problem, self.remedy = problem, remedy

    def __reduce__(self) -> tuple[type["UserError"], tuple[str, str]]:
        return type(self), (self.problem, self.remedy)
