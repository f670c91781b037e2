"""The wheel's file name has a project name or version in a form that an installer or the package index refuses.

The project's name is written in lower case in a wheel's file name, with ``_`` for each run of ``-``, ``_`` and ``.``
(``my_project`` for My.Project). pip and uv also install other spellings; the package index refuses them, with one
exception: pip 26 refuses a name with ``__`` in it. The version has to be one of PEP 440: pip and uv refuse any other,
and so does the index. A local version (``1.0+cu128``) is for other indexes; the public index refuses it.

The name in METADATA may be spelled as the project likes.

How to fix: build with a current build back end, which normalizes both; or pack the finished wheel under its right name.

References:
    https://packaging.python.org/en/latest/specifications/binary-distribution-format/
    https://packaging.python.org/en/latest/specifications/version-specifiers/
    https://github.com/pypi/warehouse/blob/main/warehouse/forklift/legacy.py
"""

from __future__ import annotations

from diagnose.authoring.wheel import is_version, project_key
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Evidence, Finding, Fix, Severity
from diagnose.remedies.repack import rename, repack, unpack_unchecked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.wheel.reader import Wheel

CHECK = Check(since="0.1.0")


def wheel(wheel: Wheel) -> Iterator[Finding]:
    """See names that are not normalized, and versions that are not PEP 440's or are local."""
    where = "the file name"
    if not is_version(wheel.version):
        yield Finding(
            f"has a version that PEP 440 does not allow: {wheel.version}",
            Severity.ERROR,
            (Evidence(f"version {wheel.version}", where=where),),
            "pip and uv refuse it: Invalid wheel filename (invalid version); so does the package index",
            (Fix("give the project a version of PEP 440, and build the wheel again", notes="For example 1.2.0rc1."),),
        )
        return
    normal = project_key(wheel.name).replace("-", "_")
    legal = re.fullmatch(r"[A-Za-z0-9](?:[A-Za-z0-9._]*[A-Za-z0-9])?", wheel.name, re.ASCII)
    if not legal:
        yield Finding(
            f"has a name that no project can have: {wheel.name}",
            Severity.ERROR,
            (Evidence(f"project {wheel.name}", where=where),),
            "pip and uv refuse it: Invalid project name; so does the package index",
            (Fix("give the project a name of letters, digits, `_`, `.` and `-`, and build the wheel again"),),
        )
    elif wheel.name != normal:
        refused = "__" in wheel.name
        yield Finding(
            f"has a project name that is not normalized in its file name: {wheel.name}",
            Severity.ERROR if refused else Severity.WARNING,
            (Evidence(f"project {wheel.name}, normalized: {normal}", where=where),),
            ("pip refuses it: Invalid project name; " if refused else "")
            + f"the package index refuses the upload: Filename should contain the normalized project name '{normal}'",
            (_fix(wheel, normal), Fix("build with a current build back end, which normalizes the name")),
        )
    elif "+" in wheel.version:
        yield Finding(
            f"has a local version: {wheel.version}",
            Severity.NOTE,
            (Evidence(f"version {wheel.version}", where=where),),
            "the public package index refuses the upload: The use of local versions is not allowed; it installs from a "
            "file or from another index",
        )


def _fix(wheel: Wheel, normal: str) -> Fix:
    stem, new = wheel.dist_info.removesuffix(".dist-info"), f"{normal}-{wheel.version}"
    lines = [rename(wheel, wheel.dist_info, f"{new}.dist-info")] if stem != new else []
    if stem != new and any(path.startswith(f"{stem}.data/") for path in wheel.files):
        lines.append(rename(wheel, f"{stem}.data", f"{new}.data"))
    return repack(
        wheel, "pack the wheel under the normalized name", lines, unpack=unpack_unchecked(wheel), renamed=True
    )
