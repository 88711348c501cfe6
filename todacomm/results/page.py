"""An HTML page in a notebook: in a frame of its own that allows scripts and nothing else."""

import html


def inline_frame(page: str, height: int = 900) -> str:
    """A page in a frame of its own that allows scripts and nothing else: what a notebook shows.

    >>> inline_frame("<b>&</b>", 300).partition(" style")[0]
    '<iframe sandbox="allow-scripts" srcdoc="&lt;b&gt;&amp;&lt;/b&gt;"'
    """
    style = f"width:100%;height:{height}px;border:0"
    return f'<iframe sandbox="allow-scripts" srcdoc="{html.escape(page)}" style="{style}"></iframe>'


class FramedPage:
    """A page that a notebook shows; ``html`` is the page itself."""

    def __init__(self, page: str, height: int = 900) -> None:
        self.html, self.height = page, height

    def _repr_html_(self) -> str:
        return inline_frame(self.html, self.height)
