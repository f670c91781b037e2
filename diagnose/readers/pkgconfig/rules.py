"""Differences between the answers of pkg-config releases, as one record of switches.

Sources: pkgconf's ``libpkgconf`` and ``cli`` of 1.8.1 (as Debian patches it), 2.1.1, 2.2.0, 2.3.0, 2.4.3, 2.5.1,
3.0.1 and 3.0.5; ``pkg.c`` of pkg-config 0.29.2. Tests compare each with the program itself.
"""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple
from diagnose.model.versions import version_key

if TYPE_CHECKING:
    from collections.abc import Callable


#: Variables of the program whose effect on an answer is not computed.
_UNMODELLED = (
    *("PKG_CONFIG_MAXIMUM_TRAVERSE_DEPTH", "PKG_CONFIG_PURE_DEPGRAPH", "PKG_CONFIG_MSVC_SYNTAX"),
    *("PKG_CONFIG_PRELOADED_FILES", "PKG_CONFIG_TOP_BUILD_DIR"),
)


def _unset(name: str) -> None:
    """Return None: no variable is set."""


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
    #: the requirements are resolved once more for ``--libs``
    solved_twice: bool = False
    uninstalled: bool = True
    fdo: bool = False
    #: variables are expanded when they are used, and ``.shared`` fields exist
    late: bool = False
    #: quotes are removed after the expansion, and words that are in the sysroot are recognized by their text
    quotes_last: bool = False
    relocate: bool = False
    conflicts: bool = True
    #: variables that are set, change the answer, and are not modelled
    unmodelled: tuple[str, ...] = ()
    squeeze: bool = True
    #: returns the value of an environment variable of the program
    value: Callable[[str], str | None] = _unset


def rules(implementation: str, version: str, value: Callable[[str], str | None] = _unset) -> Rules:
    """Return the rules of a program; *value* returns the value of an environment variable, None if it is not set."""

    def given(name: str) -> bool:
        return value(name) is not None

    if implementation == "pkg-config":
        return Rules(True, version or "0.29.2", uninstalled=not given("PKG_CONFIG_DISABLE_UNINSTALLED"))
    release = (*version_key(version), 0, 0)[:2] if version else (1, 8)
    old_sysroot = given("PKG_CONFIG_PKGCONF1_SYSROOT_RULES")
    two = release >= (2, 0)
    moves = given("PKG_CONFIG_RELOCATE_PATHS") and not given("PKG_CONFIG_DONT_DEFINE_PREFIX")
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
        solved_twice=(2, 0) <= release < (2, 2),
        flat=0 if not two else 1 if release < (2, 2) else 2 if release < (2, 4) else 3,
        uninstalled=not given("PKG_CONFIG_DISABLE_UNINSTALLED"),
        fdo=given("PKG_CONFIG_FDO_SYSROOT_RULES"),
        relocate=release >= (2, 3) and moves,
        late=release >= (3, 0),
        quotes_last=(*version_key(version), 0, 0, 0)[:3] >= (3, 0, 5),
        conflicts=not given("PKG_CONFIG_IGNORE_CONFLICTS"),
        squeeze=not given("PKG_CONFIG_DONT_RELOCATE_PATHS"),
        unmodelled=tuple(filter(given, _UNMODELLED)),
        value=value,
    )
