"""Weights from files: exact values, matching of names, and one sentence for whatever is wrong with a file.

The reference for values is Python's own float arithmetic: Fraction(float) and struct.
"""

from __future__ import annotations

import io
import json
import pickle
import struct
import zipfile
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from neuroalg_cli import weights
from neuroalg_cli.architectures.mlp import mlp
from neuroalg_cli.errors import SpecError
from neuroalg_cli.weights import read_weights

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

NETWORK = mlp([2, 3, 1], 2, biases=True)
SHAPES = {"W_1": (3, 2), "b_1": (3,), "W_2": (1, 3), "b_2": (1,)}


def tensors(dtype: str = "float64") -> dict[str, np.ndarray]:
    generator = np.random.default_rng(5)
    return {name: (10 * generator.normal(size=shape)).astype(dtype) for name, shape in SHAPES.items()}


def expected(given: Mapping[str, np.ndarray]) -> tuple[Fraction, ...]:
    return tuple(Fraction(value) for name in SHAPES for value in given[name].reshape(-1).tolist())


def safetensors_bytes(entries: Mapping[str, tuple[str, tuple[int, ...], bytes]], **changes: Any) -> bytes:
    """The format by hand, so that damaged files can be made: 8 bytes of length, the header, the data."""
    header: dict[str, Any] = {}
    data = b""
    for name, (kind, shape, raw) in entries.items():
        header[name] = {"dtype": kind, "shape": list(shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    for name, change in changes.items():
        header[name] |= change
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "int8", "int64", "uint16", ">f4"])
def test_npz_of_every_type_is_exact(tmp_path: Path, dtype: str) -> None:
    given = {name: np.abs(tensor).astype(dtype) for name, tensor in tensors().items()}
    np.savez(tmp_path / "w.npz", **given)
    found = read_weights(tmp_path / "w.npz", NETWORK)
    assert found.point == expected(given)
    assert found.remarks == ()


def test_order_in_the_file_and_compression_do_not_matter(tmp_path: Path) -> None:
    given = tensors()
    np.savez_compressed(tmp_path / "w.npz", **{name: np.asfortranarray(given[name]) for name in reversed(SHAPES)})
    assert read_weights(tmp_path / "w.npz", NETWORK).point == expected(given)


@pytest.mark.parametrize(
    ("kind", "dtype"), [("F64", "<f8"), ("F32", "<f4"), ("F16", "<f2"), ("I32", "<i4"), ("U8", "u1")]
)
def test_safetensors_of_every_type_are_exact(tmp_path: Path, kind: str, dtype: str) -> None:
    given = {name: np.abs(tensor).astype(dtype) for name, tensor in tensors().items()}
    path = tmp_path / "w.safetensors"
    path.write_bytes(safetensors_bytes({name: (kind, t.shape, t.tobytes()) for name, t in given.items()}))
    assert read_weights(path, NETWORK).point == expected(given)


def test_bfloat16_is_the_upper_half_of_a_float32(tmp_path: Path) -> None:
    # 0x3FC0 = 1.5, 0xC000 = -2, 0x3DCD = 0.10009765625: sign, 8 bits of exponent, 7 of fraction
    raw = struct.pack("<3H", 0x3FC0, 0xC000, 0x3DCD)
    path = tmp_path / "w"
    path.write_bytes(safetensors_bytes({"W_1": ("BF16", (1, 3), raw)}))
    found = read_weights(path, mlp([3, 1]))
    assert found.point == (Fraction(3, 2), Fraction(-2), Fraction("0.10009765625"))


def test_files_of_the_library_safetensors_are_read(tmp_path: Path) -> None:
    library = pytest.importorskip("safetensors.numpy")
    given = tensors("float32")
    library.save_file(given, tmp_path / "w.safetensors", metadata={"format": "np"})
    assert read_weights(tmp_path / "w.safetensors", NETWORK).point == expected(given)


def test_names_of_torch_are_matched_by_order_and_shape(tmp_path: Path) -> None:
    given = tensors("float32")
    named = dict(zip(("0.weight", "0.bias", "2.weight", "2.bias"), given.values(), strict=True))
    library = pytest.importorskip("safetensors.numpy")
    library.save_file(named, tmp_path / "w.safetensors")  # which sorts by name: 0.bias comes first
    np.savez(tmp_path / "w.npz", **named)
    for name in ("w.safetensors", "w.npz"):
        found = read_weights(tmp_path / name, NETWORK)
        assert found.point == expected(given)
        assert "0.weight is W_1, 0.bias is b_1, 2.weight is W_2, 2.bias is b_2" in found.remarks[0]


def test_layer_ten_comes_behind_layer_nine(tmp_path: Path) -> None:
    network = mlp([2] * 12, 2)
    given = {f"fc{layer}.weight": np.full((2, 2), float(layer)) for layer in range(1, 12)}
    path = tmp_path / "w.safetensors"
    path.write_bytes(safetensors_bytes({n: ("F64", (2, 2), given[n].tobytes()) for n in sorted(given)}))
    assert read_weights(path, network).point[::4] == tuple(range(1, 12))


@pytest.mark.parametrize("is_npz", [True, False])
def test_an_order_that_leaves_a_doubt_is_refused(tmp_path: Path, is_npz: bool) -> None:
    path = tmp_path / "w"
    if is_npz:  # given as 2, 1: by their numbers it is 1, 2
        with path.open("wb") as file:
            np.savez(file, **{"fc2.weight": np.eye(2), "fc1.weight": np.eye(2)})
    else:
        one = np.eye(2).tobytes()
        path.write_bytes(safetensors_bytes({"key.weight": ("F64", (2, 2), one), "query.weight": ("F64", (2, 2), one)}))
    with pytest.raises(SpecError, match="order leaves a doubt; rename the tensors"):
        read_weights(path, mlp([2, 2, 2], 2))


def test_without_order_different_shapes_are_enough(tmp_path: Path) -> None:
    path = tmp_path / "w"
    first, second = np.arange(6.0).reshape(3, 2), np.arange(3.0).reshape(1, 3)
    path.write_bytes(safetensors_bytes({"a": ("F64", (1, 3), second.tobytes()), "b": ("F64", (3, 2), first.tobytes())}))
    found = read_weights(path, mlp([2, 3, 1], 2))
    assert found.point == (0, 1, 2, 3, 4, 5, 0, 1, 2)
    assert "b is W_1, a is W_2" in found.remarks[0]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda t: t.pop("b_1"), r"the parameter 'b_1' is missing in '.*'; its tensors are W_1, W_2, b_2"),
        (lambda t: t.update(c=np.zeros(1)), r"the tensor 'c' in '.*' is no parameter of mlp-2.3.1-r2-b; they are W_1"),
        (
            lambda t: t.update(W_1=np.zeros((2, 3))),
            r"'W_1' in '.*' has the shape \(2, 3\); .* needs the shape \(3, 2\)",
        ),
        (lambda t: t.update(b_2=np.zeros((1, 1))), r"'b_2' in '.*' has the shape \(1, 1\); .* needs the shape \(1,\)"),
        (
            lambda t: t.update(W_2=np.array([[1, np.nan, 2]])),
            r"the tensor 'W_2' in '.*' has an entry that is infinite or no",
        ),
        (
            lambda t: t.update(b_1=np.array([1, -np.inf, 2])),
            r"the tensor 'b_1' in '.*' has an entry that is infinite or no",
        ),
        (lambda t: t.update(W_2=np.array([[1j, 0, 0]])), r"'W_2' in '.*' has the type complex128; integers and floats"),
        (lambda t: t.update(b_2=np.array([True])), r"'b_2' in '.*' has the type bool"),
        (lambda t: t.update(b_2=np.array(["x"])), r"'b_2' in '.*' has the type <U1"),
        (lambda t: t.update(b_2=np.array([None])), r"'b_2' in '.*' holds Python objects, which are a pickle"),
        (lambda t: t.clear(), r"has no tensor; the parameters of mlp-2.3.1-r2-b are W_1, b_1, W_2, b_2"),
        (lambda t: [t.clear(), t.update(x=np.zeros(1))], "there are 1 tensors for 4 parameters; rename them"),
        (
            lambda t: [t.clear(), t.update({f"{i}.weight": np.zeros(i + 1) for i in range(4)})],
            "their shapes differ from those of the parameters",
        ),
    ],
)
def test_wrong_tensors_are_named_in_one_sentence(tmp_path: Path, change: Any, sentence: str) -> None:
    given = tensors()
    change(given)
    np.savez(tmp_path / "w.npz", **given)
    with pytest.raises(SpecError, match=sentence) as caught:
        read_weights(tmp_path / "w.npz", NETWORK)
    assert "\n" not in str(caught.value)


class Evil:
    """Unpickling this would write a file."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (exec, ("open('executed', 'w').close()",))


def _npz_with(name: str, data: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, data)
    return buffer.getvalue()


def _npy(shape: str, data: bytes) -> bytes:
    header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}"
    header += " " * (-(len(header) + 11) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + data


ONE = struct.pack("<d", 1.0)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty; save the weights"),
        (b"W_1 = 3", "is neither an .npz nor a .safetensors file"),
        (pickle.dumps(Evil()), "is a pickle, which is a program and is never read"),
        (_npz_with("archive/data.pkl", pickle.dumps(Evil())), "is a checkpoint of PyTorch, which is a pickle"),
        (_npy("(1,)", ONE), r"is a single array \(.npy\)"),
        (b"PK\x03\x04" + bytes(100), "is a damaged .npz file"),
        (_npz_with("W_1.npy", b""), "the tensor 'W_1' in '.*' is damaged"),
        (_npz_with("W_1.npy", b"\x93NUMPY\x09\x00"), "the tensor 'W_1' in '.*' is damaged"),
        (_npz_with("W_1.npy", _npy("(1, 2)", ONE)), r"damaged: its data do not fit its shape \(1, 2\)"),
        (_npz_with("W_1.npy", _npy("(10**15,)".replace("10**15", str(10**15)), ONE)), "its data do not fit its shape"),
        (_npz_with("W_1.npy", _npy("(-1,)", ONE)), "damaged"),
        (_npz_with("readme.txt", b"hello"), "has the entry 'readme.txt', which is no array"),
        (struct.pack("<Q", 2**40) + b"{}", "its header is longer than the file"),
        (struct.pack("<Q", 5) + b"{nope", "its header is no JSON"),
        (struct.pack("<Q", 30) + b'{"W_1": {"dtype": "F64"}}     ', "the entry 'W_1' of its header cannot be read"),
        (safetensors_bytes({"W_1": ("F64", (1, 1), ONE)}, W_1={"shape": [1, 2]}), "do not fit its shape"),
        (safetensors_bytes({"W_1": ("F64", (1, 1), ONE)}, W_1={"shape": [-1, -1]}), "header cannot be read"),
        (safetensors_bytes({"W_1": ("F64", (1, 1), ONE)}, W_1={"data_offsets": [8, 16]}), "do not fit its shape"),
        (safetensors_bytes({"W_1": ("F8_E4M3", (1, 8), ONE)}), "has the type 'F8_E4M3'; integers and floats of 16, 32"),
        (safetensors_bytes({"W_1": ("BOOL", (1, 8), ONE)}), "has the type 'BOOL'"),
    ],
)
def test_what_is_no_file_of_weights_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, sentence: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "w").write_bytes(content)
    with pytest.raises(SpecError, match=sentence) as caught:
        read_weights(tmp_path / "w", mlp([1, 1]))
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "executed").exists()


def test_places_that_are_no_file_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, sentence in (
        (tmp_path, "is a folder"),
        ("/dev/zero", "no ordinary file"),
        (tmp_path / "no", "cannot be read"),
    ):
        with pytest.raises(SpecError, match=sentence):
            read_weights(name, NETWORK)
    np.savez(tmp_path / "w.npz", **tensors())
    monkeypatch.setattr(weights, "MAXIMAL_FILE_BYTES", 10)
    with pytest.raises(SpecError, match="at most 0 GiB are read"):
        read_weights(tmp_path / "w.npz", NETWORK)


def test_a_bomb_of_zeros_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.savez_compressed(tmp_path / "w.npz", W_1=np.zeros((1000, 1000)))
    monkeypatch.setattr(weights, "MAXIMAL_FILE_BYTES", 10**6)
    with pytest.raises(SpecError, match="unpacks to more than"):
        read_weights(tmp_path / "w.npz", mlp([1000, 1000]))


def test_two_tensors_of_one_name_are_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "w.npz", "w") as archive:
        archive.writestr("W_1.npy", _npy("(1, 1)", ONE))
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("W_1.npy", _npy("(1, 1)", ONE))
    with pytest.raises(SpecError, match="two tensors of the name 'W_1'"):
        read_weights(tmp_path / "w.npz", mlp([1, 1]))
