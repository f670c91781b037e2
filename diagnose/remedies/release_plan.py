"""Where a release is built: for each target the runner, the image, the tag, the script, and the system that tests it.

Sources: the tables of runners and images; the policies of maturin 1.16 and auditwheel (which tags there are);
hub.docker.com/_/ubuntu (the processors of ``ubuntu:22.04``); rustup's list of hosts, 2026, on musl.
"""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple
from diagnose.remedies.leg_script import LegScript, ready
from diagnose.tables import ci

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from diagnose.model.targets import Target


class PlannedCrate(NamedTuple):
    """The crate that is built."""

    folder: str
    """From the repository's root; empty for the root itself."""
    project: str
    """What users install."""
    module: str
    """What users import."""
    abi3: bool
    needs: tuple[str, ...]
    """The pkg-config modules that the build asks for."""
    vendors_openssl: bool
    dependencies: tuple[str, ...] = ()
    """What the project depends on at run time."""


class PlannedLeg(NamedTuple):
    """One row of the matrix."""

    target: Target
    runner: str
    image: str
    """The image that builds."""
    named: bool
    """Whether the tool would choose another image by itself, so that it has to be named."""
    manylinux: str
    """The tag without the processor: ``2_28``, ``musllinux_1_2``."""
    script: LegScript
    test: str
    """The oldest image that the tag promises."""
    emulated: bool
    """Whether the runner emulates the processor of *test*."""
    note: str = ""


_ARM = "ubuntu-24.04-arm"
_X64 = "ubuntu-24.04"
_NATIVE = {"x86_64": _X64, "i686": _X64, "aarch64": _ARM}
_PYPA = {
    **dict.fromkeys(("x86_64", "i686", "aarch64", "ppc64le", "s390x"), "2_28"),
    "armv7l": "2_31",
    "riscv64": "2_39",
}
"""The oldest maintained image of pypa for glibc, by the processor as wheels name it."""
_CROSS = {"armv7l": ("2_28", "armv7"), "ppc64le": ("2_28", "ppc64le"), "s390x": ("2_28", "s390x"),
          "riscv64": ("2_31", "riscv64")}  # fmt: skip
"""rust-cross's image: the glibc of its target, and its tag."""
_MUSL_CROSS = {
    "x86_64": "x86_64-musl", "i686": "i686-musl", "aarch64": "aarch64-musl", "armv7l": "armv7-musleabihf",
    "ppc64le": "powerpc64le-musl", "riscv64": "riscv64gc-musl",
}  # fmt: skip
_MUSL_PYPA = frozenset({"x86_64", "i686", "aarch64", "armv7l", "ppc64le", "s390x", "riscv64"})
_RUSTUP_ON_MUSL = frozenset({"x86_64", "aarch64"})
"""Processors on which maturin-action can install Rust inside Alpine."""
_RISCV = "ubuntu-24.04-riscv builds natively, where the organisation has installed the app of RISE"


def plan(
    crate: PlannedCrate, targets: Sequence[Target], way: Callable[[PlannedCrate, Target], PlannedLeg | str]
) -> tuple[list[PlannedLeg], list[str]]:
    """Return the legs for *targets* by *way*, and in words the targets that cannot be built like this."""
    found: list[PlannedLeg] = []
    missing: list[str] = []
    for target in targets:
        leg = way(crate, target)
        if isinstance(leg, str):
            missing.append(f"{target.triple}: {leg}")
        elif leg.script.missing:
            missing.append(f"{target.triple}: {leg.image}: {leg.script.missing}")
        else:
            found.append(leg)
    return found, missing


def by_maturin_action(crate: PlannedCrate, target: Target) -> PlannedLeg | str:
    """Return the leg that maturin-action builds: on a runner of the processor, or else in a cross image."""
    arch, runner = target.wheel, _NATIVE.get(target.wheel, "")
    if target.libc == "musl":
        if arch not in _MUSL_CROSS:
            return "maturin-action has no image for it"
        native = bool(crate.needs or crate.vendors_openssl)
        if native and arch not in _RUSTUP_ON_MUSL:
            return "its cross image has no packages for the target; --generate cibuildwheel builds it in Alpine"
        image = _pypa(target) if native else f"ghcr.io/rust-cross/rust-musl-cross:{_MUSL_CROSS[arch]}"
        script = _script(crate, image, arch if native else "x86_64", target)
        emulated = not runner
        return PlannedLeg(target, runner or _X64, image, native, "musllinux_1_2", script, _pypa(target), emulated)
    if runner:
        image = _pypa(target)
        return PlannedLeg(target, runner, image, False, "2_28", _script(crate, image, arch, target), image, False)
    if arch not in _CROSS:
        return "maturin-action has no image for it"
    glibc, name = _CROSS[arch]
    image = f"ghcr.io/rust-cross/manylinux_{glibc}-cross:{name}"
    facts = ci.image(image)
    note = _RISCV if arch == "riscv64" else ""
    if not crate.needs or facts is None:
        script = _script(crate, image, "x86_64", target)
        return PlannedLeg(target, _X64, image, False, glibc, script, _pypa(target), True, note)
    own = facts.glibc.replace(".", "_")  # its packages are built for the glibc of the image itself
    test = f"quay.io/pypa/manylinux_{own}_{arch}" if arch == "armv7l" else f"{facts.distribution}:{facts.version}"
    script = _script(crate, image, "x86_64", target)
    return PlannedLeg(target, _X64, image, True, own, script, test, True, note)


def in_its_own_system(crate: PlannedCrate, target: Target) -> PlannedLeg | str:
    """Return the leg that builds in pypa's image for the processor itself, emulated where there is no such runner."""
    arch, musl = target.wheel, target.libc == "musl"
    if arch not in (_MUSL_PYPA if musl else _PYPA):
        return "pypa has no image for it"
    image = _pypa(target)
    runner = _NATIVE.get(arch, _X64)
    note = _RISCV if arch == "riscv64" else ""
    manylinux = "musllinux_1_2" if musl else _PYPA[arch]
    script = _script(crate, image, arch, target)
    return PlannedLeg(target, runner, image, True, manylinux, script, image, arch not in _NATIVE, note)


def _pypa(target: Target) -> str:
    name = "musllinux_1_2" if target.libc == "musl" else f"manylinux_{_PYPA[target.wheel]}"
    return f"quay.io/pypa/{name}_{target.wheel}"


def _script(crate: PlannedCrate, image: str, arch: str, target: Target) -> LegScript:
    facts = ci.image(image)
    if facts is None:
        return LegScript(missing="nothing is known of this image")
    return ready(facts, arch, target, crate.needs, crate.vendors_openssl)
