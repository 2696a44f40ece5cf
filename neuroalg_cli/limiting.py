"""Limits of time and memory for work in this process; engines have a supervisor of their own."""

from __future__ import annotations

import contextlib
import functools
import math
import resource
import signal
import threading
from typing import TYPE_CHECKING, Any

from neuroalg_cli.errors import MemoryLimitError, TimeLimitError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

#: after which the time limit is looked at again if it was reached within an import
_LATER_SECONDS = 0.02
#: rows of a matrix whose square takes all threads and buffers of the BLAS
_BLAS_SIZE = 512


@contextlib.contextmanager
def limits(seconds: float | None, memory_bytes: int | None, stated: float | None = None) -> Iterator[None]:
    """Stops the work inside after so many seconds or when it wants more memory.

    Raises `TimeLimitError` or `MemoryLimitError`.  The time limit is kept in the main thread only (it is a signal);
    the memory limit is that of the data segment, which counts everything that the process allocates.  ``stated``: the time
    limit that the error names, where it is another one.
    """
    if memory_bytes is not None:
        _take_up()
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    is_lowered = memory_bytes is not None and (hard == resource.RLIM_INFINITY or memory_bytes <= hard)
    seconds = None if seconds is not None and math.isinf(seconds) else seconds
    is_main = threading.current_thread() is threading.main_thread()

    def stop(_: int, frame: FrameType | None) -> None:
        if _is_importing(frame):  # a module that is left half imported breaks whatever comes after
            signal.setitimer(signal.ITIMER_REAL, _LATER_SECONDS, 1.0)
            return
        told = seconds if stated is None else stated
        raise TimeLimitError(f"the time limit of {told:.6g} s was reached; raise --timeout or take a smaller network")

    previous: Any = None
    try:
        if is_lowered:
            assert memory_bytes is not None
            resource.setrlimit(resource.RLIMIT_DATA, (memory_bytes, hard))
        if seconds is not None and is_main:
            previous = signal.signal(signal.SIGALRM, stop)
            signal.setitimer(
                signal.ITIMER_REAL, seconds, 1.0
            )  # again, where something takes it for a failure of its own
        yield
    except MemoryError:
        limit = f"{memory_bytes / 2**20:,.3g} MiB" if memory_bytes else "the machine's memory"
        if memory_bytes and memory_bytes >= 2**30:
            limit = f"{memory_bytes / 2**30:.1f} GiB"
        raise MemoryLimitError(
            f"the memory limit ({limit}) was reached; raise --memory or take a smaller network"
        ) from None
    finally:
        if previous is not None:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, previous)
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


@functools.cache
def _take_up() -> None:
    """Takes what a process has or has not: libraries, and the buffers of the BLAS, which ends a process that gets none later."""
    import flint  # noqa: F401, PLC0415
    import numpy as np  # noqa: PLC0415

    square = np.ones((_BLAS_SIZE, _BLAS_SIZE))
    np.matmul(square, square)


def _is_importing(frame: FrameType | None) -> bool:
    """Returns whether a frame is part of an import."""
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False
