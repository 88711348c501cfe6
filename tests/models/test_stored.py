"""Tensors read from safetensors files into memory of their own."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from todacomm.models.stored import read_tensors, stored_tensors

TENSORS = {
    "a": torch.arange(12, dtype=torch.float32).reshape(3, 4),
    "b": torch.tensor([1.5, -2.25], dtype=torch.bfloat16),
    "c": torch.tensor([[True, False]]),
    "d": torch.tensor(7, dtype=torch.int64),
    "e": torch.empty(0, 3),
    "f": torch.linspace(0, 1, 9, dtype=torch.float16),
}


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """The tensors in two files."""
    paths = [tmp_path / "model-00001-of-00002.safetensors", tmp_path / "model-00002-of-00002.safetensors"]
    save_file({name: TENSORS[name] for name in "abc"}, paths[0], metadata={"format": "pt"})
    save_file({name: TENSORS[name] for name in "def"}, paths[1])
    return paths


def test_what_is_read_is_what_was_written(files: list[Path]) -> None:
    stored = stored_tensors(files)
    assert set(stored) == set(TENSORS)
    read = read_tensors({name: stored[name] for name in "fbadec"})
    assert list(read) == list("fbadec")
    for name, tensor in read.items():
        assert tensor.dtype == TENSORS[name].dtype
        assert torch.equal(tensor, TENSORS[name])


def test_each_has_memory_of_its_own(files: list[Path]) -> None:
    stored = stored_tensors(files)
    first = read_tensors(stored)
    first["a"].zero_()
    assert torch.equal(read_tensors(stored)["a"], TENSORS["a"])
    assert first["a"].untyped_storage().nbytes() == TENSORS["a"].nbytes


def test_numbers_of_an_unknown_kind_are_an_error(tmp_path: Path) -> None:
    save_file({"x": torch.zeros(4).to(torch.float8_e4m3fn)}, tmp_path / "model.safetensors")
    with pytest.raises(ValueError, match=r"x in .* is stored as F8_E4M3: expected F64"):
        stored_tensors([tmp_path / "model.safetensors"])


def test_a_name_twice_is_an_error(files: list[Path]) -> None:
    with pytest.raises(ValueError, match=r"a is stored twice"):
        stored_tensors([files[0], files[0]])


def test_a_file_that_was_cut_since_is_an_error(files: list[Path]) -> None:
    stored = stored_tensors(files)
    files[0].write_bytes(files[0].read_bytes()[:-4])
    with pytest.raises(ValueError, match=r"ends \d+ bytes early: fetch the file again"):
        read_tensors(stored)
    with pytest.raises(ValueError, match=r"cannot be read as weights"):
        stored_tensors(files)
