"""What installs something on a system whose packages no Linux distribution's manager brings: one model for all checks.

A check advises in the terms of the distribution of its environment; here its advice becomes that of the other system.
"""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.finding import Command, Fix, FixStage
from diagnose.tables import homebrew, other_systems

if TYPE_CHECKING:
    from collections.abc import Iterable

    from diagnose.tables.other_systems import OtherSystem

_LINUX = re.compile(r"(?:sudo )?(?:apt-get|apt|apt-file|dpkg|dnf|yum|microdnf|zypper|apk|pacman)\b")
#: What holds for a distribution of Linux alone, as sentences of notes have it.
_TALK = re.compile(
    r"`?\b(?:apt-get|apt-file|apt-cache|apt|dnf|yum|zypper|apk)\b(?: -?-?\w|`)|`pacman -F|dpkg\b|--distro\b"
    r"|\bDebian(?:, Ubuntu:| calls| has )|\b[Oo]n Ubuntu its packages|linux-gnu-pkg-config"
)
_SENTENCE = re.compile(r"(?<=[.:;])\s+(?=[A-Z`\"'])")
_FAMILY = re.compile(r"^(?:(?:Debian|Ubuntu|Enterprise Linux|Fedora|Alpine)(?:, |: ))+")
_MODULE = re.compile(r"\bholds? ([\w.+-]+\.pc)\b")
_CONTAINS = re.compile(r"install the development package that contains (lib[\w+-]{1,80})\b")
_VERSION = re.compile(r"-?\d+\.\d+(?:\.\d+)*(?:-\d+)?$|-\d+$")
_CROSS = re.compile(r"(?:gcc|g\+\+|binutils)-([a-z][\w-]*-linux-\w+)$")
_PYTHON = re.compile(r"(?:lib)?python3(?:\.\d+)?(?:-dev|-venv|-pip|-distutils)?$")
_OF_LINUX = ("/usr/", "linux-gnu", "linux-musl")
#: Packages of parts without a package of their own elsewhere: of Python, and of a cross compiler.
_PARTS = re.compile(r"python3(?:[\d.]*-venv|-pip|-distutils|-is-python)?$|python-is-python3$|libc6-dev(?:-|$)")


def fitted(system: str, fixes: Iterable[Fix]) -> tuple[Fix, ...]:
    """Return *fixes* as they are on *system*, an id of :data:`diagnose.tables.other_systems.SYSTEMS`.

    What installs packages of a Linux distribution installs those of the system, in its own way; the ways of further
    distributions are left out, and so are notes about them.
    """
    here = other_systems.SYSTEMS[system]
    fitting: dict[Fix, None] = {}
    lost = False
    for fix in fixes:
        installs = [one for one in fix.commands if _is_of_linux(one, system)]
        names = tuple(dict.fromkeys(name for one in installs for name in _names(one.line)))
        if names and (reason := other_systems.absent(names, system)):
            fitting[_without(here, reason)] = None
        elif here.of_target and names and not any(map(_is_library, names)):
            fitting[fix] = None  # the program runs on the machine that builds, which is one of Linux
        elif (rest := _after_python(fix, installs, names)) is not None:
            fitting[rest] = None
        elif names:
            fitting[_installed(system, here, names, fix)] = None
        elif (library := _CONTAINS.match(fix.title)) is not None:
            fitting[_searched(system, here, library[1])] = None
        elif installs or _FAMILY.match(fix.title):
            lost = True
        else:
            fitting[fix if system == "termux" and "pkg " in fix.notes else _quiet(fix)] = None  # apt is its own, too
    if lost and not fitting:
        return (Fix(here.way.format(names="it"), notes=here.notes.strip()),)
    return tuple(fitting)


def _after_python(fix: Fix, installs: list[Command], packages: tuple[str, ...]) -> Fix | None:
    """Return *fix* without *installs* where they bring Python's own parts alone, for later commands; else None.

    Elsewhere Python has its module venv, and pip, by itself.
    """
    rest = tuple(
        one for one in fix.commands if one.stage in (FixStage.TOOLCHAIN, FixStage.BUILD) and one not in installs
    )
    if not rest or not packages or not set(packages) <= {"python3", "python3-pip", "python3-venv"}:
        return None
    return _quiet(fix)._replace(title=_FAMILY.sub("", fix.title), commands=rest)


def _is_of_linux(command: Command, system: str) -> bool:
    """Whether *command* calls the manager of a distribution of Linux; MSYS2 has one of them, too."""
    return bool(_LINUX.match(command.line)) and not (system == "msys2" and command.line.startswith("pacman "))


def _names(line: str) -> list[str]:
    """Return the packages that *line*, a command of apt-get, installs."""
    words = line.split()
    if "apt-get" not in words[:2] or "install" not in words:
        return []
    return [word.strip("'\"").partition(":")[0] for word in words[words.index("install") + 1 :] if word[0] != "-"]


def _installed(system: str, here: OtherSystem, packages: tuple[str, ...], fix: Fix) -> Fix:
    """Return what brings *packages* of Debian, which *fix* installs there, to *system*."""
    if system == "macos" and (brewed := _brewed(packages)):
        return brewed
    packages = tuple(name for name in packages if not _PARTS.match(name)) or packages[:1]
    packages = tuple(_PYTHON.sub("python3-dev", name) for name in packages)
    if here.programs and any(map(_is_library, packages)):
        packages = tuple(filter(_is_library, packages))  # its libraries and its programs come in different ways
    names = other_systems.called(packages, here.column)
    known = bool(names)
    way, command = here.way if known or not here.column else other_systems.UNSURE, here.command if known else ""
    module = _MODULE.search(fix.title)
    search = ""
    if not any(map(_is_library, packages)) and here.programs:
        way, command, names = here.programs, "", tuple(map(_stem, packages))
    elif not known:
        names = (f"the package with {module[1]}",) if module else tuple(dict.fromkeys(map(_stem, packages)))
        sought = (module[1] if module else _stem(packages[0])).removesuffix(".pc")
        search = here.search.format(file=sought) if " " not in sought else ""
    told = " ".join(f'"{here.prefix}{name}"' if here.prefix else name for name in names)
    rest = [one for one in fix.commands if not _is_of_linux(one, system) and _fits(one.line)]
    commands = [Command(command.format(names=told), FixStage.PACKAGES)] if command else []
    commands += [one for one in rest if one.stage in (FixStage.TOOLCHAIN, FixStage.BUILD)]
    notes = (here.notes if way != here.programs else "", f"`{search}` looks for its name there." if search else "")
    return Fix(
        way.format(names=", ".join(names), system=here.name, own=here.packages),
        tuple(commands),
        env=tuple(one for one in fix.env if _fits(one[1])),
        notes=" ".join(filter(None, notes)),
    )


def _without(here: OtherSystem, reason: str) -> Fix:
    """Return what to do where a library is of other systems alone, for *reason*."""
    return Fix(
        f"build without it on {here.name}, or on Linux: {reason}",
        notes="Look for a feature, an extra or a release of the project that leaves it out there (sys_platform in "
        "requirements, cfg(target_os) in Rust). On Windows, WSL is a Linux; elsewhere a container.",
    )


def _searched(system: str, here: OtherSystem, library: str) -> Fix:
    """Return how the package with *library*, a file, is found on *system*."""
    if system not in ("macos", "linuxbrew"):
        return Fix(here.way.format(names=f"the package with {library}"), notes=here.notes)
    word = re.split(r"[_.\d-]", library.removeprefix("lib"))[0]
    if formula := homebrew.formula_of(library):
        word = formula
    return Fix(
        f"install the formula with {library}, and name Homebrew's folder",
        (
            Command(f"brew install {formula}" if formula else f"brew search {word}", FixStage.PACKAGES),
            Command('export LIBRARY_PATH="$(brew --prefix)/lib:$LIBRARY_PATH"', FixStage.TOOLCHAIN),
        ),
        notes="Apple's linker does not search /opt/homebrew/lib by itself, so an installed one is not found either.",
    )


def _is_library(package: str) -> bool:
    """Whether *package* of Debian is a library, or is for compiling with one."""
    return package.startswith("lib") or package.endswith("-dev")


def _fits(text: str) -> bool:
    """Whether *text*, of a command or a variable, names nothing of a Linux distribution."""
    return not any(part in text for part in _OF_LINUX) and not _TALK.search(text)


def _stem(package: str) -> str:
    """Return what *package* of Debian has, by the part of its name that others share."""
    if (cross := _CROSS.match(package)) is not None:
        return f"a cross compiler for {cross[1]}"
    if package.startswith("python3"):
        return "Python"
    if not _is_library(package):
        return package
    return _VERSION.sub("", package.removesuffix("-dev")) or package


def _quiet(fix: Fix) -> Fix:
    """Return *fix* without the sentences of its notes that hold for distributions of Linux alone."""
    if not _TALK.search(fix.notes):
        return fix
    rest = " ".join(part for part in _SENTENCE.split(fix.notes) if not _TALK.search(part)).rstrip(" ;:")
    return fix._replace(notes=f"{rest}." if rest and rest[-1] != "." else rest)


def _brewed(packages: tuple[str, ...]) -> Fix | None:
    """Return the fix that installs *packages* of Debian with Homebrew; None without formulae for that."""
    names = homebrew.formulae(packages)
    if not names:
        return None
    folders = [f"/opt/homebrew/opt/{name}" for name in homebrew.libraries(names)]
    variables = (("CPATH", "include"), ("LIBRARY_PATH", "lib"), ("PKG_CONFIG_PATH", "lib/pkgconfig"))
    on_path = ":".join(f"/opt/homebrew/opt/{name}/bin" for name in homebrew.off_path(names))
    return Fix(
        f"install {' '.join(names)} with Homebrew" + (", and name its folders" if folders else ""),
        (
            Command(f"brew install {' '.join(names)}", FixStage.PACKAGES),
            *([Command(f'export PATH="{on_path}:$PATH"', FixStage.TOOLCHAIN)] if on_path else []),
        ),
        env=tuple((name, ":".join(f"{folder}/{sub}" for folder in folders)) for name, sub in variables if folders),
        notes="On Intel Macs the folders are in /usr/local/opt." if folders else "",
    )
