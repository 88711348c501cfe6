"""What a training leaves on disk: checkpoints for everyone to load, and its own state, from which it goes on."""

import os
import shutil
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import PreTrainedModel, PreTrainedTokenizerFast

STATE = "state.pt"


def save_checkpoint(model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, folder: Path) -> Path:
    """Weights in float16 and the tokenizer, written beside the folder first so that it is never half there."""
    unfinished = folder.with_name(folder.name + ".partial")
    shutil.rmtree(unfinished, ignore_errors=True)
    deepcopy(model).half().save_pretrained(unfinished)
    tokenizer.save_pretrained(unfinished)
    shutil.rmtree(folder, ignore_errors=True)
    unfinished.rename(folder)
    return folder


def save_state(
    folder: Path,
    step: int,
    identity: dict[str, Any],
    model: PreTrainedModel,
    optimizer: torch.optim.Optimizer,
    rng: np.random.Generator,
) -> None:
    """All that the steps after ``step`` depend on; ``identity`` says which training it belongs to."""
    state = {
        "identity": identity,
        "step": step,
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "rng": rng.bit_generator.state,
    }
    unfinished = folder / (STATE + ".partial")
    torch.save(state, unfinished)
    os.replace(unfinished, folder / STATE)


def drop_state(folder: Path) -> None:
    """Remove the state of a training that is over."""
    (folder / STATE).unlink(missing_ok=True)


def load_state(
    folder: Path,
    identity: dict[str, Any],
    model: PreTrainedModel,
    optimizer: torch.optim.Optimizer,
    rng: np.random.Generator,
) -> int:
    """Put a saved state into ``model``, ``optimizer`` and ``rng``; the step to go on from, 0 where nothing is saved.

    Raises
    ------
    ValueError
        The folder holds the state of a training with other settings or other texts.
    """
    path = folder / STATE
    if not path.is_file():
        return 0
    state = torch.load(path, weights_only=True)
    if state["identity"] != identity:
        differing = sorted(key for key in identity if state["identity"].get(key) != identity[key])
        raise ValueError(
            f"{path} belongs to a training with another {', '.join(differing)}: "
            f"choose another output folder, or delete that one"
        )
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    rng.bit_generator.state = state["rng"]
    return int(state["step"])
