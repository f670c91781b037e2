"""Helpers for detectors of build logs: findings that quote lines, and the environment that a log shows."""

from __future__ import annotations

from diagnose.model import targets
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.finding import Finding, Fix, FixStage, Severity
from diagnose.tables import other_systems

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from diagnose.model.targets import Target
    from diagnose.readers.buildlog import BuildLog, Hit, Probe
    from diagnose.readers.env import Environment

_QUOTED = 4  # lines of a log that one finding shows
# Used if the distribution is unknown: the usual origins of such logs.
_MUSL = "Error loading shared library "  # words of musl's loader
_USUAL = ("ubuntu:24.04", "almalinux:9", "alpine")


def finding_from_hits(
    log: BuildLog,
    hits: Iterable[Hit],
    message: str,
    consequence: str = "",
    fixes: Iterable[Fix] = (),
    severity: Severity = Severity.ERROR,
) -> Finding:
    """Return a finding with the lines of *hits* as its evidence."""
    return Finding(message, severity, log.quote(*hits)[:_QUOTED], consequence, tuple(fixes))


def distinct(hits: Iterable[Hit], *keys: str) -> list[Hit]:
    """Return the first hit of each combination of the groups *keys*."""
    first: dict[tuple[str, ...], Hit] = {}
    for hit in hits:
        first.setdefault(tuple(hit.groups[key] for key in keys), hit)
    return list(first.values())


def host(log: BuildLog) -> Target:
    """Return the build machine: x86-64 if the log does not show it."""
    return log.host or targets.TARGETS[0]


def other_system(log: BuildLog) -> str:
    """Return the build machine's system if it is ``macOS`` or ``Windows``; empty for others or if unknown."""
    signs = () if log.host else log.sights
    return next((_MACHINES[sign.system] for sign in signs if sign.system in _MACHINES), "")


_MACHINES = {"macos": "macOS", "macports": "macOS", "windows": "Windows", "msys2": "Windows"}


def builds_rust(log: BuildLog) -> bool:
    """Whether the log shows Rust code compiled, or maturin: else cargo's options and variables do not apply."""
    if any(event.tool in ("cargo", "cargo-test", "maturin", "rust") for event in log.course.events):
        return True
    if log.find("crate-failed", "crate-done", "link-failed", "rust-std", "target", "rust-code"):
        return True
    return any(sign in hit.text for hit in log.hits for sign in ("pyo3", "cargo", "maturin"))


def environments(log: BuildLog, line: int, probe: Probe | None = None) -> list[Environment]:
    """Return the environment that printed *line*, as far as the log shows: several if the distribution is unknown.

    The target is the host if the log names no other. *probe* adds the facts of its printed command line.
    """
    from diagnose.readers.buildlog import context

    known = log.distro_at(line)
    said = [hit.text for hit in log.hits.at(line)]
    # musl-gcc is the compiler of other systems: Alpine's own gcc has no such name
    musl = any(_MUSL in text for text in said) or (
        any("musl" in text for text in said) and not any("musl-gcc" in text for text in said)
    )
    usual = _USUAL[-1:] if musl else _USUAL
    # one of several distributions is not one of its releases either
    distros = (
        [known]
        if known.id
        else [distro._replace(codename="") for name in usual if (distro := context.parse(name)) is not None]
    )
    env = _environment(log, line, probe)
    return [_settled(env._replace(distro=distro)) for distro in distros]


def _settled(env: Environment) -> Environment:
    """Return *env* with the host that its distribution implies: on Alpine a native build is for musl."""
    if env.cross or env.distro.libc != "musl":
        return env
    rows = (row for row in targets.TARGETS if row.libc == "musl" and row.wheel == env.host.wheel)
    row = next(rows, env.host)
    return env._replace(host=row, target=row)


def _environment(log: BuildLog, line: int, probe: Probe | None) -> Environment:
    from diagnose.readers.cargo.variables import Variables
    from diagnose.readers.env_facts import Environment
    from diagnose.readers.pkgconfig.pkgconfig_facts import PkgConfig
    from diagnose.readers.system.distro import Distro
    from diagnose.readers.toolchain.toolchain_facts import Program, Rust, Toolchain

    machine = host(log)
    target = log.target_at(line) or machine
    if log.cross_at(line) is False:
        machine = target
    environ = dict(probe.environ) if probe else {}
    search = ":".join(environ.get(name, "") for name in ("PKG_CONFIG_PATH", "PKG_CONFIG_LIBDIR")).split(":")
    outcome = probe.outcome if probe else "tool-missing"
    program = Program("pkg-config", "" if outcome in ("tool-missing", "cross-refused") else "/usr/bin/pkg-config")
    cc = Program("cc")
    return Environment(
        root="/",
        live=False,
        host=machine,
        target=target,
        distro=Distro(),
        container=log.container_at(line),
        variables=Variables({}, {}),
        pkgconfig=PkgConfig(
            target.triple,
            machine.triple,
            program,
            allowed=outcome != "cross-refused",
            search_path=tuple(filter(None, search)) or (f"/usr/lib/{machine.multiarch}/pkgconfig",),
        ),
        toolchain=Toolchain(cc, cc, cc, cc, Rust(Program("cargo"), Program("rustc")), Program("patchelf")),
    )


def advise(
    log: BuildLog,
    line: int,
    build: Callable[..., Iterable[Fix]],
    *about: object,
    probe: Probe | None = None,
) -> tuple[Fix, ...]:
    """Return the fixes of ``build(environment, *about)`` for the environment that printed *line*.

    If the log does not show the distribution, return the best fix for each of the usual ones, with the option that
    selects one of them.
    """
    system = log.elsewhere_at(line)
    if system and not other_systems.SYSTEMS[system].of_target:
        return _elsewhere(log, line, build, about, probe)
    places = environments(log, line, probe)
    if len(places) == 1:
        only = tuple(_in_its_image(log, line, _of_the_build(log, build(places[0], *about))))
        return (*_shown(log, line, only), *only)
    families: dict[Fix, list[str]] = {}
    for place in places:
        for fix in _of_the_build(log, build(place, *about))[:1]:
            families.setdefault(fix, []).append(_FAMILY[place.distro.id])
    if len(families) == 1:
        return (*_shown(log, line, families), *families)
    shown = _shown(log, line, families)
    fixes = [fix._replace(title=f"{', '.join(names)}: {fix.title}") for fix, names in families.items()]
    if fixes:
        hint = "The log does not show its distribution: select one with --distro NAME."
        fixes[0] = fixes[0]._replace(notes=" ".join(filter(None, (fixes[0].notes, hint))))
    return (*shown, *fixes)


def _in_its_image(log: BuildLog, line: int, fixes: Iterable[Fix]) -> Iterator[Fix]:
    """Yield *fixes*; in a build of cross, those that install a package say where: its container ends with the build."""
    for fix in fixes:
        installs = any(command.stage is FixStage.PACKAGES for command in fix.commands)
        where = log.container_at(line).kind == "cross-rs" and installs
        yield fix._replace(notes=" ".join(filter(None, (fix.notes, _PRE_BUILD)))) if where else fix


def _of_the_build(log: BuildLog, fixes: Iterable[Fix]) -> list[Fix]:
    """Return those of *fixes* that can be taken: cargo's commands help only a build of Rust."""
    fixes = list(fixes)
    cargo = [fix for fix in fixes if any(line.line.startswith("cargo ") for line in fix.commands)]
    return fixes if not cargo or builds_rust(log) else [fix for fix in fixes if fix not in cargo]


def _shown(log: BuildLog, line: int, fixes: Iterable[Fix]) -> tuple[Fix, ...]:
    """Return what to do if the log shows a package, which *fixes* install, installed before *line*."""
    commands = [line.line.split() for fix in fixes for line in fix.commands if line.stage is FixStage.PACKAGES]
    native = host(log).debian
    for hit in log.find("package-put") if commands else ():
        package, arch = hit.groups["package"], hit.groups["arch"]
        own = next((programs for words, programs in _PUT.items() if words in hit.text), ("apt-get", "apt"))
        wanted = {word for words in commands if not set(own).isdisjoint(words) for word in words}
        names = {f"{package}:{arch}"}
        if arch in ("", native):
            names |= {package, re.sub(r"-\d+(?=-dev$)", "", package)}  # libclang-18-dev
        if hit.line < line and not wanted.isdisjoint(names) and package not in _TOOLS:
            return (Fix(f"{_LET} {package}, which line {hit.line} of the log installs", notes=_PLACES),)
    return ()


def sees_install(fixes: Sequence[Fix]) -> bool:
    """Whether the first of *fixes*, from :func:`advise`, says that the log installs the package before."""
    return bool(fixes) and fixes[0].title.startswith(_LET)


#: What a manager writes of a package that it installs, and its programs; apt and dpkg write neither.
_PUT = {") Installing ": ("apk",), "Installing ": ("dnf", "yum", "microdnf", "tdnf")}
_LET = "let the build find"
_PRE_BUILD = (
    "In cross's image, not on this machine: these lines in pre-build of [target.TRIPLE] in Cross.toml, or in an image "
    "of your own, which `image` names there."
)
#: Packages that come with others in one command, and are not what was missed.
_TOOLS = ("pkgconf", "pkgconf-pkg-config", "make")
_PLACES = (
    "If that line is of another machine, image, stage or job than the build: install it there, as below. If it is of "
    "the same: look for what leads elsewhere (--target, PATH, PKG_CONFIG_PATH and PKG_CONFIG_LIBDIR, CPATH, "
    "LIBRARY_PATH, a compiler of conda or zig); a static link (-static) needs the library's .a file."
)


def _elsewhere(
    log: BuildLog, line: int, build: Callable[..., Iterable[Fix]], about: Sequence[object], probe: Probe | None
) -> tuple[Fix, ...]:
    """Return the fixes of a native build on Debian; the engine puts them into the terms of the log's other system."""
    from diagnose.readers.buildlog import context

    debian = context.parse(_USUAL[0])
    if debian is None:
        return ()
    env = _environment(log, line, probe)
    native = env._replace(host=targets.TARGETS[0], target=targets.TARGETS[0], distro=debian)
    return tuple(_of_the_build(log, build(native, *about)))


_FAMILY = {"ubuntu": "Debian, Ubuntu", "almalinux": "Enterprise Linux, Fedora", "alpine": "Alpine"}


def ask_target() -> tuple[Fix, ...]:
    """Return the request for a target that replaces a fix if the log names no target."""
    return (
        Fix(
            "name the target of the build",
            notes="The log does not name it. Pass --target NAME (for example arm64) to get the fix.",
        ),
    )


def names_of(probes: Iterable[Probe]) -> str:
    """Return the modules of *probes*, or the crates where the modules are unknown, as a comma-separated list."""
    names = dict.fromkeys(probe.module or _by_crate(probe.crate) for probe in probes)
    return ", ".join(name for name in names if name) or "the library"


def _by_crate(crate: str) -> str:
    from diagnose.remedies.package_names import modules_of_crate

    return next(iter(modules_of_crate(crate)), crate) if crate else ""


def install_by_family(
    log: BuildLog, line: int, title: str, names: Mapping[str, Sequence[str]], notes: str = ""
) -> tuple[Fix, ...]:
    """Return the fixes that install *names*, given by family of distributions."""
    from diagnose.remedies.install import install, system

    def build(env: Environment) -> list[Fix]:
        wanted = names.get(env.distro.family, ())
        commands = install(system(env), wanted)
        return [Fix(f"{title}: {' '.join(wanted)}", commands, notes=notes, safe=True)] if commands else []

    return advise(log, line, build)


#: What tools print after a failure that is reported above.
_SUMS = re.compile(
    r"^ERROR \S+|Interrupted: |\berrors? in [\d.]+s|exit (?:code|status)|exited with|failed with code|PanicException"
    r"|Traceback|subprocess|CalledProcessError|Command |did not run|Failed to |Error \d|FAIL\b"
    r"|No module named|RequestId"
    r"|\"errorType\": |^Runtime\.[A-Z]\w{1,40}$"  # of AWS Lambda
    r"|test failed, to rerun|evaluation failed|process didn't exit|core dumped"
)


def is_last(log: BuildLog, hits: Sequence[Hit]) -> bool:
    """Whether no other error comes after the last of *hits*: what only sums up, or introduces, does not count."""
    lines = {hit.line for hit in hits}
    others = [event for event in log.course.standing if event.line not in lines and event.line > hits[-1].line]
    return all(_SUMS.search(event.text) for event in others)


def is_later(finding: Finding, other: Finding, log: BuildLog) -> bool:
    """Whether *other* comes later in the log: ``leads_to`` of a cause that makes all later failures doubtful.

    False if the build continued after *finding*.
    """
    return not log.is_recovered(finding) and later(finding, other, log)


def later(finding: Finding, other: Finding, log: BuildLog) -> bool:
    """Whether *other* comes later in the log."""
    return log.position(other.evidence[0]) > log.position(finding.evidence[0])


def same_crate(finding: Finding, other: Finding, log: BuildLog) -> bool:
    """Whether both are in the report of one crate's build script."""
    here, there = log.position(finding.evidence[0]), log.position(other.evidence[0])
    return log.crate_at(here) == log.crate_at(there) and abs(here - there) < 500
