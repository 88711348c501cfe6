"""Hidden states between two blocks, in memory and in files."""

from pathlib import Path

import numpy as np
import pytest
import torch

from todacomm.activations.hidden import HiddenStates

LENGTHS = np.array([3, 7, 1, 7, 2])
ORDER = np.argsort(-LENGTHS, kind="stable")
CPU = torch.device("cpu")


def states(batch: np.ndarray, scale: float, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    """Hidden states that tell text, token and dimension; what is behind the end of a text is nan."""
    hidden = torch.full((len(batch), int(LENGTHS[batch].max()), 4), torch.nan, dtype=dtype)
    for row, text in enumerate(batch):
        for token in range(LENGTHS[text]):
            hidden[row, token] = scale * (100 * text + 10 * token + torch.arange(4))
    return hidden


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("on_disk", [False, True])
def test_what_is_read_is_what_was_written_in_other_batches(tmp_path: Path, on_disk: bool, dtype: torch.dtype) -> None:
    kept = HiddenStates(LENGTHS, tmp_path if on_disk else None)
    for batch in (ORDER[:2], ORDER[2:3], ORDER[3:]):
        kept.write(batch, states(batch, 1, dtype))
    kept.turn()
    for batch in (ORDER[:4], ORDER[4:], ORDER[1:3]):
        read = kept.read(batch, CPU)
        assert read.dtype == dtype
        assert torch.equal(read, states(batch, 1, dtype).nan_to_num())  # zeros behind the end of a text


@pytest.mark.parametrize("on_disk", [False, True])
def test_what_is_written_meanwhile_is_read_after_the_turn(tmp_path: Path, on_disk: bool) -> None:
    kept = HiddenStates(LENGTHS, tmp_path if on_disk else None)
    kept.write(ORDER, states(ORDER, 1))
    kept.turn()
    for batch in (ORDER[:3], ORDER[3:]):
        assert torch.equal(kept.read(batch, CPU), states(batch, 1).nan_to_num())
        kept.write(batch, states(batch, 2))
    kept.turn()
    assert torch.equal(kept.read(ORDER, CPU), states(ORDER, 2).nan_to_num())


def test_files_are_taken_up_by_another_one(tmp_path: Path) -> None:
    kept = HiddenStates(LENGTHS, tmp_path)
    kept.write(ORDER, states(ORDER, 1, torch.bfloat16))
    kept.turn()
    other = HiddenStates(LENGTHS, tmp_path)
    other.restore(kept.side, *kept.form)
    assert torch.equal(other.read(ORDER, CPU), kept.read(ORDER, CPU))


def test_nothing_written_or_a_file_cut_short_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="nothing was written yet"):
        HiddenStates(LENGTHS).read(ORDER, CPU)
    kept = HiddenStates(LENGTHS, tmp_path)
    kept.write(ORDER, states(ORDER, 1))
    kept.turn()
    (file,) = tmp_path.glob("hidden-*.bin")
    file.write_bytes(file.read_bytes()[:-16])
    with pytest.raises(ValueError, match="ends 16 bytes early"):
        kept.read(ORDER, CPU)
