"""Varieties whose Hilbert functions and equations are known, ranks without grading, symmetry, limits."""

from __future__ import annotations

import itertools
import math
from collections import Counter

import numpy as np
import pytest
from flint import nmod_mat

from neuroalg_cli.architectures.attention import attention
from neuroalg_cli.architectures.cnn import cnn
from neuroalg_cli.architectures.mlp import mlp
from neuroalg_cli.architectures.polynomial import polynomial
from neuroalg_cli.architectures.residual import residual
from neuroalg_cli.deadline import Deadline
from neuroalg_cli.errors import MemoryLimitError, TimeLimitError
from neuroalg_cli.linear_algebra.generic_rank import generic_rank
from neuroalg_cli.network import NetworkBuilder
from neuroalg_cli.parametrization import PolynomialMap
from neuroalg_cli.variety import ideal_modulo
from neuroalg_cli.variety.hilbert_series import monomial_ideal_numerator
from neuroalg_cli.variety.ideal_modulo import MARGIN, IdealModulo
from neuroalg_cli.variety.model import projective_model

PRIME = 8388593
OTHER_PRIME = 4194319


def ideal(architecture, top, prime=PRIME, seed=0, **options):
    result = IdealModulo(projective_model(PolynomialMap(architecture.network())), prime, seed, **options)
    for _ in range(top):
        result.next()
    return result


def hilbert_function(architecture, top, **options):
    return [part.hilbert for part in ideal(architecture, top, **options).parts]


@pytest.mark.parametrize("degree", [1, 2, 3, 4, 7])
def test_rational_normal_curves(degree):
    # HF(e) = d e + 1; C(d, 2) quadrics generate (D. Eisenbud, The Geometry of Syzygies, 2005, chapter 6)
    forms = ", ".join(f"s^{degree - i}*t^{i}" for i in range(degree + 1))
    curve = ideal(polynomial(forms, "s, t"), 4)
    assert [part.hilbert for part in curve.parts] == [degree * e + 1 for e in range(1, 5)]
    assert curve.parts[1].equations == math.comb(degree, 2)
    assert len(curve.parts[1].new_leading) == math.comb(degree, 2)
    # the quadrics are a Groebner basis for this order: the minors of a matrix of which y_2, ..., y_d are the antidiagonal
    assert not any(part.new_leading for part in curve.parts[2:])


def test_the_affine_twisted_cubic_and_its_projective_closure():
    # the closure of (t, t^2, t^3) is the twisted cubic (D. Cox, J. Little, D. O'Shea, Ideals, Varieties, and Algorithms, 8.4)
    cubic = ideal(polynomial("t, t^2, t^3", "t"), 3)
    assert cubic.model.names == ("y_0", "y_1", "y_2", "y_3")
    assert [part.hilbert for part in cubic.parts] == [4, 7, 10]
    # y_1^2 - y_0 y_2, y_1 y_2 - y_0 y_3, y_2^2 - y_1 y_3, with y_0 the smallest variable
    assert sorted(cubic.parts[1].new_leading) == [(0, 0, 2, 0), (0, 1, 1, 0), (0, 2, 0, 0)]
    tails = {
        block.monomials[i]: {block.monomials[j]: int(c) for j, c in zip(block.standard, row, strict=True) if c}
        for block in cubic.parts[1].blocks
        for i, row in zip(block.leading, block.kernel, strict=True)
    }
    assert tails == {
        (0, 2, 0, 0): {(1, 0, 1, 0): 1},
        (0, 1, 1, 0): {(1, 0, 0, 1): 1},
        (0, 0, 2, 0): {(0, 1, 0, 1): 1},
    }


@pytest.mark.parametrize(("n", "d"), [(2, 2), (2, 3), (3, 2)])
def test_veronese_varieties(n, d):
    # (n+1,1,1) with z^d is the cone over v_d(P^n): HF(e) = C(n + d e, n)
    expected = [math.comb(n + d * e, n) for e in range(1, 5)]
    assert hilbert_function(mlp([n + 1, 1, 1], d), 4) == expected
    assert hilbert_function(mlp([n + 1, 1, 1], d), 4, expand=True) == expected


def test_segre_varieties():
    # 3 x 3 matrices of rank one: HF(e) = C(e+2, 2)^2, nine quadrics
    segre = ideal(mlp([3, 1, 3]), 4, expand=True)
    assert [part.hilbert for part in segre.parts] == [math.comb(e + 2, 2) ** 2 for e in range(1, 5)]
    assert [len(part.new_leading) for part in segre.parts] == [0, 9, 0, 0]


def test_the_determinant_of_a_matrix():
    found = ideal(mlp([3, 2, 3]), 5, expand=True)
    assert [part.equations for part in found.parts] == [0, 0] + [math.comb(8 + e, e) for e in range(3)]
    (block,) = [block for block in found.parts[2].blocks if block.leading]
    assert block.weight == (1,) * 6
    signs = Counter({block.monomials[block.leading[0]]: 1})
    signs.update({block.monomials[j]: -int(c) for j, c in zip(block.standard, block.kernel[0], strict=True)})
    expected = {}
    for permutation in itertools.permutations(range(3)):
        inversions = sum(a > b for a, b in itertools.combinations(permutation, 2))
        monomial = [0] * 9
        for row, column in enumerate(permutation):
            monomial[3 * row + column] = 1
        expected[tuple(monomial)] = (-1) ** inversions
    # the leading term of a determinant is its antidiagonal for this order, here with the sign -1
    assert block.monomials[block.leading[0]] == (0, 0, 1, 0, 1, 0, 1, 0, 0)
    assert dict(signs) == {monomial: -sign for monomial, sign in expected.items()}


def test_the_symmetric_determinant_in_plain_monomials():
    # x^T S x with S of rank 2: det S = 0, times 4 with y_2 = 2 s_12 and so on; y_3^2 y_4 leads
    found = ideal(mlp([3, 2, 1], 2), 3)
    (block,) = [block for block in found.parts[2].blocks if block.leading]
    terms = {block.monomials[j]: int(c) for j, c in zip(block.standard, block.kernel[0], strict=True)}
    assert block.monomials[block.leading[0]] == (0, 0, 2, 1, 0, 0)
    assert terms == {(1, 0, 0, 1, 0, 1): 4, (0, 1, 1, 0, 1, 0): 1, (1, 0, 0, 0, 2, 0): -1, (0, 2, 0, 0, 0, 1): -1}


def test_determinantal_hypersurface_of_two_quadratic_layers():
    # (2,2,3), r = 2: three binary quadrics spanned by two squares; the 3 x 3 determinant of their coefficients
    # (K. Kubjas, J. Li, M. Wiesmann, arXiv:2402.00949)
    found = ideal(mlp([2, 2, 3], 2), 4)
    assert [part.equations for part in found.parts] == [0, 0, 1, 9]


@pytest.mark.parametrize(
    "architecture", [mlp([2, 2]), mlp([2, 3, 2], 2), mlp([1, 1, 1], 3), polynomial("s, t+s^2", "s, t")]
)
def test_filling_varieties_have_no_equations(architecture):
    found = ideal(architecture, 3)
    assert all(part.equations == 0 for part in found.parts)
    assert [part.hilbert for part in found.parts] == [math.comb(found.model.N - 1 + e, e) for e in range(1, 4)]


def test_a_point_and_a_line():
    constant = ideal(polynomial("3, 5*s - 5*s + 2", "s"), 2)  # the point (3, 2)
    assert [part.hilbert for part in constant.parts] == [1, 1]
    assert sorted(constant.parts[0].new_leading) == [(0, 0, 1), (0, 1, 0)]
    line = ideal(polynomial("s, 2*s, 3*s", "s"), 3)
    assert [part.hilbert for part in line.parts] == [1, 1, 1]


def rank_without_grading(model, degree, prime=PRIME):
    """Returns the rank of all monomials of a degree at other random points, by python-flint."""
    monomials = list(itertools.combinations_with_replacement(range(model.N), degree))
    points = model.points(len(monomials) + 5, prime, 77, "independent").astype(np.int64)
    columns = []
    for monomial in monomials:
        value = np.ones(len(points), dtype=np.int64)
        for variable in monomial:
            value = value * points[:, variable] % prime
        columns.append(value)
    entries = np.array(columns).reshape(-1).tolist()
    return nmod_mat(len(monomials), len(points), [int(e) for e in entries], prime).rank()


@pytest.mark.parametrize(
    ("architecture", "degree"),
    [
        (mlp([3, 2, 3], 2), 3),
        (mlp([2, 2, 2, 2], 2), 4),
        (mlp([2, 2, 2], [2], biases=True), 3),
        (mlp([2, 2, 2], activation="z^2+z"), 3),
        (mlp([2, 1, 2, 1], [2, 2]), 4),
        (cnn([2, 2, 2], 2), 2),
        (attention([2, 1], 1, tokens=2), 2),
        (residual([2, 2], 1, 2), 3),
    ],
)
def test_ranks_agree_with_all_monomials_at_once(architecture, degree):
    found = ideal(architecture, degree)
    assert found.parts[-1].hilbert == rank_without_grading(found.model, degree)


@pytest.mark.parametrize(
    ("architecture", "top", "h"),
    [
        (mlp([2, 2, 2, 2], 2), 7, [1, 2, 3, 4, 5, 0, 0, 0]),
        (mlp([3, 2, 3], 2), 6, [1, 8, 36, 26, 10, 0, 0]),
        (mlp([2, 3, 2, 1], 2), 5, [1, 0, 0, 0, 0, 0]),
    ],
)
def test_h_vectors_end(architecture, top, h):
    # the dimension comes from the Jacobian; that the h-vector ends there is what ranks of wrong equations would not give
    phi = PolynomialMap(architecture.network())
    dimension = generic_rank(phi, 0).rank
    values = [1, *(part.hilbert for part in ideal(architecture, top).parts)]
    found = [
        sum((-1) ** i * math.comb(dimension, i) * values[e - i] for i in range(min(e, dimension) + 1))
        for e in range(top + 1)
    ]
    assert found == h


@pytest.mark.parametrize(
    "architecture", [mlp([3, 2, 3], 2), mlp([2, 2, 3], 2), mlp([3, 2, 1], 2), mlp([2, 1, 2, 2], 2)]
)
def test_representatives_and_all_blocks_tell_the_same(architecture):
    top = 5
    every, some = ideal(architecture, top, expand=True), ideal(architecture, top, seed=5, prime=OTHER_PRIME)
    for all_blocks, representatives in zip(every.parts, some.parts, strict=True):
        assert all_blocks.hilbert == representatives.hilbert
        assert sum(block.multiplicity for block in representatives.blocks) == len(all_blocks.blocks)
        by_weight = {block.weight: block for block in all_blocks.blocks}
        assert len(by_weight) == len(all_blocks.blocks)
        for block in representatives.blocks:
            same = by_weight[block.weight]
            assert (block.monomials, block.standard, block.leading) == (same.monomials, same.standard, same.leading)
        outputs = every.model.phi.network.output_size
        for weight, block in by_weight.items():
            first = tuple(sorted(weight[:outputs], reverse=True)) + tuple(sorted(weight[outputs:], reverse=True))
            assert block.rank == by_weight[first].rank


def test_the_leading_ideal_has_the_hilbert_function():
    # Macaulay 1927: leading monomials so far give the function in the degrees computed
    found = ideal(mlp([3, 2, 3], 2), 6, expand=True)
    leading = [monomial for part in found.parts for monomial in part.new_leading]
    numerator = monomial_ideal_numerator(leading, found.model.N)
    values = [
        sum(c * math.comb(found.model.N - 1 + e - i, found.model.N - 1) for i, c in enumerate(numerator) if i <= e)
        for e in range(1, 7)
    ]
    assert values == [part.hilbert for part in found.parts]


def test_relations_vanish_at_other_points():
    found = ideal(mlp([3, 2, 3], 2), 4, expand=True)
    points = found.model.points(5, PRIME, 9, "other").astype(object)
    seen = 0
    for part in found.parts:
        for block in part.blocks:
            for i, row in zip(block.leading, block.kernel, strict=True):
                seen += 1
                for point in points:
                    values = [math.prod(int(y) ** e for y, e in zip(point, m, strict=True)) for m in block.monomials]
                    total = values[i] - sum(int(c) * values[j] for j, c in zip(block.standard, row, strict=True))
                    assert total % PRIME == 0
    assert seen == 98


def test_two_primes_and_seeds_find_the_same_leading_monomials():
    first = ideal(cnn([2, 2], 3), 4)
    second = ideal(cnn([2, 2], 3), 4, prime=OTHER_PRIME, seed=8)
    assert [part.new_leading for part in first.parts] == [part.new_leading for part in second.parts]


def test_leading_monomials_need_all_blocks():
    part = ideal(mlp([2, 1, 2]), 2).parts[-1]
    assert not part.is_expanded
    with pytest.raises(ValueError, match="expand=True"):
        _ = part.new_leading
    assert ideal(mlp([2, 1, 2]), 2, expand=True).parts[-1].new_leading == [(0, 1, 1, 0)]


class Clock(Deadline):
    """A deadline that is over after so many questions."""

    def __init__(self, questions):
        super().__init__(None)
        self.questions = questions

    def remaining(self):
        self.questions -= 1
        return 0.0 if self.questions < 0 else 1e9


def computed_until(found, top):
    """Returns how many degrees were computed before the time was over, which must come."""
    with pytest.raises(TimeLimitError, match="degree"):  # noqa: PT012  # any of the steps may raise it
        while len(found.parts) < top:
            found.next()
    return len(found.parts)


@pytest.mark.parametrize("expand", [True, False])
@pytest.mark.parametrize("questions", [0, 1, 2, 9, 30, 100])
def test_what_was_computed_before_the_deadline_stays(questions, expand):
    model = projective_model(PolynomialMap(mlp([3, 2, 3], 2).network()))
    found = IdealModulo(model, PRIME, 0, expand=expand, deadline=Clock(questions))
    known = computed_until(found, 4)
    found.deadline = Deadline()
    while len(found.parts) < 4:
        found.next()
    complete = ideal(mlp([3, 2, 3], 2), 4, expand=expand)
    assert known < 4
    for part, other in zip(found.parts, complete.parts, strict=True):
        assert (part.hilbert, part.equations) == (other.hilbert, other.equations)
        assert [(b.weight, b.multiplicity, b.leading) for b in part.blocks] == [
            (b.weight, b.multiplicity, b.leading) for b in other.blocks
        ]


def test_an_elimination_that_would_take_too_long_is_not_begun(monkeypatch):
    monkeypatch.setattr(ideal_modulo, "_OPERATIONS_PER_SECOND", 1.0)
    with pytest.raises(TimeLimitError, match="would take about"):
        ideal(mlp([3, 2, 3], 2), 3, deadline=Deadline(1000))


def test_memory_is_estimated_before_it_is_taken():
    with pytest.raises(MemoryLimitError, match="more than the limit"):
        ideal(polynomial("s+t, s*t+1, s^2-t, t^2+3*s", "s, t"), 8, memory=100_000)


def test_the_bound_for_bad_points():
    found = ideal(mlp([3, 2, 3], 2), 3)
    # 21 blocks at most, fewer than 60 candidates in the largest, phi of degree 3 in w and 5 with x
    assert 0 < found.miss_probability < 21 * math.comb(60 + MARGIN, MARGIN) * (3 * 5 / PRIME) ** MARGIN
    # no probability without equations: a rank that is as large as it can be is certain
    assert ideal(mlp([3, 3, 3], 2), 3).miss_probability == 0
    # two candidates, twelve points and the degree 1 among three elements
    tiny = ideal(polynomial("s, s", "s"), 1, prime=3)
    assert math.isclose(tiny.miss_probability, math.comb(12, MARGIN) / 3**MARGIN)


@pytest.mark.parametrize("first", [1, 5, 40])
def test_points_are_added_until_there_are_enough(monkeypatch, first):
    monkeypatch.setattr(ideal_modulo, "_FIRST_POINTS", first)
    for architecture in (cnn([2, 2], 3), mlp([3, 2, 3], 2), polynomial("s^2+t, s*t+1, t^2-s, s+t", "s, t")):
        found = ideal(architecture, 3)
        assert found.parts[-1].hilbert == rank_without_grading(found.model, 3)


def test_primes_that_divide_an_activation_are_refused():
    with pytest.raises(ValueError, match="take another prime"):
        ideal(mlp([2, 2, 1], activation="z^2+4194319*z"), 1, prime=OTHER_PRIME)


def test_coordinates_that_vanish_modulo_the_prime_are_leading():
    # s + s + s + s + s is a coordinate over Q and zero modulo 5: the rank is smaller there, as a lower bound may be
    builder = NetworkBuilder()
    x = builder.input((2,))
    s, t = builder.parameter("s", (1,)), builder.parameter("t", (1,))
    factors = builder.gather([builder.sum(s, s, s, s, s), t], [0, 1], (2,))
    network = builder.finish(builder.product(factors, x))
    for prime, values in ((PRIME, [2, 3, 4]), (5, [1, 1, 1])):
        found = IdealModulo(projective_model(PolynomialMap(network)), prime, 0)
        assert [found.next().hilbert for _ in range(3)] == values
