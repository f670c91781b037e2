"""The wheel has a platform tag that no installer accepts.

A hand-written tag, or a tool that assembles tags, can be wrong: ``manylinux1`` on a processor that it does not exist
for, or Docker's or Debian's name of a processor (``arm64``, ``armhf``). No installer accepts the file.

How to fix: give the wheel a correct tag. ``auditwheel repair`` and maturin determine it.

References:
    https://packaging.python.org/en/latest/specifications/platform-compatibility-tags/
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose_checks.install._triage import refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(since="0.1.0", phase=Phase.LATER, log_kinds=("wheel-refused", "uv-refused", "uv-platform", "uv-python"))


_OF_ANDROID = Fix(
    "build it with a newer maturin, or name the API level",
    (Command("export ANDROID_API_LEVEL=$(python3 -c 'import sys; print(sys.getandroidapilevel())')", FixStage.BUILD),),
    notes="Older ones took the release of Android for it in Termux.",
)


def _renamed(wheel: str, detail: str) -> list[Fix]:
    """Return the fix that gives *wheel* the right name of its processor, which *detail* names."""
    platform = wheel.removesuffix(".whl").rpartition("-")[2]
    meant = re.search(r"^(?P<wrong>\w+) is not .*; use (?P<right>\w+)$", detail)
    if not meant or "." in platform or not platform.endswith(meant["wrong"]):
        return []
    tag = platform.removesuffix(meant["wrong"]) + meant["right"]
    return [
        Fix(
            f"give it the tag {tag}",
            (
                Command("python3 -m pip install wheel", FixStage.TOOLCHAIN),
                Command(f"python3 -m wheel tags --remove --platform-tag {tag} WHEEL", FixStage.BUILD),
            ),
            notes=f"Or where it is built: bdist_wheel --plat-name {tag}, or _PYTHON_HOST_PLATFORM=linux-"
            f"{meant['right']} in a cross build.",
        )
    ]


def log(log: BuildLog) -> Iterator[Finding]:
    """See an installer refuse a wheel with an impossible tag."""
    for one in refused(log, "wheel-not-supported-bad-tag"):
        yield finding_from_hits(
            log,
            one.hits,
            f"{one.wheel} has a tag that no installer accepts: {one.detail}",
            "The wheel cannot be installed on any machine.",
            [_OF_ANDROID]
            if "_android_" in one.wheel or "-android_" in one.wheel
            else [
                *_renamed(one.wheel, one.detail),
                Fix(
                    "build it again, and let a tool determine the tag",
                    (Command("auditwheel repair WHEEL", FixStage.BUILD),),
                    notes="auditwheel and maturin do. auditwheel takes a wheel with a linux tag that exists.",
                ),
            ],
        )
