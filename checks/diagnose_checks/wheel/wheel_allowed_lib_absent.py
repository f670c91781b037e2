"""The wheel needs a library that every manylinux policy allows but minimal systems do not have.

The policies allow libraries that every desktop system has: X11, OpenGL, GLib. Repair tools do not bundle them. A
minimal container image of Debian, Fedora or Alpine has none of them, and no libatomic either. There the import fails
until a user installs a package.

How to fix: name the package in the installation notes. Link libatomic statically.

References:
    https://peps.python.org/pep-0513/#the-manylinux1-policy
"""

from __future__ import annotations

from diagnose.authoring.wheel import (
    bounded,
    has_glibc_code,
    is_sample,
    loadable_elves,
    missing_library_error,
    some,
    ways_to_load,
)
from diagnose.authoring.wheel_libraries import needing
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Evidence, Finding, Fix, FixStage, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.elf.elf_parser import Elf
    from diagnose.readers.wheel.reader import Wheel

CHECK = Check(since="0.1.0", needs="tags", applies=has_glibc_code)


#: soname → package of Debian 12, of Debian 13, of Fedora and RHEL. Source: packages.debian.org and Fedora's index;
#: verified to be absent from a minimal Debian 12 and 13. As of 2026-11.
PACKAGES = {
    "libatomic.so.1": ("libatomic1", "libatomic1", "libatomic"),
    "libGL.so.1": ("libgl1", "libgl1", "libglvnd-glx"),
    "libICE.so.6": ("libice6", "libice6", "libICE"),
    "libSM.so.6": ("libsm6", "libsm6", "libSM"),
    "libX11.so.6": ("libx11-6", "libx11-6", "libX11"),
    "libXext.so.6": ("libxext6", "libxext6", "libXext"),
    "libXrender.so.1": ("libxrender1", "libxrender1", "libXrender"),
    "libglib-2.0.so.0": ("libglib2.0-0", "libglib2.0-0t64", "glib2"),
    "libgobject-2.0.so.0": ("libglib2.0-0", "libglib2.0-0t64", "glib2"),
    "libgthread-2.0.so.0": ("libglib2.0-0", "libglib2.0-0t64", "glib2"),
}


def wheel(wheel: Wheel) -> Iterator[Finding]:
    """See allowed libraries that a minimal system lacks and that the wheel does not bundle."""
    if wheel.verdict.libc != "glibc":
        return
    brought = {name for elf in wheel.elves for name in (elf.name, elf.soname)}
    sure = set.intersection(*ways_to_load(wheel) or [set()])
    needs: dict[str, list[Elf]] = {}
    for elf, name in needing(loadable_elves(wheel), (PACKAGES.keys() - brought).__contains__):
        if elf.path in sure and not is_sample(elf):
            needs.setdefault(name, []).append(elf)
    if not needs:
        return
    names = sorted(needs)
    debian, newer, fedora = (sorted({PACKAGES[name][column] for name in names}) for column in range(3))
    other = f"On Debian 13 {' '.join(newer)}; " if newer != debian else ""
    yield Finding(
        f"needs {some(names)}, which minimal systems do not have",
        Severity.NOTE,
        bounded((Evidence(f"needs {name}", needs[name][0].path) for name in names), "libraries"),
        f"in a container image of Debian or Fedora: {missing_library_error(wheel, needs[names[0]][0], names[0])}",
        (
            Fix(
                "name the packages in the installation notes",
                (Command(f"apt-get install -y {' '.join(debian)}", FixStage.PACKAGES),),
                notes=f"{other}on Fedora and RHEL {' '.join(fedora)}.",
            ),
        ),
        libraries=tuple(names),
    )
