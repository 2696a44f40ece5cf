"""False arguments are refused: each report is changed in all places that belong together: only the mathematics is wrong."""

from __future__ import annotations

import pytest

from neuroalg_cli.verifying import verify

TAMPERINGS = []


def tampering(reason):
    """Adds a function that returns a tampered report, to be refused with this reason."""

    def add(function):
        function.reason = reason
        TAMPERINGS.append(function)
        return function

    return add


@tampering("another network")
def a_signed_specification_of_other_widths(reports):
    report = reports.proved(3, 2, 3)
    report["architecture"]["specification"]["widths"] = [3, 3, 3]
    reports.sign(report)
    return report


@tampering("another network")
def a_signed_specification_without_one_layer(reports):
    report = reports.proved(3, 2, 4, 2, 3)
    report["architecture"]["specification"] |= {"widths": [3, 2, 2, 3], "activation": ["z", "z"]}
    reports.sign(report)
    return report


def with_specification(reports, **changes):
    """Returns a proof about (3,2,1) with squares under a signed specification that says something else."""
    report = reports.proved(3, 2, 1, activation_degree=2)
    report["architecture"]["specification"] |= changes
    reports.sign(report)
    return report


@tampering("activation of layer 1")
def a_signed_specification_with_cubes(reports):
    return with_specification(reports, activation=["z^3"])


@tampering("activation of layer 1")
def a_signed_specification_that_is_not_canonical(reports):
    return with_specification(reports, activation=["1*z^2"])


@tampering("another network")
def a_signed_specification_without_activation(reports):
    return with_specification(reports, activation=["z"])


@tampering("")
def a_signed_specification_with_biases(reports):
    return with_specification(reports, biases=True)


@tampering("malformed")
def a_signed_specification_with_one_activation_too_many(reports):
    return with_specification(reports, activation=["z^2", "z^2"])


@tampering("widths")
def a_signed_specification_with_a_width_that_is_no_integer(reports):
    return with_specification(reports, widths=[3.0, 2, 1])


@tampering("bound by symmetries")
def the_proof_of_another_network(reports):
    report = reports.proved(3, 2, 1, activation_degree=3)
    report["claims"] = reports.proved(3, 2, 1, activation_degree=2)["claims"]
    del reports.tree(report)["symmetries"][1]  # cubes have no rotations
    reports.tree(report)["rank"] = 2
    return report


@tampering("bound by determinantal")
def a_smaller_dimension_with_a_smaller_minor(reports):
    report = reports.proved(3, 2, 3)
    reports.claim_dimension(report, 7)
    return report


@tampering("bound by determinantal")
def a_larger_dimension_with_a_larger_minor(reports):
    report = reports.proved(3, 2, 3)
    reports.claim_dimension(report, 9)
    return report


@tampering("minor is 0")
def a_larger_dimension_with_a_weaker_upper_bound(reports):
    report = reports.proved(3, 2, 3)
    reports.tree(report)["bound"] = "coordinates"
    reports.claim_dimension(report, 9)
    return report


@tampering("minor is 0")
def a_point_where_the_minor_vanishes(reports):
    report = reports.proved(3, 2, 3)
    reports.lower(report)["point"] = [1] * 12
    return report


@tampering("minor is 0")
def inputs_that_depend_on_each_other(reports):
    report = reports.proved(3, 2, 3)
    reports.lower(report)["inputs"] = [[k, 2 * k, 3 * k] for k in range(1, 4)]
    return report


@tampering("is no matrix times")
def matrices_with_squares_between(reports):
    report = reports.proved(2, 2, 2, activation_degree=2)
    reports.tree(report)["bound"] = "determinantal"
    reports.claim_dimension(report, 4)
    return report


@tampering("rank of the fields")
def a_symmetry_listed_twice(reports):
    report = reports.proved(2, 2, 2, 2, activation_degree=2)
    evidence = reports.tree(report)
    evidence["symmetries"].append(evidence["symmetries"][0])
    evidence["rank"] += 2
    reports.claim_dimension(report, evidence["value"] - 2)
    return report


def with_symmetry(reports, kind, fields, widths, names=(), **options):
    """Returns a report with fields that the activation or the missing biases do not allow, and all numbers changed to fit."""
    report = reports.proved(*widths, **options)
    old, parameters = reports.tree(report), report["parametrization"]["parameters"]
    names = {"first": "W_1", "second": "W_2", **dict(names)}
    evidence = {"bound": "symmetries", "from": old["from"], "to": old["to"], "parameters": parameters, "rank": fields}
    evidence["symmetries"] = [{"kind": kind, "fields": fields, **names}]
    report["claims"][0]["evidence"]["upper_bound"] = evidence
    reports.claim_dimension(report, parameters - fields)
    return report


BIASES = (("first_bias", "b_1"), ("second_bias", "b_2"))


@tampering("there is no symmetry 'scaling'")
def scalings_of_a_general_polynomial(reports):
    return with_symmetry(reports, "scaling", 2, (3, 2, 2), BIASES, activation="z^3+z", biases=True)


@tampering("there is no symmetry 'scaling'")
def scalings_of_a_shifted_square_without_biases(reports):
    return with_symmetry(reports, "scaling", 2, (3, 2, 2), activation="(z+1)^2")


@tampering("there is no symmetry 'scaling'")
def scalings_of_a_raised_square_without_biases(reports):
    return with_symmetry(reports, "scaling", 2, (3, 2, 2), activation="z^2+1")


@tampering("there is no symmetry 'rotation'")
def rotations_with_two_outputs(reports):
    return with_symmetry(reports, "rotation", 1, (2, 2, 2, 2), activation_degree=2)


@tampering("there is no symmetry 'rotation'")
def rotations_of_cubes(reports):
    return with_symmetry(reports, "rotation", 3, (3, 3, 1), activation_degree=3)


@tampering("there is no symmetry 'rotation'")
def rotations_of_a_shifted_square_without_biases(reports):
    return with_symmetry(reports, "rotation", 1, (1, 2, 1), activation="(z+1)^2")


@tampering("there is no symmetry 'general-linear'")
def mixed_squares(reports):
    return with_symmetry(reports, "general-linear", 4, (3, 2, 1), activation_degree=2)


@tampering("there is no symmetry 'general-linear'")
def mixed_rows_under_a_constant_without_biases(reports):
    return with_symmetry(reports, "general-linear", 4, (3, 2, 2), activation="2*z+1")


@tampering("there is no symmetry 'translation'")
def translations_without_biases(reports):
    return with_symmetry(reports, "translation", 2, (3, 2, 3))


@tampering("there is no symmetry 'translation'")
def translations_of_squares(reports):
    return with_symmetry(reports, "translation", 2, (3, 2, 2), BIASES, activation_degree=2, biases=True)


@tampering("there is no symmetry 'scaling'")
def scalings_that_forget_the_biases(reports):
    return with_symmetry(reports, "scaling", 2, (3, 2, 2), activation_degree=2, biases=True)


@tampering("divides the denominator")
def a_prime_in_a_denominator(reports):
    report = reports.proved(2, 1, 1, activation="1/65537*z^2")
    evidence = reports.lower(report)
    evidence["prime"] = 65537
    evidence["point"] = [value % 65537 for value in evidence["point"]]
    evidence["inputs"] = [[value % 65537 for value in x] for x in evidence["inputs"]]
    return report


@tampering("gain of a composition")
def a_gain_at_an_interface_without_symmetry(reports):
    report = reports.proved(3, 2, 2, activation="z^3+z")
    return reports.compose(report, reports.coordinates(report, 0, 2), reports.coordinates(report, 2, 5), 2)


@tampering("gain of a composition")
def the_gain_of_all_matrices_at_squares(reports):
    report = reports.proved(3, 2, 2, activation_degree=2)
    return reports.compose(report, reports.coordinates(report, 0, 2), reports.coordinates(report, 2, 5), 4)


@tampering("gain of a composition")
def the_gain_of_rotations_with_two_outputs(reports):
    report = reports.proved(3, 2, 2, activation_degree=2)
    return reports.compose(report, reports.coordinates(report, 0, 2), reports.coordinates(report, 2, 5), 3)


@tampering("gain of a composition")
def a_gain_behind_the_activation(reports):
    report = reports.proved(2, 2, 2, activation_degree=2)
    return reports.compose(report, reports.coordinates(report, 0, 3), reports.coordinates(report, 3, 5), 2)


@tampering("gain of a composition")
def the_gain_of_dependent_functions(reports):
    # Behind a layer of width 1 the three functions of the next one depend on each other: GL(3) does not act freely on them.
    report = reports.proved(2, 1, 3, 2)
    return reports.compose(report, reports.parameters(0, 4, 5), reports.coordinates(report, 4, 6), 9)


@tampering("gain of a composition")
def a_gain_where_a_function_vanishes(reports):
    report = reports.proved(3, 2, 2, activation_degree=2)
    reports.lower(report)["point"][:3] = [0, 0, 0]
    return reports.compose(report, reports.coordinates(report, 0, 2), reports.coordinates(report, 2, 5), 2)


@tampering("ambient dimension")
def a_filling_network_by_a_smaller_ambient_space(reports):
    report = reports.proved(3, 2, 2, activation="1/2*z^2-z")
    value = report["claims"][0]["value"]
    assert value["dimension"] < value["ambient_dimension"]
    value["ambient_dimension"] = value["linear_span_dimension"] = value["dimension"]
    value["expected_dimension"] = value["dimension"]
    value |= {"defect": 0, "filling": True}
    report["parametrization"]["coordinates"] = value["dimension"]
    return report


def test_there_are_at_least_35_kinds():
    assert len({function.__name__ for function in TAMPERINGS}) == len(TAMPERINGS) >= 35


@pytest.mark.parametrize("tampered", TAMPERINGS, ids=lambda function: function.__name__)
def test_a_false_argument_is_refused_for_what_is_false(reports, tampered):
    (finding,) = verify(tampered(reports))
    assert not finding.accepted
    assert tampered.reason in finding.statement
    assert "\n" not in finding.statement
