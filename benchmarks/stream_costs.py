"""What a pass of a model costs when its blocks are read one after the other: on paper, before anything is loaded."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Size:
    """A decoder by its sizes.

    Attributes
    ----------
    block, outside : int
        Parameters of one block, and of embeddings and head together.
    n_blocks, width : int
        Blocks, and the width between them.
    """

    name: str
    block: int
    outside: int
    n_blocks: int
    width: int

    @property
    def n_parameters(self) -> int:
        return self.n_blocks * self.block + self.outside

    @property
    def largest_part(self) -> int:
        """Parameters of the larger of a block and of half of what is outside: the embeddings, or the head."""
        return max(self.block, self.outside // 2)


@dataclass(frozen=True)
class Machine:
    """What a pass runs on.

    Attributes
    ----------
    memory : float
        Bytes on the accelerator.
    operations : float
        Operations a second that a pass reaches with matrices of this size: half of what the maker states.
    link : float
        Bytes a second from the host's memory to the accelerator.
    disk : float
        Bytes a second from the disk.
    """

    name: str
    memory: float
    operations: float
    link: float
    disk: float


@dataclass(frozen=True)
class Costs:
    """What a pass costs.

    Attributes
    ----------
    bytes_read : float
        Of weights, from the disk.
    operations : float
        Two for each parameter in a product and each token.
    peak_bytes : float
        On the accelerator: the largest part twice.
    hidden_bytes : float
        Of hidden states on the host.
    seconds_disk, seconds_link, seconds_work : float
        Of reading, of copying to the accelerator, and of the products.
    seconds : float
        Of the pass: reading the next block goes on beside the work on this one.
    limit : str
        What takes longest: ``disk``, ``link`` or ``work``.
    fits_whole : bool
        Whether the accelerator holds all weights at once, a tenth of its memory left free.
    fits_streamed : bool
        Whether it holds the largest part twice.
    """

    bytes_read: float
    operations: float
    peak_bytes: float
    hidden_bytes: float
    seconds_disk: float
    seconds_link: float
    seconds_work: float
    seconds: float
    limit: str
    fits_whole: bool
    fits_streamed: bool


SHARE_FREE = 0.9


def stream_costs(size: Size, machine: Machine, n_tokens: int, bytes_each: int = 2) -> Costs:
    """What a pass over texts costs with the blocks read one after the other.

    Parameters
    ----------
    n_tokens : int
        Of all texts together.
    bytes_each : int
        Bytes of a parameter as stored and as used: 2 for bfloat16.

    >>> costs = stream_costs(LLAMA_8B, CARD_24, n_tokens=50_000)
    >>> round(costs.bytes_read / 1e9, 1), costs.limit, round(costs.seconds)
    (16.1, 'work', 11)
    """
    n_bytes = float(size.n_parameters * bytes_each)
    in_products = size.n_parameters - size.outside // 2  # a row of the embeddings is looked up, not multiplied
    operations = 2.0 * in_products * n_tokens
    takes = {"disk": n_bytes / machine.disk, "link": n_bytes / machine.link, "work": operations / machine.operations}
    limit = max(takes, key=lambda name: takes[name])
    peak = 2.0 * size.largest_part * bytes_each
    first = n_bytes / size.n_blocks / machine.disk  # before there is anything to work on
    return Costs(
        bytes_read=n_bytes,
        operations=operations,
        peak_bytes=peak,
        hidden_bytes=float(n_tokens * size.width * bytes_each),
        seconds_disk=takes["disk"],
        seconds_link=takes["link"],
        seconds_work=takes["work"],
        seconds=first + max(takes["disk"], takes["link"] + takes["work"]),
        limit=limit,
        fits_whole=n_bytes <= SHARE_FREE * machine.memory,
        fits_streamed=peak <= SHARE_FREE * machine.memory,
    )


def _llama(name: str, n_blocks: int, width: int, inner: int, heads: int, few: int, vocabulary: int) -> Size:
    """A Llama by its config: attention with ``few`` of ``heads`` for keys and values, an MLP of three matrices."""
    attention = 2 * width * width + 2 * width * width * few // heads
    return Size(name, attention + 3 * width * inner + 2 * width, 2 * vocabulary * width, n_blocks, width)


LLAMA_8B = _llama("8 B", 32, 4096, 14336, 32, 8, 128_256)
LLAMA_70B = _llama("70 B", 80, 8192, 28672, 64, 8, 128_256)
LLAMA_405B = _llama("405 B", 126, 16384, 53248, 128, 8, 128_256)
CARD_24 = Machine("24 GB", 24e9, 82e12, 20e9, 5e9)
CARD_80 = Machine("80 GB", 80e9, 400e12, 50e9, 5e9)
SIZES, MACHINES = (LLAMA_8B, LLAMA_70B, LLAMA_405B), (CARD_24, CARD_80)


def costs_table(n_tokens: int) -> list[list[str]]:
    """One row for each of three models and two cards, in words: read, operations, memory, seconds, what limits.

    >>> costs_table(50_000)[0][:3]
    ['8 B', '24 GB', '16 GB']
    """
    rows = []
    for size in SIZES:
        for machine in MACHINES:
            costs = stream_costs(size, machine, n_tokens)
            rows.append(
                [
                    size.name,
                    machine.name,
                    f"{costs.bytes_read / 1e9:,.0f} GB",
                    f"{costs.operations:.1e}",
                    f"{costs.peak_bytes / 1e9:,.1f} GB",
                    f"{costs.hidden_bytes / 1e9:,.2f} GB",
                    f"{costs.seconds_disk:,.0f} s",
                    f"{costs.seconds_link:,.0f} s",
                    f"{costs.seconds_work:,.0f} s",
                    f"{costs.seconds:,.0f} s",
                    {"disk": "the disk", "link": "the link", "work": "the products"}[costs.limit],
                    "yes" if costs.fits_whole else "no",
                ]
            )
    return rows
