"""The wheel has a plain linux tag, which the package index rejects.

``linux_x86_64`` names only the machine that the wheel was built on, not the systems that it works on. Installers on
that architecture accept it. The public index does not: an upload ends with ``400 … has an unsupported platform tag``.
The exceptions are ``linux_armv6l`` and ``linux_armv7l``.

Build tools write this tag when the policy check was skipped or failed: ``maturin build --auditwheel skip``, a build
through a PEP 517 front end, or ``setup.py bdist_wheel`` without ``auditwheel repair`` after it.

How to fix: run ``auditwheel repair``, or maturin without ``--auditwheel skip``. If no library has to be copied,
replacing the tag by the one that the files meet is enough.

References:
    https://packaging.python.org/en/latest/specifications/platform-compatibility-tags/
"""

from __future__ import annotations

from diagnose import policies
from diagnose.authoring.log import finding_from_hits
from diagnose.authoring.symbol_versions import BEYOND, build_for
from diagnose.authoring.tag_rejections import WORDINGS, rejected
from diagnose.authoring.wheel import is_for_linux, linux_tags, some
from diagnose.authoring.workflow import Seen, finding, grouped
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Evidence, Finding, Fix, FixStage, Severity
from diagnose.model.versions import name_key
from diagnose.remedies.repack import AFTER_REPAIR, repair, retag

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog
    from diagnose.readers.wheel.platform_tag import Shortfall
    from diagnose.readers.wheel.reader import Wheel
    from diagnose.readers.workflow import Leg, Workflow
    from diagnose.readers.workflow.workflow_facts import Spot


ACCEPTED = frozenset({"linux_armv6l", "linux_armv7l"})

CHECK = Check(since="0.1.0", applies=is_for_linux, aliases=("pypi-tag-rejected",), patterns=WORDINGS)


def wheel(wheel: Wheel) -> Iterator[Finding]:
    """See linux_* tags, except those that the index accepts."""
    plain = [text for text, tag in linux_tags(wheel) if tag.family == "linux" and text not in ACCEPTED]
    if not plain:
        return
    verdict = wheel.verdict
    evidence = [Evidence(f"platform tag {some(plain)}", where="the file name")]
    others = [text for text, _ in linux_tags(wheel) if text not in plain]
    if others:
        title = f"remove the tag {some(plain)}: the others are more precise"
        fixes: tuple[Fix, ...] = (retag(wheel, ".".join(others), title),)
    elif verdict.lowest_tag and not verdict.lowest_tag.startswith("linux_"):
        evidence.append(Evidence(f"the wheel meets {verdict.lowest_tag} unchanged", where="its ELF files"))
        title = f"use the tag that it meets: {verdict.lowest_tag}"
        if "newer-than-policies" in verdict.differences:
            # No policy covers it, so auditwheel cannot repair it: the fix is to link against an older glibc.
            evidence.append(_newest(wheel))
            newest = policies.load(verdict.libc, verdict.arch)[-1].tag
            fixes = (build_for(wheel, newest, ""), retag(wheel, verdict.lowest_tag, title, BEYOND))
        else:
            fixes = (retag(wheel, verdict.lowest_tag, title), _repair(wheel))
    else:
        unfit = next(
            (need for need in verdict.shortfalls if not need.priority and need.kind != "external-library"), None
        )
        fixes = (_first_fix(unfit),) if unfit else (_repair(wheel),)
        if verdict.cause:
            what = f"{verdict.cause.detail} {verdict.cause.library}".strip()
            evidence.append(
                Evidence(f"{verdict.cause.kind.replace('-', ' ')} {what} fits no policy", verdict.cause.path)
            )
    yield Finding(
        f"is tagged {some(plain)}, which the package index does not accept",
        Severity.ERROR,
        tuple(evidence),
        f"upload fails: 400 Bad Request, Binary wheel has an unsupported platform tag '{plain[0]}'",
        fixes,
    )


def _newest(wheel: Wheel) -> Evidence:
    """Return the need that is newer than every policy: version, functions and file."""
    needs = [need for need in wheel.verdict.shortfalls if need.kind == "symbol-version" and not need.priority]
    need = max(needs, key=lambda need: name_key(need.detail))
    symbols = f" for {some(need.symbols, 3)}" if need.symbols else ""
    return Evidence(f"needs {need.detail} of {need.library}{symbols}, newer than every manylinux policy", need.path)


def _first_fix(need: Shortfall) -> Fix:
    """Return the fix where no repair helps: auditwheel copies libraries, and changes no code."""
    what = ", ".join(need.symbols[:2]) if need.kind == "forbidden-symbol" else need.detail
    return Fix(
        f"build it without {what or need.kind}",
        notes="No manylinux policy allows it, so auditwheel repair refuses the wheel. Set the tag afterwards.",
    )


def _repair(wheel: Wheel) -> Fix:
    notes = f"{AFTER_REPAIR} maturin does both without --auditwheel skip and --compatibility linux."
    return repair(wheel, "copy the libraries in and set the tag", notes)


def log(log: BuildLog) -> Iterator[Finding]:
    """See the index reject a linux_* tag."""
    for hit, tag in rejected(log):
        if tag.startswith("linux"):
            yield finding_from_hits(
                log,
                [hit, *log.find("linux-tag-note")],
                f"the package index rejects the tag {tag}",
                "The wheel is not uploaded. Renamed, it would fail on users' systems.",
                (
                    Fix(
                        "let maturin check the wheel and set the tag",
                        (Command("maturin build --release --auditwheel repair --compatibility pypi", FixStage.BUILD),),
                        notes="As a build back end it does not, unless [tool.maturin] sets compatibility.",
                    ),
                    Fix(
                        "repair the finished wheel",
                        (Command("auditwheel repair WHEEL", FixStage.BUILD),),
                        notes="To support older systems, build in a manylinux image or with zig.",
                    ),
                ),
            )


def workflow(workflow: Workflow) -> Iterator[Finding]:
    """See a leg whose wheel is published, and gets a linux_* tag whatever it links."""
    seen = [
        Seen(leg.tag, *_cause(leg), leg)
        for leg in workflow.legs
        if leg.published
        and not leg.repaired
        and leg.tag.startswith("linux_")
        and leg.tag not in ACCEPTED
        and _cause(leg)[1]
    ]
    for group in grouped(seen):
        tag = group[0].leg.tag
        yield finding(
            f"the wheel gets the tag {tag}, which the package index does not accept",
            Severity.ERROR,
            group,
            f"upload fails: 400 Bad Request, Binary wheel has an unsupported platform tag '{tag}'",
            [
                Fix(
                    "let maturin set the tag",
                    notes="`off` also turns off its check. Use `manylinux: auto` or 2_28; with `container: off` the "
                    "build stays on the runner.",
                )
            ],
        )


def _cause(leg: Leg) -> tuple[Spot, str]:
    """Return what turns the tags of manylinux off, and where; an empty text if it is something else."""
    if leg.manylinux == "off" and leg.tool == "maturin-action":
        return leg.inputs.get("manylinux", ("", leg.spot))[1], "manylinux: off"
    table = leg.configured
    if table is None or leg.tool not in ("maturin", "maturin-action") or leg.manylinux not in ("", "auto"):
        return leg.spot, ""
    if table.compatibility in ("off", "linux"):
        return table.spot, f'compatibility = "{table.compatibility}"'
    return table.spot, "the audit is skipped" if table.skips_audit and not table.compatibility else ""
