"""Normalized volumes against closed formulas, and against relations between volumes."""

from __future__ import annotations

import itertools
import math
import random

import pytest

from neuroalg_cli.variety.lattice_volume import normalized_volume


def unit(size, index):
    return tuple(int(i == index) for i in range(size))


def homogenized(points):
    """At height one: the hull with the origin is a pyramid, whose normalized volume is that of its base."""
    return [(*point, 1) for point in points]


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_simplices_cubes_and_cross_polytopes(size):
    units = [unit(size, i) for i in range(size)]
    assert normalized_volume(units) == (1, size)
    # n!: the Eulerian numbers of the slices add up to it; 2^n simplices around the origin
    assert normalized_volume(list(itertools.product((0, 1), repeat=size))) == (math.factorial(size), size)
    assert normalized_volume([*units, *(tuple(-e for e in u) for u in units)]) == (2**size, size)


@pytest.mark.parametrize(("a", "b"), [(1, 1), (1, 3), (2, 2), (3, 2)])
def test_products_of_simplices_are_segre_varieties(a, b):
    # the degree of P^a x P^b is C(a + b, a)
    points = [unit(a + 1, i) + unit(b + 1, j) for i in range(a + 1) for j in range(b + 1)]
    assert normalized_volume(points) == (math.comb(a + b, a), a + b + 1)


@pytest.mark.parametrize(("variables", "degree"), [(2, 5), (3, 2), (3, 4), (4, 3)])
def test_dilated_simplices_are_veronese_varieties(variables, degree):
    points = [p for p in itertools.product(range(degree + 1), repeat=variables) if sum(p) == degree]
    assert normalized_volume(points) == (degree ** (variables - 1), variables)


def test_the_lattice_is_the_one_that_the_points_generate():
    # all exponents even: the squares of the variables are the variables of the same variety
    assert normalized_volume([(2, 0), (0, 2), (2, 2)]) == normalized_volume([(1, 0), (0, 1), (1, 1)]) == (2, 2)


def test_degenerate_points():
    assert normalized_volume([]) == (1, 0)
    assert normalized_volume([(0, 0, 0)]) == (1, 0)
    assert normalized_volume([(5,), (5,)]) == (1, 1)
    assert normalized_volume([(2, 4, 6)]) == (1, 1)


@pytest.mark.parametrize("seed", range(30))
def test_volumes_of_random_polygons_are_their_areas(seed):
    """Twice the area by the formula of Gauss for the hull, found by the sorting of Andrew."""
    source = random.Random(seed)
    points = [(source.randrange(8), source.randrange(8)) for _ in range(source.randrange(3, 9))]

    def chain(ordered):
        found = []
        for p in ordered:
            while len(found) > 1 and cross(found[-2], found[-1], p) <= 0:
                found.pop()
            found.append(p)
        return found[:-1]

    def cross(o, a, b):
        return (a[0] - o[0]) * (b[1] - o[1]) - (a[1] - o[1]) * (b[0] - o[0])

    ordered = sorted({(0, 0), *points})
    hull = chain(ordered) + chain(ordered[::-1])
    doubled = abs(sum(a[0] * b[1] - a[1] * b[0] for a, b in zip(hull, [*hull[1:], hull[0]], strict=True)))
    minors = [a[0] * b[1] - a[1] * b[0] for a, b in itertools.combinations(points, 2)]
    index = math.gcd(*minors) if minors else 0
    if doubled == 0:
        assert normalized_volume(points)[1] < 2
    else:
        assert normalized_volume(points) == (doubled // index, 2)


@pytest.mark.parametrize("seed", range(20))
def test_volumes_depend_on_neither_order_nor_basis_and_multiply(seed):
    """vol(P x Q) = C(d + e, d) vol(P) vol(Q), and a unimodular map changes nothing."""
    source = random.Random(seed)
    P = [tuple(source.randrange(4) for _ in range(3)) for _ in range(7)]
    Q = [(source.randrange(5), source.randrange(5)) for _ in range(5)]
    first, second = normalized_volume(homogenized(P)), normalized_volume(homogenized(Q))
    shuffled = source.sample(P, len(P))
    assert normalized_volume(homogenized(shuffled)) == first
    sheared = [(x + 3 * y - 2 * z, y + 5 * z, z) for x, y, z in P]
    assert normalized_volume(homogenized(sheared)) == first
    product = normalized_volume(homogenized([p + q for p in P for q in Q]))
    d, e = first[1] - 1, second[1] - 1
    assert product == (math.comb(d + e, d) * first[0] * second[0], d + e + 1)
