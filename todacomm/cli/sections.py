"""A command whose help stands in sections: what is typed often first, then the settings by what they are about."""

import click

from todacomm.settings.analysis import OPTION_GROUPS


class SectionedCommand(click.Command):
    """A command with the options of an analysis, each group under its own heading."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options that are no settings of an analysis, then those that are."""
        titles: dict[str | None, str] = {
            name: title.rstrip(".") for title, names in OPTION_GROUPS.items() for name in names
        }
        sections: dict[str, list[tuple[str, str]]] = {title: [] for title in ("Options", *titles.values())}
        for parameter in self.get_params(ctx):
            if record := parameter.get_help_record(ctx):
                sections[titles.get(parameter.name, "Options")].append(record)
        for title, records in sections.items():
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)
