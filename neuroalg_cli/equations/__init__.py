"""Equations of the neurovariety: lifted to Q, proved by substitution, judged for completeness, written for engines."""
