"""The time that is left for a piece of work, asked between its steps so that what is known by then is not lost."""

from __future__ import annotations

import math
import time

from neuroalg_cli.errors import TimeLimitError


class Deadline:
    """A moment so many seconds from now, or never."""

    def __init__(self, seconds: float | None = None) -> None:
        self.seconds = math.inf if seconds is None else seconds
        self._end = time.monotonic() + self.seconds

    def remaining(self) -> float:
        """Returns the seconds that are left, not negative; infinity without a limit."""
        return max(0.0, self._end - time.monotonic())

    def is_over(self) -> bool:
        """Returns whether no time is left."""
        return self.remaining() == 0.0

    def require(self, what: str) -> None:
        """Raises `TimeLimitError` if no time is left for ``what``, half a sentence such as 'equations of degree 5'."""
        if self.is_over():
            raise TimeLimitError(f"the time limit of {self.seconds:.3g} s was reached before {what}; raise --timeout")
