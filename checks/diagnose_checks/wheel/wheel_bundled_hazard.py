"""The wheel bundles a library that works badly as a private copy.

Most libraries work wherever they are loaded from. Some depend on the machine: they talk to a daemon or a driver in a
protocol that has to match, or they read configuration and load plugins from folders that were fixed at compile time.
ALSA's libasound is the typical one: it needs ``/usr/share/alsa/alsa.conf``, and its plugins (PulseAudio, PipeWire) are
linked against the system's ``libasound.so.2``, so that two copies run in one process.

Repair tools still bundle them, because no policy allows them.

How to fix: leave the library outside the wheel (``auditwheel repair --exclude``) and name the system package in the
installation notes. Or load the library at run time, and work without it where it is not installed.

References:
    https://www.alsa-project.org/alsa-doc/alsa-lib/conf.html
    https://github.com/pypa/auditwheel
"""

from __future__ import annotations

from diagnose.authoring.wheel import bounded, has_linux_code, role, some, tagged_elves
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Evidence, Finding, Fix, Severity
from diagnose.readers.elf.parser import Elf
from diagnose.readers.wheel.reader import Wheel
from diagnose.remedies.repack import quote
from diagnose.tables.repaired_names import plain
from diagnose.tables.shared_libraries import Hazard, hazard

if TYPE_CHECKING:
    from collections.abc import Iterator

CHECK = Check(since="0.1.0", applies=has_linux_code)


def wheel(wheel: Wheel) -> Iterator[Finding]:
    """See bundled libraries of the table in ``diagnose/tables/shared_libraries.py``."""
    groups: dict[Hazard, list[Elf]] = {}
    for elf in tagged_elves(wheel):
        found = None if elf.is_extension or elf.is_executable else hazard(elf.name)
        if found:
            groups.setdefault(found, []).append(elf)
    for found, elves in groups.items():
        names = sorted({plain(elf.name) for elf in elves})
        stems = sorted({name.partition(".so")[0] for name in names})
        exclude = " ".join("--exclude " + quote(f"{stem}.so*") for stem in stems)
        yield Finding(
            f"bundles {some(names)}: {found.what}",
            Severity.WARNING if found.serious else Severity.NOTE,
            bounded(Evidence(role(wheel, elf), elf.path) for elf in elves),
            f"it {found.why}; on other systems: {found.meets}",
            (
                Fix(
                    "leave it outside the wheel; document the system package",
                    notes=f"Run on the wheel before its repair: auditwheel repair {exclude}",
                ),
            ),
        )
