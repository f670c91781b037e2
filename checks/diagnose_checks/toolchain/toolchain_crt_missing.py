"""The compiler for the target is installed, but the target's C library is not.

``crti.o``, ``Scrt1.o`` and ``stdio.h`` are in the development files of the C library, ``crtbeginS.o`` and ``libgcc`` in
the compiler's package. Debian's cross compiler only recommends the C library, so ``apt-get install
--no-install-recommends gcc-<triplet>`` omits it. With ``-m32``, x86-64's own compiler needs all of these files for 32
bits as well.

How to fix: install the target's C library: ``libc6-dev-<arch>-cross`` in Debian and Ubuntu, ``libc6-dev`` or
``musl-dev`` natively, ``gcc-multilib`` or ``glibc-devel.i686`` for ``-m32``.

References:
    https://gcc.gnu.org/onlinedocs/gccint/Initialization.html
"""

from __future__ import annotations

from diagnose.authoring.link_step import without_toolchain
from diagnose.authoring.log import advise, finding_from_hits, host, install_by_family
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Evidence, Finding, Fix, Phase, Severity
from diagnose.model.pattern import patterns_for
from diagnose.readers.env import Environment
from diagnose.remedies.fix import fix, with_zig
from diagnose.remedies.install import cross_compiler, system, tool

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.model.targets import Target
    from diagnose.readers.buildlog import BuildLog, LinkStep

_NO_HEADER = patterns_for(
    "no-c-header",
    (
        "No such file or directory",
        r"fatal error: (?P<header>(?:std(?:io|lib|int|def|arg|bool)|string|assert|errno|limits|features|math|unistd)\.h"
        r"|(?:sys|bits|gnu)/[\w.-]+\.h): No such file or directory",
    ),
    # alsa-sys hides the compiler's message about a program that includes hardly any headers
    ("time64_control.o", r"command did not execute successfully .{0,600}time64_control\.o"),
)
CHECK = Check(
    since="0.1.0",
    phase=Phase.LINKER,
    patterns=(*_NO_HEADER, *patterns_for("half-words", ("-m32", r"(?:^|[\s\"'=])-m32(?=$|[\s\"'])"))),
)


def env(env: Environment) -> Iterator[Finding]:
    """See whether the linker has the start files of a program."""
    chain = env.toolchain
    missing = [file.name for file in chain.start_files if not file.path]
    if not chain.linker.found or not missing:
        return
    here = system(env)
    packages = cross_compiler(here, env.target) if env.cross else tool(here, "cc")
    fixes = (fix(env, f"install {packages[-1]}", packages),) if packages else with_zig(env)
    yield Finding(
        message=f"{chain.linker.name} does not find {', '.join(missing)} of {env.target.triple}",
        severity=Severity.ERROR,
        evidence=(Evidence(f"does not find {', '.join(missing)}", chain.linker.path),),
        consequence=f'Linking fails: "cannot find {missing[0]}: No such file or directory".',
        fixes=fixes,
    )


def log(log: BuildLog) -> Iterator[Finding]:
    """See the linker not find start files, the C library or the compiler's library, or the compiler a C header."""
    for hit in log.find("no-c-header")[:1]:
        target = log.target_at(hit.line)
        name = hit.groups["header"] or "the C library's headers"
        yield finding_from_hits(
            log,
            [hit],
            f"the compiler does not find {name}{f' for {target.triple}' if target else ''}",
            "No C code can be compiled.",
            _for_32_bits(log, hit.line, "stubs-32" in name) or advise(log, hit.line, _bring),
        )
    for link in log.links:
        hits = without_toolchain(link)
        if hits:
            names = list(dict.fromkeys(hit.groups["file"] or f"-l{hit.groups['lib']}" for hit in hits))
            target = link.target or log.target_at(link.line)
            yield finding_from_hits(
                log,
                hits,
                f"the linker does not find {', '.join(names[:4])}{f' of {target.triple}' if target else ''}",
                "No program can be linked.",
                _for_32_bits(log, link.line, _passes_over_itself(link))
                or advise(log, link.line, _bring, target, any("stdc++" in name for name in names)),
            )
            return


def _for_32_bits(log: BuildLog, line: int, sure: bool) -> tuple[Fix, ...]:
    """Return fixes that install the 32-bit half of x86-64's own compiler if the build needs it."""
    if host(log).wheel != "x86_64" or not (sure or log.near(line, "half-words", before=_REACH)):
        return ()
    return install_by_family(log, line, "install the 32-bit half of the compiler and the C library", _MULTILIB)


_CXX = {"rhel": ("gcc-c++",), "alpine": ("g++", "musl-dev"), "suse": ("gcc-c++",)}
_REACH = 40  # lines from a compiler's command to its error message
_MULTILIB = {
    "debian": ("gcc-multilib",),
    "rhel": ("gcc", "glibc-devel.i686", "libgcc.i686"),
    "suse": ("gcc-32bit", "glibc-devel-32bit"),
    "arch": ("lib32-glibc", "lib32-gcc-libs"),
}


def _passes_over_itself(link: LinkStep) -> bool:
    """Whether the native linker skips its own compiler's library, because it links for the other word size."""
    own = "/gcc/x86_64-linux-gnu/" in " ".join(file for _, file in link.skipped)
    return own and not link.program and link.ld.endswith("/ld") and link.target is None


def _bring(env: Environment, target: Target | None = None, cxx: bool = False) -> tuple[Fix, ...]:
    """Return what brings the compiler's files for *target* or else the log's, and with *cxx* C++'s."""
    env = env._replace(target=target or env.target)
    packages = cross_compiler(system(env), env.target) if env.cross else tool(system(env), "cc")
    if cxx and packages:
        packages = (packages[0].replace("gcc", "g++"), *packages[1:]) if env.distro.family == "debian" else packages
        packages = _CXX.get(env.distro.family, packages)
    return (fix(env, f"install {' '.join(packages)}", packages),) if packages else with_zig(env)
