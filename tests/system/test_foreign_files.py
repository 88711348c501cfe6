"""Foreign bytes: read where they are sound, one clear error where they are not, and nothing allocated on their word."""

import io
import os
import zipfile

import numpy as np
import pytest

from todacomm.system.errors import UserError
from todacomm.system.foreign import foreign_file
from todacomm.system.npz import read_npy, read_npz


def header(shape, dtype="<f4"):
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": dtype, "fortran_order": False, "shape": shape})
    return stream.getvalue()


def test_arrays_come_back_and_objects_are_refused_by_name(tmp_path):
    cloud = np.arange(12.0).reshape(4, 3)
    np.savez(tmp_path / "a.npz", cloud=cloud, labels=np.array(["a", "b"]), tokens=np.array([{}, {}], dtype=object))
    read = read_npz(tmp_path / "a.npz")
    np.testing.assert_array_equal(read.arrays["cloud"], cloud)
    assert read.arrays["labels"].tolist() == ["a", "b"]
    assert list(read.refused) == ["tokens"]
    assert list(read_npz(tmp_path / "a.npz", only=["cloud"]).arrays) == ["cloud"]


@pytest.mark.parametrize("shape", [(10**15,), (2**40, 2**40), (10**6, 10**6)])
def test_a_declared_size_is_not_believed(tmp_path, shape):
    (tmp_path / "a.npy").write_bytes(header(shape) + b"\0" * 64)
    with pytest.raises(UserError, match="declares"):
        read_npy(tmp_path / "a.npy")
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("a.npy", header(shape) + b"\0" * 64)
    with pytest.raises(UserError, match="declares"):
        read_npz(tmp_path / "a.npz")


def test_what_unpacks_to_too_much_is_refused_before_it_is_unpacked(tmp_path):
    np.savez_compressed(tmp_path / "bomb.npz", a=np.zeros(10**7))
    assert (tmp_path / "bomb.npz").stat().st_size < 10**6
    with pytest.raises(UserError, match=r"unpacks to 80.0 MB, more than the 1.0 MB"):
        read_npz(tmp_path / "bomb.npz", limit=10**6)


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04", b"\x93NUMPY\x09\x00", b"\x93NUMPY\x01\x00\xff\xff{", b"x" * 999]
)
@pytest.mark.parametrize("read", [read_npy, read_npz], ids=["npy", "npz"])
def test_broken_files_are_one_kind_of_error(tmp_path, content, read):
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(UserError, match=r"cannot be read as an \.np"):
        read(tmp_path / "a")


@pytest.mark.parametrize("error", [RecursionError, MemoryError, NotImplementedError("encrypted"), KeyError("a")])
def test_whatever_a_parser_raises_names_the_file(tmp_path, error):
    (tmp_path / "a.bin").write_bytes(b"x")
    with (
        pytest.raises(UserError, match=r"a\.bin cannot be read as a test"),
        foreign_file(tmp_path / "a.bin", "a test", "do it again"),
    ):
        raise error


def test_pipes_folders_and_dangling_links_are_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for name, reason in (("pipe", "a pipe"), ("link", "does not exist"), (".", "a folder"), ("x" * 5000, "too long")):
        with pytest.raises(UserError, match=reason):
            read_npy(tmp_path / name)
    with pytest.raises(UserError, match="a pipe, socket or device"):
        read_npz("/dev/zero")
