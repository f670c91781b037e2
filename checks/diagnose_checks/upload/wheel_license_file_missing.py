"""The wheel's METADATA names a licence file that is not in the wheel.

Since version 2.4 of the metadata, ``License-File`` names a file below ``.dist-info/licenses``. The index refuses
a wheel whose METADATA names one that is absent. pip and uv install it.

It comes from tools that delete or move files of a finished wheel, or raise ``Metadata-Version`` and leave the files
directly in ``.dist-info``, where older back ends put them. With older metadata the field is not checked.

How to fix: build with a current back end; or put the file into ``.dist-info/licenses``.

References:
    https://peps.python.org/pep-0639/#add-license-file-field
    https://github.com/pypi/warehouse/blob/main/warehouse/forklift/legacy.py
"""

from __future__ import annotations

from diagnose.authoring.wheel import bounded, some
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Evidence, Finding, Fix, Severity
from diagnose.readers.wheel.metadata import values
from diagnose.remedies.repack import inside, repack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.wheel.reader import Wheel


_BEFORE = frozenset({"", "1.0", "1.1", "1.2", "2.0", "2.1", "2.2", "2.3"})


def _has_license_files(wheel: Wheel) -> bool:
    """Whether METADATA has the field since the version that defines it; before, back ends put the files anywhere."""
    version = (values(wheel.metadata.core, "metadata-version") or [""])[0]
    return bool(values(wheel.metadata.core, "license-file")) and version not in _BEFORE


CHECK = Check(since="0.1.0", applies=_has_license_files)


def wheel(wheel: Wheel) -> Iterator[Finding]:
    """See names without a file."""
    if not _has_license_files(wheel):
        return
    folder = f"{wheel.dist_info}/licenses"
    files = set(wheel.files)
    missing = [name for name in values(wheel.metadata.core, "license-file") if f"{folder}/{name}" not in files]
    if not missing:
        return
    beside = [name for name in missing if f"{wheel.dist_info}/{name}" in files and ".." not in name]
    fixes = [Fix("build with a current build back end, which puts the files into .dist-info/licenses")]
    if beside == missing:
        lines = []
        for name in dict.fromkeys(beside):
            target = f"{folder}/{name}"
            lines.append(f"mkdir -p {inside(wheel, [target.rpartition('/')[0]])}")
            source = inside(wheel, [f"{wheel.dist_info}/{name}"])
            lines.append(f"test ! -e {source} || mv {source} {inside(wheel, [target])}")
        fixes.append(repack(wheel, "move the files to .dist-info/licenses", lines))
    yield Finding(
        f"names licence files that it does not have: {some(missing)}",
        Severity.WARNING,
        bounded(
            Evidence(f"License-File: {name}, and there is no {folder}/{name}", f"{wheel.dist_info}/METADATA")
            for name in missing
        ),
        f"the package index refuses the upload: License-File {missing[0]} does not exist in distribution file",
        tuple(fixes),
    )
