"""Why a module was not found, as far as a log tells: one answer for each question, so that causes do not overlap."""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING, Enum
from diagnose.remedies.package_names import module_of

if TYPE_CHECKING:
    from diagnose.readers.buildlog import BuildLog, Hit, Probe


class Reason(Enum):
    """What the answer "not found" comes down to."""

    OTHER = "another cause, of its own wording"
    CONTAINER = "installed outside the container"
    FOREIGN_TOOL = "installed, and asked of a pkg-config that looks elsewhere"
    ELSEWHERE = "installed, and not on the search path"
    ABSENT = "not installed"


def reason(log: BuildLog, probe: Probe) -> Reason:
    """Return why *probe* was answered with "not found"."""
    from diagnose_checks.pkgconfig.pc_missing_in_container import outside
    from diagnose_checks.pkgconfig.pkgconfig_wrapper_ignored import ignored

    if probe.outcome != "not-found" or probe.missing or (probe.needs and probe.found):
        return Reason.OTHER
    if probe.needs or log.find("pkgconf-bug") or ignored(log, probe):
        return Reason.OTHER
    if outside(log, probe):
        return Reason.CONTAINER
    if foreign_prefix(log, probe) and (present(log, probe) or "/" in probe.program):
        return Reason.FOREIGN_TOOL
    if present(log, probe) or _triple_for_folder(log, probe):
        return Reason.ELSEWHERE
    return Reason.ABSENT


def present(log: BuildLog, probe: Probe) -> list[Hit]:
    """Return the lines that show the module installed for the target of *probe*, in the same place."""
    target = log.target_at(probe.line)
    cross = log.cross_at(probe.line) is True
    found = [hit for hit in log.find("pc-file-note") if hit.groups["module"] == probe.module and probe.module]
    if cross and target is not None:
        found = [hit for hit in found if not hit.groups["folder"] or hit.groups["folder"] == target.multiarch]
    for hit in log.find("installed-note"):
        if hit.line > probe.line or not probe.module or module_of(hit.groups["package"]) != probe.module:
            continue
        arch = hit.groups["arch"]
        if (cross and target is not None and arch == target.debian) or (not cross and not arch):
            found.append(hit)
    return found


def foreign_prefix(log: BuildLog, probe: Probe) -> str:
    """Return the prefix, outside the system's, of the pkg-config that answered; empty if it is the system's."""
    if log.cross_at(probe.line) is True:
        return ""
    if "/" in probe.program:
        return "" if probe.program.startswith(("/usr/bin/", "/bin/")) else probe.program.rpartition("/bin/")[0]
    notes = [hit.groups["prefix"] for hit in log.find("foreign-note")]
    return notes[0] if notes else ""


def _triple_for_folder(log: BuildLog, probe: Probe) -> bool:
    """Whether the search path is named after the Rust triple, where Debian's folders have a name of their own."""
    target = log.target_at(probe.line)
    searched = probe.environ.get("PKG_CONFIG_LIBDIR", "") + ":" + probe.environ.get("PKG_CONFIG_PATH", "")
    return target is not None and bool(target.multiarch) and f"/lib/{target.triple}/" in searched
