"""The summary: rows are what `dim` says about the parts of a network, and the table fits wherever it is shown.

The reference for a row is the dimension of the network with fewer layers, described as a network of its own.
"""

from __future__ import annotations

import io
import json
from fractions import Fraction
from html.parser import HTMLParser
from typing import Any

import pytest
from click.testing import CliRunner
from rich.console import Console

import neuroalg_cli as na
from neuroalg_cli.architectures.mlp import mlp
from neuroalg_cli.cli import command_line
from neuroalg_cli.errors import SpecError
from neuroalg_cli.network import Network, NetworkBuilder
from neuroalg_cli.part_of_network import PartOfNetwork
from neuroalg_cli.recognizing.reading_layers import layers
from neuroalg_cli.summarizing import Summary, summarize
from neuroalg_cli.summary_table import as_text, render

SQUARE = ((2, Fraction(1)),)


def measured(summary: Summary) -> list[Any]:
    return [row for row in summary.rows if row.dimension is not None]


@pytest.mark.parametrize(
    ("widths", "degree", "biases"),
    [
        ([3, 4, 4, 2], 2, False),
        ([3, 4, 2, 1], 2, True),
        ([2, 3, 3, 1], 3, False),
        ([4, 2, 3], None, False),
        ([3, 2], None, True),
    ],
)
def test_rows_are_the_dimensions_of_the_shorter_networks(widths: list[int], degree: int | None, biases: bool) -> None:
    summary = na.summary(mlp(widths, degree, biases=biases))
    rows = measured(summary)
    assert len(rows) == len(widths) - 1
    for length, row in enumerate(rows, start=2):
        claim = na.dimension(mlp(widths[:length], degree, biases=biases))
        assert row.dimension == claim.value["dimension"]
        assert row.total_parameters == claim.value["parameters"]
        assert row.redundant == claim.value["generic_fiber_dimension"]
        assert row.defect == claim.value["defect"]
        assert row.expected_dimension == claim.value["expected_dimension"]
        assert row.filling == claim.value["filling"]
        assert row.names == ((f"W_{length - 1}", f"b_{length - 1}") if biases else (f"W_{length - 1}",))
        assert row.shape == (widths[length - 1],)
    assert summary.claim is not None
    assert summary.claim.value["dimension"] == rows[-1].dimension
    assert sum(row.parameters for row in summary.rows) == summary.parameters


def test_the_layer_that_loses_dimension_is_named() -> None:
    # (3,3,1) with r = 2: quadratic forms in 3 variables, all of them: 6 of 9 = 12 - 3 expected, at most 6 in the ambient space;
    # (4,3,1): symmetric 4 x 4 matrices of rank at most 3: 9 of 10 coordinates, 15 - 3 = 12 expected, capped at 10: defect 1
    summary = na.summary(mlp([4, 3, 1], 2))
    first, last = measured(summary)
    assert (first.dimension, first.lost) == (12, 0)
    assert (last.dimension, last.expected_dimension, last.defect, last.lost) == (9, 10, 1, 1)
    assert "up to dense W_2: 10 expected, 9 found" in str(summary)
    # 3 scalings and 3 rotations explain the six parameters too many
    assert (last.redundant, last.symmetries) == (6, 6)


def attention_network(heads: int = 1) -> Network:
    builder = NetworkBuilder()
    x = builder.input((2, 3))
    parts = []
    for head in range(1, heads + 1):
        q, k, v = (builder.parameter(f"{letter}_{head}", (2, 2)) for letter in "QKV")
        values = builder.matmul(builder.matmul(v, x), builder.transpose(x))
        parts.append(builder.matmul(values, builder.matmul(builder.transpose(k), builder.matmul(q, x))))
    return builder.finish(builder.sum(*parts) if heads > 1 else parts[0])


def test_attention_is_one_layer() -> None:
    found = layers(attention_network())
    assert [layer.kind for layer in found] == ["attention"]
    network = attention_network(2)
    (both,) = layers(network)
    assert [network.nodes[i].name for i in both.parameters] == ["Q_1", "K_1", "V_1", "Q_2", "K_2", "V_2"]
    summary = na.summary(PartOfNetwork(graph=attention_network(), whole="test"))
    # arXiv:2408.17221: 2ad + dd' - a^2 - 1 = 8 + 4 - 4 - 1 = 7 for d = d' = a = 2
    assert [row.dimension for row in summary.rows] == [7]


def convolution_network() -> Network:
    """Patches of 2 of 4 inputs, 3 channels and a bias, a square, then a matrix shared by all positions."""
    builder = NetworkBuilder()
    x = builder.input((4,))
    patches = builder.gather([x], [0, 1, 2, 1, 2, 3], (2, 3))
    hidden = builder.matmul(builder.parameter("W_1", (3, 2)), patches)
    hidden = builder.sum(hidden, builder.repeat_columns(builder.parameter("b_1", (3,)), 3))
    hidden = builder.polynomial(hidden, SQUARE)
    return builder.finish(builder.reshape(builder.matmul(builder.parameter("W_2", (1, 3)), hidden), (3,)))


def test_patches_and_biases_belong_to_the_convolution_and_reshapes_to_nothing() -> None:
    network = convolution_network()
    found = layers(network)
    assert [layer.kind for layer in found] == ["convolution", "activation", "dense"]
    assert [network.nodes[i].name for i in found[0].parameters] == ["W_1", "b_1"]
    assert found[-1].node == network.output
    assert found[1].text == "z^2"


def test_toeplitz_matrices_are_convolutions() -> None:
    builder = NetworkBuilder()
    x = builder.input((3,))
    w = builder.parameter("w", (2,))
    toeplitz = builder.gather([w], [0, 1, -1, -1, 0, 1], (2, 3))
    assert [layer.kind for layer in layers(builder.finish(builder.matmul(toeplitz, x)))] == ["convolution"]


def residual_network() -> Network:
    """x + V (U x)^2, twice, with the same U and V."""
    builder = NetworkBuilder()
    x = builder.input((2,))
    u, v = builder.parameter("U", (2, 2)), builder.parameter("V", (2, 2))
    for _ in range(2):
        x = builder.sum(x, builder.matmul(v, builder.polynomial(builder.matmul(u, x), SQUARE)))
    return builder.finish(x)


def test_shared_parameters_count_once_and_skips_are_rows() -> None:
    summary = na.summary(PartOfNetwork(graph=residual_network(), whole="test"))
    assert [row.kind for row in summary.rows] == ["dense", "activation", "dense", "skip"] * 2
    assert [row.parameters for row in summary.rows] == [4, 0, 4, 0, 0, 0, 0, 0]
    assert summary.rows[4].shared_names == ("U",)
    assert "(U)" in str(summary)
    assert summary.parameters == 8


def test_every_parameter_is_in_some_row() -> None:
    for network in (attention_network(2), convolution_network(), residual_network()):
        used = [index for layer in layers(network) for index in layer.parameters]
        assert sorted(used) == sorted(network.offsets)
        assert len(set(used)) == len(used)


def test_a_network_that_is_not_rational_has_functional_dimensions() -> None:
    builder = NetworkBuilder()
    x = builder.input((2,))
    hidden = builder.sum(builder.matmul(builder.parameter("W_1", (3, 2)), x), builder.parameter("b_1", (3,)))
    output = builder.matmul(builder.parameter("W_2", (1, 3)), builder.function("relu", hidden))
    summary = na.summary(PartOfNetwork(graph=builder.finish(output), whole="test"))
    # 9 parameters of a linear part; then 12 less 3 positive scalings: the bound of arXiv:2209.04036
    assert [row.dimension for row in measured(summary)] == [9, 9]
    assert summary.claim is not None
    assert summary.claim.invariant == "functional_dimension"
    assert "activation relu" in str(summary)
    assert "Defect" not in str(summary)


def test_rows_beyond_the_limits_show_a_question_mark_and_why() -> None:
    summary = na.summary(mlp([30, 40, 40, 20], activation="z^3+z"), seconds=0.001)
    assert summary.claim is None
    assert any(row.reason is not None for row in summary.rows)
    text = str(summary)
    assert " ?" in text
    assert "raise --timeout" in text
    assert na.summary(mlp([30, 40, 40, 20], activation="z^3+z"), seconds=0.001).as_json()["claim"] is None


def test_a_network_without_room_for_the_memory_is_no_failure() -> None:
    summary = na.summary(mlp([2000, 2000, 2000], activation="z^3+z"), memory=10**6)
    assert "raise --memory" in str(summary)


@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
@pytest.mark.parametrize("is_coloured", [False, True])
def test_the_table_fits_the_terminal(width: int, is_coloured: bool) -> None:
    summary = na.summary(mlp([3, 4, 2, 1], 2, biases=True))
    console = Console(
        width=width, record=True, file=io.StringIO(), force_terminal=is_coloured, no_color=not is_coloured
    )
    for part in render(summary, width):
        console.print(part)
    lines = console.export_text(clear=False).splitlines()
    assert max(len(line.rstrip()) for line in lines) <= width
    if width >= 80:
        row = next(line for line in lines if line.startswith("dense W_3"))
        assert row.split()[3:7] == ["1", "3", "20", "9"]  # output, parameters, dimension, redundant, on one line
    assert ("Symmetries" in console.export_text(clear=False)) == (width >= 120)


def test_text_and_html_say_the_same() -> None:
    summary = na.summary(mlp([4, 3, 1], 2))

    class Cells(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.found: list[str] = []

        def handle_data(self, data: str) -> None:
            self.found.append(data)

    parser = Cells()
    parser.feed(summary._repr_html_())
    for word in ("dense W_2", "Dimension", "9", "loses 1", "mlp-4.3.1-r2"):
        assert word in parser.found
        assert word in as_text(summary, 100)
    assert "<script" not in summary._repr_html_()


def test_what_is_no_network_is_refused() -> None:
    with pytest.raises(SpecError, match="is no network"):
        na.summary([3, 2, 3])  # type: ignore[arg-type]


def test_the_command_prints_a_table_and_json() -> None:
    arguments = ["-q", "summary", "--arch", "mlp", "--widths", "4,3,1", "--activation-degree", "2"]
    table = CliRunner().invoke(command_line, arguments, catch_exceptions=False)
    assert table.exit_code == 0
    assert "loses dimension  up to dense W_2: 10 expected, 9 found" in table.output
    assert "\x1b" not in table.output
    document = json.loads(CliRunner().invoke(command_line, [*arguments, "--json"], catch_exceptions=False).output)
    assert (document["schema"], document["version"]) == ("neuroalg/summary", 1)
    assert [row["dimension"] for row in document["rows"]] == [12, None, 9]
    assert document["claim"]["value"]["dimension"] == 9
    again = json.loads(CliRunner().invoke(command_line, [*arguments, "--json"], catch_exceptions=False).output)
    assert {**document, "volatile": 0} == {**again, "volatile": 0}


def test_a_description_in_a_file_is_enough(tmp_path: Any) -> None:
    (tmp_path / "n.toml").write_text('family = "mlp"\nwidths = [2, 2]\n')
    result = CliRunner().invoke(command_line, ["summary", str(tmp_path / "n.toml")], catch_exceptions=False)
    assert "dense W_1" in result.output


def test_stages_are_announced() -> None:
    from neuroalg_cli.question import Question

    heard: list[str] = []
    summarize(Question("dimension", mlp([2, 2, 1], 2)), heard.append)
    assert heard == ["the whole network", "dense W_1", "activation", "dense W_2"]
