"""Where releases of pkg-config differ in what they answer, as one record of switches.

Sources: pkgconf's ``libpkgconf`` and ``cli`` of 1.8.1 (as Debian patches it), 2.1.1, 2.2.0, 2.3.0, 2.4.3 and 2.5.1;
pkg-config 0.29.2's ``pkg.c``. Tests compare each with the program itself.
"""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable


class Rules(NamedTuple):
    """How one release reads ``.pc`` files and resolves requirements.

    ``freedesktop`` says that it is the original pkg-config. ``flat`` is how requirements are ordered: 0 walks the tree
    (pkgconf 1), 1 sorts it (2.1), 2 flattens it (2.2, 2.3), 3 flattens it and leaves out private libraries (2.4 on).
    ``version`` is what the built-in module ``pkgconf`` says.
    """

    freedesktop: bool = False
    version: str = "1.8.1"
    #: a folder outside the sysroot is not prefixed with it
    outside_unprefixed: bool = False
    #: that goes for words of fields too, not only for variables
    outside_words: bool = False
    #: words behind ``-isystem`` and the like are kept with them, instead of being glued to them
    grouped: bool = False
    #: ``pcfiledir`` is the folder of the file that a link leads to
    links_followed: bool = False
    #: an uninstalled module is not prefixed
    uninstalled_unprefixed: bool = False
    #: an uninstalled file that is not valid is passed over for the plain one, and its module's name is the plain one's
    uninstalled_optional: bool = False
    #: the character right after an operator belongs to the version
    operator_exact: bool = False
    #: private requirements are of a kind of their own beside internal ones
    private_kind: bool = False
    flat: int = 0
    uninstalled: bool = True
    fdo: bool = False
    relocate: bool = False
    conflicts: bool = True
    squeeze: bool = True


def rules(implementation: str, version: str, given: Callable[[str], bool] = lambda name: False) -> Rules:
    """Return the rules of a program; *given* says whether a variable is set for it, to anything."""
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
