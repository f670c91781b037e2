"""apt has no package lists: nothing can be installed before ``apt-get update``.

Images delete ``/var/lib/apt/lists`` to save space. Until ``apt-get update`` fetches the lists again, in the same step
or layer, apt cannot locate any package. Lists as old as the image name files that the server has deleted.

How to fix: run ``apt-get update`` before ``apt-get install``, in one step.

References:
    https://docs.docker.com/build/building/best-practices/#apt-get
"""

from __future__ import annotations

from diagnose.authoring.consequences import blocks_later_installs
from diagnose.authoring.log import finding_from_hits
from diagnose.authoring.workflow import Seen, grouped, has_alternative, image_calls, installed, is_read
from diagnose.authoring.workflow import finding as workflow_finding
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Evidence, Finding, Fix, FixStage, Phase, Severity
from diagnose.model.pattern import patterns_for
from diagnose.remedies.fix import fix
from diagnose_checks.apt._triage import AptReason, dead_release, from_cache, reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog
    from diagnose.readers.env import Environment
    from diagnose.readers.workflow import Leg, Workflow
    from diagnose.readers.workflow.shell import Call

CHECK = Check(
    since="0.1.0",
    phase=Phase.PACKAGES,
    log_kinds=("apt-unlocatable", "apt-unfetched"),
    patterns=patterns_for(
        "step-from-cache", ("Using cache", r"^(?:--->|-->) Using cache"), ("CACHED", r"^(?:=> )?CACHED(?: \[|$)")
    ),
    env_facts=("libraries.!found",),
)


def env(env: Environment) -> Iterator[Finding]:
    """See that there are no lists although packages are missing."""
    if env.apt is None or env.apt.lists or not any(library.outcome != "found" for library in env.libraries):
        return
    yield Finding(
        message="apt has no package lists: run apt-get update before installing anything",
        severity=Severity.NOTE,
        evidence=(Evidence("contains no package index", "/var/lib/apt/lists"),),
        consequence='apt-get install fails: "Unable to locate package".',
        fixes=(fix(env, "fetch the lists", commands=(Command("apt-get update", FixStage.UPDATE),)),),
    )


def log(log: BuildLog) -> Iterator[Finding]:
    """See apt miss a package that Debian has, without an update before; or request files that no longer exist."""
    missing = [hit for hit in log.find("apt-unlocatable") if reason(log, hit) is AptReason.LISTS]
    stale = [hit for hit in log.find("apt-unfetched") if hit.groups["url"].endswith(".deb") and "404" in hit.text]
    if missing:
        names = list(dict.fromkeys(hit.groups["package"] for hit in missing))
        yield finding_from_hits(
            log,
            missing,
            f"apt cannot locate {', '.join(names)}: "
            + (
                "apt-get update is in another layer, which comes from the cache with lists of an earlier day"
                if any(from_cache(log, note) for note in log.find("apt-updated"))
                else "the log shows no apt-get update before"
            ),
            "Nothing is installed: without lists apt knows no packages.",
            [
                _update(*names),
                Fix("if it was updated, the release has no such package", notes="`apt-cache policy NAME`."),
            ],
        )
    elif stale and not dead_release(log):
        yield finding_from_hits(
            log,
            stale,
            "apt's lists are older than the archive: they name files that no longer exist",
            "Nothing is installed.",
            [_update(*dict.fromkeys(hit.groups["url"].rpartition("/")[2].partition("_")[0] for hit in stale))],
        )


leads_to = blocks_later_installs


def _update(*names: str) -> Fix:
    return Fix(
        "fetch the lists in the same step",
        (
            Command("apt-get update", FixStage.UPDATE),
            Command(f"apt-get install -y --no-install-recommends {' '.join(names)}", FixStage.PACKAGES),
        ),
        notes="In a Dockerfile, put both into one RUN: a separate cached layer keeps old lists.",
        safe=True,
    )


_EMPTY = "ghcr.io/rust-cross/rust-musl-cross"
"""The images whose lists are deleted; those of the distributions, without a folder in their names, have none either."""


def workflow(workflow: Workflow) -> Iterator[Finding]:
    """See an installation before the first update, or of an architecture that was added after the last one."""
    seen = []
    for leg in workflow.legs:
        facts = leg.place.facts
        if facts is None or "apt-get" not in facts.managers or not is_read(leg):
            continue
        listed = _ListState()
        for hook, spot, call in image_calls(leg):
            packages = installed(call)
            foreign, may_update = listed.foreign, listed.may_update
            listed.pass_by(call)
            if not packages or call.guarded or has_alternative(call) or call.program not in ("apt", "apt-get"):
                continue
            late = next((one for one in packages if foreign and one.endswith((f":{foreign}", "$CROSS_DEB_ARCH"))), "")
            if late:
                seen.append(Seen((late, foreign), spot, f"{hook.name} installs {late}", leg))
            elif _has_none(leg) and not may_update:
                seen.append(Seen((packages[0], ""), spot, f"{hook.name} installs {packages[0]}", leg))
                break
    for group in grouped(seen):
        package, foreign = group[0].key
        yield workflow_finding(
            f"{foreign} is added after the last apt-get update"
            if foreign
            else "packages are installed before apt-get update, in an image without package lists",
            Severity.ERROR,
            group,
            f"E: Unable to locate package {package}",
            [_update(package)],
        )


def _may_update(call: Call) -> bool:
    return "update" in call.words or call.program not in ("apt", "apt-get", "export", "set", "echo", "cd")


class _ListState:
    """What the commands so far did to apt's lists.

    ``foreign``: the architecture that was added after the last update; empty without one, or if that is not sure.
    ``may_update``: whether one of them may have brought lists.
    """

    def __init__(self) -> None:
        self.foreign, self.may_update, self.updated = "", False, False

    def pass_by(self, call: Call) -> None:
        """Take one more command into account."""
        words = call.command
        if call.program in ("apt", "apt-get") and "update" in call.words:
            self.foreign = ""
        elif call.program == "dpkg" and words[1:2] == ("--add-architecture",) and words[2:]:
            self.foreign = words[2] if self.updated and not call.guarded else ""
        self.updated = self.updated or ("update" in call.words and not call.guarded)
        self.may_update = self.may_update or _may_update(call)


def _has_none(leg: Leg) -> bool:
    """Whether the leg's image has no lists; for 32-bit x86, maturin-action updates them before."""
    name = leg.place.name
    return (name.startswith(_EMPTY) and not leg.target.startswith("i686")) or "/" not in name
