"""No C compiler for the build machine is installed.

rustc links through the system's C compiler, ``cc``. Build scripts and procedural macros run on the build machine and
are linked for it. So a cross build needs the native compiler, too. Slim images do not contain one.

How to fix: install ``gcc`` and the development files of the C library: ``gcc libc6-dev`` (Debian), ``gcc musl-dev``
(Alpine), ``gcc`` elsewhere.

References:
    https://doc.rust-lang.org/rustc/codegen-options/index.html#linker
"""

from __future__ import annotations

from diagnose.authoring.compiling import (
    compiling,
    cxx_evidence,
    is_host_compiler,
    is_kept_elsewhere,
    is_wrapper,
    lacking_for_c_finding,
    missing_cxx,
    surely_compiling,
)
from diagnose.authoring.environment import setting_evidence
from diagnose.authoring.log import advise, builds_rust, finding_from_hits, host, install_by_family, is_later
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Evidence, Finding, Fix, FixStage, Phase, Severity
from diagnose.model.pattern import patterns_for
from diagnose.remedies.configuration import Configuration
from diagnose.remedies.fix import fix
from diagnose.remedies.install import install, system, tool
from diagnose.remedies.visual_studio import BUILD_TOOLS, CARGO_XWIN, sdk_tool
from diagnose_checks.toolchain._triage import tools_missed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit
    from diagnose.readers.env import Environment

#: What a linker gets, and a program that makes links of files does not: an option, an object, a path of Windows.
_LINKED = r"['`\"‘](?:[A-Za-z]:[\\/]|/[A-Z]{2}|[^'\"’]{1,300}\.(?:obj|lib)\b)"
CHECK = Check(
    since="0.1.0",
    phase=Phase.START,
    log_kinds=("no-linker", "no-tool"),
    patterns=patterns_for(
        "no-compiler",
        (
            "not found",
            r"(?:^|[\s:])(?P<linker>cc|gcc|c\+\+|g\+\+|clang|x86_64-lin" r"ux-gnu-gcc): (?:[Cc]ommand )?not found$",
        ),
        (
            "No such file",
            r"(?:unable to execute|command) '?(?P<linker>[\w./+-]*(?:gcc|cc|[cg]\+\+|clang))'?(?: failed)?: No such",
        ),
        ("No such file", r"error: \[Errno 2\] No such file or directory: '(?P<linker>[\w./+-]*(?:gcc|cc|[cg]\+\+))'"),
        ("No such file", r"^make(?:\[\d+\])?: (?P<linker>cc|gcc|c\+\+|g\+\+): No such file"),
        ("No such file", r"^(?:/usr/bin/)?env: ['\"](?P<linker>cc|gcc|c\+\+|g\+\+|clang)['\"]: No such file"),
        (
            "FileNotFoundError",
            r"^FileNotFoundError: \[Errno 2\] No such file or " r"directory: '(?P<linker>gcc|cc|[cg]\+\+|clang)'$",
        ),
        # Meson
        ("Unknown compiler(s): ", r"ERROR: Unknown compiler\(s\): \[+'(?P<linker>cc|gcc|[cg]\+\+|clang(?:\+\+)?)'"),
        ("no acceptable C compiler", r"no acceptable C compiler found in \$PATH(?P<linker>)"),
        ("no acceptable ", r"configure: error: no acceptable (?:cc|C\+\+ compiler) found(?P<linker>)"),
        ("CMAKE_C_COMPILER", r"No CMAKE_C_COMPILER could be found(?P<linker>)"),
        ("cc1plus", r"cannot execute [`'](?P<linker>cc1plus)['`]: (?:execvp|posix_spawnp?): No such file"),
        ("cc1plus", r"error trying to exec [`'](?P<linker>cc1plus)['`]: execvp: "),
        (
            "cc1'",
            r"(?<![\w-])(?:g?cc|[cg]\+\+)(?:-\d+)?: (?:fatal )?error:? (?:trying to "
            r"exec|cannot execute) ['`](?P<linker>cc1)['`]: ",
        ),
        ("CMAKE_CXX_COMPILER", r"No CMAKE_CXX_COMPILER could be found(?P<linker>)"),
    )
    + patterns_for(
        "no-assembler",
        (
            "'as'",
            r"(?<![\w-])(?:g?cc|[cg]\+\+|clang)(?:-\d+)?: (?:fatal )?error:? (?:trying to exec|cannot execute) "
            r"['`]as['`]: (?:execvp|posix_spawnp?): No such",
        ),
        ('Executable "as"', r"unable to execute command: Executable \"as\" doesn't exist"),
    )
    + patterns_for("compiles-cxx", (" -c ", r" -c (?:\S{1,300} )?\S{1,300}\.(?:cc|cpp|cxx|c\+\+)(?:\s|$)"))
    + patterns_for(
        "no-apple-tools",
        (
            "xcrun: error: ",
            r"(?:^|^= note: |\snote: )xcrun: error: (?:invalid active developer path|unable to find utility)",
        ),
        ("xcode-select: ", r"^xcode-select: (?:note: |error: )?[Nn]o developer tools were found"),
        ("Xcode", r"^You have not agreed to the Xcode (?P<license>license)"),
    )
    # the linker writes it, so it is there
    + patterns_for("no-sdk-tool", ("LNK1158", r"fatal error LNK1158: cannot run '(?P<tool>rc|mt)\.exe'"))
    + patterns_for(
        "no-msvc",
        ("link.exe", r"linker `link\.exe` not found"),
        # the link of Git for Windows, MSYS2 or Cygwin, which makes hard links, is found in its place
        (
            "link: extra operand",
            rf"(?:^|[\s/\\])(?P<gnu>link): extra operand {_LINKED}",
        ),
        (
            "link.exe: extra operand",
            rf"(?:^|[\s/\\])(?P<gnu>link\.exe): extra operand {_LINKED}",
        ),
        ("Microsoft Visual C++", r"Microsoft Visual C\+\+ 1\d\.\d(?: or greater)? is required"),
        (". Is `lib.exe`", r"[Ff]ailed to find tool\. Is `lib\.exe` installed"),
        ("Unknown compiler(s): ", r"ERROR: Unknown compiler\(s\): \[\['icl'\], \['cl'\]"),
        ("nmake", r"^'nmake' '-\?'$"),
        ("could not find any instance of Visual Studio", r"could not find any instance of Visual Studio"),
        ("vcvarsall.bat", r"error: Unable to find vcvarsall\.bat"),
        ("cl.exe' failed", r"^error: command 'cl\.exe' failed: (?:None|No such file)"),
    ),
    env_facts=("toolchain.host_linker.!found", "toolchain.cc.!found", "project.crates", "project.tools"),
)


def env(env: Environment) -> Iterator[Finding]:
    """See whether build scripts can be linked, and C++ compiled."""
    yield from _cxx(env)
    if not env.cross:
        yield from lacking_for_c_finding(env, tool(system(env), "cc"))
        yield from _named(env)
    linker = env.toolchain.host_linker
    if linker.found or (linker.setting is not None and not env.cross):
        return  # a configured linker that is not there is cross-linker-missing, in a native build too
    packages = tool(system(env), "cc")
    evidence = [Evidence(f"does not contain {linker.name}", where="variable PATH")]
    if linker.setting is not None:
        evidence.append(setting_evidence(linker.setting))
        variable = f"CARGO_TARGET_{env.host.cargo_env_name}_LINKER"
        title, configuration = (
            "link the host's code with the native compiler",
            Configuration(((variable, "cc"),), packages),
        )
    else:
        title, configuration = f"install {' '.join(packages)}" if packages else "install a C compiler", Configuration()
    sure = not env.cross or bool(env.libraries) or env.hazards.host_code
    if env.cross and env.hazards.host_code is False and not env.libraries:
        return  # all that is compiled is for the target
    yield Finding(
        message=f"{linker.name} is not installed: rustc links build scripts and procedural macros with it",
        severity=Severity.ERROR if sure else Severity.WARNING,
        evidence=tuple(evidence),
        consequence=f'The first build script fails: "linker `{linker.name}` not found".',
        fixes=(fix(env, title, configuration=configuration, commands=install(system(env), packages)),),
    )


def _named(env: Environment) -> Iterator[Finding]:
    """See that a variable names a C compiler that is not there; build-tool-missing has the wrappers before one."""
    compiler, sure = env.toolchain.cc, surely_compiling(env)
    users = sure or compiling(env)
    if compiler.found or compiler.setting is None or not users or is_wrapper(compiler):
        return
    used = Evidence(f"{users[0].name} {users[0].version} compiles C", f"{env.project.lock}:{users[0].line}")
    packages = () if env.toolchain.linker.found else tool(system(env), "cc")
    setting = compiler.setting
    title = f"compile with cc: remove {setting.name}"
    yield Finding(
        message=f"{compiler.name}, which {setting.name} names as C compiler, {compiler.blocked or 'is not installed'}",
        severity=Severity.ERROR if sure else Severity.WARNING,
        evidence=(setting_evidence(setting), used),
        consequence=f'The build script of {users[0].name} fails: failed to find tool "{compiler.name}".',
        fixes=(
            fix(env, title, packages)._replace(
                unset=() if setting.path else (setting.name,), notes=f"It is set in {setting.where}."
            ),
        ),
    )


def _cxx(env: Environment) -> Iterator[Finding]:
    """See whether a crate compiles C++ in a native build, and could."""
    program, need = missing_cxx(env)
    if program is None or need is None or env.cross:
        return
    here = system(env)
    packages = (*(() if env.toolchain.host_cc.found else tool(here, "cc")), *_CXX.get(here.family, ()))
    evidence = (Evidence(f"{need.crate} compiles C++", need.path), *cxx_evidence(program))
    yield Finding(
        message=f"no C++ compiler is installed, which the build script of {need.crate} needs",
        severity=Severity.ERROR if need.certain else Severity.WARNING,
        evidence=evidence,
        consequence=f"The build script of {need.crate} stops. A C compiler alone is not enough.",
        fixes=(fix(env, f"install {' '.join(packages) or 'a C++ compiler'}", packages, safe=bool(packages)),),
    )


#: What brings ``c++``, by family; Arch's gcc does.
_CXX = {"debian": ("g++",), "alpine": ("g++",), "rhel": ("gcc-c++",), "suse": ("gcc-c++",), "arch": ("gcc",)}


def _with_wheel(log: BuildLog) -> tuple[Fix, ...]:
    """Return the fix for a package that pip or uv builds because the index has no wheel for this Python."""
    built = [hit.groups["package"] for hit in log.find("failed-package", "pip-source") if hit.groups["package"]]
    if not built:
        return ()
    python = next((hit.groups["version"] for hit in log.find("python-note")), "")
    return (
        Fix(
            f"take a release of {built[0]} that has a wheel{f' for Python {python}' if python else ' for this Python'}",
            (Command(f"python -m pip install --only-binary :all: {built[0]}", FixStage.BUILD),),
            notes="Nothing is compiled then. Old releases have no wheels for new Pythons: if one is required, use the "
            "Python of its time.",
        ),
    )


_OWN_LINK = Fix(
    "if they are installed: build in their environment",
    notes="A developer command prompt, or vcvarsall.bat x64 before; in a workflow the action ilammy/msvc-dev-cmd. It "
    "puts the folder of their link.exe first. Or take Git's usr\\bin off PATH.",
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See rustc, cargo's build scripts, make or setuptools not find the native compiler."""
    if visual := log.find("no-msvc"):
        yield finding_from_hits(
            log,
            visual,
            "the link.exe that is found makes links of files (Git's, MSYS2's or Cygwin's), and Visual C++'s is not"
            if visual[0].groups["gnu"]
            else "no Visual C++ compiler is installed, which compiles and links for Windows",
            "Nothing can be compiled or linked.",
            (
                *_with_wheel(log),
                BUILD_TOOLS,
                *((_OWN_LINK,) if visual[0].groups["gnu"] else ()),
                *((CARGO_XWIN,) if builds_rust(log) else ()),
            ),
        )
        return
    if unequipped := log.find("no-sdk-tool"):
        tool_name = f"{unequipped[0].groups['tool']}.exe"
        yield finding_from_hits(
            log,
            unequipped,
            f"Microsoft's linker runs, and does not find {tool_name} of the Windows SDK",
            "Nothing is linked: the linker calls it for the manifest of a program or module.",
            (*sdk_tool(tool_name), *_with_wheel(log)),
        )
        return
    if apple := log.find("no-apple-tools"):
        license_ = any(hit.groups["license"] for hit in apple)
        yield finding_from_hits(
            log,
            apple[:1],
            "Xcode's license is not accepted" if license_ else "Apple's command line tools are not installed",
            "No compiler runs on this Mac.",
            [_LICENSE if license_ else _APPLE],
        )
        return
    missing = [hit for hit in log.find("no-linker", "no-compiler") if not is_kept_elsewhere(hit.groups["linker"])]
    hits = [
        hit for hit in missing if hit.groups["linker"] in ("cc1", "cc1plus") or is_host_compiler(hit.groups["linker"])
    ]
    hits += [hit for hit in tools_missed(log) if is_host_compiler(hit.groups["tool"])]
    if archiver := [hit for hit in tools_missed(log) if hit.groups["tool"] == "ar" and not hits]:
        yield finding_from_hits(
            log,
            archiver,
            "ar is not installed, which the cc crate makes libraries with",
            "C code of a crate is compiled, and cannot be linked.",
            install_by_family(log, archiver[0].line, "install binutils", dict.fromkeys(_CXX, ("binutils",))),
        )
        return
    if assembler := log.find("no-assembler"):
        yield finding_from_hits(
            log,
            assembler,
            "as is not installed, the assembler that the C compiler calls",
            "Nothing is compiled to the end.",
            install_by_family(log, assembler[0].line, "install binutils", dict.fromkeys(_CXX, ("binutils",))),
        )
        return
    if hits:
        name = hits[0].groups["linker"] or hits[0].groups["tool"] or ("c++" if "CXX" in hits[0].text else "cc")
        if "++" in name or name == "cc1plus":
            yield finding_from_hits(
                log,
                hits,
                f"no C++ compiler is installed: {name} is missing",
                "C++ code, such as a library that a crate builds, cannot be compiled. A C compiler does not suffice.",
                advise(log, hits[0].line, _install, True),
            )
            return
        yield finding_from_hits(
            log,
            hits,
            f"{name} is not installed: it compiles and links programs for the host",
            "Build scripts cannot be linked. Cross builds need them, too.",
            _with_clang(log, hits[0], name) or advise(log, hits[0].line, _install, _compiles_cxx(log, hits)),
        )


_APPLE = Fix(
    "install Apple's command line tools",
    (Command("xcode-select --install", FixStage.TOOLCHAIN),),
    notes="An update of macOS removes them. If they are there: sudo xcode-select --reset.",
)
_LICENSE = Fix("accept the license", (Command("sudo xcodebuild -license accept", FixStage.TOOLCHAIN),))

leads_to = is_later
_COMMAND = 30  # lines between a command and the error that it cannot be started


def _compiles_cxx(log: BuildLog, hits: list[Hit]) -> bool:
    """Whether the build lacks a C++ compiler as well, or was about to compile C++."""
    if any("CXX" in hit.text or "++" in hit.groups["linker"] + hit.groups["tool"] for hit in hits):
        return True
    return any(log.near(hit.line, "compiles-cxx", before=_COMMAND) for hit in hits)


def _with_clang(log: BuildLog, hit: Hit, name: str) -> tuple[Fix, ...]:
    """Return fixes for clang, which nothing calls unless a setting names it."""
    if not name.startswith("clang"):
        return ()
    packages = {"debian": ("clang", "libc6-dev"), "rhel": ("clang", "gcc"), "alpine": ("clang", "gcc", "musl-dev")}
    setting = Fix(
        "link with gcc",
        unset=(f"CARGO_TARGET_{host(log).cargo_env_name}_LINKER",),
        notes='Remove `linker = "clang"` from .cargo/config.toml, here and in the folders above, and in ~/.cargo.',
    )
    if not builds_rust(log):
        setting = Fix(
            "compile with gcc",
            env=(("CC", "gcc"), ("CXX", "g++")),
            notes="Extensions are compiled with the compiler of the Python itself, which is clang for uv's Pythons.",
        )
    return (*install_by_family(log, hit.line, "install clang", packages), setting)


def _install(env: Environment, plus: bool) -> list[Fix]:
    here = system(env)
    packages = tuple(dict.fromkeys((*tool(here, "cc"), *(_CXX.get(here.family, ()) if plus else ()))))
    return [Fix(f"install {' '.join(packages)}", install(here, packages), safe=True)] if packages else []
