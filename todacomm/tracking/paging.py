"""MLflow's searches from the first page to the last."""

from collections.abc import Callable, Iterator
from typing import Any

_PAGE = 1000


def pages(search: Callable[..., Any], **query: Any) -> Iterator[Any]:
    """Everything that one of MLflow's searches finds, page by page."""
    page = search(max_results=_PAGE, **query)
    yield from page
    while page.token:
        page = search(max_results=_PAGE, page_token=page.token, **query)
        yield from page
