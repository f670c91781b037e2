"""Decides the headline of each subject once, for all reports."""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple
from diagnose.model.finding import Severity
from diagnose.model.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from diagnose.model.finding import Finding


class Headline(NamedTuple):
    """The result in one line, and the facts below it."""

    text: str
    details: tuple[str, ...] = ()


def headline(
    kind: str,
    facts: dict[str, Any],
    findings: Sequence[Finding],
    outcome: Outcome,
    recovered: Sequence[Finding] = (),
    unseen: Sequence[str] = (),
) -> Headline:
    """Return the headline of a readable subject of *kind*, computed from the facts that JSON carries; empty without.

    *unseen* is what was not inspected.
    """
    if not facts:
        return Headline("")
    if kind == "wheel":
        return _wheel(facts, findings, unseen)
    if kind == "env":
        return _env(facts, findings, unseen)
    if kind == "workflow":
        return _workflow(facts, findings)
    return _log(facts, findings, outcome, recovered)


def selected(kind: str, facts: dict[str, Any], findings: Sequence[Finding], left_out: int, ignored: int) -> str:
    """Return the headline if *left_out* checks were deselected, or *ignored* findings: it covers only the others."""
    number = len(findings)
    count = f"{number or 'no'}{' other' if ignored else ''} problem{'' if number == 1 else 's'} found"
    count += " by the selected checks" if left_out else ""
    words = f"{' + '.join(platforms(facts)) or 'no valid tags'}; " if kind == "wheel" else ""
    aside = [f"{left_out} other{'' if left_out == 1 else 's'} left out"] if left_out else []
    aside += [f"{ignored} ignored in these files"] if ignored else []
    return f"{words}{count} ({', '.join(aside)})"


def platforms(facts: dict[str, Any]) -> list[str]:
    """Return the platform tags of a wheel's file name, in its order."""
    return list(dict.fromkeys(tag.rpartition("-")[2] for tag in facts["tags"]))


def _wheel(facts: dict[str, Any], findings: Sequence[Finding], unseen: Sequence[str]) -> Headline:
    claimed, real = platforms(facts), facts["lowest_tag"] or ""
    words = " + ".join(claimed) or "no valid tags"
    if facts["layout"] == "conda":
        return Headline(_conda(facts))
    if facts["layout"] == "code":
        meets = f"qualifies for {real}" if real else "no tag is known for its processor"
        if real.startswith("linux_") and facts["external_libraries"]:
            meets = f"qualifies for no manylinux or musllinux: needs {_several(facts['external_libraries'])}"
        return Headline(f"{meets}; checked its code only: a bare file has no tag, RECORD or metadata")
    if not facts.get("judged", True):
        files = facts.get("other_code", ())
        arches = sorted({arch for file in files for arch in file["arches"]})
        details = (f"processors in the headers of {len(files)} of its files: {', '.join(arches)}",) if arches else ()
        what = "not a Linux wheel" if "any" not in claimed else "its code is for other systems"
        looked = "RECORD, archive and the headers of its code" if arches else "RECORD and archive"
        return Headline(f"{words}, {what}: checked its metadata, {looked} only", details)
    if not facts["elf_files"] and unseen:
        return Headline(f"{words}, no compiled code in the parts that could be examined")
    if not facts["elf_files"]:
        return Headline(f"{words}, no {'code for Linux' if facts['other_code'] else 'compiled code'}")
    details = ()
    if "musl-release" in facts.get("auditwheel_differences", ()):
        details = ("musl symbols have no versions: as far as the functions show, the claimed release is enough",)
    stricter = any(finding.check == "wheel-tag-stricter-than-needed" for finding in findings)
    if not findings or not real or (_is_enough(real, claimed) and not stricter):
        return Headline(words, details)
    return Headline(f"tagged {words}, qualifies for {real}")


def glibc_needed(facts: dict[str, Any]) -> str:
    """Return the newest glibc whose symbols the code of a wheel needs; empty if it needs none."""
    from diagnose.model.versions import name_key

    rows = [row for elf in facts["elf_files"] for row in elf["highest_versions"]]
    versions = {row["version"] for row in rows if row["family"] == "GLIBC" and row["library"] != "libgcc_s.so.1"}
    return max((version[6:] for version in versions if version[6:7].isdigit()), key=name_key, default="")


def _conda(facts: dict[str, Any]) -> str:
    subdir, declared = facts["conda"]["subdir"] or "no platform", facts["conda"]["glibc"]
    start = f"conda package for {subdir}" if subdir != "noarch" else "conda package for any platform (noarch)"
    if not facts["elf_files"]:
        return f"{start}, no {'code for Linux' if facts['other_code'] else 'compiled code'}"
    needed = glibc_needed(facts)
    needs = f", needs glibc {needed}" if needed else ""
    needs += f" ({f'its dependencies allow {declared}' if declared else 'its dependencies name none'})" if needs else ""
    return f"{start}{needs}; checked its code only: its libraries come from other packages, and it has no platform tag"


def _is_enough(real: str, claimed: Sequence[str]) -> bool:
    """Whether one of the *claimed* tags promises what the tag *real* does, or a newer system."""
    from diagnose import policies  # loaded with the wheel's reader
    from diagnose.model.versions import name_key

    met = policies.split(real)
    tags = [policies.split(tag) for tag in claimed]
    same = [tag for tag in tags if (tag.family, tag.arch) == (met.family, met.arch)]
    return real in claimed or (met.family != "linux" and any(name_key(met.policy) <= name_key(t.policy) for t in same))


def _env(facts: dict[str, Any], findings: Sequence[Finding], unseen: Sequence[str]) -> Headline:
    triple = facts["target"]["triple"]
    details = [_place(facts), *dict.fromkeys(map(_library, facts["libraries"]))]
    if facts["target"]["others"]:
        details.append(f"not checked: {' and '.join(facts['target']['others'])}, also in build.target (--target)")
    errors = sum(finding.severity is Severity.ERROR for finding in findings)
    unusable = [library for library in facts["libraries"] if library["outcome"] not in ("found", "overridden")]
    unasked = [library["module"] for library in unusable if library["outcome"] in ("unknown", "disabled")]
    unknown = facts["project"]["unknown"]
    unlocked = facts["project"]["unlocked"] and not facts["libraries"]
    odd = facts["project"]["odd_lock"]
    if (unasked or unknown or unlocked or odd is not None) and not errors and len(unasked) == len(unusable):
        reasons = [f"pkg-config was not run for {' and '.join(unasked)}"] if unasked else []
        if odd is not None:
            reasons.append(f"no cargo that is known here reads version {odd} of Cargo.lock")
        if unlocked:
            reasons.append("there is no Cargo.lock that lists its dependencies")
            details.append("run `cargo generate-lockfile`, or name the libraries with --lib MODULE")
        if unknown:
            verb = "asks" if len(unknown) == 1 else "ask"
            reasons.append(f"{_several(unknown)} {verb} pkg-config for unknown modules")
            named = facts["project"].get("named_modules", {})
            details += [f"the build script of {crate} names {_several(modules)}" for crate, modules in named.items()]
            details.append("name it with --lib MODULE")
        return Headline(f"cannot tell whether it can build for {triple}: {', and '.join(reasons)}", tuple(details))
    if errors or unusable:
        count = errors or len({library["module"] for library in unusable})
        return Headline(
            f"not ready to build for {triple}: {count} problem{'' if count == 1 else 's'} to fix", tuple(details)
        )
    if not facts["libraries"]:
        details.append(_nothing_asked(facts["project"]))
    if facts["project"]["manifest"]:
        details.append(f"next: {_next_command(facts)}")
    warnings = dict.fromkeys(found.check for found in findings if found.severity is Severity.WARNING)
    limit = "" if facts["libraries"] else ", as long as it needs no system library"
    rust = "rust-toolchain-missing" in warnings
    warnings.pop("rust-toolchain-missing", None)
    aside = f", apart from {' and '.join(warnings)}" if warnings else ""
    named = [one.partition(":")[0] for one in unseen]
    if facts["project"]["manifest"]:
        before = f"{_several(named)}{',' if named[1:] else ''} and " if named else ""
        aside += f"; not inspected: {before}the code itself"
    elif named:
        aside += f"; not inspected: {_several(named)}"
    if rust:
        return Headline(f"not ready to build for {triple}: Rust is not installed{limit}{aside}", tuple(details))
    return Headline(f"ready to build for {triple}{limit}{aside}", tuple(details))


def _several(names: list[str]) -> str:
    """Return *names* as a list; of many, the first three."""
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return (", ".join(names[:3]) + more) if more else " and ".join(names)


def _nothing_asked(project: dict[str, Any]) -> str:
    if project["lock"]:
        return "no libraries were checked: no crate in Cargo.lock is known to need one (add one with --lib MODULE)"
    return "no libraries were checked: name them with --lib MODULE, or run this in the Cargo project's directory"


def _place(facts: dict[str, Any]) -> str:
    container = facts["container"].get("kind", "")
    inside = {"": "", "plain": ", in a container"}.get(container, f", in a {container} image")
    return f"on {facts['distribution'].get('name') or 'an unknown system'} ({facts['host']['uname']}){inside}"


def _library(library: dict[str, Any]) -> str:
    name = f"{library['module']} {library.get('version', '')}".rstrip()
    state = "" if library["outcome"] == "found" else f"{library['outcome']} "
    files = [file["path"] for file in library.get("files", ()) if file.get("path")]
    setting = " and ".join(setting["name"] for setting in library.get("directed_by", ()))
    source = library.get("pc") or setting or ("without pkg-config" if library.get("alone") else "")
    places = [source, *files[:1]] if source else []
    return f"{name}: {state}{' → '.join(places)}".rstrip()


def _next_command(facts: dict[str, Any]) -> str:
    wheel = facts["project"]["wheel"]
    command = ["maturin build --release" if wheel else "cargo build --release"]
    command += [f"--target {facts['target']['triple']}"] if facts["cross"] else []
    command += [f"--compatibility {facts['policy']}"] if facts["policy"] and wheel else []
    return " ".join(command)


def _workflow(facts: dict[str, Any], findings: Sequence[Finding]) -> Headline:
    legs, unknown = facts["legs"], facts["unknown"]
    if not legs:
        return Headline("builds no wheel for Linux with a tool that is known here")
    details = [f"maturin-action is judged by its release {version}" for version in facts["tables"].values()]
    count = f"{len(legs)} leg{'' if len(legs) == 1 else 's'} for Linux"
    if unknown == len(legs):
        return Headline(f"cannot tell where its {count} build: that is known only when they run", tuple(details))
    aside = f", {unknown} of them known only when they run" if unknown else ""
    kinds = len(dict.fromkeys(finding.check for finding in findings))
    found = f": {kinds} problem{'' if kinds == 1 else 's'}" if kinds else ""
    return Headline(f"{count}{aside}{found}", (*_legs(facts), *details))


def legs_table(facts: dict[str, Any]) -> list[tuple[str, ...]]:
    """Return the table of a workflow's legs, header first: those that are built alike are one row, with their number.

    Its rows are the first of the workflow's details; it has none where no leg is known before it runs.
    """
    rows: dict[tuple[str, ...], int] = {}
    for leg in facts["legs"]:
        place = leg["image"].removesuffix(":latest") or ("the runner" if leg["builds_in"] == "host" else "?")
        managers = [name for name in leg["managers"] if name != "apt"]
        cells = (
            leg["job"],
            leg["target"] or "?",
            leg["runner"]["label"] or "?",
            place,
            " ".join(filter(None, (leg["distribution"], "+".join(managers)))) or "?",
            leg["target_libc"] or "?",
            leg["tag"] or "?",
        )
        rows[cells] = rows.get(cells, 0) + 1
    if facts["unknown"] == len(facts["legs"]):
        return []
    header = ("job", "target", "runner", "builds in", "distribution", "libc", "tag", "")
    return [header, *((*cells, f"× {number}" if number > 1 else "") for cells, number in rows.items())]


def _legs(facts: dict[str, Any]) -> list[str]:
    table = legs_table(facts)
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]) - 1)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)).rstrip()
        + (f"  {row[-1]}" if row[-1] else "")
        for row in table
    ]


def _log(
    facts: dict[str, Any], findings: Sequence[Finding], outcome: Outcome, recovered: Sequence[Finding]
) -> Headline:
    details = (*_errors(facts, findings), *_recovered(recovered))
    if findings:
        others = len(findings) - 1
        return Headline(findings[0].check + (f", and {others} more" if others else ""), details)
    if not facts["lines"]:
        return Headline("cannot tell: the log is empty")
    if outcome is Outcome.OK:
        before = next((one for one in facts.get("processes", ()) if one["sign"] == "failed"), None)
        if before is None:
            return Headline("no failure", details)
        where = f"{before['tool'] or 'a program'} failed in line {before['last_line']}"
        return Headline(f"no failure at the end: {where}, and a later step succeeded", details)
    if outcome is Outcome.CANNOT_TELL:
        return Headline("cannot tell: no tool reports a failure, and the last one does not report success", details)
    return Headline("failed; no selected check found the cause", details)


def _errors(facts: dict[str, Any], findings: Sequence[Finding]) -> list[str]:
    """Return the first and the last error as lines, unless the findings quote them."""
    shown = {item.path.rpartition(":")[2] for finding in findings for item in finding.evidence}
    first, last = facts.get("first_error"), facts.get("last_error")
    if first is None or last is None:
        return []
    named = [("the error", first)] if first == last else [("the first error", first), ("the last error", last)]
    return [f"{name}, in line {one['line']}: {one['text']}" for name, one in named if str(one["line"]) not in shown]


def _recovered(recovered: Sequence[Finding]) -> list[str]:
    """Return one line for each finding that the build recovered from."""
    return [
        f"the build continued after: {finding.check} ({finding.evidence[-1].path}): {finding.message}"
        for finding in recovered
    ]
