"""The steps of mkdocs at which the pages of the metrics are written: they are in no file of the repository."""

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from docs.hooks.metric_pages import pages, sections


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put the metrics' pages into the navigation, below their table."""
    own = [{title: [{name: f"metrics/{name}.md"} for name in names]} for title, names in sections().items()]
    config.nav = [_with_metrics(entry, own) for entry in config.nav or []]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages themselves."""
    for path, content in pages().items():
        files.append(File.generated(config, path, content=content))
    return files


def _with_metrics(entry: object, own: list) -> object:
    if isinstance(entry, dict):
        return {
            title: ["metrics/index.md", *own] if inside == "metrics/index.md" else _with_metrics(inside, own)
            for title, inside in entry.items()
        }
    return [_with_metrics(one, own) for one in entry] if isinstance(entry, list) else entry
