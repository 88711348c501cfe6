"""Bytes that no reader should trust, by name: broken, endless, nested, lying about their size."""

import io
import json
import struct
import zipfile
import zlib

import numpy as np

DEEP = 100_000


def npy_header(shape: tuple[int, ...], dtype: str = "<f4") -> bytes:
    """The header of an array of that shape, without the array."""
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": dtype, "fortran_order": False, "shape": shape})
    return stream.getvalue()


def zipped(content: bytes, name: str = "a.npy", **changes: int) -> bytes:
    """A zip file of one member, with other flags or another method where they are given."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    data = bytearray(stream.getvalue())
    for place, sign in ((data.index(b"PK\x01\x02"), 2), (0, 0)):
        if "flags" in changes:
            struct.pack_into("<H", data, place + 6 + sign, changes["flags"])
        if "method" in changes:
            struct.pack_into("<H", data, place + 8 + sign, changes["method"])
    return bytes(data)


def safetensors(header: dict[str, object], body: bytes = b"") -> bytes:
    """A safetensors file with any header."""
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + body


def _damaged_deflate() -> bytes:
    data = bytearray(zipped(npy_header((500,)) + bytes(range(250)) * 8))
    data[45:75] = b"\xff" * 30
    return bytes(data)


ANY = {
    "empty": b"",
    "blank": b" \n\t\n",
    "zeros": bytes(5000),
    "ones": b"\xff" * 5000,
    "random": np.random.default_rng(0).bytes(5000),
    "picture": b"\x89PNG\r\n\x1a\n" + bytes(200),
    "gzip": b"\x1f\x8b\x08" + zlib.compress(b"a" * 999),
    "utf-16": "text and more".encode("utf-16"),
    "utf-32": "text and more".encode("utf-32"),
    "latin-1": "ein Stück\n".encode("latin-1") * 30,
    "escapes": b"\x1b]0;title\x07\x1b[2J\x1b[31m red \x9b1m\n" * 9,
    "deep list": b"[" * DEEP,
    "deep list, closed": b"[" * DEEP + b"]" * DEEP,
    "deep mapping": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "deep flow of YAML": b"a: " + b"[" * 20_000,
    "half a character": b'{"text": "\\ud800", "data": "\\udc00", "schema": "\\ud800", "model_type": "\\ud800"}\n' * 20,
    "number without end": b'{"schema": ' + b"9" * 50_000 + b', "text": ' + b"9" * 50_000 + b"}",
    "infinities": b'{"schema": Infinity, "data": [NaN], "text": -Infinity}',
    "list": b"[1, 2, 3]",
    "word": b'"word"',
    "null": b"null",
    "number": b"17",
    "wrong layout": b'{"data": 3, "schema": "x", "table": 4, "a": [1, {"b": null}]}',
    "layout of lists": b'{"data": [3], "schema": [], "table": [[1]], "columns": 1}',
    "laughs": b"a: &a [x,x,x,x,x,x,x,x,x]\n"
    + b"".join(b"%c: &%c [%s]\n" % (98 + i, 98 + i, b",".join([b"*%c" % (97 + i)] * 9)) for i in range(9)),
    "YAML that runs code": b"!!python/object/apply:os.system ['touch /tmp/ran']",
    "quotation mark": b'text\n"never closed, ' + b"a,b\n" * 999,
    "one long line": b"a " * 200_000,
    "equality signs": b" = = = = = =" * 20_000 + b"\n",
    "columns of digits": b"1" * 50_000 + b"a,x1\n1,2\n",
    "zip header": b"PK\x03\x04" + bytes(60),
    "zip of text": zipped(b"text", "a.txt"),
    "damaged deflate": _damaged_deflate(),
    "encrypted": zipped(npy_header((2,)) + bytes(8), flags=1),
    "unknown compression": zipped(npy_header((2,)) + bytes(8), method=98),
    "petabytes in a zip": zipped(npy_header((10**15,)) + bytes(8)),
    "petabytes": npy_header((2**40, 2**40)) + bytes(8),
    "negative shape": npy_header((-1, 3)) + bytes(24),
    "objects": npy_header((2,), "|O") + bytes(16),
    "array that runs code": b"\x93NUMPY\x01\x00\x20\x00__import__('os').abort()        \n",
    "tensors beyond the end": safetensors({"a": {"dtype": "F32", "shape": [10**12], "data_offsets": [0, 4 * 10**12]}}),
    "tensor of no type": safetensors({"a": {"dtype": "X9", "shape": [2], "data_offsets": [0, 8]}}, bytes(8)),
    "tensors upside down": safetensors({"a": {"dtype": "BF16", "shape": [9], "data_offsets": [8, 0]}}, bytes(8)),
    "header of exabytes": struct.pack("<Q", 2**62) + b"{}",
    "deep header": struct.pack("<Q", 2 * DEEP) + b"[" * DEEP + b"]" * DEEP,
    "parquet magic": b"PAR1" + bytes(64) + b"PAR1",
    "parquet of exabytes": b"PAR1" + bytes(16) + struct.pack("<i", 2**31 - 1) + b"PAR1",
    "hdf5 magic": b"\x89HDF\r\n\x1a\n" + bytes(100),
    "pickle that runs code": b"cos\nsystem\n(S'touch /tmp/ran'\ntR.",
    "short pickle": b"\x80\x02",
}  # fmt: skip
"""Contents that are given to every reader."""
