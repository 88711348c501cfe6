"""Products with a model's weights, by oneDNN where that is quicker than torch's own choice."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache, partial
from typing import Any

import torch
from torch import Tensor, nn
from transformers.pytorch_utils import Conv1D

TOLERANCE = 1e-5


@contextmanager
def quick_products(model: nn.Module) -> Iterator[None]:
    """Let a float32 model, or a part of one, on a CPU with AVX-512 multiply by oneDNN.

    MKL, which torch takes by itself, leaves half of such a processor unused where it was not made by Intel: one core
    of an AMD EPYC did 107 GFLOP/s by MKL and 222 by oneDNN, on the weights as they are. Sums are taken in another
    order: numbers differ by rounding, and are the same again on the same machine. What is no plain linear layer stays.
    """
    with ExitStack() as changed:
        if is_quicker():
            for module in model.modules():
                linear: Any = module
                weight_of = WEIGHTS.get(type(module))
                if weight_of is not None and "forward" not in vars(module) and _is_plain(weight_of(module)):
                    linear.forward = partial(product, weight_of(module), linear.bias)
                    changed.callback(vars(module).pop, "forward")
        yield


def product(weight: Tensor, bias: Tensor | None, rows: Tensor) -> Tensor:
    """``rows @ weight.T + bias`` by oneDNN.

    Parameters
    ----------
    weight : Tensor, shape (n_out, n_in)
    rows : Tensor, shape (..., n_in)
    """
    result: Tensor = torch.ops.mkldnn._linear_pointwise(rows, weight, bias, "none", [], "")
    return result


@cache
def is_quicker() -> bool:
    """Whether this processor is one that MKL may leave half unused, and this torch has the product."""
    if torch.backends.cpu.get_cpu_capability() != "AVX512" or not torch.backends.mkldnn.is_available():
        return False
    rows, weight, bias = (torch.linspace(1.0, 2.0, size) for size in (30, 35, 7))
    rows, weight = rows.view(3, 2, 5), weight.view(7, 5)
    try:
        return torch.allclose(product(weight, bias, rows), rows @ weight.T + bias, rtol=TOLERANCE)
    except (AttributeError, RuntimeError):  # torch does not promise to keep this operator
        return False


def _is_plain(weight: Tensor) -> bool:
    own = type(weight) in (Tensor, nn.Parameter)  # quantised ones are subclasses that call themselves float32
    return own and weight.device.type == "cpu" and weight.dtype == torch.float32


WEIGHTS: dict[type[nn.Module], Callable[[Any], Tensor]] = {
    nn.Linear: lambda module: module.weight,
    Conv1D: lambda module: module.weight.T,
}
"""Type of a linear layer -> its weight, shape (n_out, n_in)."""
