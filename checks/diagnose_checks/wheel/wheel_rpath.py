"""The wheel's libraries are searched for in the wrong place.

``RPATH`` and ``RUNPATH`` tell the dynamic linker where to search for the libraries that a file needs. In a wheel only
entries that begin with ``$ORIGIN``, the folder that the file is installed in, are useful. Others do harm:

- an absolute folder of the build machine (``/home/runner/…``) is empty on users' machines, or belongs to another user,
  whose libraries are then loaded;
- a folder relative to the working directory (``NAME.libs``, ``@loader_path/``), and an empty element, which means the
  working directory itself, load any file of that name from the user's current folder;
- a folder above the environment does not belong to the wheel.

If no entry names the folder of a bundled library, the loader does not find it. This is checked on the installed layout,
where the contents of ``.data/platlib`` and the like have been moved, and by the loader's rules: libraries that a file
loads inherit its ``DT_RPATH``, but not its ``DT_RUNPATH``.

How to fix: link with ``$ORIGIN/…`` only, or let ``auditwheel repair`` or maturin write the entry. In a finished wheel,
use ``patchelf --set-rpath``.

References:
    https://man7.org/linux/man-pages/man8/ld.so.8.html
    https://github.com/NixOS/patchelf
"""

from __future__ import annotations

import posixpath

from diagnose.authoring.wheel import (
    bounded,
    has_linux_code,
    is_sample,
    loaded_late,
    missing_library_error,
    shorten,
    some,
    tagged_elves,
)
from diagnose.loaders import musl_loader
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Evidence, Finding, Severity
from diagnose.readers.wheel.linkage import SITE, LoadLink
from diagnose.remedies.repack import inside, repack
from diagnose.remedies.shell_quoting import quote
from diagnose.tables.shared_libraries import is_required

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.elf.elf_parser import Elf
    from diagnose.readers.wheel.reader import Wheel

CHECK = Check(since="0.1.0", needs="tags", applies=has_linux_code)


_SYSTEM = re.compile(r"/(?:usr|lib|lib32|lib64|opt/(?:cuda|ibm|intel|nvidia|oracle|rocm))(?:[-/]|$)")
_ORIGIN = re.compile(r"\$ORIGIN\b|\$\{ORIGIN\}")


def wheel(wheel: Wheel) -> Iterator[Finding]:
    """See bundled libraries that the search does not find, and harmful entries."""
    elves = {elf.path: elf for elf in tagged_elves(wheel) if not is_sample(elf)}
    sure, unsure = _missed(wheel, elves)
    if sure or unsure:
        yield _not_found(wheel, elves, sure or unsure, bool(sure))
    explained = {link.path for link in (*sure, *unsure)}
    found = [(elf, bad) for path, elf in elves.items() if path not in explained and (bad := list(_bad_elements(elf)))]
    if found:
        yield _astray(wheel, found)


# --- libraries that are not found ----------------------------------------------------------------------------------


def _missed(wheel: Wheel, elves: dict[str, Elf]) -> tuple[list[LoadLink], list[LoadLink]]:
    """Return the links that certainly fail, and those that fail unless other code has loaded the library before.

    A library that only plugins miss is loaded already if other files of the wheel, or Python itself, load it. A library
    of a required wheel (CUDA's runtime with torch) is loaded by that wheel: a second copy would not help.
    """
    reached = {link.needed for link in wheel.links if link.target}
    required = {name: is_required(name, wheel.requires) for name in {link.needed for link in wheel.links}}
    sure: list[LoadLink] = []
    unsure: list[LoadLink] = []
    for link in wheel.links:
        starts = [elves[path] for path in link.missed_from if path in elves]
        candidates = [elves[path] for path in link.candidates if path in elves]
        if not starts or not candidates or link.path not in elves or required[link.needed]:
            continue
        known = link.needed in reached or any(elf.is_extension for elf in candidates)
        if any(elf.is_extension for elf in starts) and not known:
            sure.append(link)
        elif any(elf.is_extension or elf.is_executable for elf in starts) or not known:
            unsure.append(link)
    return sure, unsure


def _not_found(wheel: Wheel, elves: dict[str, Elf], links: list[LoadLink], sure: bool) -> Finding:
    names = sorted({link.needed for link in links})
    files: dict[str, list[LoadLink]] = {}
    for link in links:
        files.setdefault(link.path, []).append(link)
    evidence = [
        Evidence(
            f"needs {some([_found(link) for link in rows], 2)}; searches {_search_path(elves[path])}"
            f"{_dropped(wheel, elves[path])}",
            path,
        )
        for path, rows in files.items()
    ]
    return Finding(
        f"does not find {some(names)} in the wheel" + ("" if sure else " from every file that needs it"),
        Severity.ERROR if sure else _doubt(wheel, elves, links),
        bounded(evidence),
        missing_library_error(wheel, elves[next(link.path for link in links if link.needed == names[0])], names[0])
        + ("" if sure else ", unless other code has loaded it before, or LD_LIBRARY_PATH names its folder"),
        (repack(wheel, "add its folder to the search path", _set_rpaths(wheel, links, elves)),),
    )


def _doubt(wheel: Wheel, elves: dict[str, Elf], links: list[LoadLink]) -> Severity:
    """Return a note for libraries of the environment's own lib folder: programs link to them, or code opens them."""
    starts = [elves[path] for link in links for path in link.missed_from if path in elves]
    shared = all(elf.installed.startswith("lib/") and not elf.installed.startswith(f"{SITE}/") for elf in starts)
    return Severity.NOTE if shared and not loaded_late(wheel) else Severity.WARNING


def _found(link: LoadLink) -> str:
    return f"{link.needed}, which is {link.candidates[0]}"


def _dropped(wheel: Wheel, elf: Elf) -> str:
    value = elf.runpath if elf.runpath is not None else elf.rpath or ""
    if wheel.verdict.libc == "musl" and musl_loader.drops_search_path(value):
        return ", which musl ignores entirely: it supports only $ORIGIN"
    return ""


def _search_path(elf: Elf) -> str:
    for kind, value in (("RUNPATH", elf.runpath), ("RPATH", elf.rpath)):
        if value is not None:
            return f'{kind} "{shorten(value)}"'
    return "only the system's folders (no RUNPATH)"


def _set_rpath(elf: Elf, value: str) -> str:
    """Return patchelf's options; DT_RPATH stays DT_RPATH, because the libraries that the file needs inherit it."""
    force = "--force-rpath " if elf.runpath is None and elf.rpath is not None else ""
    return f"{force}--set-rpath {quote(value)}" if value else "--remove-rpath"


def _set_rpaths(wheel: Wheel, links: list[LoadLink], elves: dict[str, Elf]) -> list[str]:
    wanted: dict[str, list[str]] = {}
    steps: dict[tuple[str, str], str] = {}
    renamed: dict[str, list[str]] = {}
    for link in links:
        here, there = (posixpath.dirname(elves[path].installed) for path in (link.path, link.candidates[0]))
        if (here, there) not in steps:
            steps[here, there] = posixpath.relpath(there or ".", here or ".")
        step = steps[here, there]
        wanted.setdefault(link.path, []).append("$ORIGIN" if step == "." else f"$ORIGIN/{step}")
        name = link.candidates[0].rpartition("/")[2]
        if name != link.needed:
            renamed.setdefault(f"--replace-needed {quote(link.needed)} {quote(name)}", []).append(link.path)
    options: dict[str, list[str]] = {}
    for path, folders in wanted.items():
        elf = elves[path]
        bad = {element for element, _, _ in _bad_elements(elf)}
        keep = [e for e in (elf.runpath or elf.rpath or "").split(":") if e and e not in bad]
        if wheel.verdict.libc == "musl":
            keep = [element for element in keep if not musl_loader.drops_search_path(element)]
        options.setdefault(_set_rpath(elf, ":".join(dict.fromkeys([*keep, *folders]))), []).append(path)
    return _patch(wheel, renamed) + _patch(wheel, options)


def _patch(wheel: Wheel, options: dict[str, list[str]]) -> list[str]:
    return [f"patchelf {option} {inside(wheel, paths)}" for option, paths in options.items()]


# --- harmful entries -----------------------------------------------------------------------------------------------


def _bad_elements(elf: Elf) -> Iterator[tuple[str, str, Severity]]:
    """Yield (element, problem, severity). Loaders ignore a RUNPATH that is entirely empty."""
    value = elf.runpath if elf.runpath is not None else elf.rpath
    for element in value.split(":") if value else ():
        if _ORIGIN.match(element):
            origin = (posixpath.dirname(elf.installed) or ".").replace("\\", r"\\")
            folder = posixpath.normpath(_ORIGIN.sub(origin, element))
            if folder.startswith(".."):
                yield element, "leads out of the wheel's environment", Severity.WARNING
        elif element.startswith("/"):
            system = _SYSTEM.match(element) is not None
            yield element, "is an absolute folder", Severity.NOTE if system else Severity.WARNING
        elif not element:
            yield element, "is empty, which means the working directory", Severity.WARNING
        elif not element.startswith("$"):
            yield element, "is relative to the working directory", Severity.WARNING


def _origin(wheel: Wheel) -> str:
    if wheel.generator.startswith("meson"):
        return "meson-python keeps an rpath from a .pc file (Libs: -Wl,-rpath,…): remove it there."
    return ""


def _astray(wheel: Wheel, found: list[tuple[Elf, list[tuple[str, str, Severity]]]]) -> Finding:
    evidence = []
    options: dict[str, list[str]] = {}
    elements: dict[str, None] = {}
    for elf, bad in found:
        value = (elf.runpath if elf.runpath is not None else elf.rpath) or ""
        names = {element: f"{shorten(element, 60) or 'one element'} {why}" for element, why, _ in bad}
        evidence.append(Evidence(f"{_search_path(elf)}: {some(list(names.values()), 2)}", elf.path))
        elements.update(dict.fromkeys(names))
        keep = ":".join(element for element in value.split(":") if element not in names)
        options.setdefault(_set_rpath(elf, keep), []).append(elf.path)
    severity = min((level for _, bad in found for _, _, level in bad), key=lambda level: level.rank)
    shown = some([shorten(element, 60) or "an empty element" for element in elements], 3)
    if severity is Severity.NOTE:
        message = f"searches system folders by RPATH: {shown}"
        consequence = "loads libraries from there before the loader's own choice; unnecessary on most systems"
    else:
        message = f"searches folders that users do not control: {shown}"
        consequence = "anyone who can write there decides which libraries are loaded; otherwise nothing is found there"
    return Finding(
        message,
        severity,
        bounded(evidence),
        consequence,
        (repack(wheel, "remove these entries", _patch(wheel, options), _origin(wheel), safe=True),),
    )
