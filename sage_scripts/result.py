"""The last act of every script, `write_result`, leaves the file result.json.  One that computes several things may say after
each, with `write_so_far`, what it has by then: the file so-far.json is read if the script is stopped.

JSON without numbers: an integer or a rational number is a string, so that no digit is lost.  The file appears by renaming, so
that a script that was stopped leaves none.
"""

import json
import os


def write_result(values):
    """Write a dictionary of integers, rational numbers, Booleans, None, words, lists and dictionaries."""
    _write("result.json", values)


def write_so_far(values):
    """Write the part of the answer that is known by now; what was written before is replaced."""
    _write("so-far.json", values)


def _write(name, values):
    with open(f"{name}.partial", "w") as file:  # noqa: PTH123
        file.write(json.dumps(_plain(values), indent=1) + "\n")
    os.replace(f"{name}.partial", name)  # noqa: PTH105


def _plain(value):
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    from sage.rings.rational_field import QQ

    return str(QQ(value))
