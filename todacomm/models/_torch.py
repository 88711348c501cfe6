"""The one door to what torch keeps private; the versions that have it are those of ``pyproject.toml``."""

import torch

from todacomm.system.errors import UserError

try:
    from torch.utils._python_dispatch import TorchDispatchMode
    from torch.utils._pytree import tree_flatten, tree_map_only, tree_unflatten
except ImportError as error:
    lacks = f"torch {torch.__version__} lacks {error.name}, by which models are read a block at a time"
    raise UserError(lacks, "install a version that todacomm declares: pip install 'torch>=2.6,<2.14'") from error

__all__ = ["TorchDispatchMode", "storage_of", "tree_flatten", "tree_map_only", "tree_unflatten"]


def storage_of(tensor: torch.Tensor) -> int:
    """Which storage a tensor lies in: tensors without memory all begin at address 0."""
    return int(tensor.untyped_storage()._cdata)
