"""An accelerator, where there is one: a decoder of 1.1 B parameters against the device's own matrix rate.

python -m benchmarks.accelerator [--form full]
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from benchmarks.extraction import MAX_LENGTH, against_products, rate_row, work_of_a_token
from benchmarks.materials import CACHE, copy_tokenizer, wikitext
from benchmarks.measuring import Skipped, in_turns, same_diagrams, timed
from benchmarks.reporting import Findings, Form, Row, guarded, run, speed_row
from todacomm.activations import extract
from todacomm.analysis.shape import measure_shape
from todacomm.core.homology import Diagrams
from todacomm.core.layer import LayerAnalysis, analyze_layer
from todacomm.core.threads import one_thread_each
from todacomm.models import LoadedModel, load_model
from todacomm.settings.analysis import AnalysisConfig, ModelConfig
from todacomm.system.machine import worker_threads
from todacomm.texts import load_texts

WHAT = "500 texts through a 1.1 B-parameter decoder, bfloat16"
PEER = "a large bfloat16 matrix product on the device"
GOAL = 0.4
LONG_TEXTS = 500
"""Words of a text of the second row."""
N_PRODUCTS = 20
"""One after the other: a single one takes 1.5 ms, and begins with the device at rest."""
BFLOAT16_TOLERANCE = 0.1


def measure(form: Form) -> Findings:
    return guarded(WHAT, PEER, partial(on_device, form))


def on_device(form: Form) -> Findings:
    """The whole extraction, copies and pooling included."""
    if not torch.cuda.is_available():
        raise Skipped("no accelerator here")
    settings = ModelConfig(model=str(decoder()), weights="random", device="cuda", dtype="bfloat16")
    loaded = load_model(settings, seed=0)
    config = AnalysisConfig.load(None, {"dataset": str(wikitext()), "samples": form.pick(20, 500, 500)})
    texts = load_texts(config.texts, seed=0).texts
    square = torch.randn(8192, 8192, device="cuda").bfloat16()
    device = torch.cuda.get_device_name()

    def rate(what: str, texts: Sequence[str], max_length: int, goal: float | None) -> Row:
        pairs = against_products(
            loaded, texts, square, many_products, form.pairs, BFLOAT16_TOLERANCE, max_length=max_length
        )
        work = work_of_a_token(loaded.model)
        return rate_row(f"{what} on {device}", PEER, pairs, work, square, goal, n_products=N_PRODUCTS)

    short = rate(f"{WHAT}, passages of 64 tokens and more", texts, MAX_LENGTH, GOAL)
    long = rate(f"{WHAT}, {LONG_TEXTS} words each", long_texts(len(texts)), 1024, None)
    return Findings([short, long, overlap(loaded, texts, config, form.pairs)])


def many_products(one: Tensor, other: Tensor) -> None:
    for _ in range(N_PRODUCTS):
        torch.matmul(one, other)


def long_texts(n_texts: int) -> list[str]:
    """As many runs of words of the same split, beginning one after the other and overlapping where it is too short."""
    words = wikitext().read_text(encoding="utf-8").split()
    starts = torch.linspace(0, len(words) - LONG_TEXTS, n_texts).long().tolist()
    return [" ".join(words[start : start + LONG_TEXTS]) for start in starts]


def overlap(loaded: LoadedModel, texts: Sequence[str], config: AnalysisConfig, pairs: int) -> Row:
    """The pass and the homology of its layers, begun beside it and begun after it."""
    pass_over = partial(extract, loaded, texts, likelihood=False)

    def beside() -> Diagrams:
        begun = {}
        with one_thread_each(), ThreadPoolExecutor(worker_threads(config.topology.threads)) as pool:
            extracted = pass_over(finished=lambda name, cloud: begun.update({name: pool.submit(analyze_layer, cloud)}))
            return diagrams({name: begun[name].result() for name in extracted.clouds})

    def afterwards() -> Diagrams:
        return diagrams(measure_shape(config, pass_over().clouds))

    measured = in_turns(lambda: timed(beside), lambda: timed(afterwards), pairs, same_diagrams)
    return speed_row("the same with the homology of every layer", "homology after the pass", measured, None)


def diagrams(shapes: Mapping[str, LayerAnalysis]) -> Diagrams:
    return [dgm for shape in shapes.values() for dgm in shape.diagrams]


def decoder() -> Path:
    """A folder with the config of a Llama of 1.1 B parameters and a tokenizer; its weights are random."""
    from transformers import LlamaConfig

    folder = CACHE / "decoder-1b"
    copy_tokenizer(folder)
    LlamaConfig(
        hidden_size=2048, intermediate_size=5632, num_hidden_layers=22, num_attention_heads=32, num_key_value_heads=4,
        vocab_size=50257, max_position_embeddings=2048, architectures=["LlamaForCausalLM"],
    ).save_pretrained(folder)  # fmt: skip
    return folder


if __name__ == "__main__":
    run("accelerator", measure)
