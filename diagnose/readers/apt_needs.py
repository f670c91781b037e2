"""apt, as far as the required libraries ask for it: versions that it offers, and version skew."""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.readers.system import apt

if TYPE_CHECKING:
    from collections.abc import Iterable

    from diagnose.model.targets import Target
    from diagnose.readers.pkgconfig.pkgconfig_facts import Library
    from diagnose.readers.system.apt import Apt
    from diagnose.readers.system.packages import Package
    from diagnose.readers.system.root import Root


def read(
    place: Root,
    native: Target,
    row: Target,
    installed: Iterable[Package] | None,
    libraries: tuple[Library, ...],
    codename: str,
) -> Apt | None:
    """Read apt; if a package of the target still has to be installed, look for its version and for version skew."""
    found = apt.read(place, native.debian)
    if found is None or row.debian not in found.indexed or all(library.outcome == "found" for library in libraries):
        return found
    from diagnose.readers.system import apt_skew
    from diagnose.tables import debian_pc

    wanted = {
        provider.package
        for library in libraries
        if library.requirement and library.outcome != "found" and not library.pc
        for provider in debian_pc.providers(library.module, codename)
    }
    if wanted:
        found = found._replace(offers=apt_skew.offers(place, row.debian, wanted))
    if row.debian not in found.foreign:
        return found
    same = {one.name: one.version for one in installed or () if one.same and one.architecture == native.debian}
    return found._replace(skews=tuple(apt_skew.find(place, same, native.debian, row.debian)))
