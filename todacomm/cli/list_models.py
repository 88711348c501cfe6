"""``todacomm list-models``: the short names of models."""

import click

from todacomm.cli.printing import print_table
from todacomm.models.presets import PRESETS


@click.command("list-models")
def list_models() -> None:
    """List the models that have a short name."""
    rows = [
        [preset.name, preset.family, preset.hub_id or "bundled", size(preset.n_parameters)]
        for preset in PRESETS.values()
    ]
    print_table(["name", "family", "on the hub", "parameters"], rows, n_text=3)
    click.echo(
        "Any Hugging Face id or local folder will do as well: todacomm run --model NAME; "
        "clouds:FILE takes activations of your own.",
        err=True,
    )


def size(n_parameters: int) -> str:
    """A number of parameters in three digits.

    >>> size(124_439_808), size(2_143_488), size(2_614_341_888)
    ('124M', '2.14M', '2.61B')
    """
    unit, letter = (1e9, "B") if n_parameters >= 1e9 else (1e6, "M")
    return f"{n_parameters / unit:.3g}{letter}"
