"""The linker's messages in a log: one record for each failed link step."""

from __future__ import annotations

from diagnose.model import targets
from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple, re
from diagnose.model.pattern import LINKER_KINDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from diagnose.model.targets import Target
from diagnose.readers.buildlog.hits import Hit

LINKERS = frozenset(LINKER_KINDS)
LINK_KINDS = LINKERS | {"link-failed", "crate-done", "crate-failed"}
"""The kinds of hits that :func:`links` looks at."""
_REACH = 400  # lines of one linker run
_ASKED = re.compile(r"(?:^|[/\\\s])(?:conftest|CheckFunctionExists)\.c(?:pp|c|xx)?:|-DCHECK_FUNCTION_EXISTS=")
_FOLDER = re.compile(r"/(?:lib|include)/([a-z0-9_]+-linux-[a-z0-9]+)(?:/|$)|^/usr/([a-z0-9_]+-linux-[a-z0-9]+)/")
_PREFIX = re.compile(
    r"(?:^|/)([a-z0-9_]+-(?:[a-z0-9_]+-)?linux-[a-z0-9]+)-(?:gcc|g\+\+|cc|ld|clang)[^/]*$|(?:^|/)([a-z0-9_]+-(?:[a-z0-9_]+-)?linux-[a-z0-9]+)/bin/ld"
)


class LinkStep(NamedTuple):
    """One failed link step.

    ``program`` is the program that rustc ran, or that ran outside rustc; ``ld`` the linker's own name if its messages
    show it. ``crate`` and ``part`` were linked (``part`` is ``build script``, ``lib``, ``bin "x"``…), empty if the log
    does not show them. ``skipped`` are (library, file) pairs of files for another machine; ``wrong`` are files that
    stopped the linker; ``missing`` are libraries without ``-l``, ``absent`` other files; ``undefined`` are (symbol,
    file) pairs.
    """

    hits: tuple[Hit, ...]
    """The lines of the failure, in order."""
    program: str = ""
    ld: str = ""
    crate: str = ""
    part: str = ""
    skipped: tuple[tuple[str, str], ...] = ()
    wrong: tuple[str, ...] = ()
    machines: tuple[int, ...] = ()
    """``e_machine`` of the files that were refused, as far as the linker prints it."""
    missing: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    undefined: tuple[tuple[str, str], ...] = ()

    @property
    def line(self) -> int:
        """The first line."""
        return self.hits[0].line

    @property
    def target(self) -> Target | None:
        """The target architecture in the linker's name; None for a plain ``cc`` or ``ld``."""
        return next((row for name in (self.program, self.ld) if (row := named(name)) is not None), None)

    @property
    def for_host(self) -> bool:
        """Whether a program of the build itself was linked: a build script or a procedural macro."""
        return "build script" in self.part or "build-script" in self.part or "proc-macro" in self.part

    def of(self, *kinds: str) -> list[Hit]:
        """Return the hits of these kinds."""
        return [hit for hit in self.hits if hit.kind in kinds]


def is_asked(hit: Hit) -> bool:
    """Whether a small program of configure or CMake asks whether there is a function: no object needs it."""
    return hit.kind in ("ld-undefined", "ld-no-lib") and _ASKED.search(hit.text) is not None


def folder(path: str) -> Target | None:
    """Return the architecture of the multiarch or cross folder that contains *path*."""
    match = _FOLDER.search(path)
    return targets.resolve(match[1] or match[2]) if match else None


def named(program: str) -> Target | None:
    """Return the architecture in a cross tool's name: ``arm-linux-gnueabihf-gcc``, ``…/aarch64-linux-gnu/bin/ld``."""
    match = _PREFIX.search(program)
    if not match:
        return None
    triplet = match[1] or match[2]
    short = re.sub(r"-(?:unknown|none|pc|ibm|buildroot|alpine)-", "-", triplet)
    return targets.resolve(triplet) or targets.resolve(short)


def stem(file: str) -> str:
    """Return the library's name for ``-l``: ``asound`` for ``/usr/lib/libasound.so.2``."""
    return re.split(r"\.(?:so|a)\b", file.rpartition("/")[2].removeprefix("lib"))[0]


def links(hits: Sequence[Hit]) -> tuple[LinkStep, ...]:
    """Return the failed link steps among *hits*, in their order."""
    found: list[LinkStep] = []
    group: list[Hit] = []
    for hit in hits:
        if hit.kind == "link-failed":
            found += _link(group)
            group = [hit]
        elif hit.kind in LINKERS:
            if group and hit.line - group[-1].line > _REACH:
                found += _link(group)
                group = []
            group.append(hit)
        elif hit.kind in ("crate-done", "crate-failed") and group:
            found += _link(group, hit.groups if hit.kind == "crate-done" else {})
            group = []
    return tuple(found + _link(group))


def _link(group: list[Hit], done: Mapping[str, str] | None = None) -> list[LinkStep]:
    if not group:
        return []
    skipped, wrong, machines, missing, absent, undefined = [], [], [], [], [], []
    program = ld = ""
    for hit in group:
        said = hit.groups
        ld = ld or said["ld"]
        if hit.kind == "link-failed":
            program = said["linker"]
        elif hit.kind == "ld-skipping":
            skipped.append((said["lib"] or stem(said["file"]), said["file"]))
        elif hit.kind == "ld-generic-elf":
            machines.append(int(said["machine"]))
            wrong.append(said["file"])
        elif hit.kind == "ld-wrong-file":
            wrong.append(said["file"])
        elif hit.kind == "ld-no-lib":
            missing.append(said["lib"] or f":{said['complete']}")
        elif hit.kind == "ld-no-file":
            absent.append(said["file"])
        elif hit.kind == "ld-undefined":
            undefined.append((said["symbol"], said["file"]))
        elif hit.kind == "ld-referenced" and undefined and not undefined[-1][1]:
            undefined[-1] = (undefined[-1][0], said["file"])
    unique = dict.fromkeys
    return [
        LinkStep(
            tuple(group),
            program,
            ld,
            (done or {}).get("crate", ""),
            (done or {}).get("part", ""),
            tuple(unique(skipped)),
            tuple(unique(wrong)),
            tuple(unique(machines)),
            tuple(unique(missing)),
            tuple(unique(absent)),
            tuple(unique(undefined)),
        )
    ]
