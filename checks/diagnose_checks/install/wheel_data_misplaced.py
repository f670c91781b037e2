"""The wheel's ``.data`` folder has files that installers cannot place.

``NAME-VERSION.data`` has one folder per place in an environment: ``purelib``, ``platlib``, ``headers``, ``scripts`` and
``data``. pip 26 and uv 0.13 refuse a wheel with any other folder there, and with a file directly below ``.data``.
The names are case-sensitive; ``include`` and ``stdlib``, which ``sysconfig`` knows, are not among them.

A ``.data`` folder of another project or version is worse: pip installs it like the right one, uv leaves it as a folder
beside the package, so the files are in different places.

How to fix: correct the build's list of data files. Files for the environment's prefix go below ``.data/data``.

References:
    https://packaging.python.org/en/latest/specifications/binary-distribution-format/
    https://github.com/pypa/pip/blob/main/src/pip/_internal/operations/install/wheel.py
"""

from __future__ import annotations

from diagnose.authoring.wheel import bounded, some
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Evidence, Finding, Fix, Severity
from diagnose.remedies.repack import SCRATCH, inside, rename, repack, unpack_unchecked
from diagnose.remedies.shell_quoting import quote

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.wheel.reader import Wheel

SCHEMES = ("purelib", "platlib", "headers", "scripts", "data")
CHECK = Check(since="0.1.0")


def wheel(wheel: Wheel) -> Iterator[Finding]:
    """See members below ``.data`` for which no installer has a place."""
    own = f"{wheel.dist_info.removesuffix('.dist-info')}.data"
    parts = [path.split("/", 2) for path in wheel.files if ".data/" in path]
    inner = [part for part in parts if part[0] == own and not (len(part) == 3 and part[1] in SCHEMES)]
    if inner:
        loose = ["/".join(part) for part in inner if len(part) < 3 or not part[1]]
        unknown = sorted({part[1] for part in inner if len(part) == 3 and part[1]})
        said = [*(["files in no scheme folder"] * bool(loose)), *([f"unknown scheme {some(unknown)}"] * bool(unknown))]
        yield Finding(
            f"has {' and '.join(said)} in {own}",
            Severity.ERROR,
            bounded(Evidence(_reason(part), "/".join(part)) for part in inner),
            f"pip refuses it: Unknown scheme key used: {unknown[0]}; uv: Unknown wheel data type: {unknown[0]}"
            if unknown
            else "pip refuses it: .data directory contents should be named like: '<scheme key>/<path>'; so does uv",
            _fixes(wheel, own, loose, unknown),
        )
        return
    others = sorted({part[0] for part in parts if len(part) > 1 and part[0].endswith(".data")} - {own})
    if others:
        yield Finding(
            f"has the .data folder of another project or version: {some(others)}",
            Severity.WARNING,
            bounded(Evidence(f"is not {own}", "/".join(part)) for part in parts if part[0] in others),
            f"pip installs its files into the environment; uv leaves them in site-packages/{others[0]}",
            (
                repack(wheel, "name the folder as .dist-info", [rename(wheel, others[0], own)])
                if len(others) == 1 and not any(part[0] == own for part in parts)
                else Fix("move the files to the wheel's own .data folder in the build"),
            ),
        )


def _reason(part: list[str]) -> str:
    if len(part) < 3 or not part[1]:
        return "is a file directly below .data"
    return f"{part[1]} is not one of {', '.join(SCHEMES)}"


def _fixes(wheel: Wheel, own: str, loose: list[str], unknown: list[str]) -> tuple[Fix, ...]:
    again = Fix("correct the data files in the build", notes=f"The folders below .data are {', '.join(SCHEMES)}.")
    if unknown or not all(path.count("/") == 1 and path.split("/")[1] not in SCHEMES for path in loose):
        return (again,)
    folder = inside(wheel, [f"{own}/data"])
    lines = [f"mkdir -p {folder}"]
    lines += [f"test ! -e {inside(wheel, [path])} || mv {inside(wheel, [path])} {folder}/" for path in loose[:100]]
    notes = f"Only if the files belong into the environment's prefix. The wheel is unpacked in {quote(SCRATCH)}."
    return (again, repack(wheel, "move the files to .data/data", lines, notes, unpack=unpack_unchecked(wheel)))
