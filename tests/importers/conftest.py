"""An evaluation of graphs in float64 that shares no code with the program's interpreters."""

from __future__ import annotations

import math

import numpy as np
import pytest

FUNCTIONS = {
    "relu": lambda z: np.maximum(z, 0.0),
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
    "tanh": np.tanh,
    "erf": np.vectorize(math.erf),
}


def _evaluate(network, weights, x):
    """Returns the output, flattened, at weights in the order of the graph and a flattened input."""
    values, start = [], 0
    for node in network.nodes:
        operands = [values[index] for index in node.operands]
        match node.operation:
            case "input":
                value = np.asarray(x, dtype=np.float64).reshape(node.shape)
            case "parameter":
                value = np.asarray(weights[start : start + node.size], dtype=np.float64).reshape(node.shape)
                start += node.size
            case "matmul":
                value = operands[0] @ operands[1]
            case "sum":
                value = np.sum(operands, axis=0)
            case "product":
                value = operands[0] * operands[1]
            case "polynomial":
                value = sum((float(c) * operands[0] ** e for e, c in node.terms), np.zeros(node.shape))
            case "reciprocal":
                value = 1 / operands[0]
            case "function":
                value = FUNCTIONS[node.name](operands[0])
            case "gather":
                flat = np.concatenate([*(operand.reshape(-1) for operand in operands), [0.0]])
                value = flat[list(node.indices)].reshape(node.shape)
        assert value.shape == node.shape
        values.append(value)
    return values[network.output].reshape(-1)


@pytest.fixture(scope="session")
def evaluate():
    return _evaluate
