"""The package has no wheel for this machine's processor or C library.

The existing wheels are for other processors, for another operating system, or for glibc on a musl system (or the
reverse). An installer then uses the source distribution, or fails.

How to fix: build and publish a wheel for this platform, or install from source.

References:
    https://packaging.python.org/en/latest/specifications/platform-compatibility-tags/
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for
from diagnose_checks.install._triage import Refused, refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(
    since="0.1.0",
    phase=Phase.LATER,
    log_kinds=("wheel-refused", "uv-refused", "uv-platform", "uv-python"),
    patterns=patterns_for(
        "pyodide-refused",
        (
            "compatible with Pyodide",
            r"Wheel platform '(?P<theirs>[\w.-]{1,80})' is not compatible with Pyodide's platform "
            r"'(?P<here>[\w.-]{1,80})'",
        ),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See an installer refuse a wheel of another platform."""
    for hit in log.find("pyodide-refused")[:1]:
        yield finding_from_hits(
            log,
            [hit],
            f"the wheel is for {hit.groups['theirs']}, and this Pyodide is {hit.groups['here']}",
            "The package is not installed.",
            [
                Fix(
                    "build the wheel for this Pyodide",
                    (Command("cibuildwheel --platform pyodide", FixStage.BUILD),),
                    notes="Each release of Pyodide has one Emscripten, and modules for another one do not fit: "
                    "pyodide-version of cibuildwheel, or pyodide xbuildenv install VERSION.",
                ),
                Fix("load the Pyodide that the wheel was built for"),
            ],
        )
    for one in refused(log, "wheel-not-supported-no-arch"):
        name = one.wheel or "the package"
        yield finding_from_hits(
            log,
            one.hits,
            f"{name} {_none(one)}: {one.detail}" if one.detail else f"{name} is probably for another platform",
            "The package is not installed.",
            _fixes(one),
        )


def _none(one: Refused) -> str:
    """Return that a wheel does not fit, or that a package has no wheel that fits."""
    if one.wheel.endswith(".whl"):
        return "does not fit this machine"
    return "has no wheel for another system" if "uv looks for" in one.detail else "has no wheel for this machine"


def _fixes(one: Refused) -> list[Fix]:
    """Return the fixes for a wheel that a file or an index gave; uv's index is asked for other releases."""
    package = re.split(r"==|[<>~ ]|-\d", one.wheel)[0]
    other = Fix(
        "ask for any release that has a wheel for this machine",
        (Command(f"python3 -m pip download --no-deps --only-binary :all: {package or 'PACKAGE'}", FixStage.BUILD),),
        notes=f"If it finds one, loosen the requirement to it. {_has(one.platforms)}".strip(),
    )
    source = Fix(
        "build it here from its source",
        (Command(f"python3 -m pip install --no-binary {package or 'PACKAGE'} {package or 'PACKAGE'}", FixStage.BUILD),),
        notes="That needs its compilers and libraries.",
    )
    emulated = Fix(
        "in a container: use the platform that has wheels",
        (Command("docker run --platform linux/amd64 IMAGE", FixStage.BUILD),),
        notes="It is emulated on another processor, and slow.",
    )
    if one.platforms and one.platforms[0].startswith("macosx_") and "asks for macOS" in one.detail:
        return [
            Fix(
                "build the wheel for an older macOS",
                env=(("MACOSX_DEPLOYMENT_TARGET", "11.0" if one.platforms[0].endswith("arm64") else "10.13"),),
                notes="cibuildwheel: in CIBW_ENVIRONMENT_MACOS. All that it links has to be built for that, too.",
            ),
            Fix(
                "install it with a Python that was built for this macOS",
                (Command("python3 -c 'import platform; print(platform.mac_ver())'", FixStage.TOOLCHAIN),),
                notes="A Python that says 10.16 was built for macOS 10.15 or older, and takes no wheel for 11.",
            ),
        ]
    if one.wheel.endswith(".whl") and one.detail.startswith("it is for ") and one.platforms[0].startswith("macosx_"):
        return [
            Fix(
                "look which tags this Python accepts",
                (Command("python3 -m pip debug --verbose", FixStage.TOOLCHAIN),),
                notes="arm64 only: a Python for Apple's processors; build for it (ARCHFLAGS, --target "
                "aarch64-apple-darwin) or "
                "take a universal2 wheel. If the tag is in the list: update pip.",
            ),
            Fix("build a wheel for this platform", notes=_has(one.platforms)),
        ]
    if one.wheel.endswith(".whl"):
        return [Fix("build a wheel for this platform", notes=_has(one.platforms)), other, source]
    linux = [name for name in one.platforms if "linux" in name]
    foreign = linux and all("x86_64" in name for name in linux)
    if "uv looks for" in one.detail:
        here = "sys_platform == 'linux'"
        return [
            Fix(
                "let uv look for the systems that the project is for only",
                notes=f'environments = ["{here}"] in [tool.uv], for example; or take this one out of '
                "required-environments there.",
            ),
            Fix("ask for it only where it has files", notes=f'As in dependencies = ["{package}; {here}"].'),
            other,
        ]
    if one.hits[0].kind == "uv-platform":
        lock = Fix(
            "take another release into the lock file",
            (Command(f"uv lock --upgrade-package {package or 'PACKAGE'}", FixStage.BUILD),),
            notes="required-environments = [\"sys_platform == 'darwin'\"] of [tool.uv], for example, lets uv choose "
            "only releases with wheels for that platform.",
        )
        return [other, lock, *((emulated,) if foreign else ())]
    return [other, source, *((emulated,) if foreign else ())]


def _has(platforms: tuple[str, ...]) -> str:
    return f"It has wheels for {', '.join(platforms[:6])}." if platforms else ""
