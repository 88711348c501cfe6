"""``todacomm cache``: what models made of texts, stored for another analysis of it."""

import click

from todacomm.cli import JobCommand, exit_codes


@click.group(epilog=exit_codes())
def cache() -> None:
    """List or clear the cache of activations.

    Another analysis of the same model on the same texts costs no forward pass. TODACOMM_CACHE names the folder,
    TODACOMM_CACHE_GB how much it may hold (10; 0 keeps nothing).
    """


@cache.command("list")
def list_entries() -> None:
    """Show what the cache holds, the most recently used first."""
    from datetime import datetime

    from todacomm.analysis.cache import entries
    from todacomm.cli.printing import print_table
    from todacomm.system.cache import cache_folder
    from todacomm.system.units import format_bytes

    stored = entries()
    rows = [
        [entry.label, format_bytes(entry.size), f"{datetime.fromtimestamp(entry.used):%Y-%m-%d %H:%M}"]
        for entry in stored
    ]
    if rows:
        print_table(["entry", "size", "used"], rows)
    noun = "entry" if len(stored) == 1 else "entries"
    print(f"{len(stored)} {noun}, {format_bytes(sum(entry.size for entry in stored))} in {cache_folder()}")


@cache.command("clear", cls=JobCommand)
def clear_entries() -> None:
    """Remove everything the cache holds."""
    from todacomm.analysis.cache import clear
    from todacomm.system.cache import cache_folder
    from todacomm.system.units import format_bytes

    try:
        print(f"{format_bytes(clear())} removed from {cache_folder()}")
    except OSError as error:
        raise ValueError(f"the cache cannot be cleared ({error}): change its permissions") from error
