"""Whether given functions lie in V, against what is known of them by other means.

Plane cubics: J. M. Landsberg, Z. Teitler, 'On the ranks and border ranks of symmetric tensors', Found. Comput. Math. 10 (2010),
table of ranks and border ranks; the closure of the functions of mlp (3,k,1), r = 3, consists of the cubics of border rank at
most k.
"""

from __future__ import annotations

import itertools
import random
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest
from flint import fmpq_mat

import neuroalg_cli as na
from neuroalg_cli.architectures.mlp import mlp
from neuroalg_cli.containment.candidates import coefficients_at, function_at, input_names, parse_function, texts_of
from neuroalg_cli.errors import SpecError, UsageError
from neuroalg_cli.pipeline import answer
from neuroalg_cli.question import Question

if TYPE_CHECKING:
    from neuroalg_cli.report.model import Claim


def asked(architecture: Any, text: str, **options: Any) -> Claim:
    candidate = parse_function([text], architecture.network())
    return answer(Question("contains", architecture, candidate=candidate, **options)).claims[0]


@pytest.mark.parametrize("method", ["auto", "theorem", "equations"])
@pytest.mark.parametrize(
    ("text", "discriminant"), [("x_1*x_2", 1), ("x_1^2", 0), ("x_1^2 + 2*x_1*x_2 + x_2^2", 0), ("x_1^2 - x_2^2", 4)]
)
def test_one_square_is_a_form_of_discriminant_zero(text: str, discriminant: int, method: str) -> None:
    claim = asked(mlp([2, 1, 1], 2), text, method=method)
    assert claim.value["contains"] is (discriminant == 0)


CUBICS = {
    "x_1^3": 1,
    "x_1^2*x_2": 2,  # a tangent of the Veronese curve: rank 3
    "x_1^3 + x_2^3": 2,
    "x_1^3 + x_2^3 + x_3^3": 3,
    "x_2^2*x_3 - x_1^3": 3,  # cuspidal: rank 4
    "x_2*(x_1^2 + x_2*x_3)": 3,  # conic and tangent: rank 5
    "x_1*(x_1^2 + x_2*x_3)": 4,
    "x_1*x_2*x_3": 4,
    "x_2^2*x_3 - x_1^3 - x_1^2*x_3": 4,  # nodal
}


@pytest.mark.parametrize("neurons", [1, 2, 3])
@pytest.mark.parametrize("text", CUBICS)
def test_cubics_of_bounded_border_rank(text: str, neurons: int) -> None:
    network = mlp([3, neurons, 1], 3)
    expected = CUBICS[text] <= neurons
    claim = asked(network, text)
    assert (claim.value["contains"], claim.certainty == "numeric") == (expected, False)
    assert asked(network, text, method="equations").value["contains"] is expected


def test_a_limit_of_functions_has_no_weights() -> None:
    claim = asked(mlp([3, 3, 1], 3), "x_2^2*x_3 - x_1^3")
    assert claim.value["contains"] is True
    assert claim.value["in_image"] is None  # its rank is 4
    assert asked(mlp([3, 3, 1], 3), "x_2^2*x_3 - x_1^3", method="preimage").value["contains"] is None


def test_quadratic_forms_are_in_v_if_their_matrix_is_singular() -> None:
    source = random.Random(5)
    network = mlp([3, 2, 1], 2)
    for _ in range(6):
        matrix = [[Fraction(0)] * 3 for _ in range(3)]
        for i, j in itertools.combinations_with_replacement(range(3), 2):
            matrix[i][j] = matrix[j][i] = Fraction(source.randrange(-1, 2))
        terms = [f"({matrix[i][j]})*x_{i + 1}*x_{j + 1}" for i in range(3) for j in range(3)]
        determinant = fmpq_mat([[int(entry) for entry in row] for row in matrix]).det()
        for method in ("theorem", "equations"):
            assert asked(network, " + ".join(terms), method=method).value["contains"] is (determinant == 0)


@pytest.mark.parametrize(
    "network",
    [
        mlp([2, 2, 2], 2),
        mlp([2, 2, 2, 1], 2),
        mlp([3, 2, 2], 2, biases=True),
        mlp([2, 2, 1], activation="z^2+z"),
        na.cnn(filters=[2, 2], activation_degree=2),
        na.attention(dims=[2, 2], attention_dim=1, tokens=2),
    ],
    ids=lambda network: network.label,
)
def test_functions_of_the_network_are_never_refused(network: Any) -> None:
    source = random.Random(11)
    point = [Fraction(source.randrange(-3, 4), source.choice((1, 2))) for _ in range(network.network().parameter_count)]
    candidate = function_at(network, point)
    for method in ("coordinates", "theorem", "filling", "equations", "preimage"):
        question = Question("contains", network, candidate=candidate, method=method, seconds=20.0, max_degree=3)
        assert answer(question).claims[0].value["contains"] in (True, None)


def test_exact_weights_give_the_function() -> None:
    network = mlp([3, 2, 2], 2)
    claim = asked(network, "x_1^2 + x_2^2; x_1^2 - 3*x_2^2", method="preimage")
    assert claim.certainty == "proved"
    weights = [Fraction(text) for text in claim.evidence["weights"]]
    found = coefficients_at(network.network(), weights)
    assert texts_of(found, 3, 2) == ["x_1^2+x_2^2", "x_1^2-3*x_2^2"]


def test_a_bias_reaches_only_what_it_can() -> None:
    # a (l + c)^2 + d with l linear: the quadratic part determines the linear one up to a factor
    network = mlp([2, 1, 1], 2, biases=True)
    assert asked(network, "3*x_1^2 + 6*x_1 + 7").value["contains"] is True
    assert asked(network, "x_1^2 + x_2").value["contains"] is False


def test_terms_that_the_network_does_not_have() -> None:
    claim = asked(mlp([2, 3, 1], 2), "x_1^3")
    assert (claim.value["contains"], claim.value["decided_by"], claim.certainty) == (False, "coordinates", "proved")
    assert asked(mlp([2, 3, 1], 2), "x_1^2 + 1").value["contains"] is False
    assert asked(mlp([2, 3, 1], 2, biases=True), "x_1^2 + 1").value["contains"] is True


@pytest.mark.parametrize("network", [mlp([2, 1, 1], 2), mlp([2, 2, 2], 2), mlp([3, 2, 3]), mlp([1, 1], None)])
def test_zero_is_in_every_cone(network: Any) -> None:
    outputs = network.network().output_size
    assert asked(network, ";".join("0" * outputs)).value["contains"] is True


@pytest.mark.parametrize(("matrix", "rank"), [("x_1; x_2; x_1 + x_2", 2), ("x_1; x_2; x_3", 3), ("0; 0; 0", 0)])
def test_linear_networks_have_bounded_rank(matrix: str, rank: int) -> None:
    for width in (1, 2, 3):
        for method in ("theorem", "equations"):
            claim = asked(mlp([3, width, 3]), matrix, method=method)
            assert claim.value["contains"] is (rank <= width)


def test_not_decided_is_an_answer() -> None:
    claim = asked(mlp([3, 2, 3], 2), "x_1*x_2; 0; x_2^2", method="equations", max_degree=1)
    assert claim.value["contains"] is None
    assert claim.value["verdict"] == "not decided"
    assert claim.value["tried"]


def test_the_answer_does_not_depend_on_the_run() -> None:
    network = mlp([3, 3, 1], 3)
    first, second = (asked(network, "x_1*x_2*x_3", seed=3) for _ in range(2))
    assert first == second


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x_1*x_4", "no input"),
        ("y", "no input"),
        ("x_0", "no input"),
        ("x_1; x_2", "2 polynomials"),
        ("x_1/x_2", "divides by a variable"),
        ("__import__('os')", "no polynomial"),
        ("", "empty"),
        ("x_1^^2", "no polynomial"),
    ],
)
def test_bad_functions_are_refused_in_a_sentence(text: str, words: str) -> None:
    with pytest.raises(SpecError, match=words):
        parse_function([text], mlp([3, 2, 1], 2).network())


def test_a_model_of_ones_own_has_names_for_its_inputs() -> None:
    network = na.polynomial(parameters=["a", "b"], inputs=["x", "y"], outputs=["a*x^2 + b*x*y"])
    for text in ("3*x^2 - x*y", "3*x_1^2 - x_1*x_2", "3*x^2 - x_1*y", "x^2 + 2*x_1^2 - x*y"):
        candidate = parse_function([text], network.network(), input_names(network))
        assert candidate.coefficients == {(0, (2, 0)): 3, (0, (1, 1)): -1}


def test_a_trailing_semicolon_is_no_further_output() -> None:
    assert parse_function(["x_1; x_2;"], mlp([2, 2]).network()).outputs == 2


def test_the_python_interface_takes_texts_and_networks() -> None:
    network = mlp([2, 2, 2], 2)
    assert na.contains(network, candidate="x_1^2; x_2^2").value["contains"] is True
    assert na.contains(network, candidate=["x_1^2", "x_2^3"]).value["contains"] is False
    assert na.contains(network, candidate=mlp([2, 1, 2], 2)).value["contains"] is True
    with pytest.raises(UsageError, match="the candidate is 7"):
        na.contains(network, candidate=7)


def test_nothing_to_look_for() -> None:
    with pytest.raises(UsageError, match="--function or --other"):
        answer(Question("contains", mlp([2, 2])))
