"""Invariants, one file each: the question, its value, its ladder of methods.  A file defines ``INVARIANT``."""
