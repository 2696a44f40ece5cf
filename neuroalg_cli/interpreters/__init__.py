"""Interpreters give a `Network` its meaning: modulo a prime, in floats, or symbolically.  None knows a family."""
