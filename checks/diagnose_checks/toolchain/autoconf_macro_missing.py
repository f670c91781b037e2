"""autoconf does not find macros that configure.ac uses.

The macros of automake, libtool, pkg-config, gettext and the autoconf archive are files below ``/usr/share/aclocal``
that come with these packages. Without the package, autoconf takes ``PKG_CHECK_MODULES`` or ``LT_INIT`` for text: it
reports a "possibly undefined macro", or the configure script contains the word and the shell cannot run it. Running
``autoconf`` alone has the same result, because aclocal, which collects the macros, has not run.

How to fix: install the package that brings the macro, and make the configure script again with ``autoreconf -fi``,
which runs aclocal, autoconf, automake and libtoolize in their order.

References:
    https://www.gnu.org/software/automake/manual/html_node/Macro-Search-Path.html
    https://www.gnu.org/software/autoconf/manual/autoconf-2.72/html_node/autoreconf-Invocation.html
"""

from __future__ import annotations

from diagnose.authoring.log import distinct, finding_from_hits, install_by_family
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit

_AC = r"AC_(?:PROG_(?:LIBTOOL|LD|INTLTOOL)\b|LIBTOOL|LIB_PREFIX)"
_MACRO = rf"(?:(?:PKG|AM|LT|AX|IT|GTK_DOC|GOBJECT|GNOME|GLIB)_|{_AC})[A-Z0-9_]*"
CHECK = Check(
    since="0.1.0",
    phase=Phase.COMPILE,
    patterns=patterns_for(
        "undefined-macro",
        ("possibly undefined macro", rf"error: possibly undefined macro: (?P<macro>{_MACRO})\b"),
        # autoconf's own: an unknown macro around it was not expanded, most often pkg-config's
        ("possibly undefined macro", r"error: possibly undefined macro: (?P<own>A[CSH]_[A-Z0-9_]+)\b"),
        ("library used but", r"Libtool library used but ['`\"]?(?P<macro>LIBTOOL)['\"]? is undefined"),
        ("configure: line ", rf"configure: line \d+: [`'] *(?P<macro>{_MACRO})\b"),
        ("command not found", rf"configure: line \d+: (?P<macro>{_MACRO}): command not found"),
        (": not found", rf"configure: (?:line )?\d+: (?P<macro>{_MACRO}): not found"),
    ),
)
# First letters of macros → the package that brings them. The first row that fits counts.
_OWNERS = (
    (r"PKG_|AM_PATH_PKG", "pkg-config"),
    (r"AM_(?:GNU_GETTEXT|ICONV|NLS|XGETTEXT|PO_)|AC_LIB_PREFIX", "gettext"),
    (r"LT_|LIBTOOL$|AC_(?:PROG_LIBTOOL|PROG_LD|LIBTOOL)|AM_(?:PROG_LIBTOOL|ENABLE_SHARED|DISABLE_STATIC)", "libtool"),
    (r"AX_", "autoconf-archive"),
    (r"IT_|AC_PROG_INTLTOOL", "intltool"),
    (r"GTK_DOC", "gtk-doc"),
    (r"GOBJECT_INTROSPECTION", "gobject-introspection"),
    (r"AM_PATH_(?!PYTHON|LISPDIR)", ""),  # a library's own file
    (r"AM_GLIB|GLIB|GNOME", ""),
    (r"AM_", "automake"),
)
_FAMILIES = ("debian", "rhel", "alpine", "arch", "suse")
#: What brings the macros → packages by family: Debian, Enterprise Linux and Fedora, Alpine, Arch, openSUSE.
_PACKAGES = {
    "pkg-config": (("pkgconf",), ("pkgconf-pkg-config",), ("pkgconf",), ("pkgconf",), ("pkgconf-pkg-config",)),
    "gettext": (("gettext", "autopoint"), ("gettext-devel",), ("gettext-dev",), ("gettext",), ("gettext-tools",)),
    "libtool": (("libtool",),) * 5,
    "automake": (("automake",),) * 5,
    "autoconf-archive": (("autoconf-archive",),) * 5,
    "intltool": (("intltool",),) * 5,
    "gtk-doc": (("gtk-doc-tools",), ("gtk-doc",), ("gtk-doc",), ("gtk-doc",), ("gtk-doc",)),
    "gobject-introspection": (
        ("gobject-introspection",),
        ("gobject-introspection-devel",),
        ("gobject-introspection-dev",),
        ("gobject-introspection",),
        ("gobject-introspection-devel",),
    ),
}


def log(log: BuildLog) -> Iterator[Finding]:
    """See autoconf, automake or the shell meet a macro that nothing defines."""
    hits = distinct(log.find("undefined-macro"), "macro", "own")
    if not hits:
        return
    macros = [hit.groups["macro"] for hit in hits if hit.groups["macro"]]
    if not macros:
        yield _around(log, hits)
        return
    hits = [hit for hit in hits if hit.groups["macro"]]
    owners = dict.fromkeys(filter(None, map(_owner, macros)))
    families = {}
    for at, family in enumerate(_FAMILIES):
        brought = [name for owner in owners for name in _PACKAGES[owner][at]]
        families[family] = tuple(dict.fromkeys(("autoconf", "automake", *brought)))
    known = [*owners] or ["the package that brings it"]
    yield finding_from_hits(
        log,
        hits,
        f"configure.ac uses {', '.join(macros[:3])}{', …' if macros[3:] else ''}, which autoconf does not find",
        f"There is no usable configure script. Not installed, or not searched by aclocal: {', '.join(known)}.",
        (
            *(install_by_family(log, hits[0].line, "install", families) if owners else ()),
            Fix(
                "make the configure script again",
                (Command("autoreconf -fi", FixStage.BUILD),),
                notes="In the folder of configure.ac. `autoconf` alone does not collect the macros. If they are in "
                "another folder than aclocal's own: ACLOCAL_PATH=/usr/share/aclocal.",
            ),
        ),
    )


def _around(log: BuildLog, hits: list[Hit]) -> Finding:
    """Return the finding for macros of autoconf itself, which are in the arguments of one that it does not find."""
    names: dict[str, tuple[str, ...]] = dict.fromkeys(_FAMILIES, ("autoconf", "automake"))
    for at, family in enumerate(_FAMILIES):
        brought = [name for owner in ("pkg-config", "autoconf-archive", "libtool") for name in _PACKAGES[owner][at]]
        names[family] = (*names[family], *brought)
    return finding_from_hits(
        log,
        hits,
        f"configure.ac uses {hits[0].groups['own']} within a macro that autoconf does not find",
        "There is no usable configure script. The macro around it is not named: look at that line of configure.ac.",
        (
            *install_by_family(
                log,
                hits[0].line,
                "install what brings most macros",
                names,
                notes="PKG_… is pkg-config's, AX_… of autoconf-archive, LT_… libtool's, AM_… automake's or gettext's; "
                "AM_PATH_NAME that of the library NAME.",
            ),
            Fix(
                "collect the macros, and make the configure script again",
                (Command("autoreconf -fi", FixStage.BUILD),),
                notes="In the folder of configure.ac. If they are in another folder than aclocal's own: "
                "ACLOCAL_PATH=/usr/share/aclocal.",
            ),
        ),
    )


def _owner(macro: str) -> str:
    return next((owner for start, owner in _OWNERS if re.match(start, macro)), "")
