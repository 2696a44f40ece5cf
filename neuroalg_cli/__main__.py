"""The entry of the command line, which imports nothing before an interruption has its own exit code."""

from __future__ import annotations

import sys


def main() -> None:
    """Runs the command line; an interruption while it is still being imported ends with exit code 130 as any other."""
    try:
        from neuroalg_cli.cli import main as run  # noqa: PLC0415
    except KeyboardInterrupt:
        sys.stderr.write("neuroalg: interrupted\n")
        sys.exit(130)
    run()


if __name__ == "__main__":
    main()
