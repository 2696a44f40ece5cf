"""Models of PyTorch: every operation is held against torch's own value, and what is refused is named."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

import neuroalg_cli as na
from neuroalg_cli.errors import SpecError
from neuroalg_cli.importers import torch as importer
from neuroalg_cli.importers.torch import from_torch
from neuroalg_cli.interpreters import floating
from neuroalg_cli.recognizing.canonical_graph import normal_form

torch = pytest.importorskip("torch")
nn, F = torch.nn, torch.nn.functional


class Function(nn.Module):
    """A module of a function, some parts and an entrywise parameter p, so that every model has a parameter."""

    def __init__(self, function, *parts, parameter=None):
        super().__init__()
        self.parts = nn.ModuleList(parts)
        self.function = function
        self.p = None if parameter is None else nn.Parameter(torch.as_tensor(parameter))

    def forward(self, x):
        return self.function(*self.parts, x) if self.p is None else self.function(*self.parts, self.p, x)


def scaled(function):
    """The function behind an entrywise product with parameters."""
    return lambda shape: Function(lambda p, x: function(p * x), parameter=torch.randn(shape[1:]))


def module(make, *arguments, **options):
    return lambda _: make(*arguments, **options)


def with_part(function, make):
    return lambda _: Function(function, make())


def trained_batch_norm(layer, channels):
    norm = layer(channels)
    for tensor in (norm.running_mean, norm.weight, norm.bias):
        torch.nn.init.normal_(tensor)
    torch.nn.init.uniform_(norm.running_var, 0.5, 2.0)
    return norm


CASES = {
    "linear": ((1, 3), module(nn.Linear, 3, 2)),
    "linear on tokens": ((1, 4, 3), module(nn.Linear, 3, 2)),
    "linear on an image": ((1, 2, 4, 3), module(nn.Linear, 3, 2, bias=False)),
    "linear to one": ((1, 3), module(nn.Linear, 3, 1)),
    "linear from one": ((1, 1), module(nn.Linear, 1, 3)),
    "bilinear": ((1, 3), lambda _: Function(lambda b, x: b(x, x * x), nn.Bilinear(3, 3, 2))),
    "conv1d": ((1, 2, 7), module(nn.Conv1d, 2, 3, 3)),
    "conv1d one channel": ((1, 1, 7), module(nn.Conv1d, 1, 1, 2)),
    "conv1d stride dilation padding": ((1, 2, 9), module(nn.Conv1d, 2, 4, 3, stride=2, dilation=2, padding=3)),
    "conv1d same, even": ((1, 2, 6), module(nn.Conv1d, 2, 2, 4, padding="same")),
    "conv1d same, even, dilated": ((1, 1, 9), module(nn.Conv1d, 1, 2, 2, padding="same", dilation=3)),
    "conv2d": ((1, 2, 4, 5), module(nn.Conv2d, 2, 3, (2, 3))),
    "conv2d all": (
        (1, 4, 6, 5),
        module(nn.Conv2d, 4, 6, (3, 2), stride=(2, 1), dilation=(1, 2), padding=(1, 2), groups=2),
    ),
    "conv2d circular": ((1, 2, 4, 5), module(nn.Conv2d, 2, 2, (3, 2), padding=(1, 2), padding_mode="circular")),
    "conv2d reflect": ((1, 1, 4, 5), module(nn.Conv2d, 1, 2, 3, padding=2, padding_mode="reflect")),
    "conv2d replicate": ((1, 1, 4, 5), module(nn.Conv2d, 1, 2, 3, padding=2, padding_mode="replicate")),
    "depthwise": ((1, 3, 4, 4), module(nn.Conv2d, 3, 3, 2, groups=3)),
    "pointwise": ((1, 3, 2, 2), module(nn.Conv2d, 3, 2, 1)),
    "filter as large as the input": ((1, 2, 3, 3), module(nn.Conv2d, 2, 2, 3)),
    "flatten": ((1, 2, 3, 4), lambda _: nn.Sequential(nn.Conv2d(2, 3, 2), nn.Flatten(), nn.Linear(18, 2))),
    "batch norm": ((1, 2, 3, 3), lambda _: trained_batch_norm(nn.BatchNorm2d, 2)),
    "batch norm, vectors": ((1, 3), lambda _: trained_batch_norm(nn.BatchNorm1d, 3)),
    "batch norm, equal statistics": ((1, 2, 5), module(nn.BatchNorm1d, 2)),
    "batch norm without parameters": (
        (1, 2, 4),
        lambda _: nn.Sequential(nn.Conv1d(2, 2, 1), nn.BatchNorm1d(2, affine=False)),
    ),
    "layer norm": ((1, 3, 4), module(nn.LayerNorm, 4)),
    "layer norm, two axes": ((1, 3, 4), module(nn.LayerNorm, (3, 4))),
    "rms norm": ((1, 3, 4), module(nn.RMSNorm, 4, eps=0.01)),
    "group norm": ((1, 4, 3), module(nn.GroupNorm, 2, 4)),
    "dropout": ((1, 3), lambda _: nn.Sequential(nn.Linear(3, 2), nn.Dropout(0.5))),
    "add": ((1, 3), scaled(lambda x: x + 2 * x.flip(1) + 0.25)),
    "subtract": ((1, 3), scaled(lambda x: torch.sub(1.5 - x, x.flip(1), alpha=3))),
    "negative": ((1, 3), scaled(lambda x: -x)),
    "powers": ((1, 3), scaled(lambda x: x**2 + x.pow(3) - x.square() * x + x * x)),
    "power 0": ((1, 3), scaled(lambda x: x**0 + x)),
    "negative and broken powers": ((1, 3), scaled(lambda x: (x * x + 1) ** -2 + (x * x) ** 0.5 + (1 + x * x) ** -1.5)),
    "divide": ((1, 3), scaled(lambda x: x / 3 + x / (x.flip(1) ** 2 + 1) + 2 / (3 + x * x))),
    "divide by numbers": ((1, 3), scaled(lambda x: x / torch.tensor([1.0, 2.0, 4.0]))),
    "multiply by numbers": ((1, 3), scaled(lambda x: x * torch.tensor([1.0, -2.0, 0.5]))),
    "add numbers": ((1, 2, 3), scaled(lambda x: x + torch.tensor([[1.0], [2.5]]))),
    "reciprocal, rsqrt": ((1, 3), scaled(lambda x: torch.reciprocal(x * x + 1) + torch.rsqrt(x * x + 1))),
    "broadcast": ((1, 3, 1, 2), lambda _: Function(lambda p, x: x + p, parameter=torch.randn(4, 1))),
    "transpose": ((1, 3, 4), scaled(lambda x: x.transpose(1, 2) ** 2)),
    "permute": ((1, 2, 3, 4), scaled(lambda x: x.permute(0, 3, 1, 2) * 2)),
    "reshape": ((1, 2, 6), scaled(lambda x: x.reshape(1, 4, 3).transpose(1, 2).reshape(-1))),
    "unflatten": ((1, 6), scaled(lambda x: x.unflatten(1, (2, 3)).mT)),
    "squeeze": ((1, 1, 3), scaled(lambda x: x.squeeze(1).unsqueeze(-1))),
    "cat": ((1, 3), scaled(lambda x: torch.cat([x, x**2], 1))),
    "cat with numbers": ((1, 3), scaled(lambda x: torch.cat([torch.ones(1, 2) * 0.5, x], 1))),
    "stack": ((1, 3), scaled(lambda x: torch.stack([x, 2 * x], -1))),
    "split": ((1, 7), scaled(lambda x: torch.cat(x.split([2, 4, 1], 1)[::-1], 1))),
    "chunk": ((1, 6), scaled(lambda x: x.chunk(2, 1)[0] * x.chunk(2, 1)[1])),
    "slice": ((1, 5, 4), scaled(lambda x: x[:, 1:4:2, -2:])),
    "index": ((1, 5), scaled(lambda x: x[:, [3, 0, 0]])),
    "select": ((1, 5, 3), scaled(lambda x: x[:, 2])),
    "expand, repeat": ((1, 1, 3), scaled(lambda x: x.expand(1, 2, 3) + x.repeat(1, 2, 1))),
    "roll": ((1, 5), scaled(lambda x: x.roll(2, 1))),
    "pad": ((1, 2, 3), scaled(lambda x: F.pad(x, (1, 2)))),
    "unfold": ((1, 2, 4, 4), scaled(lambda x: F.unfold(x, 2, stride=2))),
    "pixel shuffle": ((1, 4, 2, 3), scaled(lambda x: F.pixel_shuffle(x, 2))),
    "tril": ((1, 3, 3), scaled(torch.tril)),
    "mask": ((1, 3, 3), scaled(lambda x: x * torch.tril(torch.ones(3, 3)))),
    "masked fill": ((1, 3, 3), scaled(lambda x: x.masked_fill(torch.eye(3) > 0, 1.5))),
    "where": ((1, 4), scaled(lambda x: torch.where(torch.tensor([True, False, True, False]), x, x**2))),
    "matmul": ((1, 3, 4), scaled(lambda x: x @ x.mT)),
    "matmul with a parameter": ((1, 3, 4), lambda _: Function(lambda p, x: x @ p, parameter=torch.randn(4, 2))),
    "parameter on the left": ((1, 4, 3), lambda _: Function(lambda p, x: p @ x, parameter=torch.randn(2, 4))),
    "matmul with numbers": ((1, 3, 2), scaled(lambda x: torch.tensor([[0.0, 1.0, 0.5]], dtype=x.dtype) @ x)),
    "batched matmul": ((1, 2, 3, 4), scaled(lambda x: x @ (x**2).mT)),
    "matmul of vectors": ((1, 3), scaled(lambda x: x[0] @ x[0])),
    "einsum, heads": (
        (1, 3, 4),
        lambda _: Function(lambda p, x: torch.einsum("btd,hde->bhte", x, p), parameter=torch.randn(2, 4, 5)),
    ),
    "einsum, attention": ((1, 2, 3, 4), scaled(lambda x: torch.einsum("bhid,bhjd->bhij", x, x * x))),
    "einsum, trace": ((1, 3, 3), scaled(lambda x: torch.einsum("bii->b", x))),
    "einsum, outer": ((1, 3), scaled(lambda x: torch.einsum("bi,bj->bij", x, x))),
    "einsum, ellipsis": ((1, 2, 3), scaled(lambda x: torch.einsum("...i,...j->...ji", x, x))),
    "einsum, three": (
        (1, 3),
        lambda _: Function(lambda p, x: torch.einsum("bi,ijk,bj->bk", x, p, x), parameter=torch.randn(3, 3, 2)),
    ),
    "sum": ((1, 3, 4), scaled(lambda x: x.sum() + x.sum(1, keepdim=True) + x.sum((1, 2)))),
    "mean": ((1, 3, 4), scaled(lambda x: x.mean() + x.mean(1, keepdim=True) + x.mean((0, 2), keepdim=True))),
    "variance": ((1, 3, 4), scaled(lambda x: x.var(-1) + x.var((1, 2), correction=0))),
    "amax": ((1, 3, 4), scaled(lambda x: x.amax(1))),
    "average pooling": ((1, 2, 5, 6), scaled(lambda x: F.avg_pool2d(x, 2))),
    "average pooling, padded": ((1, 2, 5), scaled(lambda x: F.avg_pool1d(x, 3, 2, 1))),
    "average pooling, inside": ((1, 2, 5, 5), scaled(lambda x: F.avg_pool2d(x, 3, 2, 1, count_include_pad=False))),
    "global pooling": (
        (1, 2, 4, 6),
        scaled(lambda x: F.adaptive_avg_pool2d(x, 1) + F.adaptive_avg_pool2d(x, (2, 3)).sum()),
    ),
    "max pooling": ((1, 2, 5, 6), scaled(lambda x: F.max_pool2d(x, (2, 3), stride=1))),
    "max pooling, padded": ((1, 2, 7), scaled(lambda x: F.max_pool1d(x, 3, 2, 1) - 5)),
    "relu": ((1, 9), scaled(torch.relu)),
    "leaky relu": ((1, 9), scaled(lambda x: F.leaky_relu(x, 0.1))),
    "prelu": ((1, 3, 4), lambda _: Function(lambda r, x: r(x - 0.5), nn.PReLU(3))),
    "relu6, clamp": (
        (1, 9),
        scaled(lambda x: F.relu6(10 * x) + x.clamp(-0.5, 0.25) + x.clamp(min=0.1) + F.hardtanh(x)),
    ),
    "elu": ((1, 9), scaled(lambda x: F.elu(x, 1.5))),
    "abs": ((1, 9), scaled(torch.abs)),
    "maximum": ((1, 9), scaled(lambda x: torch.maximum(x, x.flip(1)) + torch.minimum(x, 0.5 * x.flip(1)))),
    "gelu": ((1, 5), scaled(lambda x: F.gelu(x) + F.gelu(x, approximate="tanh"))),
    "sigmoid, silu": ((1, 5), scaled(lambda x: torch.sigmoid(x) + F.silu(x))),
    "tanh, exp, erf, softplus": ((1, 5), scaled(lambda x: torch.tanh(x) + torch.exp(x) + torch.erf(x) + F.softplus(x))),
    "log, sqrt": ((1, 5), scaled(lambda x: torch.log(x * x + 1) + torch.sqrt(x * x + 0.5))),
    "softmax": ((1, 3, 4), scaled(lambda x: x.softmax(-1) + x.softmax(1) + x.log_softmax(-1))),
    "attention": ((1, 2, 3, 4), scaled(lambda x: F.scaled_dot_product_attention(x, x * 2, x**2))),
    "causal attention": ((1, 2, 3, 4), scaled(lambda x: F.scaled_dot_product_attention(x, x, x, is_causal=True))),
    "multihead attention": (
        (1, 3, 4),
        with_part(
            lambda a, x: a(x, x, x, need_weights=False)[0], lambda: nn.MultiheadAttention(4, 2, batch_first=True)
        ),
    ),
    "transformer layer": ((1, 3, 4), lambda _: nn.TransformerEncoderLayer(4, 2, 5, batch_first=True)),
}


def raw(monkeypatch, model, x):
    """Returns the graph and the weights before recognition."""
    found = []
    monkeypatch.setattr(importer, "imported", lambda network, weights, *_: found.append((network, weights)))
    importer.from_torch(model, x)
    return found[0]


@pytest.mark.filterwarnings("ignore:Using padding='same' with even")  # what torch says when it evaluates the model
@pytest.mark.parametrize("name", CASES)
def test_every_operation_has_the_value_that_torch_gives_it(name, monkeypatch, evaluate):
    shape, make = CASES[name]
    torch.manual_seed(7)
    model = make(shape).double().eval()
    x = torch.randn(shape, dtype=torch.float64)
    expected = model(x).detach().numpy().reshape(-1)
    network, weights = raw(monkeypatch, model, x)
    np.testing.assert_allclose(evaluate(network, weights, x.numpy().reshape(-1)), expected, rtol=1e-9, atol=1e-9)
    if network.is_rational:
        again = floating.evaluate(network, np.array(weights), x.numpy().reshape(1, -1))[0]
        np.testing.assert_allclose(again, expected, rtol=1e-9, atol=1e-9)
    form = normal_form(network)
    renumbered = evaluate(
        form.network, np.array(weights)[list(form.parameters)], x.numpy().reshape(-1)[list(form.inputs)]
    )
    np.testing.assert_allclose(renumbered, expected, rtol=1e-9, atol=1e-9)


class Square(nn.Module):
    def forward(self, x):
        return x * x


def test_a_perceptron_is_recognized_and_its_weights_stand_in_the_order_of_the_family():
    model = nn.Sequential(nn.Linear(3, 2), Square(), nn.Linear(2, 2))
    found = from_torch(model, torch.randn(1, 3))
    assert found.architecture == na.mlp([3, 2, 2], 2, biases=True)
    expected = torch.cat([p.detach().reshape(-1) for p in model.parameters()]).double().tolist()
    assert found.point == tuple(map(Fraction, expected))
    assert found.tensors == ("0.weight", "0.bias", "2.weight", "2.bias")


@pytest.mark.parametrize(
    ("activation", "text"),
    [
        (lambda x: x**2, "z^2"),
        (lambda x: x * x * x, "z^3"),
        (lambda x: 0.1 * x**2 + x, "1/10*z^2+z"),
        (lambda x: x * (x + 1), "z^2+z"),
        (lambda x: (x + 1) ** 2 - 1, "z^2+2*z"),
        (lambda x: x / 3 + x.square(), "z^2+1/3*z"),
    ],
)
def test_activations_written_in_python_are_polynomials(activation, text):
    first, last = nn.Linear(2, 3, bias=False), nn.Linear(3, 2, bias=False)
    model = Function(lambda a, b, x: b(activation(a(x))), first, last)
    assert from_torch(model, torch.randn(1, 2)).architecture == na.mlp([2, 3, 2], activation=text)


def test_the_dimension_of_a_model_is_that_of_its_architecture():
    model = nn.Sequential(nn.Linear(3, 2, bias=False), nn.Linear(2, 3, bias=False))
    assert na.dimension(from_torch(model, torch.randn(1, 3))) == na.dimension(na.mlp([3, 2, 3]))


def test_tied_weights_are_one_parameter():
    class Tied(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Linear(3, 3, bias=False), nn.Linear(3, 3, bias=False)
            self.b.weight = self.a.weight

        def forward(self, x):
            return self.b(self.a(x) ** 2)

    found = from_torch(Tied(), torch.randn(1, 3))
    assert found.architecture.family == "graph"
    assert found.architecture.network().parameter_count == 9
    assert len(found.point) == 9


def test_a_weight_and_its_transpose_are_one_parameter(monkeypatch, evaluate):
    model = Function(lambda p, x: (x @ p) ** 2 @ p.T, parameter=torch.randn(3, 2, dtype=torch.float64))
    x = torch.randn(1, 3, dtype=torch.float64)
    found = from_torch(model, x)
    assert found.architecture.network().parameter_count == 6
    network, weights = raw(monkeypatch, model, x)
    np.testing.assert_allclose(evaluate(network, weights, x.numpy()[0]), model(x).detach().numpy()[0])


def test_buffers_and_frozen_parameters_are_numbers():
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Linear(3, 2)
            self.b = nn.Linear(2, 2)
            self.b.requires_grad_(requires_grad=False)
            self.register_buffer("scale", torch.tensor([0.5, 2.0]))

        def forward(self, x):
            return self.b(self.a(x) * self.scale)

    found = from_torch(Model(), torch.randn(1, 3))
    assert found.tensors == ("a.weight", "a.bias")
    assert found.architecture.network().parameter_count == 8


def test_weights_that_the_output_does_not_use_are_named():
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.spare = nn.Linear(3, 2), nn.Linear(2, 2)

        def forward(self, x):
            self.spare(self.a(x))
            return self.a(x)

    found = from_torch(Model(), torch.randn(1, 3))
    assert found.unused == ("spare.weight", "spare.bias")
    assert "spare.weight" in found.remarks[1]
    assert found.architecture == na.mlp([3, 2], biases=True)


class TwoInputs(nn.Module):
    def forward(self, x, y=None):
        return x if y is None else y


class TwoOutputs(nn.Linear):
    def forward(self, x):
        return super().forward(x), x


class Branch(nn.Linear):
    def forward(self, x):
        return super().forward(x) if x.sum() > 0 else x


def nan_weights():
    model = nn.Linear(3, 2)
    torch.nn.init.constant_(model.weight, math.nan)
    return model


@pytest.mark.parametrize(
    ("model", "x", "sentence"),
    [
        (nn.Linear(3, 2), torch.randn(4, 3), "first axis is the batch and must have size 1"),
        (nn.Linear(3, 2), torch.randn(3), "first axis is the batch and must have size 1"),
        (nn.Linear(3, 2), torch.ones(1, 3, dtype=torch.int64), "must be floating point"),
        (nn.Linear(3, 2), [1.0], "must be one torch.Tensor"),
        (lambda x: x, torch.randn(1, 3), "is no model of PyTorch"),
        (nn.Linear(4, 2), torch.randn(1, 3), "does not run on the example input"),
        (nan_weights(), torch.randn(1, 3), "'weight' are not all finite"),
        (nn.Sequential(nn.Linear(3, 2), nn.Dropout()), torch.randn(1, 3), "call model.eval() first"),
        (nn.ReLU(), torch.randn(1, 3), "depends on no parameters"),
        (Function(lambda p, _: p * 2, parameter=torch.randn(1, 2)), torch.randn(1, 3), "does not depend on its input"),
        (Function(lambda _, x: torch.ones(1, x.dim()), nn.Linear(1, 1)), torch.randn(1, 3), "depends neither on"),
        (TwoOutputs(3, 2), torch.randn(1, 3), "2 outputs"),
        (Branch(3, 3), torch.randn(1, 3), "torch.export cannot trace the model"),
        (
            nn.Sequential(nn.Linear(3, 2), nn.Hardswish()),
            torch.randn(1, 3),
            "in the module '1' (Hardswish) cannot be imported",
        ),
        (nn.Sequential(nn.Linear(3, 2), nn.Mish()), torch.randn(1, 3), "'mish.default' in the module '1' (Mish)"),
        (scaled(lambda x: x**0.3)((1, 3)), torch.randn(1, 3).abs(), "its exponent is 0.3"),
        (scaled(lambda x: F.pad(x, (1, 1), value=2.0))((1, 3)), torch.randn(1, 3), "pads with a number that is not 0"),
        (scaled(lambda x: x * math.inf)((1, 3)), torch.randn(1, 3), "numbers must be finite"),
        (nn.Sequential(nn.Linear(3, 2), nn.LSTM(2, 2)), torch.randn(1, 1, 3), "(LSTM) cannot be imported"),
        (nn.ConvTranspose1d(2, 2, 2), torch.randn(1, 2, 5), "not supported"),
        (nn.Conv3d(1, 1, 2), torch.randn(1, 1, 3, 3, 3), "cannot be imported"),
    ],
)
def test_what_is_not_supported_is_named_in_one_sentence(model, x, sentence):
    with pytest.raises(SpecError) as caught:
        from_torch(model, x)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_model_is_not_changed_by_importing_it():
    model = nn.Sequential(nn.Linear(3, 2), Square())
    before = {name: value.clone() for name, value in model.state_dict().items()}
    from_torch(model, torch.randn(1, 3))
    assert model.training
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_bfloat16_weights_are_exact():
    model = nn.Linear(2, 2).to(torch.bfloat16)
    found = from_torch(model, torch.randn(1, 2).to(torch.bfloat16))
    assert found.point == tuple(
        Fraction(v) for p in model.parameters() for v in p.detach().double().reshape(-1).tolist()
    )


class _Noisy(torch.nn.Module):
    def __init__(self, noise):
        super().__init__()
        self.layer = torch.nn.Linear(3, 3)
        self.noise = noise

    def forward(self, x):
        return self.layer(x) * self.noise()


@pytest.mark.parametrize(
    "noise",
    [lambda: torch.rand(3), lambda: torch.empty(3), lambda: torch.normal(torch.zeros(3)), lambda: torch.randperm(3)],
    ids=["rand", "empty", "normal", "randperm"],
)
def test_random_and_uninitialised_constants_are_refused(noise):
    # executed once they would be another network at every import
    with pytest.raises(SpecError, match="random or uninitialised"):
        na.from_torch(_Noisy(noise), torch.zeros(1, 3))


class _WithoutGradient(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(3, 3)

    def forward(self, x):
        with torch.no_grad():
            y = self.layer(x)
        return self.layer(y)


def test_a_part_with_a_mode_of_its_own_is_refused_in_a_sentence():
    with pytest.raises(SpecError, match="mode of its own"):
        na.from_torch(_WithoutGradient(), torch.zeros(1, 3))


def test_the_dimension_of_a_relu_network_is_its_functional_dimension_at_its_weights():
    module = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU(), torch.nn.Linear(3, 1))
    model = na.from_torch(module, torch.zeros(1, 2))
    claim = na.dimension(model)
    assert claim.invariant == "functional_dimension"
    assert claim == na.functional_dimension(model.architecture, point=model.point)
