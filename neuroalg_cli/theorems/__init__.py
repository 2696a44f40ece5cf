"""Closed formulas, one topic a file; a file defines ``THEOREM``, whose hypotheses are checked in code."""
