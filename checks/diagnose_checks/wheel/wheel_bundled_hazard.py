"""The wheel bundles a library that works badly as a private copy.

Most libraries work wherever they are loaded from. Some depend on the machine: they talk to a daemon or a driver in a
protocol that has to match, or they read configuration and load plugins from folders that were fixed at compile time.
ALSA's libasound is the typical one: it needs ``/usr/share/alsa/alsa.conf``, and its plugins (PulseAudio, PipeWire) are
linked against the system's ``libasound.so.2``, so that two copies run in one process.

Of libasound, the two folders are read from the file. With ``/usr/share/alsa`` only plugins are missing, where the
distribution has them in another folder. With a folder of the build machine (``/tmp/vendor/share/alsa``) no device can
be opened at all, which is an error.

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
from diagnose.remedies.shell_quoting import quote
from diagnose.tables.repaired_names import plain
from diagnose.tables.shared_libraries import Hazard, hazard

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.elf.elf_parser import Elf
    from diagnose.readers.wheel.reader import Wheel

#: ALSA_CONFIG_DIR of the distributions' packages.
_ALSA_CONFIGURATION = "/usr/share/alsa"

CHECK = Check(since="0.1.0", needs="tags", applies=has_linux_code)


def wheel(wheel: Wheel) -> Iterator[Finding]:
    """See bundled libraries of the table in ``diagnose/tables/shared_libraries.py``."""
    groups: dict[Hazard, list[Elf]] = {}
    for elf in tagged_elves(wheel):
        found = None if elf.is_extension or elf.is_executable else hazard(elf.name)
        if found:
            groups.setdefault(found, []).append(elf)
    for found, elves in groups.items():
        broken = [elf for elf in elves if elf.alsa_folders[0] not in ("", _ALSA_CONFIGURATION)]
        severity = Severity.ERROR if broken else Severity.WARNING if found.serious else Severity.NOTE
        names = sorted({plain(elf.name) for elf in elves})
        stems = sorted({name.partition(".so")[0] for name in names})
        exclude = " ".join("--exclude " + quote(f"{stem}.so*") for stem in stems)
        yield Finding(
            f"bundles {some(names)}: {found.what}",
            severity,
            bounded(Evidence("; ".join((role(wheel, elf), *_folders(elf))), elf.path) for elf in elves),
            _consequence(found, (broken or elves)[0]),
            (
                Fix(
                    "leave it outside the wheel; document the system package",
                    notes=f"Run on the wheel before its repair: auditwheel repair {exclude}",
                ),
            ),
            libraries=tuple(names),
            declarable=not broken,
        )


def _folders(elf: Elf) -> list[str]:
    """Return what libasound's compiled-in folders are, as evidence."""
    return [
        f"{what} in {folder}"
        for what, folder in zip(("configuration", "plugins"), elf.alsa_folders, strict=True)
        if folder
    ]


def _consequence(hazard: Hazard, elf: Elf) -> str:
    configuration, plugins = elf.alsa_folders
    if configuration and configuration != _ALSA_CONFIGURATION:
        return (
            f"unless ALSA_CONFIG_DIR is set: ALSA lib conf.c: Cannot access file {configuration}/alsa.conf; "
            "Unknown PCM default"
        )
    if configuration and plugins:
        return (
            f"it searches {plugins} alone for plugins: where the distribution has another folder, no sound through "
            "PulseAudio or PipeWire; where it has that one, the plugins load a second libasound.so.2"
        )
    return f"it {hazard.why}; on other systems: {hazard.meets}"
