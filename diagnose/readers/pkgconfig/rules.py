"""Differences between the answers of pkg-config releases, as one record of switches.

Sources: pkgconf's ``libpkgconf`` and ``cli`` of 1.8.1 (as Debian patches it), 2.1.1, 2.2.0, 2.3.0, 2.4.3 and 2.5.1;
``pkg.c`` of pkg-config 0.29.2. Tests compare each with the program itself.
"""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable


class Rules(NamedTuple):
    """How one release reads ``.pc`` files and resolves requirements.

    ``freedesktop``: it is the original pkg-config. ``flat`` is the order of requirements: 0 walks the tree (pkgconf 1),
    1 sorts it (2.1), 2 flattens it (2.2, 2.3), 3 flattens it and omits private libraries (2.4 on). ``version`` is that
    of the built-in module ``pkgconf``.
    """

    freedesktop: bool = False
    version: str = "1.8.1"
    #: the sysroot is not prepended to a folder outside it
    outside_unprefixed: bool = False
    #: the same for words of fields, not only for variables
    outside_words: bool = False
    #: arguments of ``-isystem`` and similar options stay separate words
    grouped: bool = False
    #: ``pcfiledir`` is the folder of the file that a symlink resolves to
    links_followed: bool = False
    #: the sysroot is not prepended for an uninstalled module
    uninstalled_unprefixed: bool = False
    #: the plain file replaces an invalid uninstalled one, and names its module
    uninstalled_optional: bool = False
    #: the character after an operator belongs to the version
    operator_exact: bool = False
    #: private requirements are a kind separate from internal ones
    private_kind: bool = False
    flat: int = 0
    uninstalled: bool = True
    fdo: bool = False
    relocate: bool = False
    conflicts: bool = True
    squeeze: bool = True


def rules(implementation: str, version: str, given: Callable[[str], bool] = lambda name: False) -> Rules:
    """Return the rules of a program; *given* returns whether a variable is set for it, to any value."""
    if implementation == "pkg-config":
        return Rules(True, version or "0.29.2", uninstalled=not given("PKG_CONFIG_DISABLE_UNINSTALLED"))
    parts = [int(part) if part.isascii() and part.isdigit() and len(part) < 6 else 0 for part in version.split(".")]
    release = (*parts, 0, 0)[:2] if version else (1, 8)
    old_sysroot = given("PKG_CONFIG_PKGCONF1_SYSROOT_RULES")
    two = release >= (2, 0)
    return Rules(
        version=version or "1.8.1",
        outside_unprefixed=two,
        outside_words=release >= (2, 4),
        grouped=release >= (2, 4),
        links_followed=release >= (2, 4),
        uninstalled_unprefixed=two and not old_sysroot,
        uninstalled_optional=release >= (2, 5),
        operator_exact=release >= (2, 3),
        private_kind=two,
        flat=0 if not two else 1 if release < (2, 2) else 2 if release < (2, 4) else 3,
        uninstalled=not given("PKG_CONFIG_DISABLE_UNINSTALLED"),
        fdo=given("PKG_CONFIG_FDO_SYSROOT_RULES"),
        relocate=release >= (2, 3) and given("PKG_CONFIG_RELOCATE_PATHS"),
        conflicts=not given("PKG_CONFIG_IGNORE_CONFLICTS"),
        squeeze=not given("PKG_CONFIG_DONT_RELOCATE_PATHS"),
    )
