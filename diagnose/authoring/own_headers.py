"""Headers that a build generates itself: no package brings them, even if one of that library ships a copy."""

from __future__ import annotations

from diagnose.model._lazy_stdlib import re
from diagnose.tables import debian_headers

_GENERATED = re.compile(
    r"(?:.*/)?(?P<of>[\w.+-]*?)[_-]?(?:auto)?(?:conf|config|build|export|version|features)\.(?:h|hh|hpp)"
)
_INCLUDER = re.compile(r"^(?P<file>(?:[A-Za-z]:)?[^\s:(]{1,300})(?::\d|\(\d)")
_INSTALLED = re.compile(
    r"^/(?:usr|opt)/|^/nix/store/|/(?:site|dist)-packages/|/(?:envs|sysroot|Cellar)/|^[A-Z]:.*include"
)
_HEADER = re.compile(r"\.(?:h|hh|hpp|hxx)$")


def is_generated(header: str, message: str) -> bool:
    """Whether *header*, which the compiler misses in *message*, is one that the build of that very library makes.

    The file that includes it is then in a source tree, and of the library itself: a header that comes in the same
    package (``png.h`` and ``pnglibconf.h``), or one of its name (``libtypec.c`` and ``libtypec_config.h``).
    """
    named, includer = _GENERATED.fullmatch(header), _INCLUDER.match(message)
    package = debian_headers.package(header)
    if not named or not includer or not package or _INSTALLED.search(includer["file"].replace("\\", "/")):
        return False
    *folders, name = re.split(r"[\\/]", includer["file"])
    folder = header.rpartition("/")[0]
    if _HEADER.search(name) and (not folder or folders[-1:] == [folder]):
        names = [f"{folder}/{name}"] if folder else [name, *(f"{one}/{name}" for one in folders[-1:])]
        if package in map(debian_headers.package, names):
            return True
    library = _plain(package.removesuffix("-dev"))
    around = {_plain(part) for part in (*folders, name.rpartition(".")[0])}
    return bool(library) and library == _plain(named["of"]) and library in around


def _plain(name: str) -> str:
    """Return *name* without what marks a library, and its version."""
    return re.sub(r"[\d.+-]+$", "", name.removeprefix("lib"))
