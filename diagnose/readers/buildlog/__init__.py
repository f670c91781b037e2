"""Reads the log of a failed build, of any size: its significant lines, and the facts that follow from them."""

from __future__ import annotations

import io
import os
import sys
from bisect import bisect_right

from diagnose.model import targets
from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple
from diagnose.model.finding import Evidence, Finding, InputError, Phase, Severity
from diagnose.model.outcome import Outcome
from diagnose.model.pattern import Pattern, Wordings, patterns_for
from diagnose.readers.buildlog import patterns as table
from diagnose.readers.buildlog import sighted_systems
from diagnose.readers.buildlog.clean import clean
from diagnose.readers.buildlog.context import ContextHint, parse, sights, unknown_release
from diagnose.readers.buildlog.course import Course, Event, course
from diagnose.readers.buildlog.hits import Hit, Hits
from diagnose.readers.buildlog.linking import LINK_KINDS, LinkStep, is_asked, links
from diagnose.readers.buildlog.marks import parse as parse_mark
from diagnose.readers.buildlog.probes import Probe, probes
from diagnose.readers.buildlog.scan import Scanner
from diagnose.readers.system.distro import Container, Distro

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from typing import Any, BinaryIO

    from diagnose.model.targets import Target
    from diagnose.readers.system.machine import Machine

__all__ = ["BuildLog", "Hit", "LinkStep", "Pattern", "Probe", "facts", "patterns_for", "read"]


class BuildLog(NamedTuple):
    """The facts of a log. ``hits`` are its significant lines in order; everything else is derived from them.

    ``asked_target`` and ``asked_distro`` are the user's options; they override the log. ``course`` is the course of the
    build. ``surroundings`` are the lines around its first and last failures. ``outcome`` is None until the findings are
    known (:meth:`concluded`). ``unseen`` says in plain words which lines were not examined.
    """

    name: str
    """The input as reports name it: a file without its folder, ``standard input``, or a command."""
    lines: int = 0
    """The number of lines that were read."""
    hits: Hits = Hits()
    probes: tuple[Probe, ...] = ()
    """The failed questions for pkg-config modules, in order."""
    links: tuple[LinkStep, ...] = ()
    """The failed link steps, in order."""
    sights: tuple[ContextHint, ...] = ()
    """What single lines tell about the place of the build, in order."""
    crates: tuple[tuple[int, str, str], ...] = ()
    """(line, name, version) of each crate from whose compilation on lines are its own; empty names: of none."""
    asked_target: Target | None = None
    asked_distro: Distro | None = None
    machine: Machine | None = None
    """What ran the build, where diagnose ran it; a log that shows another place, such as a container, is not of it."""
    course: Course = Course()
    surroundings: Mapping[int, tuple[int, bytes]] = {}
    outcome: Outcome | None = None
    unseen: tuple[str, ...] = ()

    def find(self, *kinds: str) -> list[Hit]:
        """Return the hits of these kinds, in the order of the log."""
        return self.hits.of(*kinds)

    @property
    def first_error(self) -> Event | None:
        """The first error that the build did not continue after; None without a failure."""
        return self.course.standing[0] if self._broken else None

    @property
    def last_error(self) -> Event | None:
        """The last error that the build did not continue after; None without a failure."""
        return self.course.standing[-1] if self._broken else None

    @property
    def _broken(self) -> bool:
        broken = self.outcome in (Outcome.FAILED, Outcome.UNKNOWN_CAUSE) or bool(self.course.ending.failed)
        return broken and bool(self.course.standing)

    def near(self, line: int, *kinds: str, before: int = 0, after: int = 0) -> list[Hit]:
        """Return the hits, of these kinds if given, from *before* lines above to *after* lines below *line*."""
        around = self.hits.between(line - before, line + after)
        return [hit for hit in around if not kinds or hit.kind in kinds]

    def quote(self, *hits: Hit) -> tuple[Evidence, ...]:
        """Return *hits* as evidence: ``LOG:LINE`` and the line; of several hits in one line, the first."""
        lines = {hit.line: Evidence(hit.text, path=f"{self.name}:{hit.line}") for hit in reversed(hits)}
        return tuple(lines[line] for line in sorted(lines))

    def shows(self, kinds: Iterable[str]) -> bool:
        """Whether there is a hit of any of these kinds."""
        return not self.hits.kinds.isdisjoint(kinds)

    def offers(self, basis: str) -> bool:
        """Whether it has what a check needs: always, because it has one layout only."""
        return True

    def position(self, evidence: Evidence) -> int:
        """Return the line number that *evidence* of this log quotes; 0 for evidence of anything else."""
        name, _, line = evidence.path.rpartition(":")
        return int(line) if name == self.name and line.isdigit() else 0

    def was_examined(self, phase: Phase) -> bool:
        """Whether there was anything to examine for *phase*: always, because a log may show every phase."""
        return True

    def went_on(self, hit: Hit) -> bool:
        """Whether the build visibly continued after *hit*."""
        origin = hit.origin
        probe = hit.kind.startswith("pc-") and self.crate_at(hit.line)[0] != ""
        return self.course.went_on(hit.line, origin.stream, origin.crate, origin.warning, probe)

    def without_recovered(self, findings: Iterable[Finding]) -> BuildLog | None:
        """Return the log without the errors of *findings* that the build recovered from; None without such errors.

        The error is in a finding's last line; all hits of its kind that the build continued after are removed.
        """
        findings = list(findings)
        lines = {max(map(self.position, finding.evidence)) for finding in findings if finding.evidence} - {0}
        kinds = {hit.kind for line in lines for hit in self.hits.at(line) if parse_mark(hit.kind) is None}
        if any(kind.startswith("pc-") for kind in kinds):
            kinds |= {kind for kind in self.hits.kinds if kind.startswith("pc-")} - {"pc-side"}
        done = self._done
        gone = {hit.line for hit in self.hits.of(*kinds) if hit.line < done or self.went_on(hit)}
        gone |= {line for line in lines if line < done}
        for finding in findings:  # every line of a question that counts
            here = set(map(self.position, finding.evidence))
            last = self.hits.at(max(here, default=0))
            if any(hit.kind.startswith("pc-") for hit in last) and not self.is_recovered(finding):
                gone -= here
        if not gone:
            return None
        sights = tuple(sight for sight in self.sights if sight.line not in gone)
        rest = self._replace(hits=self.hits.without(gone), sights=sights)
        return _drawn(rest, {hit.kind for line in gone for hit in self.hits.at(line)})

    def is_recovered(self, finding: Finding) -> bool:
        """Whether the build continued after *finding*."""
        line = max(map(self.position, finding.evidence), default=0)
        hits = [hit for hit in self.hits.at(line) if parse_mark(hit.kind) is None]
        return bool(line) and (line < self._done or any(map(self.went_on, hits)))

    @property
    def _done(self) -> int:
        """The line of the success that no failure follows; 0 without one."""
        return self.course.ending.done

    def concluded(self, findings: Iterable[Finding]) -> BuildLog:
        """Return the log with its outcome, given the *findings* that count."""
        ending = self.course.ending
        if any(finding.severity is Severity.ERROR for finding in findings):
            outcome = Outcome.FAILED
        elif ending.failed:
            outcome = Outcome.UNKNOWN_CAUSE
        else:
            outcome = Outcome.OK if ending.done else Outcome.CANNOT_TELL
        return self._replace(outcome=outcome)

    def window(self, line: int) -> tuple[tuple[int, str], ...]:
        """Return the lines around the failure in *line*, cleaned, each with its number."""
        before, data = self.surroundings.get(line, (0, b""))
        raw = data.split(b"\n")[: before + 9]
        texts = (
            (line - before + at, " ".join(clean(text.decode(errors="replace"))).strip()) for at, text in enumerate(raw)
        )
        return tuple((number, text[:300]) for number, text in texts if text and number <= self.lines)

    def crate_at(self, line: int) -> tuple[str, str]:
        """Return (name, version) of the crate whose build script's failure *line* belongs to, or empty texts."""
        at = bisect_right(self.crates, line, key=lambda unit: unit[0]) - 1
        return self.crates[at][1:] if at >= 0 else ("", "")

    def target_at(self, line: int) -> Target | None:
        """Return the target of the build at *line*: the user's, else the last named before, else the first after."""
        if self.asked_target is not None:
            return self.asked_target
        return next((one.target for one in self._sights_from(line) if one.target is not None), None)

    def distro_at(self, line: int) -> Distro:
        """Return the distribution that *line* was written on; all fields empty if unknown."""
        if self.asked_distro is not None:
            return self.asked_distro
        shown = next((one.distro for one in self._sights_from(line) if one.distro is not None), None)
        if shown is None and self.machine and not any(one.container for one in self.sights):
            shown = self.machine.distro
        return shown or Distro()

    def elsewhere_at(self, line: int) -> str:
        """Return the id of the system whose packages the build at *line* takes; empty for a distribution of Linux.

        What the log shows nearest counts. A container of Linux is one on macOS and Windows, too, whatever their paths.
        """
        if self.asked_distro is not None:
            return ""
        if any(one.system == "termux" for one in self.sights):  # its manager is apt, too
            return "termux"
        machines = () if self.host is None and not self.distro_at(line).id else _MACHINES
        theirs = any(hit.text.startswith(_SYSTEMS_OWN) for hit in self.hits.at(line))
        for one in self._sights_from(line):
            if one.distro is not None or one.system == sighted_systems.LINUX:
                return ""
            if theirs and one.system in _BESIDE:
                continue
            if one.system and one.system not in machines:
                return one.system
        return ""

    def _sights_from(self, line: int) -> list[ContextHint]:
        """Return the sights, those that count most at *line* first: from there back, then from there on."""
        at = bisect_right(self.sights, line, key=_line_of)
        return [*self.sights[:at][::-1], *self.sights[at:]]

    def container_at(self, line: int) -> Container:
        """Return the image that *line* was written in; all fields empty if unknown."""
        before = [sight.container for sight in self.sights if sight.container is not None and sight.line <= line]
        return before[-1] if before else Container()

    def cross_at(self, line: int) -> bool | None:
        """Return whether the build at *line* is a cross build; None if the log does not show it."""
        side = [hit.groups["side"] for hit in self.find("pc-side") if hit.groups["side"] and hit.line <= line]
        if side:
            return side[-1] == "TARGET"
        host, target = self.host, self.target_at(line)
        return None if host is None or target is None else host.triple != target.triple

    @property
    def host(self) -> Target | None:
        """The build machine, if the log names it."""
        found = (targets.resolve(hit.groups["triple"]) for hit in reversed(self.find("host")))
        return next((row for row in found if row is not None), None)


def read(
    path: str,
    patterns: Iterable[Pattern | Wordings] = (),
    target: str | None = None,
    distro: str | None = None,
    stream: BinaryIO | None = None,
    machine: Machine | None = None,
) -> BuildLog:
    """Read the log *path*, or standard input for ``-``, or *stream*, whose name *path* then is.

    *patterns* are those of the checks. *target* (any name of an architecture) and *distro* (a distribution,
    release or image) complete a log that does not show them, and so does *machine*, on which the build is running.

    Raises:
        InputError: the file does not exist or is not text, or *target* or *distro* is unknown.
    """
    asked_target = _asked_target(target)
    asked_distro = parse(distro) if distro else None
    if distro and asked_distro is None:
        raise InputError(
            f"{distro}: unknown distribution; expected a name like ubuntu:22.04, bookworm or manylinux2014"
        )
    if asked_distro is not None and (newest := unknown_release(asked_distro)):
        raise InputError(f"{distro}: no release of {asked_distro.id} has this number; the newest known is {newest}")
    scanner = Scanner((*table.SHARED, *patterns))
    if stream is not None:
        return _assemble(path, scanner, stream, asked_target, asked_distro, machine)
    if path == "-":
        return _assemble("stdin", scanner, sys.stdin.buffer, asked_target, asked_distro, machine)
    try:
        with open(path, "rb") as stream:
            return _assemble(os.path.basename(path), scanner, stream, asked_target, asked_distro, machine)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from None


def read_text(text: str, name: str, patterns: Iterable[Pattern] = ()) -> BuildLog:
    """Read a log from a string."""
    return _assemble(name, Scanner((*table.SHARED, *patterns)), io.BytesIO(text.encode()), None, None)


def _asked_target(name: str | None) -> Target | None:
    if name is None:
        return None
    found = targets.resolve(name)
    if found is None:
        raise InputError(targets.refusal(name))
    return found


# First bytes of compressed files: gzip (RFC 1952), zip (downloads of CI servers), xz, Zstandard (RFC 8878), bzip2.
_PACKED = {
    b"\x1f\x8b\x08": "gzip",
    b"PK\x03\x04": "zip",
    b"\xfd7zXZ\0": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"BZh": "bzip2",
}


def _start(stream: BinaryIO) -> bytes:
    """Return the first bytes of *stream* without consuming them."""
    return stream.peek(8)[:8] if isinstance(stream, io.BufferedReader) else b""


def _assemble(
    name: str,
    scanner: Scanner,
    stream: BinaryIO,
    asked_target: Target | None,
    asked_distro: Distro | None,
    machine: Machine | None = None,
) -> BuildLog:
    packed = next((packer for magic, packer in _PACKED.items() if _start(stream).startswith(magic)), "")
    if packed:
        raise InputError(f"{name}: not a log: compressed with {packed}; decompress it first")
    found = tuple(scanner.scan(stream))
    if scanner.binary:
        raise InputError(f"{name}: not a log: binary data")
    hits = Hits(sorted((hit for hit in found if not is_asked(hit)), key=lambda hit: hit.line))
    log = BuildLog(
        name,
        scanner.lines,
        hits,
        sights=sights(hits),
        asked_target=asked_target,
        asked_distro=asked_distro,
        machine=machine,
    )
    if scanner.given_up:
        words = ", ".join(sorted(scanner.given_up)[:5]) + (", …" if len(scanner.given_up) > 5 else "")
        count = len(scanner.given_up)
        unseen = f"lines before the end with any of {count} wordings that filled the log without a message: {words}"
        log = log._replace(unseen=(unseen,))
    return _drawn(log._replace(course=course(hits), surroundings=scanner.surroundings))


def _drawn(log: BuildLog, changed: Collection[str] | None = None) -> BuildLog:
    """Return *log* with all facts that are derived from several of its hits; those of *changed* kinds, if given."""
    hits = log.hits
    units = changed is None or not _UNITS.isdisjoint(changed)
    if units:
        log = log._replace(crates=tuple(_crates(hits.of(*_UNITS))))
    if changed is None or units or any(kind.startswith(_ASKED) for kind in changed):
        asked = hits.of(*(kind for kind in hits.kinds if kind.startswith(_ASKED)))
        crate_at = {position: log.crate_at(hit.line)[0] or _warned(log, hit) for position, hit in enumerate(asked)}
        log = log._replace(probes=probes(asked, crate_at))
    if changed is None or not LINK_KINDS.isdisjoint(changed):
        log = log._replace(links=links(hits.of(*LINK_KINDS)))
    return log


def _warned(log: BuildLog, hit: Hit) -> str:
    """Return the crate for which cargo prints the warning *hit*, before it reports that its build script failed."""
    if hit.origin.crate or hit.kind != "pc-guard" or not hit.text.startswith("warning: "):
        return hit.origin.crate if hit.kind == "pc-guard" else ""
    return next((one.groups["crate"] for one in log.near(hit.line, "crate-failed", after=_WARNED)), "")


def _line_of(sight: ContextHint) -> int:
    return sight.line


#: Systems on which a container, or a virtual machine, runs Linux.
_MACHINES = ("macos", "windows", "macports", "msys2")
#: Systems of packages beside a distribution's, whose compilers do not search :data:`_SYSTEMS_OWN`: what a file there
#: misses, the distribution's own compiler misses.
_BESIDE = ("conda", "linuxbrew", "spack")
_SYSTEMS_OWN = "/usr/include/"
_WARNED = 12  # lines from a warning to the report
_ASKED = "pc-"
_UNITS = frozenset({"crate-failed", "crate-done", "link-failed", "rust-waits"})


def _crates(hits: Iterable[Hit]) -> Iterator[tuple[int, str, str]]:
    """Yield the line where each failed build script's report begins, and an empty name for the line where it ends."""
    for hit in hits:
        if hit.kind == "crate-failed":
            yield hit.line, hit.groups["crate"], hit.groups["version"]
        elif hit.kind in _UNITS:
            yield hit.line, "", ""


def facts(log: BuildLog) -> dict[str, Any]:
    """Return the facts as plain data, for JSON."""
    last = log.hits.last_line
    target, distro, container = log.target_at(last), log.distro_at(last), log.container_at(last)
    return {
        "lines": log.lines,
        "target": target.triple if target else None,
        "host": log.host.triple if log.host else None,
        "cross": log.cross_at(last),
        "distribution": distro.name or None,
        "container": {"kind": container.kind, "policy": container.policy} if container.kind else None,
        "crates": [{"name": crate, "version": version} for _, crate, version in log.crates if crate],
        "pkg_config": [_probe_facts(probe) for probe in log.probes],
        "links": [_link_facts(link) for link in log.links],
        "first_error": _event_facts(log.first_error),
        "last_error": _event_facts(log.last_error),
        "processes": [
            {"tool": one.tool, "first_line": one.first, "last_line": one.last, "sign": one.sign.value}
            for one in log.course.processes
        ],
        "outcome": (log.outcome or Outcome.CANNOT_TELL).value,
        "failed": log.outcome in (Outcome.FAILED, Outcome.UNKNOWN_CAUSE),
    }


def _event_facts(event: Event | None) -> dict[str, Any] | None:
    return {"line": event.line, "text": event.text} if event else None


def _probe_facts(probe: Probe) -> dict[str, Any]:
    return {
        "line": probe.line,
        "outcome": probe.outcome,
        "crate": probe.crate or None,
        "module": probe.module or None,
        "constraint": probe.wanted or probe.needs or None,
        "transitive": probe.missing or None,
        "program": probe.program or None,
        "command": probe.command or None,
        "search_path": {name: value for name, value in probe.environ.items() if "ALLOW" not in name},
    }


def _link_facts(link: LinkStep) -> dict[str, Any]:
    return {
        "line": link.line,
        "linker": link.program or link.ld or None,
        "crate": link.crate or None,
        "for_host": link.for_host,
        "machines": list(link.machines),
        "missing": list(link.missing),
        "skipped": [file for _, file in link.skipped],
    }
