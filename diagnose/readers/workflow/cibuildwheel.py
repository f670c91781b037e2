"""The legs of a step that runs cibuildwheel.

Sources: cibuildwheel's documentation (options), ``architecture.py`` and ``platforms/linux.py`` of v2.23.3 and v4.2.0.
"""

from __future__ import annotations

from itertools import pairwise

from diagnose.model import globs
from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple
from diagnose.model.targets import find
from diagnose.readers import toml
from diagnose.readers.workflow import scripts
from diagnose.readers.workflow.nodes import Text
from diagnose.readers.workflow.values import MAX_TEXT
from diagnose.readers.workflow.workflow_facts import BuildPlace, Hook, Leg, Spot
from diagnose.tables import ci

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from diagnose.readers.workflow.jobs import Step
    from diagnose.readers.workflow.repository import Repository

_PLATFORMS = ("linux", "auto")
_PATTERNS = 64  # that braces in one selector may stand for


class OptionValue(NamedTuple):
    """One option's value and its place; None where it is unknown."""

    value: str | None
    spot: Spot
    node: Text | None = None


class _Options:
    """The options of one step: its arguments, variables, then the tables of its configuration file."""

    def __init__(self, leg: Leg, step: Step, repository: Repository) -> None:
        self.leg, self.step, self.repository = leg, step, repository
        folder = step.input("package-dir")
        self.folder = (folder[0] or "").strip("./") if folder else _package(leg.words)
        self.unknown = any(given is not None and given[0] is None for given in (folder, step.input("config-file")))
        beside = f"{self.folder}/pyproject.toml" if self.folder else "pyproject.toml"
        given = step.input("config-file")
        named = given[0] if given else _argument(leg.words, "--config-file") or self._variable("CIBW_CONFIG_FILE")
        self.path = (named or beside).replace("{package}", self.folder or ".").removeprefix("./")
        self.content, self.text = repository.toml(self.path)
        self.unknown = self.unknown or bool(named and not self.content)
        self.table = toml.table(self.content, "tool", "cibuildwheel")

    def _variable(self, name: str) -> str:
        return next((one.value or "" for one in reversed(self.leg.settings) if one.name == name), "")

    def get(self, name: str, family: str = "") -> OptionValue | None:
        """Return the option called *name* (``before-all``) for Linux and a family of images."""
        argument = _argument(self.leg.words, f"--{name}")
        if argument:
            return OptionValue(argument, self.leg.spot)
        upper = "CIBW_" + name.upper().replace("-", "_")
        for setting in reversed(self.leg.settings):
            if setting.name in (f"{upper}_LINUX", upper):
                held = next((one for one in self.leg.settings if one.name == f"{upper}_LINUX"), setting)
                node = self.step.environment.get(held.name)
                return OptionValue(held.value, held.spot, node[0] if node else None)
        overrides = self.table.get("overrides")
        self.repository.spend(len(overrides) if isinstance(overrides, list) and family else 0)
        for row in overrides if isinstance(overrides, list) and family else ():
            pattern = row.get("select", "") if isinstance(row, dict) else ""
            names = pattern if isinstance(pattern, list) else str(pattern).split()
            if isinstance(row, dict) and name in row and any(_selects(one, family) for one in names):
                return OptionValue(_words(row[name]), self._spot("overrides", name))
        for table in (toml.table(self.table, "linux"), self.table):
            if name in table:
                return OptionValue(_words(table[name]), self._spot(name))
        return None

    def _spot(self, *keys: str) -> Spot:
        return Spot(self.path, toml.line_of(self.text, "cibuildwheel", *keys) or 1)


def _selects(pattern: str, family: str) -> bool:
    """Whether a build selector may choose a wheel of the *family* (``musllinux``)."""
    other = "manylinux" if family == "musllinux" else "musllinux"
    return family in pattern or (pattern.startswith("*") and other not in pattern and "linux" in pattern)


def _words(value: Any) -> str | None:
    if isinstance(value, list):
        return " && ".join(map(str, value))
    return value if isinstance(value, str) else None


def _argument(words: tuple[str, ...], option: str) -> str:
    """Return the value of an option on the command line of the program; empty without one."""
    for number, word in enumerate(words):
        if word == option:
            return words[number + 1] if number + 1 < len(words) else ""
        if word.startswith(f"{option}="):
            return word.partition("=")[2]
    return ""


def _package(words: tuple[str, ...]) -> str:
    """Return the folder that the command line names, relative to the repository; empty for the current one."""
    rest = [word for before, word in pairwise(words) if not word.startswith("-") and not _takes_value(before)]
    return rest[0].strip("./") if rest else ""


def _takes_value(word: str) -> bool:
    return word.startswith("--") and "=" not in word and word not in ("--allow-empty", "--print-build-identifiers")


def legs(leg: Leg, step: Step, repository: Repository) -> Iterator[Leg]:
    """Yield one leg for each image that the step uses; one unknown leg where the options are unknown."""
    options = _Options(leg, step, repository)
    arch = leg.runner.arch if leg.runner else ""
    archs = options.get("archs")
    only = step.input("only") or ((found, leg.spot) if (found := _argument(leg.words, "--only")) else None)
    selected, skipped = options.get("build"), options.get("skip")
    platform = options.get("platform")
    unclear = [one for one in (archs, selected, skipped, platform) if one is not None and one.value is None]
    if not arch or unclear or options.unknown or (only is not None and only[0] is None):
        yield leg._replace(place=BuildPlace("unknown", leg.label))
        return
    if platform is not None and platform.value not in _PLATFORMS:
        return
    named = _archs(archs.value if archs and archs.value else "auto", arch, ci.release_of(leg.version))
    if only is not None and only[0]:
        selected, skipped = OptionValue(only[0], only[1]), None
        named = [only[0].rpartition("linux_")[2]]
    for name in named:
        for family in ("manylinux", "musllinux"):
            row = next((one for one in find(name) if (one.libc == "musl") == (family == "musllinux")), None)
            pattern = f"cp312-{family}_{name}"
            if row is None or not _wanted(selected, skipped, family, pattern):
                continue
            image = _image(leg, options, name, family)
            given = {"build": selected, "environment": options.get("environment", family)}
            given["image"] = options.get(f"{family}-{name}-image")
            place = BuildPlace("image", image, ci.image(image)) if image else BuildPlace("unknown", "")
            made = leg._replace(
                target=row.triple,
                place=place,
                manylinux=image,
                project=repository.project(options.folder or ".", row.triple),
                inputs={name: (one.value, one.spot) for name, one in given.items() if one and one.value is not None},
            )
            facts = place.facts
            repository.spend(made.parts)
            yield made._replace(
                tag=_tag(facts, image, row.wheel) if facts else "",
                hooks=tuple(_hooks(options, place, family, repository)),
            )


def _tag(facts: ci.Image, image: str, wheel: str) -> str:
    if facts.target == "musl":
        return f"musllinux_1_{'1' if 'musllinux_1_1' in image else '2'}_{wheel}"
    if facts.target == "2.17":
        return f"manylinux2014_{wheel}"
    return f"up to manylinux_{facts.target.replace('.', '_')}_{wheel}" if facts.target else ""


def _archs(text: str, native: str, release: tuple[int, ...]) -> list[str]:
    """Return the processors that ``archs`` names; those before release 3 add i686 to x86_64 by themselves."""
    found: list[str] = []
    both = native == "x86_64" and bool(release) and release < (3,)
    for word in text.replace(",", " ").split():
        if word in ("auto", "native", "auto64"):
            found += [native, "i686"] if both and word == "auto" else [native]
        elif word == "auto32":
            found.append({"x86_64": "i686", "aarch64": "armv7l"}.get(native, ""))
        elif word == "all":
            found += ["x86_64", "i686", "aarch64", "ppc64le", "s390x", "armv7l", "riscv64"]
        else:
            found.append(word)
    return list(dict.fromkeys(filter(None, found)))


def expanded(text: str) -> list[str]:
    """Return the patterns of a selector, its braces expanded (``{pp,*-musllinux}*``)."""
    found: list[str] = []
    waiting = text.split()
    while waiting and len(found) + len(waiting) < _PATTERNS:
        pattern = waiting.pop(0)
        head, opened, rest = pattern.partition("{")
        inner, closed, tail = rest.partition("}")
        if opened and closed:
            waiting += [head + one + tail for one in inner.split(",")]
        else:
            found.append(pattern)
    return found + waiting


def _wanted(selected: OptionValue | None, skipped: OptionValue | None, family: str, name: str) -> bool:
    """Whether wheels of the *family* are built at all."""
    build = expanded((selected.value or "") if selected else "")
    skip = expanded((skipped.value or "") if skipped else "")
    arch = name.partition(f"{family}_")[2]
    if any(globs.fits(name, one) or one.lstrip("*-") in (f"{family}*", family, f"{family}_{arch}") for one in skip):
        return False
    if not build:
        return True
    return any(_covers(one, family, arch) for one in build)


def _covers(pattern: str, family: str, arch: str) -> bool:
    """Whether the selector *pattern* may choose a wheel of the family for the processor, of whichever Python."""
    if "-" not in pattern and pattern.startswith(("cp", "pp", "gp")) and pattern.endswith("*"):
        return True
    end = pattern.rpartition("-")[2]
    return globs.fits(f"{family}_{arch}", end) or globs.fits(f"cp312-{family}_{arch}", pattern)


def _image(leg: Leg, options: _Options, arch: str, family: str) -> str:
    """Return the image that builds; empty where it is unknown, or the release refuses the name."""
    chosen = options.get(f"{family}-{arch}-image")
    release = ci.release_of(leg.version)
    if chosen is None:
        return ci.cibuildwheel_image(release, family, arch) if release else ""
    name = chosen.value
    if name is None or ci.cibuildwheel_refuses(release, name):
        return ""
    return f"quay.io/pypa/{name}_{arch}" if name in ci.CIBUILDWHEEL_SHORT else name


def _hooks(options: _Options, place: BuildPlace, family: str, repository: Repository) -> Iterator[Hook]:
    for name in ("before-all", "before-build"):
        chosen = options.get(name, family)
        if chosen is None or chosen.value is None:
            continue
        node = chosen.node if chosen.node is not None else Text(chosen.value, chosen.spot.line)
        strict = not set(chosen.value.strip()) & {"\n", ";"}  # one list: `sh -c` has the status of its first failure
        text = chosen.value.replace("{project}", ".")
        if text.count("{package}") * len(options.folder) < MAX_TEXT:
            text = text.replace("{package}", options.folder or ".")
        yield scripts.hook(name, place, node, text, chosen.spot.path, repository, strict=strict)
