"""Limits of time and memory for work in this process; engines have a supervisor of their own."""

from __future__ import annotations

import contextlib
import resource
import signal
import threading
from typing import TYPE_CHECKING, Any

from neuroalg_cli.errors import MemoryLimitError, TimeLimitError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def limits(seconds: float | None, memory_bytes: int | None) -> Iterator[None]:
    """Stops the work inside after so many seconds or when it wants more memory.

    Raises `TimeLimitError` or `MemoryLimitError`.  The time limit is kept in the main thread only (it is a signal);
    the memory limit is that of the data segment, which counts everything that the process allocates.
    """
    if memory_bytes is not None:
        import numpy as np  # noqa: PLC0415  # its BLAS ends the process if it gets no memory at its start

        del np
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    is_lowered = memory_bytes is not None and (hard == resource.RLIM_INFINITY or memory_bytes <= hard)
    is_main = threading.current_thread() is threading.main_thread()

    def stop(*_: Any) -> None:
        raise TimeLimitError(f"the time limit of {seconds:g} s was reached; raise --timeout or take a smaller network")

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
