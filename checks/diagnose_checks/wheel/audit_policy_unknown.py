"""The tool has no policy for the requested platform tag.

auditwheel and maturin have a fixed list of tags. Some glibc releases have no policy (2_29, 2_30, 2_32 and 2_33), and
each list is for one processor and one libc: on Alpine, or for another architecture, other tags are rejected. New tags
need a new release of the tool.

How to fix: request the next lower tag that is listed, or ``auto``, which selects the lowest one that fits. For a newer
tag, update the tool.

References:
    https://github.com/pypa/auditwheel/tree/main/src/auditwheel/policy
    https://github.com/PyO3/maturin/blob/main/src/auditwheel/manylinux-policy.json
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(
    since="0.1.0",
    phase=Phase.AUDIT,
    patterns=patterns_for(
        "policy-unknown",
        (
            "argument --plat: invalid choice",
            r"argument --plat: invalid choice: '(?P<tag>[^']{1,80})' \(choose from (?P<known>.{0,2000})\)",
        ),
        ("argument --plat: invalid choice", r"argument --plat: invalid choice: '(?P<tag>[^']+)'"),
        ("policy is not defined", r"\b(?P<tag>\w+) compatibility policy is not defined by auditwheel yet"),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See auditwheel or maturin reject a tag as unknown."""
    for hit in log.find("policy-unknown")[:1]:
        tag = hit.groups["tag"]
        known = re.findall(r"'?((?:many|musl)linux\w+)'?", hit.groups["known"])
        lower = _lower(tag, known)
        maturin = "auditwheel yet" in hit.text
        fixes = []
        since = _newer(tag, known)
        if maturin:
            command = f"maturin build --release --compatibility {lower}" if lower else ""
        else:
            command = f"auditwheel repair --plat {lower} WHEEL" if lower else ""
        if since and not maturin:
            fixes.append(
                Fix(
                    f"update auditwheel: {since} is the first that has the policy",
                    (Command(f"python3 -m pip install --upgrade 'auditwheel>={since}'", FixStage.TOOLCHAIN),),
                    notes="In a manylinux image: a newer image, or pipx upgrade auditwheel.",
                )
            )
        if command:
            notes = "A wheel that uses newer functions than that does not meet it." if since else ""
            fixes.append(Fix(f"request {lower}", (Command(command, FixStage.BUILD),), notes=notes))
        tool = "maturin" if maturin else "auditwheel"
        auto = " --plat auto" if not known or "auto" in hit.groups["known"] else ""
        fixes.append(
            Fix(
                "let auditwheel choose the tag" if not maturin else "update maturin, which adds new tags",
                (Command(f"auditwheel repair{auto} WHEEL", FixStage.BUILD),)
                if not maturin
                else (Command("python3 -m pip install --upgrade maturin", FixStage.TOOLCHAIN),),
            )
        )
        why = f": it is older than {since}" if since and not maturin else _why(tag, known)
        yield finding_from_hits(log, [hit], f"{tool} has no policy for {tag}{why}", f"{tool} writes no wheel.", fixes)


def _parts(tag: str) -> tuple[str, tuple[int, ...], str]:
    match = re.match(r"(manylinux|musllinux)_(\d+)_(\d+)_(\w+)$|(manylinux|musllinux)_(\d+)_(\d+)$", tag)
    if match is None:
        return "", (), ""
    if match[1]:
        return match[1], (int(match[2]), int(match[3])), match[4]
    return match[5], (int(match[6]), int(match[7])), ""


#: The first auditwheel with a policy: the policies of each of its tags (github.com/pypa/auditwheel), November 2026.
_FIRST: dict[tuple[int, ...], str] = {
    (2, 24): "3.3.0", (2, 5): "4.0.0", (2, 12): "4.0.0", (2, 17): "4.0.0", (2, 27): "4.0.0", (2, 28): "5.1.0",
    (2, 31): "5.1.0", (2, 34): "5.3.0", (2, 35): "5.3.0", (2, 36): "6.1.0", (2, 37): "6.1.0", (2, 38): "6.1.0",
    (2, 39): "6.1.0", (2, 26): "6.4.1", (2, 40): "6.5.0", (2, 41): "6.5.0",
}  # fmt: skip


def _newer(tag: str, known: list[str]) -> str:
    """Return the first auditwheel with the policy *tag*, if the listed ones are an older one's; else ""."""
    family, version, arch = _parts(tag)
    first = _FIRST.get(version, "")
    same = {row[1] for one in known if (row := _parts(one))[0] == family and row[2] == arch}
    return first if family == "manylinux" and same and version not in same else ""


def _lower(tag: str, known: list[str]) -> str:
    """Return the highest tag of *known* below *tag*; without *known*, maturin's next lower policy."""
    family, version, arch = _parts(tag)
    if not family:
        return ""
    if not known:
        rows = [(2, 17), (2, 24), (2, 26), (2, 27), (2, 28), (2, 31), (2, 34), (2, 35)]
        below = [row for row in rows if row < version] if family == "manylinux" else []
        return f"manylinux_{below[-1][0]}_{below[-1][1]}" if below else ""
    same = [one for one in known if _parts(one)[0] == family and _parts(one)[2] == arch and _parts(one)[1] < version]
    return max(same, key=lambda one: _parts(one)[1], default="")


def _why(tag: str, known: list[str]) -> str:
    family, version, arch = _parts(tag)
    others = {_parts(one)[::2] for one in known if _parts(one)[0]}
    if not others or not family:
        return ""
    if family not in {one for one, _ in others}:
        return f": this system's wheels are {next(iter(sorted(others)))[0]}"
    if arch not in {one for _, one in others}:
        return f": this system's wheels are for {next(iter(sorted(others)))[1]}"
    return f": no policy is defined for {version[0]}.{version[1]}"
