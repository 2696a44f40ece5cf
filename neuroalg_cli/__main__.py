"""Allows ``python -m neuroalg_cli``."""

from neuroalg_cli.cli import main

main()
