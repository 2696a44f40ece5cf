"""Options that several commands share; those of the families are read from their files when a command needs them."""

from __future__ import annotations

import functools
import itertools
import os
import re
from typing import TYPE_CHECKING, Any

import click

from neuroalg_cli import registry
from neuroalg_cli.errors import SpecError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from neuroalg_cli.architecture import Architecture
    from neuroalg_cli.question import Question

_UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}


class ArchitectureCommand(click.Command):
    """A command about one network: it has the options of all families, read only when they are needed."""

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Returns the command's own parameters with the families' options in front."""
        own = super().get_params(ctx)
        return [
            *[p for p in own if isinstance(p, click.Argument)],
            *self._network_options,
            *[p for p in own if isinstance(p, click.Option)],
        ]

    @functools.cached_property  # click tells parameters apart by identity
    def _network_options(self) -> list[click.Option]:
        from neuroalg_cli.spec import families, family_options  # noqa: PLC0415  # pydantic

        known = f"Family of networks: {', '.join(families())}."
        result = [
            click.Option(["--arch"], metavar="FAMILY", help=known),
            click.Option(["--onnx"], metavar="FILE", help="A model in the format ONNX, in place of a description."),
        ]
        for option in family_options():
            text = _sentence(option.description)
            if option.kind == "flag":
                result.append(click.Option([option.flag, option.key], is_flag=True, help=text))
            else:
                result.append(click.Option([option.flag, option.key], metavar=option.metavar, help=text))
        return result

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parses the arguments, and remembers the family for --help, which may stand before it."""
        for argument, following in itertools.pairwise([*args, ""]):
            if argument == "--arch" or argument.startswith("--arch="):
                ctx.meta["family"] = argument.removeprefix("--arch").removeprefix("=") or following
        return super().parse_args(ctx, args)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the options of the family that --arch names, or a line for every family, and the command's own."""
        from neuroalg_cli.spec import families  # noqa: PLC0415  # pydantic

        known = families()
        chosen = known.get(ctx.meta.get("family", ""))
        of_families = {option.key for family in known.values() for option in family.options}
        if chosen is None:
            rows = [
                (name, ": ".join(filter(None, (family.summary, " ".join(o.flag for o in family.options)))))
                for name, family in known.items()
            ]
            with formatter.section(f"Families ('{ctx.command_path} --arch FAMILY --help' explains the options of one)"):
                formatter.write_dl(rows)
        else:
            rows = [(f"{o.flag} {o.metavar}".strip(), _sentence(o.description)) for o in chosen.options]
            with formatter.section(f"Family {chosen.family}: {chosen.summary}"):
                if rows:
                    formatter.write_dl(rows)
                else:
                    formatter.write_text("It has no options; describe it by a file.")
        options = [p for p in self.get_params(ctx) if isinstance(p, click.Option) and p.name not in of_families]
        records = [option.get_help_record(ctx) for option in options]
        with formatter.section("Options"):
            formatter.write_dl([record for record in records if record is not None])


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:] + "."


class MemorySize(click.ParamType[int | None]):
    """A number of bytes such as 8G, 512M or ``none``."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int | None:
        """Returns the number of bytes, None for no limit."""
        if not isinstance(value, str):
            return int(value)
        if value.lower() == "none":
            return None
        match = re.fullmatch(
            r"([0-9]{1,12}(?:\.[0-9]{1,6})?)\s*([KMGT]?)(?:i?B)?", value.strip(), re.IGNORECASE | re.ASCII
        )
        size = int(float(match[1]) * _UNITS[match[2].upper()]) if match else 0
        if not 0 < size < 2**62:  # the system's limits are 64-bit numbers
            self.fail(f"'{value[:40]}' is no size; write for example 8G, 512M or none", param, ctx)
        return size


class Seconds(click.ParamType[float | None]):
    """A positive number of seconds, with an optional unit s, m or h, or ``none``."""

    name = "seconds"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float | None:
        """Returns the number of seconds, None for no limit."""
        if not isinstance(value, str):
            return float(value)
        if value.lower() == "none":
            return None
        match = re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]{1,6})?)\s*([smh]?)", value.strip(), re.ASCII)
        seconds = float(match[1]) * {"": 1, "s": 1, "m": 60, "h": 3600}[match[2]] if match else 0.0
        if not 0 < seconds <= 10**9:  # 30 years; timers overflow later
            self.fail(f"'{value[:40]}' is no time; write for example 90, 10m, 2h or none", param, ctx)
        return seconds


class Seed(click.ParamType[int]):
    """A seed: an integer of ASCII digits, below 2^63."""

    name = "integer"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Returns the seed."""
        if isinstance(value, int):
            return value
        text = str(value).strip()
        if not re.fullmatch(r"[0-9]{1,19}", text, re.ASCII) or int(text) >= 2**63:
            self.fail(f"'{text[:40]}' is no seed; write an integer from 0 to {2**63 - 1}", param, ctx)
        return int(text)


class MaximalDegree(click.ParamType[int]):
    """The highest degree to look at: an integer of ASCII digits in a range."""

    name = "degree"

    def __init__(self, least: int = 0, most: int = 60) -> None:
        self.least, self.most = least, most

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Returns the degree."""
        text = str(value).strip()
        if not re.fullmatch(r"[0-9]{1,6}", text, re.ASCII) or not self.least <= int(text) <= self.most:
            self.fail(f"'{text[:40]}' is no degree; write an integer from {self.least} to {self.most}", param, ctx)
        return int(text)


def question_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the options that make a question: method, engine, seed, limits and where engines are."""
    engines = registry.names("engines")
    decorators = [
        click.argument("spec", required=False, metavar="[SPEC]"),
        click.option(
            "--method", default="auto", show_default=True, metavar="NAME", help="Method: see 'neuroalg list methods'."
        ),
        click.option(
            "--engine",
            default="auto",
            show_default=True,
            type=click.Choice(["auto", "builtin", *engines]),
            help="Where to compute.",
        ),
        click.option("--seed", default=0, show_default=True, type=Seed(), help="Seed of all randomness."),
        click.option(
            "--timeout",
            default="1h",
            show_default=True,
            type=Seconds(),
            help="Time limit: of each method, or of all that are tried in turn.",
        ),
        click.option(
            "--memory", default="8G", show_default=True, type=MemorySize(), help="Memory limit of each method."
        ),
        *(
            click.option(
                f"--{engine}",
                f"engine_{engine}",
                metavar="PATH",
                envvar=f"NEUROALG_{engine.upper()}",
                help=f"The {engine} to use.",
            )
            for engine in engines
        ),
        click.option("--keep", is_flag=True, help="Keep the folders of engine runs."),
    ]
    for decorator in reversed(decorators):
        command = decorator(command)
    return command


def named_engines(options: dict[str, Any]) -> dict[str, str]:
    """Returns the engines that options or the environment name; removes what it uses from ``options``."""
    result = {}
    for engine in registry.names("engines"):
        path = options.pop(f"engine_{engine}", None)
        if path is not None:
            if not path.strip():
                raise UsageError(f"--{engine} is empty; name the program, or leave the option out")
            result[engine] = path
    return result


def make_question(invariant: str, options: dict[str, Any]) -> Question:
    """Returns the question that the options of a command ask; removes what it uses from ``options``."""
    from neuroalg_cli import spec  # noqa: PLC0415
    from neuroalg_cli.question import Question  # noqa: PLC0415

    if invariant != "dimension":
        # Many small matrices: a second thread of the BLAS gains little on an idle machine and waits for its turn on a busy one.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    engine_paths = named_engines(options)
    seconds, memory = options.pop("timeout"), options.pop("memory")
    named = {key: options.pop(key) for key in ("method", "engine", "seed", "keep")}
    cross_check, max_degree = options.pop("cross_check", False), options.pop("max_degree", None)
    source = options.pop("spec")
    flags = {key: options.pop(key) for key in ["arch", *[o.key for o in spec.family_options()]]}
    onnx = options.pop("onnx", None)
    architecture = spec.read(source, flags) if onnx is None else _imported(onnx, source, flags)
    return Question(
        invariant=invariant,
        architecture=architecture,
        cross_check=cross_check,
        max_degree=max_degree,
        seconds=seconds,
        memory=memory,
        engine_paths=engine_paths,
        enforce_limits=True,
        **named,
    )


def _imported(onnx: str, source: str | None, flags: dict[str, Any]) -> Architecture:
    """Returns the architecture of a model in the format ONNX, and tells what it is and which tensors are parameters."""
    from neuroalg_cli.importers.onnx import from_onnx  # noqa: PLC0415
    from neuroalg_cli.terminal import talk  # noqa: PLC0415

    given = [source, *("--" + key.replace("_", "-") for key, value in flags.items() if value not in (None, False))]
    other = next((name for name in given if name is not None), None)
    if other is not None:
        raise SpecError(f"the network is described by --onnx and by {other[:80]}; give one of them")
    if not onnx.strip():
        raise UsageError("--onnx is empty; name a file in the format ONNX")
    model = from_onnx(onnx)
    context = click.get_current_context(silent=True)
    is_quiet = context is not None and bool((context.obj or {}).get("quiet"))
    for remark in () if is_quiet else model.remarks:
        talk(remark)
    return model.architecture


def output_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds --json and -o."""
    command = click.option("-o", "--output", metavar="FILE", help="Write the JSON report to a file.")(command)
    return click.option("--json", "as_json", is_flag=True, help="Print the JSON report instead of a table.")(command)
