"""What this project has of its own behaves as the standard library's does."""

from __future__ import annotations

import enum
import os
import pickle
import subprocess
import sys
import typing
from pathlib import Path

import pytest

from diagnose.model import _lazy_stdlib as light


class Ours(light.NamedTuple):
    """Documented."""

    a: int
    b: str = "x"
    c: tuple[int, ...] = ()

    @property
    def twice(self) -> int:
        return self.a * 2


class Theirs(typing.NamedTuple):
    """Documented."""

    a: int
    b: str = "x"
    c: tuple[int, ...] = ()

    @property
    def twice(self) -> int:
        return self.a * 2


GOOD = [((1,), {}), ((1, "y", (2,)), {}), ((), {"a": 1}), ((1,), {"c": (3,)}), ((), {"c": (1,), "b": "z", "a": 0})]
BAD = [((), {}), ((1, "y", (), 4), {}), ((1,), {"a": 2}), ((1,), {"d": 2}), ((), {"b": "y"})]


@pytest.mark.parametrize(("args", "kwargs"), GOOD)
def test_what_it_makes(args, kwargs):
    ours, theirs = Ours(*args, **kwargs), Theirs(*args, **kwargs)
    assert ours == theirs and hash(ours) == hash(theirs)
    assert repr(ours) == repr(theirs).replace("Theirs", "Ours")
    assert (ours.a, ours.b, ours.c, ours.twice) == (theirs.a, theirs.b, theirs.c, theirs.twice)
    assert ours._asdict() == theirs._asdict()
    assert ours._replace(b="new") == theirs._replace(b="new")
    assert pickle.loads(pickle.dumps(ours)) == ours and type(pickle.loads(pickle.dumps(ours))) is Ours
    assert Ours._make(theirs) == ours


@pytest.mark.parametrize(("args", "kwargs"), BAD)
def test_what_it_refuses(args, kwargs):
    for kind in (Ours, Theirs):
        with pytest.raises(TypeError):
            kind(*args, **kwargs)
    with pytest.raises((TypeError, ValueError)):
        Ours(1)._replace(d=1)


def test_immutable_and_closed():
    for name in ("a", "new"):
        with pytest.raises(AttributeError):
            setattr(Ours(1), name, 2)
    assert Ours._fields == Theirs._fields and Ours._field_defaults == Theirs._field_defaults
    assert Ours.__match_args__ == Theirs.__match_args__ and Ours.__doc__ == Theirs.__doc__


class OurColor(light.Enum):
    """Documented."""

    RED = "red"
    BLUE = "blue"

    @property
    def loud(self) -> str:
        return str(self.value).upper()


class TheirColor(enum.Enum):
    """Documented."""

    RED = "red"
    BLUE = "blue"

    @property
    def loud(self) -> str:
        return str(self.value).upper()


def test_enum():
    for color in (OurColor, TheirColor):
        assert [member.value for member in color] == ["red", "blue"] and len(color) == 2
        assert color("blue") is color.BLUE and color.RED is not color.BLUE and color.RED != color.BLUE
        assert (color.RED.name, color.RED.value, color.RED.loud, type(color.RED)) == ("RED", "red", "RED", color)
        assert pickle.loads(pickle.dumps(color.RED)) is color.RED
        assert {color.RED: 1}[color("red")] == 1
        with pytest.raises(ValueError, match="'green' is not a valid"):
            color("green")
    assert repr(OurColor.RED) == repr(TheirColor.RED).replace("Their", "Our")


def test_a_cache_is_bounded():
    calls = []

    @light.cache
    def called(number):
        calls.append(number)
        return [number]

    for number in range(light.KNOWN + 1):
        called(number)
    assert called(light.KNOWN) is called(light.KNOWN) and len(calls) == light.KNOWN + 1
    called(0)  # forgotten
    assert len(calls) == light.KNOWN + 2


def test_cache():
    calls = []

    @light.cache
    def double(number: int) -> int:
        """Documented."""
        calls.append(number)
        return 2 * number

    assert [double(2), double(3), double(2)] == [4, 6, 4] and calls == [2, 3]
    assert (double.__name__, double.__doc__) == ("double", "Documented.")


def test_re_is_the_real_one_when_it_is_used():
    assert light.re.findall(r"\d+", "a1b22") == ["1", "22"]


def test_a_machine_in_order_loads_nothing_heavy():
    code = (
        "import sys; before = set(sys.modules); from diagnose.cli import fast; fast.run(['env'])\n"
        "print('LOADED', *sorted(set(sys.modules) - before))\n"
    )
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("CARGO_", "PKG_CONFIG"))}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd="/", env=environ)
    loaded = done.stdout.rpartition("LOADED ")[2].split()
    heavy = {
        "typing",
        "dataclasses",
        "pathlib",
        "inspect",
        "argparse",
        "json",
        "importlib.metadata",
        "logging",
        "tempfile",
    }
    heavy |= {"collections", "contextlib", "enum", "functools", "importlib", "re"}
    heavy |= {"subprocess", "shutil", "struct", "typer", "rich", "elftools", "concurrent.futures", "tomllib"}
    assert "diagnose.readers.env" in loaded, done.stderr
    heavy |= {
        "diagnose.readers.elf.elf_parser",
        "diagnose.readers.pkgconfig.pcfile",
        "diagnose.readers.buildlog",
        "diagnose.readers.wheel.reader",
        # of a project, and of libraries
        "diagnose.readers.cargo.project",
        "diagnose.readers.cargo.lock",
        "diagnose.readers.cargo.needs",
        "diagnose.readers.library_answers",
    }
    assert len([name for name in loaded if name.startswith("diagnose_checks.")]) < 20  # areas included, of 80
    assert sorted(heavy & set(loaded)) == []


@pytest.mark.parametrize(
    ("command", "foreign"),
    [
        ("wheel", ("diagnose.readers.env", "diagnose.readers.cargo", "diagnose.readers.buildlog", "zipfile")),
        (
            "log",
            (
                *("diagnose.readers.env", "diagnose.readers.cargo", "diagnose.readers.elf", "diagnose.readers.wheel"),
                *("typing", "hashlib", "contextlib", "json", "diagnose.authoring.wheel"),
            ),
        ),
        ("--help", ("diagnose.readers", "diagnose.engine", "diagnose.model", "typer", "re", "json")),
    ],
)
def test_a_command_imports_no_reader_of_another(command: str, foreign: tuple[str, ...]) -> None:
    """Each costs a part of the start, which is most of the time that a small wheel takes."""
    fixtures = Path(__file__).parents[1] / "fixtures"
    wheel = next((fixtures / "wheels").glob("healthy_abi3-*.whl"))
    log = fixtures / "logs" / "real" / "toolchains" / "cc-success.log"
    code = (
        "import sys; from diagnose.cli import fast; out, sys.stdout = sys.stdout, open('/dev/null', 'w');"
        "fast.run(sys.argv[1:]); print(*sys.modules, file=out)"
    )
    words = [command] if command.startswith("-") else [command, str(log if command == "log" else wheel)]
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=True, cwd="/")
    before = subprocess.run([sys.executable, "-c", "import sys; print(*sys.modules)"], capture_output=True, text=True)
    new = set(done.stdout.split()) - set(before.stdout.split())
    assert new & set(foreign) == set()
    if command == "log":
        assert len([name for name in new if name.startswith("diagnose_checks.")]) < 30  # areas included, of 230
