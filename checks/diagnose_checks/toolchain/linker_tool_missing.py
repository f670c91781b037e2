"""The linker that the compiler driver calls is not installed.

gcc does not link itself: it calls ``ld`` of binutils. Without it, gcc compiles and does not link.

``-fuse-ld=lld`` or ``-fuse-ld=mold``, in RUSTFLAGS or in a checked-in ``.cargo/config.toml``, makes gcc or clang search
for ``ld.lld`` or ``ld.mold``. If that package is not installed, gcc reports that it cannot find 'ld', and clang that
the linker name is invalid.

How to fix: install the linker. Or remove the flag if you do not need that linker.

References:
    https://gcc.gnu.org/onlinedocs/gcc/Link-Options.html (``-fuse-ld``)
    https://doc.rust-lang.org/cargo/reference/config.html
"""

from __future__ import annotations

from diagnose.authoring.environment import setting_evidence
from diagnose.authoring.log import finding_from_hits, install_by_family
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Evidence, Finding, Fix, Phase, Severity
from diagnose.model.pattern import patterns_for
from diagnose.readers.toolchain.driver import PLUGIN
from diagnose.remedies.fix import fix
from diagnose.remedies.install import AGAIN, cross_compiler, install, system, tool

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.model.targets import Target
    from diagnose.readers.buildlog import BuildLog
    from diagnose.readers.env import Environment
    from diagnose.readers.toolchain.toolchain_facts import Part, Program

CHECK = Check(
    since="0.1.0",
    phase=Phase.LINKER,
    patterns=(
        *patterns_for(
            "no-ld",
            ("cannot find 'ld'", r"collect2: (?:fatal )?error: cannot find ['`\"]?ld['`\"]?"),
            ("collect2: fatal error", r"collect2: fatal error: cannot find ['`\"]?ld"),
            (
                "unable to execute command",
                r"unable to execute command: Executable " r"\"(?P<linker>ld(?:\.\w+)?)\" doesn't exist",
            ),
            (
                "posix_spawn failed: No such",
                r"error: unable to execute command: posix_spawn failed: No such file or directory\s+"
                r"(?:\S{1,100}: )?error: linker command failed",
                2,
            ),
            ("collect2", r"gcc\S{0,10}: (?:fatal )?error:? (?:cannot execute|trying to exec) ['`]collect2['`]: "),
            (
                "-fuse-linker-plugin",
                r"fatal error: '?-fuse-linker-plugin'?, but (?P<plugin>liblto_plugin\.so) not found",
            ),
            ("invalid linker name", r"invalid linker name in (?:argument )?[`']-fuse-ld=(?P<linker>[\w./-]+)'"),
        ),
        *patterns_for(
            "fuse-refused",
            (
                "-fuse-ld=",
                r"error: unrecognized (?:command[- ]line )?option ['\"‘]-fuse-ld=(?P<linker>[\w./+-]{1,200})['\"’]",
            ),
        ),
        *patterns_for("fuse-note", ("-fuse-ld=", r"-fuse-ld=(?P<linker>[\w./-]+)")),
    ),
    env_facts=("toolchain.parts.!path", "toolchain.host_parts.!path", "fused"),
)


def env(env: Environment) -> Iterator[Finding]:
    """See a compiler that does not find its own linker, or flags that make it call one which is not installed."""
    chain, linker = env.toolchain, env.fused
    yield from _lacking(env, chain.linker, chain.parts, env.target, fused=linker is not None)
    yield from _lacking_plugin(env, chain.linker, chain.parts, env.target)
    if env.cross:
        yield from _lacking(env, chain.host_linker, chain.host_parts, env.host, fused=False)
        yield from _lacking_plugin(env, chain.host_linker, chain.host_parts, env.host)
    if linker is None or linker.setting is None or linker.found:
        return
    if linker.name == "ld.lld" and env.toolchain.rust.toolchain:
        return  # rustup's toolchains bring one
    name = linker.name.rpartition("/")[2].removeprefix("ld.")
    here = system(env)
    packages = ("binutils",) if name in ("bfd", "gold") else (name,)
    commands = install(here, packages) if name in ("bfd", "gold", "lld", "mold") else ()
    flag = Fix("remove the flag", notes=f"Remove -fuse-ld={linker.setting.value} from {linker.setting.where}.")
    yield Finding(
        message=f"{linker.name} is not installed, and the flags make the compiler link with it",
        severity=Severity.ERROR,
        evidence=(setting_evidence(linker.setting, f"-fuse-ld={linker.setting.value}"),),
        consequence="Linking fails: \"collect2: fatal error: cannot find 'ld'\".",
        fixes=(*([Fix(f"install {' '.join(packages)}", commands, safe=True)] if commands else []), flag),
    )


def _lacking(
    env: Environment, driver: Program, parts: tuple[Part, ...], target: Target, *, fused: bool
) -> Iterator[Finding]:
    """Yield that *driver* does not find ``ld``; with a *fused* linker it calls none."""
    if fused or all(part.path for part in parts if part.name == "ld"):
        return
    here = system(env)
    cross = env.cross and target == env.target and here.family == "debian"
    packages = (f"binutils-{target.gnu.replace('_', '-')}",) if cross else ("binutils",)
    again = here.manager in AGAIN and all(env.installed(package) for package in packages)
    commands = install(here, packages, again=again)
    title = f"install {' '.join(packages)}{' again' if again else ''}"
    yield Finding(
        message=f"{driver.name} does not find ld, which it links {target.triple} with",
        severity=Severity.ERROR,
        evidence=(Evidence("calls ld, which is in none of its folders", driver.path),),
        consequence="Linking fails: \"collect2: fatal error: cannot find 'ld'\".",
        fixes=(fix(env, title, commands=commands, safe=bool(commands)),),
    )


#: The first GCC that knows a linker's name: gcc.gnu.org/gcc-9/changes.html, gcc.gnu.org/gcc-12/changes.html (12.1).
_SINCE = {"bfd": "4.8", "gold": "4.8", "lld": "9", "mold": "12.1"}


def _refused(log: BuildLog) -> Iterator[Finding]:
    """See gcc refuse what ``-fuse-ld`` names: it knows names, which came with its versions, and takes no path."""
    hits = [] if log.find("meson-no-linker") else log.find("fuse-refused")
    for hit in hits[:1]:
        linker = hit.groups["linker"]
        name = re.sub(r"^(?:.*/)?(?:ld\.)?", "", linker)
        since = _SINCE.get(name, "")
        path = "/" in linker
        fixes = []
        if path and since:
            fixes.append(
                Fix(f"give the name alone: -fuse-ld={name}", notes=f"GCC {since} and later know it, and search PATH.")
            )
        elif since:
            fixes.append(Fix(f"compile with GCC {since} or later, which knows {name}"))
        if name == "mold":
            folder = "/usr/libexec/mold"
            fixes.append(
                Fix(f"with any GCC: -B{folder}", notes=f"mold's package installs {folder}/ld, which gcc then takes.")
            )
        fixes.append(Fix("link with clang, which takes names and paths", env=(("RUSTFLAGS", "-C linker=clang"),)))
        yield finding_from_hits(
            log,
            [hit],
            f"gcc takes no path in -fuse-ld, only a linker's name: {linker}"
            if path
            else f"this gcc does not know -fuse-ld={linker}",
            "Linking fails.",
            fixes,
        )


def _lacking_plugin(env: Environment, driver: Program, parts: tuple[Part, ...], target: Target) -> Iterator[Finding]:
    """Yield that *driver* does not find the plugin that it gives its linker."""
    if not any(part.name == PLUGIN for part in parts):
        return
    here = system(env)
    cross = env.cross and target == env.target
    packages = cross_compiler(here, target)[:1] if cross else tool(here, "cc")[:1]
    again = here.manager in AGAIN
    commands = install(here, packages, again=again) if packages else ()
    yield Finding(
        message=f"{driver.name} does not find {PLUGIN}, without which it links nothing",
        severity=Severity.ERROR,
        evidence=(Evidence(f"gives its linker {PLUGIN}, which is in none of its folders", driver.path),),
        consequence=f"Linking fails: \"'-fuse-linker-plugin', but {PLUGIN} not found\".",
        fixes=(
            fix(env, f"install the compiler{' again' if again else ''}", commands=commands, safe=bool(commands)),
            Fix("link without it", notes="RUSTFLAGS=-Clink-arg=-fno-use-linker-plugin"),
        ),
    )


def log(log: BuildLog) -> Iterator[Finding]:
    """See gcc or clang not find the linker."""
    yield from _refused(log)
    for hit in log.find("no-ld")[:1]:
        if plugin := hit.groups["plugin"]:
            yield finding_from_hits(
                log,
                [hit],
                f"the compiler does not find {plugin}, without which it links nothing",
                "Linking fails.",
                (
                    *install_by_family(log, hit.line, "install the compiler again", {"debian": ("gcc",)}),
                    Fix("link without it", notes="RUSTFLAGS=-Clink-arg=-fno-use-linker-plugin"),
                ),
            )
            return
        flags = log.find("fuse-note")
        linker = hit.groups["linker"] or (flags[-1].groups["linker"] if flags else "")
        name = re.sub(r"^(?:.*/)?(?:ld\.)?", "", linker)
        program = {"lld": "ld.lld", "mold": "ld.mold", "gold": "ld.gold"}.get(name, name or "ld")
        package = "binutils" if program in ("ld", "ld.gold") else name
        families = ("debian", "rhel", "alpine", "arch", "suse")
        fixes = install_by_family(log, hit.line, "install the linker", dict.fromkeys(families, (package,)))
        yield finding_from_hits(
            log,
            [hit],
            f"the compiler is configured to link with {program}, which is not installed",
            "Linking fails.",
            [
                *fixes,
                Fix(
                    "remove the flag",
                    notes=f"Look for -fuse-ld={name or '…'} in RUSTFLAGS and .cargo/config.toml.",
                ),
            ],
        )
