"""A PEFT adapter (LoRA and its kin) merged into a model in memory."""

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from todacomm.models.weights import digest_files

CONFIG, WEIGHTS, PICKLED = "adapter_config.json", "adapter_model.safetensors", "adapter_model.bin"


def adapter_files(folder: Path) -> tuple[Path, Path]:
    """An adapter's config and weights.

    Raises
    ------
    ValueError
        One is missing, or the weights are a pickle.
    """
    config, weights = folder / CONFIG, folder / WEIGHTS
    if not config.is_file():
        raise ValueError(f"{folder} has no {CONFIG}: expected the folder of a PEFT adapter")
    if not weights.is_file():
        there = f"only {PICKLED}, a pickle" if (folder / PICKLED).is_file() else f"no {WEIGHTS}"
        raise ValueError(f"{folder} has {there}: save the adapter again with safe_serialization=True")
    try:
        json.loads(config.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ValueError(f"{config} cannot be read ({error}): expected JSON") from error
    return config, weights


def adapter_digest(folder: Path) -> str:
    """Digest of an adapter's config and weights.

    Raises
    ------
    ValueError
        As for :func:`adapter_files`.
    """
    return digest_files(adapter_files(folder))


def merge_adapter(model: Any, folder: Path) -> Any:
    """The model with an adapter merged into its weights.

    Raises
    ------
    ValueError
        peft is missing, the adapter is broken, is of another model, or cannot be merged.
    """
    weights = adapter_files(folder)[1]
    if find_spec("peft") is None:
        raise ValueError(f"the adapter in {folder} needs peft: pip install peft")
    from peft import PeftModel, get_peft_model_state_dict
    from safetensors.torch import load_file

    from todacomm.models.guarded import explained

    with explained(f"the adapter in {folder} cannot be merged into {type(model).__name__}"):
        stored = load_file(weights)
        with_adapter = PeftModel.from_pretrained(model, str(folder), is_trainable=False, local_files_only=True)
        taken = get_peft_model_state_dict(with_adapter)
        lost = sorted(set(stored) - set(taken))
        drawn = sorted(name for name in taken if name not in stored)
        unlike = [name for name in taken if name in stored and not _same(taken[name], stored[name])]
        if lost or drawn or unlike:
            raise ValueError(
                f"it is of another model: {len(lost)} of its {len(stored)} weights have no place, {len(drawn)} are "
                f"missing, {len(unlike)} do not fit ({', '.join([*lost, *drawn, *unlike][:3])})"
            )
        return with_adapter.merge_and_unload()


def _same(own: Any, stored: Any) -> bool:
    return own.shape == stored.shape and bool((own.cpu() == stored.to(own.dtype)).all())
