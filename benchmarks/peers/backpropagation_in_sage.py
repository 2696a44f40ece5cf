"""The published way to the dimension of a polynomial network, written plainly in Sage, as the benchmarks' peer.

J. Kileel, M. Trager, J. Bruna, arXiv:1905.12207, section 5, and K. Kubjas, J. Li, M. Wiesmann, arXiv:2402.00949: draw the
weights at random in GF(p), get the gradients by backpropagation, stack them, take the rank.  Two variants:

``evaluate``      gradients at P random inputs, one row per input and output;
``coefficients``  gradients as polynomials in the inputs, one row per parameter, one column per output and monomial.

Usage: a Python that can import Sage, then this file, then widths, degree, variant, prime: 10,10,10,1 2 evaluate 1000003.
Prints one line of JSON.
"""

import json
import sys
import time

try:
    from sage.all__sagemath_singular import *
except ImportError:
    from sage.all import *
import itertools

from sage.matrix.constructor import matrix, random_matrix
from sage.modules.free_module_element import random_vector, vector


def gradients(weights, x, r):
    """Returns, for every output, the derivatives with respect to all weights, layer by layer, row by row."""
    before, inner = [x], []
    for weight in weights[:-1]:
        inner.append(weight * before[-1])
        before.append(vector([entry**r for entry in inner[-1]]))
    rows = []
    for output in range(weights[-1].nrows()):
        adjoint = vector([1 if i == output else 0 for i in range(weights[-1].nrows())])
        layers = []
        for layer in reversed(range(len(weights))):
            layers.append([d * a for d in adjoint for a in before[layer]])
            if layer:
                back = adjoint * weights[layer]
                adjoint = vector([b * r * z ** (r - 1) for b, z in zip(back, inner[layer - 1], strict=True)])
        rows.append([entry for derivatives in reversed(layers) for entry in derivatives])
    return rows


def by_evaluation(widths, r, field):
    weights = [random_matrix(field, widths[i + 1], widths[i]) for i in range(len(widths) - 1)]
    parameters = sum(a * b for a, b in itertools.pairwise(widths))
    rows = []
    for _ in range(-(-parameters // widths[-1]) + 1):
        rows.extend(gradients(weights, random_vector(field, widths[0]), r))
    return matrix(field, rows).rank()


def by_coefficients(widths, r, field):
    ring = PolynomialRing(field, "x", widths[0])
    weights = [random_matrix(field, widths[i + 1], widths[i]).change_ring(ring) for i in range(len(widths) - 1)]
    by_output = gradients(weights, vector(ring.gens()), r)
    columns, rows = {}, [{} for _ in by_output[0]]
    for output, derivatives in enumerate(by_output):
        for parameter, derivative in enumerate(derivatives):
            for exponents, coefficient in derivative.monomial_coefficients().items():
                column = columns.setdefault((output, tuple(exponents)), len(columns))
                rows[parameter][column] = coefficient
    stacked = matrix(field, len(rows), len(columns), sparse=False)
    for i, row in enumerate(rows):
        for j, coefficient in row.items():
            stacked[i, j] = coefficient
    return stacked.rank()


if __name__ == "__main__":
    given, degree, variant, prime = sys.argv[1:5]
    start = time.perf_counter()
    function = {"evaluate": by_evaluation, "coefficients": by_coefficients}[variant]
    found = function([int(width) for width in given.split(",")], int(degree), GF(int(prime)))
    print(json.dumps({"dimension": int(found), "seconds": time.perf_counter() - start}))
