"""A package source requests an architecture that its server does not have.

Ubuntu serves amd64 and i386 from archive.ubuntu.com and security.ubuntu.com, and most other architectures from
ports.ubuntu.com. The Release file on either server lists all architectures, so apt requests each architecture that dpkg
knows from both servers, and ``apt-get update`` fails with 404. Debian's mirrors serve all of Debian's architectures.

How to fix: limit each entry to the architectures of its server (``[arch=amd64]``, or ``Architectures: amd64`` in a
``.sources`` file), and add an entry for the other server.

References:
    https://wiki.ubuntu.com/Ports
    https://manpages.debian.org/sources.list
"""

from __future__ import annotations

from diagnose.authoring.consequences import blocks_later_installs
from diagnose.authoring.environment import if_installing
from diagnose.authoring.log import distinct, finding_from_hits
from diagnose.authoring.workflow import Seen, grouped, image_calls, is_read
from diagnose.authoring.workflow import finding as workflow_finding
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Evidence, Finding, Fix, FixStage, Phase, Severity
from diagnose.remedies.apt_sources import PORTS, host, meant_option, serving, unservable
from diagnose.remedies.apt_split import split
from diagnose.remedies.fix import fix
from diagnose.tables.distributions import releases
from diagnose_checks.apt._triage import misplaced, unserved

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit
    from diagnose.readers.env import Environment
    from diagnose.readers.system.apt import AptSource
    from diagnose.readers.workflow import Workflow
    from diagnose.readers.workflow.shell import Call

CHECK = Check(
    since="0.1.0",
    phase=Phase.PACKAGES,
    log_kinds=("apt-no-release", "apt-unfetched", "apt-index"),
    env_facts=("distro.is_ubuntu", "apt.sources.names_ubuntu"),
)


def env(env: Environment) -> Iterator[Finding]:
    """See the entries whose server lacks the requested architecture."""
    found: dict[tuple[str, tuple[str, ...]], list[AptSource]] = {}
    for source, wrong in unservable(env):
        misspelt = any(meant_option(name, source.style).lower().startswith("arch") for name in source.unknown)
        if not misspelt:  # apt-wrong-option-name says it
            found.setdefault((host(source, env).kind, wrong), []).append(source)
    for (kind, wrong), sources in found.items():
        names = " and ".join(wrong)
        yield Finding(
            message={
                "archive": f"Ubuntu's archive server does not have {names}",
                "ports": f"Ubuntu's ports server does not have {names}",
                "nowhere": f"an Ubuntu server is asked for {names} under the path of the other server",
            }[kind],
            severity=if_installing(env),
            evidence=tuple(Evidence(f"{' '.join(s.uris)} {' '.join(s.suites)}", s.where) for s in sources),
            consequence=_consequence(env, kind, wrong, sources),
            fixes=(
                fix(
                    env,
                    "limit each entry to the architectures that its server has",
                    commands=(Command("apt-get update", FixStage.UPDATE),),
                    files=serving(env, wrong[0]),
                ),
            ),
        )


def _consequence(env: Environment, kind: str, wrong: tuple[str, ...], sources: list[AptSource]) -> str:
    if kind == "nowhere":
        return 'apt-get update fails: the repository "does not have a Release file".'
    assert env.apt is not None
    releases = [env.apt.release(uri, suite) for source in sources for uri in source.uris for suite in source.suites]
    if releases and not any(one is None or {*wrong} & {*one.architectures} for one in releases):
        return 'apt-get update skips it silently; apt-get install then fails: "Unable to locate package".'
    return 'apt-get update fails with "404  Not Found"; no package of that architecture can be installed.'


def log(log: BuildLog) -> Iterator[Finding]:
    """See 404 errors for some architectures of a server that has others, or for every path below a wrong one."""
    for hit in distinct(misplaced(log), "url")[:1]:
        yield finding_from_hits(
            log,
            misplaced(log),
            f"{hit.groups['url']} does not exist: Ubuntu's ports are at {PORTS.rstrip('/')}",
            "apt-get update fails, and no package of that architecture can be located.",
            (
                Fix(
                    "correct the path",
                    (
                        Command(_CORRECT, FixStage.SOURCES),
                        Command("apt-get update", FixStage.UPDATE),
                    ),
                ),
            ),
        )
    servers: dict[bool, dict[str, list[Hit]]] = {}
    for arch, hits in unserved(log).items():
        ports = any(name in hits[0].groups["url"] for name in ("ports.ubuntu.com", "/ubuntu-ports"))
        servers.setdefault(ports, {})[arch] = hits
    for ports, unknown in servers.items():
        lines = sorted((hit for hits in unknown.values() for hit in hits), key=lambda hit: hit.line)
        distro = log.distro_at(lines[0].line)
        fixed = split(distro.codename, sorted(unknown), "amd64") if not ports else _limit(" and ".join(sorted(unknown)))
        yield finding_from_hits(
            log,
            [*(hits[0] for hits in unknown.values()), *lines],
            f"Ubuntu's {'ports' if ports else 'archive'} server does not have {' and '.join(sorted(unknown))}",
            "apt-get update fails, and no package of that architecture can be located.",
            (fixed,),
        )


leads_to = blocks_later_installs


_CORRECT = (
    "find /etc/apt -name '*.list' -o -name '*.sources' | "
    "xargs sed -i -E 's,(//ports\\.ubuntu\\.com)/ubuntu(/?)([[:space:]]|$),\\1/ubuntu-ports\\2\\3,'"
)


def _limit(arch: str) -> Fix:
    return Fix(
        f"limit the ports.ubuntu.com entries to its architectures, and add an archive entry for {arch}",
        notes=f"Use `[arch=arm64]` (or `Architectures: arm64`) there; `arch={arch}` for archive.ubuntu.com.",
    )


_ELSEWHERE = ("ports.ubuntu.com", "ubuntu-ports", "sources.list", "add-apt-repository", "Architectures")
_PORTS_ONLY = frozenset({"arm64", "armhf", "ppc64el", "riscv64", "s390x"})


def workflow(workflow: Workflow) -> Iterator[Finding]:
    """See a script add an architecture in an Ubuntu image of amd64 whose sources all name the archive server."""
    seen = []
    for leg in workflow.legs:
        facts = leg.place.facts
        native = leg.runner is not None and leg.runner.arch == "x86_64"
        calls = image_calls(leg)
        if facts is None or facts.distribution != "ubuntu" or "cross-rs" in leg.place.name or not native:
            continue
        if not facts.version or facts.version >= "25.10" or not is_read(leg) or _arranged([call for *_, call in calls]):
            continue
        sure = (number for number, (*_, call) in enumerate(calls) if not call.guarded and _updates(call))
        last = max(sure, default=-1)
        for number, (hook, spot, call) in enumerate(calls):
            words = call.command
            foreign = words[2] if call.program == "dpkg" and words[1:2] == ("--add-architecture",) and words[2:] else ""
            if foreign in _PORTS_ONLY and number < last and not call.guarded:
                seen.append(Seen((foreign, facts.label), spot, f"{hook.name} adds {foreign}", leg))
    for group in grouped(seen):
        foreign, label = group[0].key
        facts = group[0].leg.place.facts
        codename = next(
            (r.codename for r in releases() if facts and (r.id, r.version) == ("ubuntu", facts.version)), ""
        )
        yield workflow_finding(
            f"apt asks Ubuntu's archive server for {foreign}, which it does not have, in {label}",
            Severity.ERROR,
            group,
            f"apt-get update: 404 Not Found, binary-{foreign}/Packages. It is on the ports server.",
            [split(codename, [foreign], "amd64")],
        )


def _updates(call: Call) -> bool:
    return call.program in ("apt", "apt-get") and "update" in call.command[1:]


def _arranged(calls: list[Call]) -> bool:
    """Whether a script writes sources of its own."""
    return any(part in word for call in calls for word in call.words for part in _ELSEWHERE)
