"""The wheel has a tag that no installer accepts.

A hand-written tag, or a tool that assembles tags, can be wrong: ``manylinux1`` on a processor that it does not exist
for, or Docker's or Debian's name of a processor (``arm64``, ``armhf``); ``cp3``, which names no release of Python;
``py3-abi3``, or ``abi3`` with ``any``. No installer accepts the file, on any machine.

How to fix: give the wheel a correct tag. ``auditwheel repair`` and maturin determine that of the platform. The tag of
the stable ABI names the oldest CPython: ``cp39-abi3``. Python files alone are ``py3-none-any``.

References:
    https://packaging.python.org/en/latest/specifications/platform-compatibility-tags/
    https://packaging.pypa.io/en/stable/tags.html
"""

from __future__ import annotations

from diagnose.authoring.extension_names import modules
from diagnose.authoring.log import finding_from_hits
from diagnose.authoring.wheel import bounded, some
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Command, Evidence, Finding, Fix, FixStage, Phase, Severity
from diagnose.policies import python_tags
from diagnose.remedies.repack import retag
from diagnose_checks.install._triage import impossible_python, refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog
    from diagnose.readers.wheel.reader import Wheel

CHECK = Check(
    since="0.1.0",
    phase=Phase.LATER,
    needs="tags",
    log_kinds=("wheel-refused", "uv-refused", "uv-platform", "uv-python"),
)


_OF_ANDROID = Fix(
    "build it with a newer maturin, or name the API level",
    (Command("export ANDROID_API_LEVEL=$(python3 -c 'import sys; print(sys.getandroidapilevel())')", FixStage.BUILD),),
    notes="Older ones took the release of Android for it in Termux.",
)


_OF_PYTHON = Fix(
    "give it the tag of the oldest Python that it is for",
    (
        Command("python3 -m pip install wheel", FixStage.TOOLCHAIN),
        Command("python3 -m wheel tags --remove --python-tag cp39 --abi-tag abi3 WHEEL", FixStage.BUILD),
    ),
    notes="cp39 is an example. Where it is built: PyO3's feature abi3-py39; py_limited_api = cp39 in [bdist_wheel] of "
    "setup.cfg.",
)


def wheel(wheel: Wheel) -> Iterator[Finding]:
    """See Python and ABI tags that no interpreter accepts; wheel-tag-not-accepted judges those of the platform."""
    reasons = [(tag, python_tags.impossible(*tag)) for tag in wheel.tags]
    if not reasons or not all(reason for _, reason in reasons):
        return
    yield Finding(
        f"is tagged {some([f'{tag.python}-{tag.abi}' for tag, _ in reasons])}, which no Python accepts",
        Severity.ERROR,
        bounded(
            Evidence(f"{'-'.join(tag)}: {reason}", where="the file name")
            for reason, tag in {reason: tag for tag, reason in reversed(reasons)}.items()
        ),
        "pip, with every Python and on every machine: … is not a supported wheel on this platform",
        _tagged(wheel),
    )


def _tagged(wheel: Wheel) -> tuple[Fix, ...]:
    """Return the fix that gives *wheel* the tag that its modules show, where they do."""
    if not wheel.elves and not wheel.code:
        return (retag(wheel, title="tag it for every Python 3: py3-none", python="py3", abi="none"),)
    soabis = {module.soabi for module in modules(wheel)}
    number = next(iter(soabis)).partition("-")[2] if len(soabis) == 1 else ""
    if number and next(iter(soabis)).startswith("cpython-"):
        python, abi = f"cp{number.rstrip('abcdefghijklmnopqrstuvwxyz')}", f"cp{number}"
        return (retag(wheel, title=f"use the tag that it meets: {python}-{abi}", python=python, abi=abi),)
    return (
        Fix(
            "tag it for the oldest Python that it is for",
            notes="Of the stable ABI: cp39-abi3, for example. PyO3's feature abi3-py39 sets it; so does "
            "py_limited_api = cp39 in [bdist_wheel] of setup.cfg. A program or a library that Python does not import: "
            "py3-none.",
        ),
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
            else [_OF_PYTHON]
            if impossible_python(one.wheel)
            else [
                *_renamed(one.wheel, one.detail),
                Fix(
                    "build it again, and let a tool determine the tag",
                    (Command("auditwheel repair WHEEL", FixStage.BUILD),),
                    notes="auditwheel and maturin do. auditwheel takes a wheel with a linux tag that exists.",
                ),
            ],
        )
