"""The questions to pkg-config in a log and their results: one record for each question, in any tool's wording."""

from __future__ import annotations

from functools import lru_cache

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple, re
from diagnose.model.pattern import PROBE_KINDS
from diagnose.readers.buildlog.hits import Hit, Said

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

#: The kinds of the program's own messages.
_SAID = {"pc-none", "pc-transitive", "pc-version", "pc-refused", "pc-conflict"}
_REACH = 60  # lines that one report of a failed question takes at most
_TELLING = {kind: rank for rank, kind in enumerate(PROBE_KINDS)}
#: Exit codes of a program that could not be started, or that a signal ended: pkg-config has none of them.
_UNRUN = re.compile(r"12[67]|-\d+|1[3-9]\d")
_CONSTRAINT = re.compile(r"^\s*([^\s<>=!]+)\s*(?:([<>=!]{1,2})\s*(\S+))?\s*$")


class Probe(NamedTuple):
    """One failed question for a pkg-config module.

    ``outcome`` is ``cross-refused`` (the crate's guard: no program ran), ``tool-missing`` (the program does not exist),
    ``tool-failed`` (it exists, but cannot be run, or crashes) or ``not-found`` (it ran and did not find the module).
    ``program`` is the command's first word, empty if the log does not show it. ``environ`` are the variables before it
    on the printed command line; ``command`` is that line. ``wanted`` is a version constraint of the question.
    ``missing`` and ``required_by`` are set if another module than the requested one is missing; ``needs`` and ``found``
    if a version is too old (``found`` is empty if the log shows only the refusal). ``refused`` is the line in which the
    program refuses a file; ``conflict`` names the module that another one does not accept beside it. ``path`` are the
    folders of PKG_CONFIG_PATH that the log lists; ``silent`` is True if the program's own message is not in the log.
    """

    outcome: str
    hits: tuple[Hit, ...]
    """The lines of the failure, in order."""
    crate: str = ""
    """The crate whose build script asked; empty if the log does not show it."""
    module: str = ""
    """The module that was asked for; empty if the log does not show it."""
    wanted: str = ""
    program: str = ""
    command: str = ""
    environ: Mapping[str, str] = {}
    missing: str = ""
    required_by: str = ""
    needs: str = ""
    found: str = ""
    path: tuple[str, ...] = ()
    silent: bool = False
    refused: Hit | None = None
    conflict: str = ""

    @property
    def line(self) -> int:
        """The first line."""
        return self.hits[0].line

    @property
    def rust(self) -> bool:
        """Whether the pkg-config crate asked, and not make, CMake, meson, a configure script or a setup.py."""
        return any(hit.kind in ("pc-guard", "pc-spawn", "pc-failed", "pc-library") for hit in self.hits)


def probes(hits: Sequence[Hit], crate_at: Mapping[int, str]) -> tuple[Probe, ...]:
    """Return the failed questions among *hits*; *crate_at* names the crate of each hit, by position."""
    found: dict[tuple[str, ...], Probe] = {}
    for group in _groups(hits, crate_at):
        probe = _probe([hit for hit, _ in group], next((crate for _, crate in group if crate), ""))
        if probe is not None:
            key = (probe.outcome, probe.crate, probe.module, probe.missing, probe.program)
            found.setdefault(key, probe)
    return tuple(_without_echoes(found.values()))


def _groups(hits: Sequence[Hit], crate_at: Mapping[int, str]) -> Iterator[list[tuple[Hit, str]]]:
    group: list[tuple[Hit, str]] = []
    for position, hit in enumerate(hits):
        if hit.kind not in _TELLING:
            continue
        crate = crate_at.get(position, "")
        if group and _begins(group, hit, crate):
            yield group
            group = []
        group.append((hit, crate))
    if group:
        yield group


def _begins(group: list[tuple[Hit, str]], hit: Hit, crate: str) -> bool:
    """Whether *hit* is about another question than *group*."""
    first, last = group[0][0], group[-1][0]
    if hit.line - last.line > _REACH or crate != group[-1][1]:
        return True
    kinds = {known.kind for known, _ in group}
    if hit.kind == "pc-guard":
        return bool(kinds - {"pc-guard", "pc-path"})
    ended = "pc-none" in kinds or any("silent" in known.groups for known, _ in group)
    if hit.kind == "pc-none" and kinds & {"pc-command", "pc-failed"} and not ended:
        return False  # the program's own words, which may be about a module that the one asked for requires
    if hit.kind in ("pc-transitive", "pc-version", "pc-refused", "pc-conflict"):
        return False
    if hit.line == first.line or hit.line - last.line <= 1:
        return hit.kind == "pc-none" and hit.kind in kinds and not _same_module(group, hit)
    if hit.kind in ("pc-command", "pc-failed", "pc-spawn"):
        return hit.kind in kinds and hit.line - last.line > 2
    if hit.kind in ("pc-none", "pc-library"):
        return not _same_module(group, hit)
    return hit.kind == "pc-shell" and "pc-shell" in kinds and hit.line - last.line > 6


def _same_module(group: list[tuple[Hit, str]], hit: Hit) -> bool:
    modules = {known.groups["module"] for known, _ in group} - {""}
    for known, _ in group:
        modules |= {module for module, _ in _parse(known.groups["command"])[2]}
    return not modules or hit.groups["module"] in modules


@lru_cache(1024)  # a message is compared with all of its question; the results are only read
def _parse(command: str) -> tuple[dict[str, str], str, list[tuple[str, str]]]:
    """Split a printed command line: its variables, its program, the modules with their constraints."""
    import shlex

    try:
        words = shlex.split(command)
    except ValueError:
        words = command.replace('"', " ").split()
    environ = {}
    while words and re.match(r"^\w[\w-]*=", words[0]):
        name, _, value = words.pop(0).partition("=")
        environ[name] = value
    program = words.pop(0) if words else ""
    plain = [word for word in words if not word.startswith("-")]
    modules: list[tuple[str, str]] = []
    while plain:
        word = plain.pop(0)
        if plain and word in ("<", ">", "=", "<=", ">=", "!="):
            if modules:
                modules[-1] = (modules[-1][0], f"{word} {plain.pop(0)}")
            continue
        match = _CONSTRAINT.match(word)
        if match:
            module, constraint = match[1], f"{match[2]} {match[3]}" if match[2] else ""
            if modules and modules[-1][0] == module:  # the crate asks for the module, and again with the constraint
                modules[-1] = (module, modules[-1][1] or constraint)
            else:
                modules.append((module, constraint))
    return environ, program, modules


def _probe(hits: list[Hit], crate: str) -> Probe | None:
    by_kind: dict[str, Hit] = {}
    for hit in hits:
        by_kind.setdefault(hit.kind, hit)
    outcome = _outcome(by_kind)
    if not outcome:
        return None
    command = next((hit.groups["command"] for hit in hits if hit.groups["command"]), "")
    environ, program, modules = _parse(command)
    if (shell := by_kind.get("pc-shell")) is not None:
        program = program or shell.groups["program"] or "pkg-config"
    library = by_kind["pc-library"].groups if "pc-library" in by_kind else Said()
    transitive = by_kind["pc-transitive"].groups if "pc-transitive" in by_kind else Said()
    named = [hit.groups["module"] for hit in hits if hit.kind in ("pc-none", "pc-version", "pc-shell")]
    asked = [module for module, _ in modules]
    needs, found = _version(hits)
    listed = by_kind["pc-path"].groups["folders"] if "pc-path" in by_kind else ""
    return Probe(
        outcome=outcome,
        hits=tuple(sorted(hits, key=lambda hit: (hit.line, _TELLING[hit.kind]))),
        crate=crate or library["crate"],
        module=next(filter(None, (library["module"], *asked, *named, transitive["by"])), ""),
        wanted=next((constraint for _, constraint in modules if constraint), ""),
        program=program,
        command=command,
        environ=environ,
        missing=transitive["module"],
        required_by=transitive["by"],
        needs=needs,
        found=found,
        path=tuple(word for word in listed.split() if word != "-"),
        silent="silent" in library and not by_kind.keys() & _SAID,
        refused=by_kind.get("pc-refused"),
        conflict=by_kind["pc-conflict"].groups["module"] if "pc-conflict" in by_kind else "",
    )


def _outcome(by_kind: Mapping[str, Hit]) -> str:
    if "pc-guard" in by_kind:
        return "cross-refused"
    if "pc-spawn" in by_kind or "pc-shell" in by_kind:
        spawn = by_kind.get("pc-spawn")
        why = spawn.groups["why"] if spawn else ""
        if spawn and "why" in spawn.groups and not re.search(r"os error 2\)|code: 2,|[Nn]o such file|^$", why):
            return "tool-failed"
        if spawn and "because" in spawn.text:
            return "tool-failed"
        return "tool-missing"
    failed = by_kind.get("pc-failed")
    answered = by_kind.keys() & _SAID
    if failed and not answered and _UNRUN.fullmatch(failed.groups["status"]):
        return "tool-failed"
    if answered or by_kind.keys() & {"pc-failed", "pc-library"}:
        return "not-found"
    return ""


def _version(hits: Iterable[Hit]) -> tuple[str, str]:
    versions = [hit.groups for hit in hits if hit.kind in ("pc-version", "pc-conflict")]
    needs = next((said["needs"] for said in versions if said["needs"]), "")
    return needs, next((said["found"] for said in versions if said["found"]), "")


def _without_echoes(probes: Iterable[Probe]) -> Iterator[Probe]:
    """Remove records that only repeat a fuller one: the tool's own line about a module that a crate already reports."""
    known = [(probe, probe.rust) for probe in probes]
    reported = {probe.module for probe, rust in known if rust} - {""}
    yield from (probe for probe, rust in known if rust or probe.module not in reported)
