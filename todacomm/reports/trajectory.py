"""Pictures of training in a report."""

from collections.abc import Sequence

from todacomm.comparison.trajectory import Trajectory, numbered
from todacomm.reports.files import Picture


def trajectory_pictures(several: Sequence[Trajectory]) -> list[Picture]:
    """The figures of :func:`todacomm.figures.trajectory.draw_trajectories`, each with how to read it."""
    if not several:
        return []
    from todacomm.figures.trajectory import FIGURES

    return [
        Picture(f"{title}: {one.name}", reading, f"plots/{name}{suffix}.png")
        for suffix, one in numbered(several).items()
        for name, (title, reading) in FIGURES.items()
    ]
