"""The private folder of one engine run: script in, ``result.json`` out, removed when it has served."""

from __future__ import annotations

import errno
import os
import re
import shutil
import stat
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Self

from neuroalg_cli.errors import EngineUnusableError, InterruptedRunError, NeuroalgError, NoResultError

if TYPE_CHECKING:
    from types import TracebackType

RESULT_NAME = "result.json"
#: what a script that computes several things has computed so far
SO_FAR_NAME = "so-far.json"
RESULT_BYTES_CAP = 64 * 1024**2
#: names the folder in which run directories are made; the default is the folder for temporary files
PARENT_VARIABLE = "NEUROALG_RUNS"


class RunDirectory:
    """A fresh folder that only its owner can read, as a context manager.

    Leaving the block without an exception removes the folder, unless ``keep`` was asked for at creation or ``keep()``
    was called.  An exception keeps it as evidence, and a ``NeuroalgError`` learns its name; an interruption
    (``KeyboardInterrupt``, ``SystemExit``, ``InterruptedRunError``) removes it.
    """

    def __init__(self, path: Path, *, keep: bool = False) -> None:
        #: absolute path of the folder
        self.path = path
        self._is_kept = keep

    @classmethod
    def create(cls, label: str, keep: bool = False, parent: Path | None = None) -> Self:
        """Returns a new folder ``neuroalg-<label>-<random>`` in ``parent``, ``$NEUROALG_RUNS`` or the temporary folder.

        The parent is made if it is missing; characters of the label that a shell minds are replaced.  Raises
        ``EngineUnusableError`` if the place is full, read-only or no folder.
        """
        plain_label = re.sub(r"[^A-Za-z0-9._-]+", "-", label)[:60].strip("-.") or "run"
        place = os.environ.get(PARENT_VARIABLE) or "the temporary folder"
        try:
            # gettempdir raises FileNotFoundError if it can write nowhere.
            folder = parent or Path(os.environ.get(PARENT_VARIABLE) or tempfile.gettempdir())
            place = str(folder)
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            path = Path(tempfile.mkdtemp(prefix=f"neuroalg-{plain_label}-", dir=folder.absolute()))
        except (OSError, ValueError) as error:
            raise _unwritable("create a run directory in", place, error) from error
        return cls(path, keep=keep)

    def keep(self) -> None:
        """Leaves the folder on the disk when the block ends."""
        self._is_kept = True

    def write(self, name: str, text: str) -> Path:
        """Writes a text file, UTF-8 with newlines as given, and returns its path; replaces a file of that name.

        Raises ``EngineUnusableError`` if it cannot be written, ``ValueError`` if the name is not plain.
        """
        path = self._inside(name)
        # Without following links: an engine that ran here before may have left one.
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
        try:
            with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
                file.write(text.encode())
        except OSError as error:
            raise _unwritable("write", str(path), error) from error
        return path

    def copy_in(self, source_path: Path) -> Path:
        """Copies a file under its own name into the folder and returns the path of the copy.

        Raises ``EngineUnusableError`` if source or copy fails.
        """
        path = self._inside(source_path.name)
        path.unlink(missing_ok=True)
        try:
            shutil.copyfile(source_path, path)
        except OSError as error:
            raise _unwritable(f"copy '{source_path}' to", str(path), error) from error
        return path

    def result(self, max_bytes: int = RESULT_BYTES_CAP) -> bytes | None:
        """Returns the content of ``result.json``, or None if the engine did not write it.

        Raises ``NoResultError`` for a link, a folder, a pipe, and for a file of more than ``max_bytes`` bytes.
        """
        path = self.path / RESULT_NAME
        if not os.path.lexists(path):
            return None
        file = open_regular(path)
        if file is None:
            raise NoResultError(
                f"'{path}' is no plain readable file but a link, a folder or a pipe, so it is not the engine's result; "
                "look at the script that wrote it"
            )
        with file:
            content = file.read(max_bytes + 1)
        if len(content) > max_bytes:
            raise NoResultError(
                f"the engine's result '{path}' has {path.stat().st_size} bytes, more than the {max_bytes} that fit; "
                "ask for a smaller answer"
            )
        return content

    def remove(self) -> None:
        """Removes the folder and all that is in it, as far as permissions allow; it may be gone already."""
        shutil.rmtree(self.path, ignore_errors=True)
        if self.path.is_dir():
            # An engine may leave a folder that not even its owner can open.
            for folder, inner_folders, _ in os.walk(self.path):
                for path in (Path(folder), *(Path(folder, name) for name in inner_folders)):
                    if not path.is_symlink():
                        path.chmod(0o700)
            shutil.rmtree(self.path, ignore_errors=True)

    def _inside(self, name: str) -> Path:
        if name in {"", ".", ".."} or "/" in name or "\0" in name:
            raise ValueError(f"'{name}' is not the plain name of a file")
        return self.path / name

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        is_failure = isinstance(error, Exception) and not isinstance(error, InterruptedRunError)
        if not self._is_kept and not is_failure:
            self.remove()
        elif isinstance(error, NeuroalgError) and error.directory is None:
            error.directory = str(self.path)


def discard_run(error: NeuroalgError | None) -> None:
    """Removes the folder of a run whose failure nobody is told, so that nobody could look for it."""
    if error is not None and error.directory is not None:
        RunDirectory(Path(error.directory)).remove()
        error.directory = None


def open_regular(path: Path) -> BinaryIO | None:
    """Returns a file opened for reading, or None if it is missing, unreadable, a link, a folder, a pipe or a device.

    Never waits: a pipe in the place of a file would block a plain ``open`` for ever.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        return None
    return os.fdopen(descriptor, "rb")


def _unwritable(action: str, place: str, error: OSError | ValueError) -> EngineUnusableError:
    """Returns the sentence for a disk that does not take what an engine run needs."""
    reason = getattr(error, "strerror", None) or str(error)
    number = getattr(error, "errno", None)
    advice = f"set {PARENT_VARIABLE} to a folder that you can write"
    if number in {errno.ENOSPC, errno.EDQUOT}:
        advice = f"free some space, or set {PARENT_VARIABLE} to a folder on another disk"
    return EngineUnusableError(f"cannot {action} '{place}': {reason[:1].lower()}{reason[1:]}; {advice}")
