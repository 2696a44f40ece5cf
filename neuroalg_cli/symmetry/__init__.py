"""Symmetries of parametrizations: found on graphs, proved, and counted."""
