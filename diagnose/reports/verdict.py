"""The first line of every subject's report: what it comes down to, before any detail."""

from __future__ import annotations

from diagnose.engine.run import Result
from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple
from diagnose.model.finding import Severity
from diagnose.model.outcome import Outcome

if TYPE_CHECKING:
    from typing import Any


class Verdict(NamedTuple):
    """The headline of a readable subject, whether all is well with it, and the lines of fact that belong under it.

    ``weight`` is how bad it is where no finding says so.
    """

    headline: str
    good: bool
    details: list[str] = []
    weight: Severity = Severity.ERROR


def verdict(result: Result) -> Verdict:
    """Return what *result*, of a readable subject, comes down to.

    Where the user left checks out, the headline says so: it claims no more than the others looked at.
    """
    whole = _VERDICTS[result.kind](result)
    if not result.left_out or result.kind == "log":  # a log's headline is made from the findings alone
        return whole
    number = len(result.findings)
    count = f"{number or 'no'} problem{'' if number == 1 else 's'} found by the selected checks"
    words = f"{' + '.join(platforms(result.facts)) or 'no valid tags'}; " if result.kind == "wheel" else ""
    others = f" ({len(result.left_out)} other{'' if len(result.left_out) == 1 else 's'} left out)"
    good = not number and result.outcome is Outcome.OK
    return Verdict(words + count + others, good, whole.details, Severity.NOTE)


def platforms(facts: dict[str, Any]) -> list[str]:
    """Return the platform tags of a wheel's file name, in its order."""
    return list(dict.fromkeys(tag.rpartition("-")[2] for tag in facts["tags"]))


def _wheel(result: Result) -> Verdict:
    good = not result.findings
    claimed, could = platforms(result.facts), result.facts["lowest_tag"] or ""
    words = " + ".join(claimed) or "no valid tags"
    if not result.facts.get("judged", True):
        files = result.facts.get("other_code", ())
        arches = sorted({arch for file in files for arch in file["arches"]})
        details = [f"processors in the headers of {len(files)} of its files: {', '.join(arches)}"] if arches else []
        what = "not a Linux wheel" if "any" not in claimed else "its code is for other systems"
        return Verdict(f"{words}, {what}: checked its metadata, RECORD and archive only", False, details)
    if not result.facts["elf_files"]:
        return Verdict(f"{words}, no {'code for Linux' if result.facts['other_code'] else 'compiled code'}", good)
    details = []
    if "musl-release" in result.facts.get("auditwheel_differences", ()):
        details = ["musl gives its symbols no versions: as far as its functions show, the claimed release is enough"]
    if good or not could or could in claimed:
        return Verdict(words, good, details)
    return Verdict(f"says {words}, is {could}", good)


def _env(result: Result) -> Verdict:
    facts = result.facts
    triple = facts["target"]["triple"]
    details = [_place(facts), *dict.fromkeys(map(_library, facts["libraries"]))]
    if facts["target"]["others"]:
        details.append(
            f"not judged: {' and '.join(facts['target']['others'])}, which build.target names too (--target)"
        )
    errors = sum(finding.severity is Severity.ERROR for finding in result.findings)
    unusable = [library for library in facts["libraries"] if library["outcome"] not in ("found", "overridden")]
    untold = [library["module"] for library in unusable if library["outcome"] in ("unknown", "disabled")]
    unknown = facts["project"]["unknown"]
    if (untold or unknown) and not errors and len(untold) == len(unusable):
        reasons = [f"pkg-config was not asked for {' and '.join(untold)}"] if untold else []
        if unknown:
            verb = "asks" if len(unknown) == 1 else "ask"
            reasons.append(f"{_several(unknown)} {verb} pkg-config for something not known here")
            details.append("name it with --lib MODULE")
        return Verdict(
            f"cannot tell whether {triple} can be built for: {', and '.join(reasons)}", False, details, Severity.NOTE
        )
    if errors or unusable:
        count = max(errors, len({library["module"] for library in unusable}))
        things = f"{count} thing{'' if count == 1 else 's'}"
        return Verdict(f"not ready to build for {triple}: {things} to mend", False, details)
    if not facts["libraries"]:
        details.append(_nothing_asked(facts["project"]))
    if facts["project"]["manifest"]:
        details.append(f"next: {_next_command(facts)}")
    warnings = dict.fromkeys(found.check for found in result.findings if found.severity is Severity.WARNING)
    aside = f", apart from {' and '.join(warnings)}" if warnings else ""
    limit = "" if facts["libraries"] else ", as long as it needs no system library"
    return Verdict(f"ready to build for {triple}{limit}{aside}", True, details)


def _several(names: list[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return (", ".join(names[:3]) + more) if more else " and ".join(names)


def _nothing_asked(project: dict[str, Any]) -> str:
    if project["lock"]:
        return "no library was looked for: no crate in Cargo.lock is known to need one (--lib MODULE asks for one)"
    if project["manifest"]:
        return "no library was looked for: `cargo generate-lockfile` writes the Cargo.lock that tells which are needed"
    return "no library was looked for: name it with --lib MODULE, or stand in the Cargo project that needs it"


def _place(facts: dict[str, Any]) -> str:
    container = facts["container"].get("kind", "")
    inside = {"": "", "plain": ", in a container"}.get(container, f", in a {container} image")
    return f"on {facts['distribution'].get('name') or 'an unknown system'} ({facts['host']['uname']}){inside}"


def _library(library: dict[str, Any]) -> str:
    name = f"{library['module']} {library.get('version', '')}".rstrip()
    state = "" if library["outcome"] == "found" else f"{library['outcome']} "
    files = [file["path"] for file in library.get("files", ()) if file.get("path")]
    told = " and ".join(setting["name"] for setting in library.get("directed_by", ()))
    source = library.get("pc") or told or ("without pkg-config" if library.get("alone") else "")
    places = [source, *files[:1]] if source else []
    return f"{name}: {state}{' → '.join(places)}".rstrip()


def _next_command(facts: dict[str, Any]) -> str:
    wheel = facts["project"]["wheel"]
    command = ["maturin build --release" if wheel else "cargo build --release"]
    command += [f"--target {facts['target']['triple']}"] if facts["cross"] else []
    command += [f"--compatibility {facts['policy']}"] if facts["policy"] and wheel else []
    return " ".join(command)


def _log(result: Result) -> Verdict:
    facts, findings = result.facts, result.findings
    details = [*_errors(result), *_recovered(result)]
    if findings:
        others = len(findings) - 1
        return Verdict(findings[0].check + (f", and {others} more" if others else ""), False, details)
    if not facts["lines"]:
        return Verdict("cannot tell: the log is empty", False, weight=Severity.NOTE)
    if result.outcome is Outcome.OK:
        return Verdict("no failure", True, details)
    if result.outcome is Outcome.CANNOT_TELL:
        reason = "no tool in it says that it failed, and the last one does not say that it is done"
        return Verdict(f"cannot tell: {reason}", False, details, Severity.NOTE)
    return Verdict("failed; none of the selected checks knows why", False, details, Severity.NOTE)


def _errors(result: Result) -> list[str]:
    """Return the first and the last error as lines, where the findings do not quote them already."""
    shown = {item.path.rpartition(":")[2] for finding in result.findings for item in finding.evidence}
    first, last = result.facts.get("first_error"), result.facts.get("last_error")
    if first is None or last is None:
        return []
    named = [("the error", first)] if first == last else [("the first error", first), ("the last error", last)]
    return [f"{name}, in line {one['line']}: {one['text']}" for name, one in named if str(one["line"]) not in shown]


def _recovered(result: Result) -> list[str]:
    """Return what looked like a cause, and was none, as lines."""
    return [
        f"also seen, and the build went on after it: {finding.check} ({finding.evidence[-1].path}): {finding.message}"
        for finding in result.recovered
    ]


_VERDICTS = {"wheel": _wheel, "env": _env, "log": _log}
