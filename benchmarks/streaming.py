"""Models read a block at a time: time and memory against the same model loaded whole, and one of 7 B parameters; what
is gained where layers are measured beside the pass.

python -m benchmarks.streaming [--form full]
"""

import json
import shutil
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.materials import CACHE, copy_tokenizer, rows_of_wikitext
from benchmarks.measuring import Disagreement, Measured, Skipped, in_child, in_turns
from benchmarks.reporting import Findings, Form, Row, Table, guarded, megabytes, run, seconds, speed_row, together

TINY = {"hidden_size": 64, "num_hidden_layers": 4, "intermediate_size": 96, "num_attention_heads": 4}
SMALL = {
    "hidden_size": 2048, "num_hidden_layers": 22, "intermediate_size": 5632, "num_attention_heads": 32,
    "num_key_value_heads": 4,
}  # fmt: skip
DEEP = {"hidden_size": 1024, "num_hidden_layers": 24, "intermediate_size": 2816, "num_attention_heads": 16}
LARGE = {"hidden_size": 4096, "num_hidden_layers": 32, "intermediate_size": 11008, "num_attention_heads": 32}
VOCABULARY = 50257
MOST_GIB = 3.0
MOST_OF_BLOCKS = 1.2
"""Peak memory of a pass by twice the largest part and the hidden states."""
TOLERANCE = 1e-5


def measure(form: Form) -> Findings:
    texts = [text[:200] for text in rows_of_wikitext(form.pick(10, 32, 32))]
    sizes = form.pick(TINY, SMALL, SMALL)
    parts = [guarded("a model whole and a block at a time", "", lambda: against_whole(sizes, texts, form.pairs > 1))]
    parts.append(guarded("homology beside the pass", "", lambda: beside(form)))
    if form.name == "full":
        parts.append(
            guarded("7 B parameters a block at a time", "", lambda: alone(LARGE, [text[:64] for text in texts]))
        )
    return together(parts)


def against_whole(sizes: dict[str, int], texts: list[str], checked: bool) -> Findings:
    """Time and memory of one model, both ways."""
    folder = llama(sizes)
    few = llama(TINY), texts[:10]
    whole, streamed = (in_child(way, folder, texts, warm_up=few) for way in (by_whole, by_blocks))
    for name, cloud in whole.result[0].items():
        gap = np.abs(cloud - streamed.result[0][name]).max()
        if checked and not gap <= TOLERANCE * np.abs(cloud).max():
            raise Disagreement(f"{name} differs by {gap:.3g}")
    share = streamed.peak_bytes / whole.peak_bytes
    what = f"{_billions(folder)}, {len(texts)} short texts"
    row = Row(
        f"{what}: a block at a time", "loaded whole", value=share, unit="of its peak memory", at_most=True,
        ours=f"{seconds(streamed.seconds)}, {megabytes(streamed.peak_bytes)}",
        theirs=f"{seconds(whole.seconds)}, {megabytes(whole.peak_bytes)}", agreement=f"clouds equal to {TOLERANCE:g}",
    )  # fmt: skip
    table = _table(folder, texts, {"whole": whole, "a block at a time": streamed})
    return Findings([row, _of_needed(what, folder, texts, streamed)], [table])


def alone(sizes: dict[str, int], texts: list[str]) -> Findings:
    """Time and memory of a model that is not loaded whole."""
    folder = llama(sizes, alike=True)
    try:
        streamed = in_child(by_blocks, folder, texts, warm_up=(llama(TINY), texts[:10]))
        gibibytes = streamed.peak_bytes / 2**30
        row = Row(
            f"{_billions(folder)} a block at a time, {len(texts)} short texts", "", value=gibibytes,
            unit="GiB of memory", goal=MOST_GIB, at_most=True,
            ours=f"{seconds(streamed.seconds)}, {megabytes(streamed.peak_bytes)}",
        )  # fmt: skip
        least = _of_needed(f"{_billions(folder)}, {len(texts)} short texts", folder, texts, streamed)
        return Findings([row, least], [_table(folder, texts, {"a block at a time": streamed})])
    finally:
        shutil.rmtree(folder)


def beside(form: Form) -> Findings:
    """Time of an analysis whose layers are measured while later blocks are read and run, and after all of them."""
    folder, n_texts = llama(form.pick(TINY, DEEP, DEEP)), form.pick(20, 500, 500)
    texts = CACHE / "short-texts.json"
    texts.write_text(json.dumps([text[:16] for text in rows_of_wikitext(n_texts)]))
    few = llama(TINY), texts, 20

    def child(way: Callable[..., Any]) -> Measured:
        return in_child(way, folder, texts, n_texts, warm_up=few)

    pairs = in_turns(
        lambda: child(measured_beside), lambda: child(measured_afterwards), form.pick(1, 3, 5), _agree, warm_up=False
    )
    what = f"{_billions(folder)} a block at a time, {n_texts} short texts, every layer: homology beside the pass"
    stages = ("extraction", "homology")
    rows = [
        [way, *(seconds(statistics.median(one.result["seconds"][stage] for one in runs)) for stage in stages)]
        for way, runs in (("beside the pass", pairs.ours), ("behind it", pairs.peer))
    ]
    text = f"Medians of {len(pairs.ours)} pairs, by the clock. What is left of homology is what the pass did not hide."
    table = Table(f"Layers of {_billions(folder)} measured beside the pass", text, ["", "pass", "homology left"], rows)
    return Findings([speed_row(what, "homology behind the pass", pairs, None)], [table])


def measured_beside(folder: Path, texts: Path, n_texts: int) -> dict[str, Any]:
    """All diagrams of an analysis by layer, and the seconds of its stages."""
    from todacomm.analysis.given import given_objects
    from todacomm.jobs.analyze import measure

    options = {"model": str(folder), "placement": "stream", "replicates": 0, "nulls": 0, "loops": 0}
    config, observe = given_objects(None, json.loads(texts.read_text())[:n_texts], options)
    result = measure(config, observe=observe)
    return {"diagrams": {layer.name: layer.diagrams for layer in result.layers}, "seconds": result.seconds}


def measured_afterwards(folder: Path, texts: Path, n_texts: int) -> dict[str, Any]:
    """As :func:`measured_beside`, with no layer measured before the last one is read."""
    from todacomm.analysis import shape

    shape.Shapes.begin = lambda self, layer, cloud: None  # type: ignore[method-assign]
    return measured_beside(folder, texts, n_texts)


def _agree(ours: dict[str, Any], theirs: dict[str, Any]) -> str:
    for layer, diagrams in ours["diagrams"].items():
        if not all(map(np.array_equal, diagrams, theirs["diagrams"][layer])):
            raise Disagreement(f"the diagrams of {layer} differ")
    return "diagrams equal to the bit"


def by_whole(folder: Path, texts: list[str]) -> tuple[dict[str, np.ndarray], float]:
    """The clouds, and the seconds that all processors together were at work."""
    return _clouds(folder, texts, "whole")


def by_blocks(folder: Path, texts: list[str]) -> tuple[dict[str, np.ndarray], float]:
    """As :func:`by_whole`."""
    return _clouds(folder, texts, "stream")


def _clouds(folder: Path, texts: list[str], placement: str) -> tuple[dict[str, np.ndarray], float]:
    from todacomm.activations import extract
    from todacomm.models import load_model
    from todacomm.settings.analysis import ModelConfig

    start = time.process_time()
    clouds = extract(load_model(ModelConfig(model=str(folder), placement=placement), 0), texts).clouds
    return clouds, time.process_time() - start


def llama(sizes: dict[str, int], alike: bool = False) -> Path:
    """A folder with a Llama of random weights in bfloat16, a file for each block, and GPT-2's tokenizer.

    Parameters
    ----------
    alike : bool
        Tensors of one shape hold the same numbers: drawing billions takes longer than writing them.

    Raises
    ------
    Skipped
        The disk has not the room.
    """
    import torch
    from safetensors.torch import save_file
    from transformers import AutoConfig, AutoModelForCausalLM

    config = AutoConfig.for_model("llama", **sizes, vocab_size=VOCABULARY, dtype="bfloat16")
    config.architectures = ["LlamaForCausalLM"]
    with torch.device("meta"):
        shapes = {name: tensor.shape for name, tensor in AutoModelForCausalLM.from_config(config).state_dict().items()}
    n_bytes = 2 * sum(shape.numel() for shape in shapes.values())
    folder = CACHE / f"llama-{sizes['num_hidden_layers']}x{sizes['hidden_size']}"
    if (folder / "model.safetensors.index.json").is_file():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(folder).free < 1.5 * n_bytes:
        raise Skipped(f"{n_bytes / 1e9:.0f} GB of weights do not fit on the disk")
    files: dict[str, list[str]] = {}
    for name in shapes:
        files.setdefault(name.split(".")[2] if ".layers." in name else name, []).append(name)
    place, generator = {}, torch.Generator().manual_seed(0)
    drawn: dict[torch.Size, torch.Tensor] = {}

    def draw(name: str) -> torch.Tensor:
        shape = shapes[name]
        if "norm" in name:
            return torch.ones(shape, dtype=torch.bfloat16)
        if shape not in drawn or not alike:
            drawn[shape] = torch.empty(shape, dtype=torch.bfloat16).normal_(0, 0.02, generator=generator)
        return drawn[shape].clone()

    for number, names in enumerate(files.values(), start=1):
        file = f"model-{number:05d}-of-{len(files):05d}.safetensors"
        save_file({name: draw(name) for name in names}, folder / file, metadata={"format": "pt"})
        place |= dict.fromkeys(names, file)
    config.save_pretrained(folder)
    copy_tokenizer(folder)
    index = {"metadata": {"total_size": n_bytes}, "weight_map": place}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    return folder


def _of_needed(what: str, folder: Path, texts: list[str], streamed: Measured) -> Row:
    needed, _, _ = _sizes(folder, texts)
    return Row(
        f"{what}: a block at a time", "twice its largest part and the hidden states",
        value=streamed.peak_bytes / needed,
        unit="of their memory", goal=MOST_OF_BLOCKS, at_most=True, ours=megabytes(streamed.peak_bytes),
        theirs=megabytes(needed),
    )  # fmt: skip


def _sizes(folder: Path, texts: list[str]) -> tuple[int, int, int]:
    """Bytes of twice a model's largest part in float32 and the hidden states, bytes of a block, tokens of all texts."""
    from transformers import AutoTokenizer

    config: dict[str, Any] = json.loads((folder / "config.json").read_text())
    width, inner = config["hidden_size"], config["intermediate_size"]
    heads, few = config["num_attention_heads"], config.get("num_key_value_heads", config["num_attention_heads"])
    block = 4 * int(2 * width * width * (1 + few / heads) + 3 * width * inner + 2 * width)
    tokens = sum(len(ids) for ids in AutoTokenizer.from_pretrained(folder)(texts)["input_ids"])
    return 2 * max(block, 4 * VOCABULARY * width) + 4 * tokens * width, block, tokens


def _table(folder: Path, texts: list[str], done: dict[str, Measured]) -> Table:
    """Time and memory side by side, and the memory by what cannot be done without."""
    needed, block, tokens = _sizes(folder, texts)
    rows = [
        [
            way,
            seconds(one.seconds),
            seconds(one.result[1]),
            megabytes(one.peak_bytes),
            f"{one.peak_bytes / needed:.2f}",
        ]
        for way, one in done.items()
    ]
    return Table(
        f"A Llama of {_billions(folder)} in float32, {len(texts)} texts of {tokens} tokens",
        f"Twice its largest part and the hidden states are {megabytes(needed)}; a block has {megabytes(block)}. Where "
        "a machine has other work, the time of the processors says more than the clock; memory does not depend on it.",
        [
            "",
            "time by the clock",
            "of the processors",
            "peak memory beside the libraries",
            "by twice the largest part and the hidden states",
        ],
        rows,
    )


def _billions(folder: Path) -> str:
    index = json.loads((folder / "model.safetensors.index.json").read_text())
    return f"{index['metadata']['total_size'] / 2e9:.2f} B parameters"


if __name__ == "__main__":
    run("streaming", measure)
