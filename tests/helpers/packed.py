"""A checkpoint with four-bit weights packed as GPTQ or AWQ stores them, and the same numbers in plain float32."""

import json
import shutil
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

GROUP = 32
"""Inputs that share a scale."""
MIDDLE = 8
"""Integer that stands for 0."""
AWQ_ORDER = (0, 2, 4, 6, 1, 3, 5, 7)
CONFIGS = {
    "gptq": {"quant_method": "gptq", "bits": 4, "group_size": GROUP, "desc_act": False, "sym": True},
    "awq": {"quant_method": "awq", "bits": 4, "group_size": GROUP, "zero_point": True, "version": "gemm"},
}


def write_packed(folder: Path, method: str, to: Path) -> tuple[Path, Path]:
    """Write the tiny Llama of a folder with its linear maps rounded to four bits.

    Returns
    -------
    packed, plain : Path
        Folders of the packed checkpoint and of the rounded numbers in float32.
    """
    packed, plain = (Path(shutil.copytree(folder, to / name)) for name in (method, f"{method}-plain"))
    own: dict[str, Tensor] = {}
    rounded: dict[str, Tensor] = {}
    for name, tensor in load_file(folder / "model.safetensors").items():
        if name.endswith("_proj.weight"):
            whole, scale = round_to_nearest(tensor)
            numbers = (whole - MIDDLE).unflatten(1, (-1, GROUP)) * scale.half().float()[..., None]
            rounded[name] = numbers.flatten(1)
            layer = name.removesuffix(".weight")
            own |= {f"{layer}.{part}": value.contiguous() for part, value in parts(method, whole, scale).items()}
        else:
            own[name] = tensor.half()
            rounded[name] = own[name].float()
    save_file(own, packed / "model.safetensors", metadata={"format": "pt"})
    save_file(rounded, plain / "model.safetensors", metadata={"format": "pt"})
    config = json.loads((packed / "config.json").read_text())
    config |= {"dtype": "float16", "quantization_config": CONFIGS[method]}
    (packed / "config.json").write_text(json.dumps(config))
    return packed, plain


def round_to_nearest(weight: Tensor) -> tuple[Tensor, Tensor]:
    """Integers 1 to 15, shape (outputs, inputs), and scales, shape (outputs, groups)."""
    groups = weight.float().unflatten(1, (-1, GROUP))
    scale = groups.abs().amax(2) / (MIDDLE - 1)
    return ((groups / scale[..., None]).round() + MIDDLE).flatten(1).long(), scale


def parts(method: str, whole: Tensor, scale: Tensor) -> dict[str, Tensor]:
    """Tensors of one linear map, by the end of their names."""
    middles = torch.full(scale.T.shape, MIDDLE)
    if method == "awq":
        return {
            "qweight": pack(whole.T, AWQ_ORDER),
            "qzeros": pack(middles, AWQ_ORDER),
            "scales": scale.T.half(),
        }
    return {
        "qweight": pack(whole).T,
        "qzeros": pack(middles - 1),  # the format's first version stores one less
        "scales": scale.T.half(),
        "g_idx": (torch.arange(whole.shape[1]) // GROUP).int(),
    }


def pack(whole: Tensor, order: tuple[int, ...] = tuple(range(8))) -> Tensor:
    """Eight four-bit integers of the last axis in one of 32 bits."""
    eights = whole.unflatten(-1, (-1, 8))[..., list(order)]
    return (eights << (4 * torch.arange(8))).sum(-1).to(torch.int32)
