"""The wheel's file name, its ``.dist-info`` folder and its METADATA name different projects or versions.

A wheel states its project and version three times: in its file name, in the name of its ``.dist-info`` folder, and in
METADATA. Installers read the file name first and compare the others with it. pip 26 and uv 0.13 refuse a wheel whose
METADATA names another project, or has no name or version; a different version is installed by pip from a file, but not
by name, and not by uv. Both refuse a ``.dist-info`` folder of another project. The package index looks for the folder
under the exact text of the file name, so it also refuses a folder that only differs in capitals.

The usual origin is a wheel that was renamed by hand, or a version that was edited in the file name only.

How to fix: build the wheel again with the right name and version. A file that was only renamed gets its old name back.

References:
    https://packaging.python.org/en/latest/specifications/binary-distribution-format/
    https://packaging.python.org/en/latest/specifications/core-metadata/
    https://github.com/pypi/warehouse/blob/main/warehouse/forklift/legacy.py
"""

from __future__ import annotations

from diagnose.authoring.wheel import same_project, same_version
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Evidence, Finding, Fix, Severity
from diagnose.readers.wheel.metadata import values
from diagnose.remedies.repack import by_shell, inside, rename, repack, unpack_unchecked
from diagnose.remedies.shell_quoting import quote

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.wheel.reader import Wheel

CHECK = Check(since="0.1.0")


def wheel(wheel: Wheel) -> Iterator[Finding]:
    """See names that differ, and METADATA without a name or a version."""
    name, version = ((values(wheel.metadata.core, field) or [""])[0] for field in ("name", "version"))
    missing = [field for field, value in (("Name", name), ("Version", version)) if not value]
    if missing:
        yield _missing(wheel, missing)
        return
    other_name = not same_project(name, wheel.name)
    other_version = not same_version(version, wheel.version)
    stem = wheel.dist_info.removesuffix(".dist-info")
    named = Evidence(f"{wheel.name} {wheel.version}", where="the file name")
    if other_name or other_version:
        what = "project" if other_name else "version"
        yield Finding(
            f"is another {what} by its METADATA: {name if other_name else version}",
            Severity.ERROR,
            (named, Evidence(f"Name: {name}, Version: {version}", f"{wheel.dist_info}/METADATA")),
            "uv refuses it: Package metadata name does not match given name; pip: No matching distribution found"
            if other_name
            else "uv refuses it: Wheel version does not match filename; pip installs it from a file, but not by name",
            _rename_file(wheel, stem, name, version),
        )
    elif stem != f"{wheel.name}-{wheel.version}":
        folder_name = stem.partition("-")[0]
        wrong = not same_project(folder_name, wheel.name)
        yield Finding(
            f"has the .dist-info folder of {'another project' if wrong else 'another spelling'}: {wheel.dist_info}",
            Severity.ERROR if wrong else Severity.WARNING,
            (named, Evidence("the folder of METADATA and WHEEL", wheel.dist_info)),
            f"pip and uv refuse it: .dist-info directory {wheel.dist_info} does not start with {wheel.name}"
            if wrong
            else "the package index refuses the upload: WHEEL not found at "
            f"{wheel.name}-{wheel.version}.dist-info/WHEEL; pip and uv install it",
            (_rename_folder(wheel, stem),),
        )


def _missing(wheel: Wheel, missing: list[str]) -> Finding:
    where = f"{wheel.dist_info}/METADATA"
    known = {"Name": wheel.name.replace("_", "-"), "Version": wheel.version}
    lines = [f"sed -i {quote(f'1i {field}: {known[field]}')} {inside(wheel, [where])}" for field in missing]
    fixes = [Fix("build the wheel again with a build back end that writes complete metadata")]
    if values(wheel.metadata.core, "metadata-version"):
        fixes.append(repack(wheel, "add the field to the finished wheel", lines, unpack=unpack_unchecked(wheel)))
    return Finding(
        f"has no {' and no '.join(missing)} in its METADATA",
        Severity.ERROR,
        (Evidence(f"has no field {', '.join(missing)} before its first empty line", where),),
        f"pip and uv refuse it: Metadata field {missing[0]} not found; so does the package index",
        tuple(fixes),
    )


def _rename_file(wheel: Wheel, stem: str, name: str, version: str) -> tuple[Fix, ...]:
    """Return how the file gets the name that ``.dist-info`` and METADATA agree on."""
    again = Fix("build the wheel again, with the right name and version in the project")
    folder_name, _, folder_version = stem.partition("-")
    if not (same_project(folder_name, name) and same_version(folder_version, version)):
        return (again,)
    at = wheel.path.rindex(f"{wheel.name}-{wheel.version}")
    new = wheel.path[:at] + stem + wheel.path[at + len(f"{wheel.name}-{wheel.version}") :]
    line = f"test ! -e {quote(wheel.path)} || mv {quote(wheel.path)} {quote(new)}"
    title, notes = "give the file the name that its metadata says", "Only if it was renamed by hand."
    parts = repack(wheel, title, (), unpack=unpack_unchecked(wheel), renamed=True).repack
    return (by_shell(title, [line], notes)._replace(repack=parts), again)


def _rename_folder(wheel: Wheel, stem: str) -> Fix:
    new = f"{wheel.name}-{wheel.version}"
    lines = [rename(wheel, wheel.dist_info, f"{new}.dist-info")]
    if any(path.startswith(f"{stem}.data/") for path in wheel.files):
        lines.append(rename(wheel, f"{stem}.data", f"{new}.data"))
    return repack(wheel, "name the folder as the file", lines, unpack=unpack_unchecked(wheel))
