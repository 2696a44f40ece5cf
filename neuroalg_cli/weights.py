"""Reads the weights of a network from a file: numpy's ``.npz`` or ``.safetensors``, as exact rational numbers.

Nothing of a file is executed: pickles and arrays of Python objects are refused, sizes are compared with the file before anything
is allocated, and only tensors that the network has are read.  A float is the rational number that it is.

Sources of the formats: numpy.lib.format (the .npy format in a zip file); https://github.com/huggingface/safetensors (a length of
8 bytes, a JSON header, the data).
"""

from __future__ import annotations

import json
import math
import stat
import struct
import zipfile
import zlib
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self

from neuroalg_cli.errors import SpecError, shown
from neuroalg_cli.matching_tensors import match

if TYPE_CHECKING:
    from types import TracebackType

    from numpy.typing import NDArray

    from neuroalg_cli.architecture import Architecture

MAXIMAL_FILE_BYTES = 4 * 2**30
_MAXIMAL_HEADER_BYTES = 16 * 2**20
_MAXIMAL_TENSORS = 100_000
#: the types of safetensors that are numbers here, in numpy's words; BF16 is the upper half of a float32
_SAFETENSORS_TYPES = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "BF16": "<u2",
    **{f"I{8 * size}": f"<i{size}" for size in (1, 2, 4, 8)},
    **{f"U{8 * size}": f"<u{size}" for size in (1, 2, 4, 8)},
}
_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)


@dataclass(frozen=True, slots=True)
class Weights:
    """Values for all parameters of a network, in the order of its graph, and what the user should hear about them."""

    point: tuple[Fraction, ...]
    remarks: tuple[str, ...] = ()


class _File(Protocol):
    """An opened file: the shapes of its tensors in the order of the file, and their values one by one."""

    shapes: dict[str, tuple[int, ...]]
    #: whether the order of the file is the order in which the tensors were given
    is_ordered: bool

    def values(self, name: str) -> NDArray[Any]:
        """Returns the entries of a tensor, flattened row by row."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def read_weights(source: str | Path, architecture: Architecture) -> Weights:
    """Returns the weights in a file for a network, tensors matched by the names of parameters and exact shapes.

    Where no name matches, tensors are matched by order and shape if that leaves no doubt, and the remarks say so.
    Raises `SpecError` in one sentence that names the file and the tensor.
    """
    import numpy as np  # noqa: PLC0415

    network = architecture.network()
    parameters = {network.nodes[index].name: network.nodes[index].shape for index in network.offsets}
    title = shown(str(source), 80)
    with _open(Path(source), title) as file:
        names, remarks = match(parameters, file.shapes, title, architecture.label, is_ordered=file.is_ordered)
        point: list[Fraction] = []
        for name in names:
            values = file.values(name)
            if values.dtype.kind == "f" and not np.isfinite(values).all():
                raise SpecError(f"the tensor {shown(name)} in {title} has an entry that is infinite or no number (NaN)")
            point += map(Fraction, values.tolist())
    return Weights(tuple(point), remarks)


def _open(path: Path, title: str) -> _File:
    """Returns the opened file, by what is in it and not by its name."""
    advice = "save the weights with numpy.savez or safetensors"
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise SpecError(f"{title} is a folder; name a file of weights, .npz or .safetensors")
        if not stat.S_ISREG(status.st_mode):
            raise SpecError(f"{title} is no ordinary file; name a file of weights, .npz or .safetensors")
        with path.open("rb") as stream:
            start = stream.read(9)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise SpecError(f"{title} cannot be read ({reason}); name a file of weights, .npz or .safetensors") from None
    if not start:
        raise SpecError(f"{title} is empty; {advice}")
    if status.st_size > MAXIMAL_FILE_BYTES:
        raise SpecError(
            f"{title} has {status.st_size / 2**30:.1f} GiB; at most {MAXIMAL_FILE_BYTES // 2**30} GiB are read"
        )
    if start.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _Npz(path, title)
    if start.startswith(b"\x93NUMPY"):
        raise SpecError(f"{title} is a single array (.npy) without the name of a parameter; {advice}")
    if len(start) == 9 and start[8:] == b"{":
        return _Safetensors(path, title, status.st_size)
    if start.startswith(b"\x80"):
        raise SpecError(f"{title} is a pickle, which is a program and is never read; {advice}")
    raise SpecError(f"{title} is neither an .npz nor a .safetensors file; {advice}")


class _Npz:
    """A zip file of arrays in the format .npy."""

    is_ordered = True

    def __init__(self, path: Path, title: str) -> None:
        self.title = title
        try:
            self.archive = zipfile.ZipFile(path)
        except (OSError, ValueError, *_DAMAGED) as error:
            raise SpecError(f"{title} is a damaged .npz file ({shown(str(error), 60)}); write it anew") from None
        try:
            self.members = self._members()
            self.headers = {name: self._header(name) for name in self.members}
        except BaseException:
            self.archive.close()
            raise
        self.shapes = {name: header[0] for name, header in self.headers.items()}

    def _members(self) -> dict[str, zipfile.ZipInfo]:
        found = self.archive.infolist()
        if any(member.filename.endswith("data.pkl") for member in found):
            raise SpecError(
                f"{self.title} is a checkpoint of PyTorch, which is a pickle and is never read; "
                "save the weights with safetensors.torch.save_file(model.state_dict(), 'weights.safetensors')"
            )
        if len(found) > _MAXIMAL_TENSORS:
            raise SpecError(f"{self.title} has {len(found)} tensors; at most {_MAXIMAL_TENSORS} are read")
        result: dict[str, zipfile.ZipInfo] = {}
        for member in found:
            if not member.filename.endswith(".npy"):
                raise SpecError(f"{self.title} has the entry {shown(member.filename)}, which is no array of numpy")
            name = member.filename.removesuffix(".npy")
            if name in result:
                raise SpecError(f"{self.title} has two tensors of the name {shown(name)}")
            result[name] = member
        if sum(member.file_size for member in found) > MAXIMAL_FILE_BYTES:
            raise SpecError(f"{self.title} unpacks to more than {MAXIMAL_FILE_BYTES // 2**30} GiB, which is the limit")
        return result

    def _header(self, name: str) -> tuple[tuple[int, ...], bool, Any, int]:
        """Returns shape, order, type and where the data begin, after comparing the size with that of the entry."""
        import numpy as np  # noqa: PLC0415

        member = self.members[name]
        try:
            with self.archive.open(member) as stream:
                version = np.lib.format.read_magic(stream)
                read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
                shape, is_fortran, dtype = read(stream)
                start = stream.tell()
        except (OSError, ValueError, *_DAMAGED) as error:
            raise SpecError(
                f"the tensor {shown(name)} in {self.title} is damaged ({shown(str(error), 60)}); write the file anew"
            ) from None
        if dtype.hasobject:
            raise SpecError(
                f"the tensor {shown(name)} in {self.title} holds Python objects, which are a pickle and are never read; "
                "save arrays of numbers"
            )
        if dtype.kind not in "fiu" or dtype.itemsize > 8:
            raise SpecError(
                f"the tensor {shown(name)} in {self.title} has the type {dtype}; integers and floats of at most 64 bits are "
                "read, and bfloat16 from safetensors"
            )
        if math.prod(shape) * dtype.itemsize != member.file_size - start:
            raise SpecError(
                f"the tensor {shown(name)} in {self.title} is damaged: its data do not fit its shape {shape}"
            )
        return tuple(int(size) for size in shape), bool(is_fortran), dtype, start

    def values(self, name: str) -> NDArray[Any]:
        """Returns the entries of a tensor, flattened row by row."""
        import numpy as np  # noqa: PLC0415

        shape, is_fortran, dtype, start = self.headers[name]
        try:
            data = self.archive.read(self.members[name])[start:]
        except (OSError, ValueError, *_DAMAGED) as error:
            raise SpecError(
                f"the tensor {shown(name)} in {self.title} is damaged ({shown(str(error), 60)}); write the file anew"
            ) from None
        return np.frombuffer(data, dtype).reshape(shape, order="F" if is_fortran else "C").reshape(-1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.archive.close()


class _Safetensors:
    """A header in JSON and the data; the format sorts its tensors, so that their order says nothing."""

    is_ordered = False

    def __init__(self, path: Path, title: str, size: int) -> None:
        self.title = title
        self.path = path
        with path.open("rb") as stream:
            (length,) = struct.unpack("<Q", stream.read(8))
            if length > min(_MAXIMAL_HEADER_BYTES, size - 8):
                raise self._damaged("its header is longer than the file or the limit")
            header = stream.read(length)
        self.start = 8 + length
        try:
            entries = json.loads(header.decode("utf-8"), object_pairs_hook=_unique)
        except (ValueError, RecursionError):
            raise self._damaged("its header is no JSON") from None
        if not isinstance(entries, dict) or len(entries) > _MAXIMAL_TENSORS:
            raise self._damaged("its header is no table of tensors")
        entries.pop("__metadata__", None)
        self.entries = {name: self._entry(name, entry, size) for name, entry in entries.items()}
        self.shapes = {name: entry[1] for name, entry in self.entries.items()}

    def _damaged(self, reason: str) -> SpecError:
        return SpecError(f"{self.title} is a damaged .safetensors file: {reason}; write it anew")

    def _entry(self, name: str, entry: Any, size: int) -> tuple[str, tuple[int, ...], int, int]:
        """Returns type, shape and where the data begin and end, after comparing all of it."""
        try:
            kind, shape, (start, end) = entry["dtype"], tuple(entry["shape"]), entry["data_offsets"]
            is_good = all(type(number) is int and number >= 0 for number in (*shape, start, end)) and isinstance(
                kind, str
            )
        except (LookupError, TypeError, ValueError):
            is_good = False
        if not is_good:
            raise self._damaged(f"the entry {shown(name)} of its header cannot be read")
        if kind not in _SAFETENSORS_TYPES:
            raise SpecError(
                f"the tensor {shown(name)} in {self.title} has the type {shown(kind)}; integers and floats of 16, 32 and 64 "
                "bits and bfloat16 are read"
            )
        width = int(_SAFETENSORS_TYPES[kind][-1])
        if end - start != math.prod(shape) * width or self.start + end > size:
            raise self._damaged(f"the data of the tensor {shown(name)} do not fit its shape {shape}")
        return kind, shape, start, end

    def values(self, name: str) -> NDArray[Any]:
        """Returns the entries of a tensor, flattened row by row."""
        import numpy as np  # noqa: PLC0415

        kind, _, start, end = self.entries[name]
        with self.path.open("rb") as stream:
            stream.seek(self.start + start)
            data = np.frombuffer(stream.read(end - start), _SAFETENSORS_TYPES[kind])
        return (data.astype(np.uint32) << 16).view(np.float32) if kind == "BF16" else data

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("a key is given twice")
    return result
