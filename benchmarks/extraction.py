"""Extraction against the machine's own limit: its rate in a large float32 matrix product.

python -m benchmarks.extraction [--form full]
"""

from collections.abc import Callable, Sequence
from functools import partial

import torch
from torch import Tensor, nn

from benchmarks.materials import gpt2, rows_of_wikitext
from benchmarks.measuring import Disagreement, Measured, Pairs, in_turns, timed
from benchmarks.reporting import Findings, Form, Row, guarded, run, seconds
from todacomm.activations import Activations, extract
from todacomm.activations.products import is_quicker, product
from todacomm.models import LoadedModel, load_model
from todacomm.settings.analysis import ModelConfig

WHAT, PEER = "extraction, real tokens only", "a large float32 matrix product here, `torch.matmul`"
QUICKEST = "the same product by oneDNN"
GOAL = 0.85
MAX_LENGTH = 128
Multiply = Callable[[Tensor, Tensor], object]
N_CHECKED = 4


def measure(form: Form) -> Findings:
    return guarded(WHAT, PEER, partial(of_gpt2, form))


def of_gpt2(form: Form) -> Findings:
    torch.set_num_threads(form.threads)
    loaded = load_model(ModelConfig(model=str(gpt2()), device="cpu"), seed=0)
    texts = rows_of_wikitext(form.pick(12, 100, 500))
    square = torch.rand(*form.pick((512, 512), (4096, 4096), (4096, 4096)))
    what = f"{WHAT}: {len(texts)} lines, GPT-2 size, no likelihood"

    def row(peer: str, multiply: Multiply, goal: float | None) -> Row:
        pairs = against_products(loaded, texts, square, multiply, form.pairs, tolerance=1e-4)
        return rate_row(what, peer, pairs, work_of_a_token(loaded.model), square, goal)

    rows = [row(PEER, torch.matmul, GOAL)]
    if is_quicker():
        rows.append(row(QUICKEST, lambda one, other: product(other, None, one), None))
    return Findings(rows)


def against_products(
    loaded: LoadedModel,
    texts: Sequence[str],
    square: Tensor,
    multiply: Multiply,
    pairs: int,
    tolerance: float,
    max_length: int = MAX_LENGTH,
) -> Pairs:
    """One pass over the texts, pooling and copies included, in turns with a product of a square matrix with itself.

    Parameters
    ----------
    multiply : callable
        The product.
    tolerance : float
        By how much the first texts' rows may differ from a plain pass over one text at a time, as a share of the
        largest number in them.
    """
    plain = plain_pass(loaded, texts[:N_CHECKED], max_length)

    def multiplied() -> None:
        multiply(square, square)
        if square.is_cuda:
            torch.cuda.synchronize()

    def agree(extracted: Activations, _: None) -> str:
        for name, rows in plain.items():
            gap = (torch.from_numpy(extracted.clouds[name][:N_CHECKED]) - rows).abs().max()
            if not gap <= tolerance * rows.abs().max():
                raise Disagreement(f"{name} differs by {gap:.3g} from a plain pass over one text at a time")
        return f"rows of {N_CHECKED} texts as a plain pass gives them, to {tolerance:g}"

    pass_over = partial(extract, loaded, texts, max_length=max_length, likelihood=False)
    return in_turns(lambda: timed(pass_over), lambda: timed(multiplied), pairs, agree)


def rate_row(
    what: str, peer: str, pairs: Pairs, work: int, square: Tensor, goal: float | None, n_products: int = 1
) -> Row:
    """Operations a second of the pass as a share of the product's, of which the peer did so many."""
    work_of_product = n_products * 2.0 * len(square) ** 3

    def rate(one: Measured) -> float:
        return work * int(one.result.n_tokens.sum()) / one.seconds

    shares = sorted(
        rate(one) * other.seconds / work_of_product for one, other in zip(pairs.ours, pairs.peer, strict=True)
    )
    rates = sorted(map(rate, pairs.ours))
    return Row(
        what, peer, value=shares[len(shares) // 2], unit="of its rate", goal=goal, low=shares[0], high=shares[-1],
        pairs=len(shares), ours=f"{rates[len(rates) // 2] / 1e9:,.0f} GFLOP/s in {seconds(pairs.own_seconds)}",
        theirs=f"{work_of_product / pairs.peer_seconds / 1e9:,.0f} GFLOP/s", agreement=pairs.agreement,
    )  # fmt: skip


def work_of_a_token(model: nn.Module) -> int:
    """Operations of one token's products with the blocks' weights: ``2 a b`` for one of ``a`` by ``b``.

    The products of attention itself, the embedding and the head are not counted.
    """
    blocks = next(module for module in model.modules() if isinstance(module, nn.ModuleList))
    return 2 * sum(weight.numel() for weight in blocks.parameters() if weight.ndim == 2)


def plain_pass(loaded: LoadedModel, texts: Sequence[str], max_length: int) -> dict[str, Tensor]:
    """Last-token rows of every block but the last, by the model's own ``output_hidden_states``, on the CPU."""
    rows: dict[str, list[Tensor]] = {}
    for text in texts:
        tokens = loaded.tokenizer(text, return_tensors="pt", truncation=True, max_length=max_length)
        with torch.inference_mode():
            states = loaded.model(**tokens.to(loaded.model.device), output_hidden_states=True).hidden_states
        for block, hidden in enumerate(states[1:-1]):
            rows.setdefault(f"layer_{block}", []).append(hidden[0, -1].float().cpu())
    return {name: torch.stack(some) for name, some in rows.items()}


if __name__ == "__main__":
    run("extraction", measure)
