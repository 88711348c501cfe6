"""Extraction against the machine's own limit: its rate in a large float32 matrix product.

    python -m benchmarks.extraction [--form full]
"""

from collections.abc import Sequence
from functools import partial
from itertools import count

import torch
from torch import nn

from benchmarks.materials import gpt2, rows_of_wikitext
from benchmarks.measuring import Disagreement, Measured, Pairs, in_turns, timed
from benchmarks.reporting import Findings, Form, Row, guarded, run, seconds
from todacomm.activations import Activations, extract
from todacomm.config import ModelConfig
from todacomm.models import LoadedModel, load_model

WHAT, PEER = "extraction, real tokens only", "a large float32 matrix product here"
GOAL = 0.85
MAX_LENGTH = 128
TOLERANCE = 1e-4


def measure(form: Form) -> Findings:
    return guarded(WHAT, PEER, partial(against_products, form))


def against_products(form: Form) -> Findings:
    """The rate of the pass, in turns with that of square products."""
    torch.set_num_threads(form.threads)
    loaded = load_model(ModelConfig(model=str(gpt2())), seed=0)
    texts = rows_of_wikitext(form.pick(12, 100, 500))
    size = form.pick(1024, 4096, 4096)
    square = torch.rand(size, size)
    work = work_of_a_token(loaded.model)
    reference = hidden_states(loaded, texts[:4])

    def agree(seen: Activations, product: torch.Tensor) -> str:
        for name, rows in reference.items():
            if not torch.allclose(torch.from_numpy(seen.clouds[name][:4]), rows, rtol=TOLERANCE, atol=TOLERANCE):
                raise Disagreement(f"{name} is not what a plain pass over one text at a time gives")
        return f"first texts as in a plain pass, to {TOLERANCE:g}"

    pairs = in_turns(
        lambda: timed(partial(extract, loaded, texts, max_length=MAX_LENGTH, likelihood=False)),
        lambda: timed(torch.matmul, square, square),
        form.pairs,
        agree,
    )
    return Findings([rate_row(pairs, work, 2.0 * size**3, len(texts))])


def rate_row(pairs: Pairs, work: int, product: float, n_texts: int) -> Row:
    """Operations a second of the pass as a share of the product's."""

    def own(one: Measured) -> float:
        return work * int(one.result.n_tokens.sum()) / one.seconds

    shares = sorted(own(one) / (product / other.seconds) for one, other in zip(pairs.ours, pairs.peer, strict=True))
    rates = sorted(own(one) for one in pairs.ours)
    return Row(
        f"{WHAT}: {n_texts} lines, GPT-2 size, no likelihood", PEER, value=shares[len(shares) // 2],
        unit="of its rate", goal=GOAL, low=shares[0], high=shares[-1], pairs=len(shares),
        ours=f"{rates[len(rates) // 2] / 1e9:.0f} GFLOP/s in {seconds(pairs.own_seconds)}",
        theirs=f"{product / pairs.peer_seconds / 1e9:.0f} GFLOP/s", agreement=pairs.agreement,
    )  # fmt: skip


def work_of_a_token(model: nn.Module) -> int:
    """Operations of one token's products with the blocks' weights; attention itself is not counted.

    A product with a weight of ``a`` by ``b`` takes ``2 a b``.
    """
    blocks = next(module for module in model.modules() if isinstance(module, nn.ModuleList))
    return 2 * sum(weight.numel() for weight in blocks.parameters() if weight.ndim == 2)


def hidden_states(loaded: LoadedModel, texts: Sequence[str]) -> dict[str, torch.Tensor]:
    """Last-token rows of every block but the last, by the model's own ``output_hidden_states``."""
    rows: dict[str, list[torch.Tensor]] = {}
    for text in texts:
        tokens = loaded.tokenizer(text, return_tensors="pt", truncation=True, max_length=MAX_LENGTH)
        with torch.inference_mode():
            states = loaded.model(**tokens, output_hidden_states=True).hidden_states
        for block, hidden in zip(count(), states[1:-1]):
            rows.setdefault(f"layer_{block}", []).append(hidden[0, -1])
    return {name: torch.stack(some) for name, some in rows.items()}


if __name__ == "__main__":
    run("extraction", measure)
