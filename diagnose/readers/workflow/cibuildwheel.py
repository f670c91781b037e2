"""The legs of a step that runs cibuildwheel.

Sources: cibuildwheel's documentation (options) and ``platforms/linux.py``, 4.2.
"""

from __future__ import annotations

from fnmatch import fnmatchcase

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple
from diagnose.model.targets import find
from diagnose.readers import toml
from diagnose.readers.workflow import scripts
from diagnose.readers.workflow.nodes import Text
from diagnose.readers.workflow.workflow_facts import BuildPlace, Hook, Leg, Spot
from diagnose.tables import ci

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from diagnose.readers.workflow.jobs import Step
    from diagnose.readers.workflow.repository import Repository

_SHORT = {
    "manylinux1", "manylinux2010", "manylinux2014", "manylinux_2_24", "manylinux_2_28", "manylinux_2_31",
    "manylinux_2_34", "manylinux_2_35", "manylinux_2_39", "musllinux_1_1", "musllinux_1_2",
}  # fmt: skip
DEFAULTS = {"x86_64": "manylinux_2_28", "aarch64": "manylinux_2_28", "ppc64le": "manylinux_2_28"}
"""Default images since cibuildwheel 3.0, of the processors that all its documentation agrees on."""
DEFAULTS |= {"s390x": "manylinux_2_28", "armv7l": "manylinux_2_31", "riscv64": "manylinux_2_39"}


class OptionValue(NamedTuple):
    """One option's value and its place; None where it is unknown."""

    value: str | None
    spot: Spot
    node: Text | None = None


class _Options:
    """The options of one step: variables first, then the tables of pyproject.toml."""

    def __init__(self, leg: Leg, step: Step, repository: Repository) -> None:
        self.leg, self.step = leg, step
        folder = step.input("package-dir")
        base = (folder[0] or "").strip("./") if folder else ""
        self.path = f"{base}/pyproject.toml" if base else "pyproject.toml"
        self.content, self.text = repository.toml(self.path)
        self.table = toml.table(self.content, "tool", "cibuildwheel")
        self.unknown_file = step.input("config-file") is not None

    def get(self, name: str, family: str = "") -> OptionValue | None:
        """Return the option called *name* (``before-all``) for Linux and a family of images."""
        upper = "CIBW_" + name.upper().replace("-", "_")
        for setting in reversed(self.leg.settings):
            if setting.name in (f"{upper}_LINUX", upper):
                held = next((one for one in self.leg.settings if one.name == f"{upper}_LINUX"), setting)
                node = self.step.environment.get(held.name)
                return OptionValue(held.value, held.spot, node[0] if node else None)
        overrides = self.table.get("overrides")
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


def legs(leg: Leg, step: Step, repository: Repository) -> Iterator[Leg]:
    """Yield one leg for each image that the step uses; one unknown leg where the options are unknown."""
    options = _Options(leg, step, repository)
    arch = leg.runner.arch if leg.runner else ""
    archs = options.get("archs")
    given = step.input("only")
    selected, skipped = options.get("build"), options.get("skip")
    unclear = [one for one in (archs, selected, skipped) if one is not None and one.value is None]
    if not arch or given is not None or unclear or options.unknown_file:
        yield leg._replace(place=BuildPlace("unknown", leg.label))
        return
    for name in _archs(archs.value if archs and archs.value else "auto", arch):
        for family in ("manylinux", "musllinux"):
            row = next((one for one in find(name) if (one.libc == "musl") == (family == "musllinux")), None)
            pattern = f"cp312-{family}_{name}"
            if row is None or not _wanted(selected, skipped, family, pattern):
                continue
            image, spot = _image(leg, options, name, family)
            place = BuildPlace("image", image, ci.image(image)) if image else BuildPlace("unknown", "")
            made = leg._replace(
                target=row.triple,
                place=place,
                manylinux=image,
                project=repository.project(".", row.triple),
                inputs={"image": (image, spot)},
            )
            facts = place.facts
            base = facts.target if facts and facts.target else ""
            tag = f"musllinux_1_2_{row.wheel}" if family == "musllinux" else _tag(base, row.wheel)
            yield made._replace(tag=tag if facts else "", hooks=tuple(_hooks(options, place, family, repository)))


def _tag(glibc: str, wheel: str) -> str:
    if glibc == "2.17":
        return f"manylinux2014_{wheel}"
    return f"up to manylinux_{glibc.replace('.', '_')}_{wheel}" if glibc else ""


def _archs(text: str, native: str) -> list[str]:
    found: list[str] = []
    for word in text.replace(",", " ").split():
        if word in ("auto", "native", "auto64"):
            found.append(native)
        elif word == "auto32":
            found.append({"x86_64": "i686", "aarch64": "armv7l"}.get(native, ""))
        elif word == "all":
            found += ["x86_64", "i686", "aarch64", "ppc64le", "s390x", "armv7l", "riscv64"]
        else:
            found.append(word)
    return list(dict.fromkeys(filter(None, found)))


def _wanted(selected: OptionValue | None, skipped: OptionValue | None, family: str, name: str) -> bool:
    """Whether wheels of the *family* are built at all."""
    build = (selected.value or "").split() if selected else []
    skip = (skipped.value or "").split() if skipped else []
    arch = name.partition(f"{family}_")[2]
    if any(fnmatchcase(name, one) or one.lstrip("*-") in (f"{family}*", family, f"{family}_{arch}") for one in skip):
        return False
    if not build:
        return True
    return any(family in one or (one.endswith("*") and "linux" not in one.rstrip("*")) for one in build) and any(
        arch in one or one.endswith("*") for one in build
    )


def _image(leg: Leg, options: _Options, arch: str, family: str) -> tuple[str, Spot]:
    chosen = options.get(f"{family}-{arch}-image")
    if chosen is not None:
        name = chosen.value
        if name is None:
            return "", chosen.spot
        return (f"quay.io/pypa/{name}_{arch}" if name in _SHORT else name), chosen.spot
    version = leg.version.removeprefix("v").partition(".")[0]
    if leg.tool != "cibuildwheel" or not version.isdigit() or int(version) < 3:
        return "", leg.spot
    name = "musllinux_1_2" if family == "musllinux" else DEFAULTS.get(arch, "")
    return (f"quay.io/pypa/{name}_{arch}" if name else ""), leg.spot


def _hooks(options: _Options, place: BuildPlace, family: str, repository: Repository) -> Iterator[Hook]:
    for name in ("before-all", "before-build"):
        chosen = options.get(name, family)
        if chosen is None or chosen.value is None:
            continue
        node = chosen.node if chosen.node is not None else Text(chosen.value, chosen.spot.line)
        strict = not set(chosen.value.strip()) & {"\n", ";"}  # one list: `sh -c` has the status of its first failure
        yield scripts.hook(name, place, node, chosen.value, chosen.spot.path, repository, strict=strict)
