"""A compiler gets options, or code, for another processor than it compiles for.

``-msse2``, ``-mavx2`` and ``-m64`` are options of x86 compilers, ``-mfpu=neon`` is one of 32-bit Arm, and each
processor has its own values for ``-march``. Headers such as ``immintrin.h`` and ``arm_neon.h`` exist for one
processor only. Build scripts that ask ``uname`` or pass fixed options use the build machine's in a cross build, and
x86's on Arm.

How to fix: use a release of the project that supports the processor, or turn its use of such instructions off. In a
cross build, check that the compiler is the target's, and that no flags are the build machine's.

References:
    https://gcc.gnu.org/onlinedocs/gcc/Submodel-Options.html
"""

from __future__ import annotations

from diagnose.authoring.compiling import compiling, is_host_compiler, surely_compiling
from diagnose.authoring.environment import setting_evidence
from diagnose.authoring.log import finding_from_hits
from diagnose.model import targets
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Evidence, Finding, Fix, Phase, Severity
from diagnose.model.pattern import patterns_for
from diagnose.readers.buildlog.linking import named
from diagnose.remedies.configuration import Configuration
from diagnose.remedies.fix import fix, with_zig
from diagnose.remedies.install import cross_compiler, system

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.model.targets import Target
    from diagnose.readers.buildlog import BuildLog, Hit
    from diagnose.readers.env import Environment

_X86 = r"-m(?:sse[\d.]*|ssse3|avx\w*|fma|aes|pclmul|popcnt|bmi2?|mmx|3dnow|f16c|64|32|sha|rdrnd)"
_ARM = r"-m(?:fpu=[\w-]+|float-abi=\w+|thumb|arm|outline-atomics)"
CHECK = Check(
    since="0.1.0",
    phase=Phase.COMPILE,
    patterns=patterns_for(
        "other-processor",
        ("unrecognized command", rf"unrecognized command[- ]line option ['\"](?P<x86>{_X86})['\"]"),
        ("unrecognized command", rf"unrecognized command[- ]line option ['\"](?P<arm>{_ARM})['\"]"),
        ("unsupported option", rf"error: unsupported option '(?P<x86>{_X86})' for target '(?P<target>[\w.-]+)'"),
        ("-march", r"error: unknown value '(?P<march>[\w.+-]+)' for '-march'"),
        ("-mcpu", r"error: unknown value '(?P<march>[\w.+-]+)' for '-mcpu'"),
        ("-mtune", r"error: unknown value '(?P<march>[\w.+-]+)' for '-mtune'"),
        ("unrecognized command", r"unrecognized command[- ]line option ['\"](?P<other>-m(?!64|32)[\w=.+-]{1,60})['\"]"),
        ("-march=", r"error: bad value \(?'(?P<march>[\w.+-]+)'\)? for '-march=' switch"),
        ("-mcpu=", r"error: bad value \(?'(?P<march>[\w.+-]+)'\)? for '-mcpu=' switch"),
        ("-mtune=", r"error: bad value \(?'(?P<march>[\w.+-]+)'\)? for '-mtune=' switch"),
        (
            "intrin.h",
            r"fatal error: '?(?P<x86header>(?:x86|[a-z]mm?|i[ma]m?32)intrin\.h)'?(?:: No such| file not found)",
        ),
        (
            "nrecognized option",
            r"(?:^|[\s:/])(?P<assembler>as): unrecognized option [`'\"](?P<as>-(?:E[BL]|meabi=\S{1,10}"
            r"|mfloat-abi=\w{1,10}|mips\w{1,20}))['\"]",
        ),
        ("cpuid.h", r"fatal error: '?(?P<x86header>cpuid\.h)'?(?:: No such file| file not found)"),
        ("arm_neon.h", r"fatal error: '?(?P<armheader>arm_neon\.h)'?(?:: No such file| file not found)"),
    ),
    env_facts=("cross", "hazards.c_flags"),
)


def env(env: Environment) -> Iterator[Finding]:
    """See options, or a C compiler, for another processor than the target's."""
    yield from _flags(env)
    compiler, makes = env.toolchain.cc, env.toolchain.cc_target
    users = surely_compiling(env) or compiling(env)
    if not env.cross or not users or not makes or compiler.real == env.toolchain.linker.real:
        return  # target-linker-not-configured says it of the linker
    rows = targets.find(makes)
    if "clang" in compiler.name or not rows or any(_same_processor(row, env.target) for row in rows):
        return
    crate = users[0]
    used = Evidence(f"{crate.name} {crate.version} compiles C with the cc crate", f"{env.project.lock}:{crate.line}")
    names = cross_compiler(system(env), env.target)
    configuration = Configuration(((f"CC_{env.target.env_name}", f"{env.target.gnu}-gcc"),), names)
    fixes = (fix(env, f"compile with {env.target.gnu}-gcc", configuration=configuration),) if names else with_zig(env)
    yield Finding(
        f"the C compiler for {env.target.triple}, {compiler.name}, makes code for {makes}",
        Severity.ERROR if surely_compiling(env) else Severity.WARNING,
        (used, setting_evidence(compiler.setting)) if compiler.setting else (used, Evidence("is used", compiler.path)),
        f'Linking fails: the code of {crate.name} has "file in wrong format", or is skipped as incompatible.',
        fixes,
    )


def _flags(env: Environment) -> Iterator[Finding]:
    """See options in CFLAGS that the compiler for the target does not have."""
    users = surely_compiling(env) or compiling(env)
    for flag in env.hazards.c_flags if users else ():
        crate = users[0]
        said = flag.word.partition("=")
        says = f"bad value '{said[2]}' for '{said[0]}=' switch" if said[1] else f"unrecognized option '{flag.word}'"
        yield Finding(
            f"{env.toolchain.cc.name} does not know {flag.word}"[:100],
            Severity.ERROR if surely_compiling(env) else Severity.WARNING,
            (
                setting_evidence(flag.setting),
                Evidence(f"{crate.name} {crate.version} compiles C", f"{env.project.lock}:{crate.line}"),
            ),
            f"The build script of {crate.name} fails: {says}.",
            (
                Fix(
                    f"take {flag.word} out of {flag.setting.name}",
                    unset=() if flag.setting.path else (flag.setting.name,),
                    notes=f"It is set in {flag.setting.where}. Another processor, or a newer compiler, may know it.",
                ),
            ),
        )


def _same_processor(row: Target, target: Target) -> bool:
    """Whether a compiler for *row* makes code for *target*: x86's makes both kinds, by -m32 and -m64."""
    return row.machine == target.machine or {row.uname, target.uname} <= {"i686", "x86_64"}


def _assembler(log: BuildLog, hit: Hit) -> Finding:
    """Return that a compiler for one processor calls the assembler of another, which its folders do not have."""
    return finding_from_hits(
        log,
        [hit],
        f"the compiler passes {hit.groups['as']} to an assembler for another processor",
        "Nothing is compiled: it calls the first `as` on PATH, the build machine's, because its own is not beside it.",
        (
            Fix(
                "bring the target's own assembler",
                notes="COMPILER -print-prog-name=as prints which one is called: a bare `as` is the build machine's. "
                "Install the target's binutils (PREFIX-as), unpack the toolchain whole, or name its folder with -B.",
            ),
        ),
    )


_COMPILER = re.compile(r"(?:^|[\s=:])(?:\S{0,200}/)?(?P<name>[\w.+-]{1,100}): (?:fatal )?error: unrec")


def _of_compiler(log: BuildLog, hit: Hit) -> tuple[Fix, ...]:
    """Return what to do where a compiler's name shows that the crate cc chose the option for another one."""
    told = _COMPILER.search(hit.text[:400])
    by_cc_crate = any(event.text.startswith(("error occurred", "ToolExecError")) for event in log.course.events)
    if told is None or not (by_cc_crate or hit.origin.crate):
        return ()
    name, row = told["name"], named(told["name"])
    if hit.groups["x86"] and row is not None and row.uname not in ("x86_64", "i686"):
        own = f"CC_{row.env_name}"
        return (
            Fix(
                f"let {own} alone name {name}",
                env=((own, name),),
                unset=("CC", "CXX"),
                notes="The crate cc passes -m64 and -m32 where it compiles for x86: here for a build script or a macro "
                "that runs on the build machine. CC and CXX are for both machines.",
            ),
        )
    target = log.target_at(hit.line)
    if (
        hit.groups["arm"]
        and is_host_compiler(name)
        and target is not None
        and target.uname.startswith(("arm", "aarch"))
    ):
        compiler = f"{target.gnu}-gcc"
        return (
            Fix(
                f"name the target's compiler, {compiler}",
                env=((f"CC_{target.env_name}", compiler),),
                notes=f"The crate cc chose {hit.groups['arm']} for {target.triple}, and called {name}: CC, or "
                "a variable like it, names that.",
            ),
        )
    return ()


def log(log: BuildLog) -> Iterator[Finding]:
    """See a compiler refuse an option or miss a header of another processor."""
    for hit in log.find("other-processor")[:1]:
        said = hit.groups
        if said["x86"] in ("-m64", "-m32") and log.near(hit.line, "link-failed", before=6):
            return  # target-linker-not-configured
        if said["march"] == "native":
            yield finding_from_hits(
                log,
                [hit],
                "this compiler does not know -march=native",
                "Nothing is compiled.",
                (
                    Fix(
                        "leave -march=native out",
                        notes="Look in CFLAGS and in the project's build files. Cross compilers do not know it, and a "
                        "wheel that is built with it runs on machines like that one only.",
                    ),
                ),
            )
            return
        if said["as"]:
            yield _assembler(log, hit)
            return
        x86 = said["x86"] or said["x86header"]
        what = x86 or said["arm"] or said["armheader"] or said["other"] or f"-march={said['march']}"
        whose = "x86" if x86 else "Arm" if said["arm"] or said["armheader"] else "another processor"
        yield finding_from_hits(
            log,
            [hit],
            f"{what} is for {whose}, and this compiler compiles for {said['target'] or 'another processor'}"
            if whose != "another processor"
            else f"{what} is for another processor than this compiler compiles for",
            "Nothing is compiled.",
            (
                *_of_compiler(log, hit),
                Fix(
                    "use a release of the project that supports this processor, or turn such instructions off",
                    notes="Look for an option of its build such as DISABLE_SIMD or USE_SSE=OFF.",
                ),
                Fix(
                    "in a cross build: keep the build machine's flags and compiler out",
                    notes="CC and CXX have to be the target's, and CFLAGS and CXXFLAGS without options of the other "
                    "one. "
                    "Build scripts that ask uname need an option for the target.",
                ),
            ),
        )
