"""A program that a build runs is not installed.

Build scripts call other build systems. The cmake crate runs CMake, which runs make or ninja; prost-build runs protoc;
openssl-src runs perl and make; rav1e and aws-lc run nasm. Slim images contain none of these. The message often names
the program in its second line only, or not at all: "No such file or directory (os error 2)".

How to fix: install the program on the build machine or in the build container. In a cross build, install it for the
build machine.

References:
    https://docs.rs/cmake/latest/cmake/
    https://docs.rs/prost-build/latest/prost_build/#sourcing-protoc
"""

from __future__ import annotations

from diagnose.authoring.compiling import compiling, is_wrapper, surely_compiling
from diagnose.authoring.environment import setting_evidence
from diagnose.authoring.log import finding_from_hits, install_by_family, other_system, sees_install
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Command, Evidence, Finding, Fix, FixStage, Phase, Severity
from diagnose.model.pattern import patterns_for
from diagnose.remedies.fix import IN_VENV, fix, from_index
from diagnose.remedies.install import system
from diagnose.tables.program_names import FAMILIES, ONLY_TOOL, PACKAGES, PYTHON_TOOL, TOOL
from diagnose_checks.toolchain._triage import unstarted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit
    from diagnose.readers.env import Environment

_NEVER = "could not execute process"
CHECK = Check(
    since="0.1.0",
    phase=Phase.COMPILE,
    log_kinds=("script-unrun",),
    patterns=patterns_for(
        "no-build-tool",
        ("not installed?", rf"is [`'](?P<tool>{TOOL})[`'] not installed\?"),
        ("find the protoc binary", r"Failed to find the (?P<tool>protoc) binary"),
        ("protoc is not installed", r"^(?P<tool>protoc) is not installed nor found in"),
        ("ould not find `protoc`", r"[Cc]ould not find `?(?P<tool>protoc)\b`?"),
        ("ould not find protoc", r"[Cc]ould not find (?P<tool>protoc)\b"),
        ("protoc", r"(?:failed to (?:find|invoke)|[Ff]ailed to locate) [`']?(?P<tool>protoc)[`']?\b"),
        ("not found", rf"(?:^|[\s:'\"])(?P<tool>{TOOL})['\"]?: (?:[Cc]ommand )?not found$"),
        ("No such file", rf"No such file or directory: '(?P<tool>{TOOL})'"),
        ("No such file", rf"^make(?:\[\d+\])?: (?P<tool>{TOOL}): No such file or directory$"),
        ("No such file", rf"^error: command '(?P<tool>{TOOL})' failed: No such file"),
        ("unable to execute ", rf"^unable to execute '?(?P<tool>{TOOL})'?: No such file"),  # distutils
        # make on Windows: 2 says that there is no such file, in the system's language
        (
            "process_begin: CreateProcess(NULL, ",
            rf"process_begin: CreateProcess\(NULL, (?P<tool>{TOOL})(?:\.exe)? [^)]{{0,1000}}\) failed\.\s{{1,40}}"
            r"make \(e=2\): ",
            2,
        ),
        ("nox > Program ", rf"^nox > Program (?P<tool>{TOOL}) not found"),
        ("nox > Program ", rf"^nox > Program (?P<python>{PYTHON_TOOL}) not found"),
        ("meson executable ", r"meson executable \"(?P<tool>meson)\" not found"),
        ("find the specified meson", r"Could not find the specified (?P<tool>meson): (?!\"?[\w.-]{1,80}/)"),
        ("ould not find Ninja with", r"NinjaNotFoundError: Could not find (?P<tool>Ninja) with version"),
        ("CMake installation, abort", r"Problem with the (?P<tool>CMake) installation, aborting build"),
        ("Git executable not found", r"(?P<tool>Git) executable not found\. Ensure that Git is installed"),  # uv
        ("gnupg2 and gnupg1 do not seem", r"(?P<tool>gnupg), gnupg2 and gnupg1 do not seem to be installed"),
        ("inja is required to build", r"NinjaNotFoundError: (?P<tool>Ninja) is required to build"),
        ("ould not find CMake", r"CMakeNotFoundError: Could not find (?P<tool>CMake)\b"),
        ("failed: None", rf"^error: command '(?P<tool>{TOOL})(?:\.exe)?' failed: None"),
        ("find command 'git'", r"Cannot find command '(?P<tool>git)'"),
        # a build script's own words around std::process::Command, as {:?} shows it
        (
            "(os error 2)",
            rf"\\?\"(?P<tool>{TOOL})\\?\"(?: \\?\"[^\"]{{0,200}}\"){{0,12}}['`]?(?::| failed with) No such file or "
            rf"directory "
            r"\(os error 2\)",
        ),
        ("could not execute process", rf"could not execute process `(?P<tool>{TOOL})[ `].{{0,200}}\(never executed\)"),
        ("build program corresponding", r"unable to find a build program corresponding to \"(?P<generator>[^\"]+)\""),
        ("ould not detect Ninja", r"Could not detect (?P<tool>Ninja)\b"),
        ("Missing dependency: ", rf"Missing dependency: (?P<tool>{TOOL})\b"),
        ("Make sure you have nasm", r"Make sure you have (?P<tool>nasm) installed"),
        ("ould not find ninja", r"Could not find (?P<tool>ninja) version"),
        (
            "(find_program):",
            rf"\(find_program\):\s+Could not find \w{{1,80}} using the following names: (?:[^\s,]{{1,60}},\s+){{0,6}}?"
            rf"(?P<tool>{TOOL})(?:,|\s|$)",
            3,
        ),
        ("could not execute process", r"could not execute process `(?P<tool>sccache)[ `].{0,300}\(never executed\)"),
        (_NEVER, r"could not execute process `(?P<wrapper>[^`\s]{1,300}) [^`\s]{0,300}rustc -vV` \(never executed\)"),
        (_NEVER, r"could not execute process `(?P<rustc>[^`\s]{0,300}rustc[\w.-]{0,60}) -vV` \(never executed\)"),
        ("NASM command not found", r"(?P<tool>NASM) command not found"),
        ("nasm", r"(?:[Ff]ailed to run|[Uu]nable to run|couldn't (?:find|run)) [`'\"]?(?P<tool>nasm)\b"),
        # nasm-rs to 0.1.8 takes every failure for an old version
        ("of NASM is too old", r"version of (?P<tool>NASM) is too old: (?:No such file|The system cannot find)"),
        (
            "-config",
            r"^(?:Could not|Can't|Cannot|Unable to) (?:find|locate|run|execute) [`'\"]?"
            r"(?P<tool>(?:geos|gdal|curl|xml2|xslt|krb5|gsl|nc|pcre2|apr-1|net-snmp)-config)[`'\"]?"
            r"(?: executable\b|: \[Errno 2\]|: No such file|\.?$)",
        ),
        ("pg_config", r"(?P<tool>pg_config) (?:executable not found|is required to build)"),
        # Meson, whose first is Intel's on Windows
        (
            "Unknown compiler(s): ",
            r"ERROR: Unknown compiler\(s\): \[+'(?P<fortran>gfortran|ifort|ifx|flang(?:-new)?|nvfortran|pgfortran)'",
        ),
        (
            "Unknown compiler(s): ",
            r"ERROR: Unknown compiler\(s\): \[+'(?P<tool>nasm|cython|javac|valac|swiftc|ldc2|mcs)'",
        ),
        ("no Fortran compiler found", r"has Fortran sources but no (?P<fortran>Fortran) compiler found"),
        ("CMAKE_Fortran_COMPILER", r"^No CMAKE_(?P<fortran>Fortran)_COMPILER could be found"),
        ("is not installed on your", r"(?P<tool>CMake) is not installed on your system"),
        ("must be installed to build", r"(?P<tool>CMake) must be installed to build"),
        (
            "compiler found",
            r"(?:configure: )?error: (?:no (?P<fortran>Fortran) compiler "
            r"found|(?P<compiler>Fortran compiler not found))$",
        ),
        ("f951", r"(?:cannot execute|error trying to exec) ['`](?P<fortran>f951)['`]: "),
        ("CMAKE_ASM_NASM_COMPILER", r"No CMAKE_ASM_(?P<tool>NASM)_COMPILER could be found"),
        ("asm not found or too old", r"^(?P<tool>nasm)/yasm not found or too old\."),
        (
            "not found or not executable",
            r"ERROR: Program(?:\(s\) \[)? " rf"?'(?P<tool>{TOOL})'\]? not found or not executable",
        ),
        ("ould not find git for clone", r"could not find (?P<tool>git) for clone of"),
        ("Problem with the CMake", r"Problem with the (?P<tool>CMake) installation, aborting build"),
        (
            "is missing on your system",
            r"^WARNING: '(?P<tool>makeinfo|help2man|flex|bison|au" r"topoint)' is missing on your system",
        ),
        (
            "configure: error: ",
            rf"^configure: error: (?:no suitable )?(?P<tool>{ONLY_TOOL}) (?:was |is "
            r"|could )?(?:not (?:be )?found|required|missing)",
        ),
        ("ou need ", rf"[Yy]ou need (?P<tool>{ONLY_TOOL}) to build"),
        ("ou must have ", rf"[Yy]ou must have [`'\"]?(?P<tool>{ONLY_TOOL})[`'\"]? installed"),
        (
            "code: 2, kind: NotFound",
            r"[Ff]ailed to (?:execute|run|start|spawn) "
            rf"[`'\"]?(?P<tool>{TOOL})[`'\"]?(?: command)?: Os \{{ code: 2, kind",
        ),
        (
            "unable to execute command",
            r"clang\S{0,20}: error: unable to execute command: " r"Executable \"(?P<tool>as)\" doesn't",
        ),
        (
            "posix_spawn failed: No such",
            r"error: unable to execute command: posix_spawn failed: No such file or directory\s+"
            r"(?:\S{1,100}: )?error: (?P<assembler>assembler) command failed",
            2,
        ),
        (".exe' failed: No such file", rf"^error: command '(?P<tool>{TOOL})\.exe' failed: (?P<exe>No such file)"),
        ("Can't exec ", rf"Can't exec \"(?P<tool>{TOOL})\": (?:No such|failed)"),
        (
            "ind tool ",
            rf"failed to find tool \"(?P<tool>{TOOL})\"",
        ),  # the cc crate, which runs clang-cl for Windows
        (". Is ", r"[Ff]ailed to find tool\. Is [`'](?P<tool>clang-cl|llvm-lib|lld-link)[`'] installed"),
        ("not found", r"linker `(?P<tool>lld-link)` not found"),
        (". Is ", rf"Command '(?P<tool>{TOOL})' not found\. Is (?P=tool) installed\?"),
        ("perl", r"['\"`](?P<name>perl)['\"`]: (?:No such|not found)"),
        ("not found", rf"(?:^|[\s:'\"])(?P<python>{PYTHON_TOOL})['\"]?: (?:[Cc]ommand )?not found$"),
        ("No such file", rf"No such file or directory: '(?P<python>{PYTHON_TOOL})'"),
    )
    + patterns_for(
        "no-proto",
        (
            "google/protobuf/",
            r"(?P<file>google/protobuf/(?:timestamp|any|duration|empty|struct|wrappers|descriptor|field_mask|api|type"
            r"|source_context)\.proto): File not found\.",
        ),
    )
    + patterns_for("no-such-program", ("(os error 2)", r"^\s*No such file or directory \(os error 2\)$")),
    env_facts=("wrappers", "project.tools", "hazards.maturin.name", "toolchain.cc.!found"),
)


def env(env: Environment) -> Iterator[Finding]:
    """See whether the programs are there that the build scripts of the locked crates run."""
    here = system(env)
    for program in env.wrappers:
        if program.found or program.setting is None:
            continue
        yield Finding(
            message=f"{program.name} {program.blocked or 'is not installed'}, and cargo calls it instead of rustc",
            severity=Severity.ERROR,
            evidence=(setting_evidence(program.setting),),
            consequence=f'Nothing compiles: "could not execute process `{program.name} …` (never executed)".',
            fixes=(
                Fix(
                    f"remove {program.setting.name}, or install {program.name}",
                    notes=f"It is set in {program.setting.where}. An empty value in the variable disables it, too.",
                ),
            ),
        )
    yield from _maturin(env)
    yield from _wrapper(env)
    for program in env.build_programs:
        needs = [
            need
            for need in env.project.tools
            if need.tool == program.name or (program.name == "make" and need.tool == "cmake")
        ]
        if program.found or program.name == "c++" or not needs:
            continue
        certain = [need for need in needs if need.certain]
        need = (certain or needs)[0]
        families = dict(zip(FAMILIES, PACKAGES.get(program.name, ((program.name,),) * len(FAMILIES)), strict=True))
        packages = families.get(here.family, ())
        evidence = [Evidence(f"{need.crate} runs {need.tool}", need.path)]
        if program.setting is not None:
            evidence.append(setting_evidence(program.setting))
        else:
            evidence.append(Evidence(f"no program {program.name} in any of its folders", where="variable PATH"))
        title = f"install {' '.join(packages)}" if packages else f"install {program.name}"
        yield Finding(
            message=f"{program.name} is not installed, which {need.crate} {'runs' if certain else 'may run'}",
            severity=Severity.ERROR if certain else Severity.WARNING,
            evidence=tuple(evidence),
            consequence="A build script stops." if certain else "A build script stops, unless it has another way here.",
            fixes=(fix(env, title, packages, safe=bool(packages)),),
        )


def _maturin(env: Environment) -> Iterator[Finding]:
    """See that maturin, which pyproject.toml names, is not installed."""
    maturin = env.hazards.maturin
    if maturin is None or maturin.found:
        return
    asks_none = env.hazards.no_index
    prefix = "" if env.variables.own("VIRTUAL_ENV") is not None else IN_VENV
    target = f" --target {env.target.triple}" if env.cross else ""
    yield Finding(
        message=f"maturin {maturin.blocked or 'is not installed'}, which pyproject.toml builds the wheel with",
        severity=Severity.WARNING,
        evidence=(
            Evidence("no program maturin in any of its folders", where="variable PATH"),
            *((setting_evidence(asks_none),) if asks_none is not None else ()),
        ),
        consequence="`maturin build` does not start; pip, build and uv bring one of their own, from an index."
        if asks_none is None
        else "`maturin build` does not start, and pip asks no index for one.",
        fixes=(
            Fix(
                "install maturin",
                (*from_index(env, "maturin"), Command(f"{prefix}maturin build --release{target}", FixStage.BUILD)),
            ),
        ),
    )


def _wrapper(env: Environment) -> Iterator[Finding]:
    """See that the program before the compiler in CC is not installed."""
    program, users = env.toolchain.cc, surely_compiling(env) or compiling(env)
    setting = program.setting
    if program.found or setting is None or not users or not is_wrapper(program):
        return
    crate = users[0]
    rest = " ".join(setting.value.split()[1:])
    yield Finding(
        message=f"{program.name} {program.blocked or 'is not installed'}, and {setting.name} calls it",
        severity=Severity.ERROR if surely_compiling(env) else Severity.WARNING,
        evidence=(
            setting_evidence(setting),
            Evidence(f"{crate.name} {crate.version} compiles C", f"{env.project.lock}:{crate.line}"),
        ),
        consequence=f'The build script of {crate.name} fails: failed to find tool "{program.name}".',
        fixes=(
            Fix(
                f"compile without {program.name}",
                env=((setting.name, rest),) if rest and not setting.path else (),
                notes=f"It is set in {setting.where}. Or install {program.name}.",
            ),
        ),
    )


def log(log: BuildLog) -> Iterator[Finding]:
    """See a build not find a program."""
    missed: dict[str, list[Hit]] = {}
    for hit in log.find("no-proto")[:1]:
        yield finding_from_hits(
            log,
            [hit],
            f"{hit.groups['file']}, one of protoc's own files, is not installed",
            "No code is generated.",
            (
                *install_by_family(log, hit.line, "install protoc's own files", _PROTO),
                Fix(
                    "name the folder that has them",
                    env=(("PROTOC_INCLUDE", "FOLDER"),),
                    notes="For prost-build. It is the folder include beside protoc's bin; in a copied protoc it is "
                    "left out.",
                ),
            ),
        )
    for name, hit in unstarted(log):
        if re.fullmatch(TOOL, name) and (name != "perl" or not log.crate_at(hit.line)[0].startswith("openssl")):
            missed.setdefault(name, []).append(hit)
    for hit in log.find("no-build-tool"):
        generator = "ninja" if "Ninja" in hit.groups["generator"] else "make" if hit.groups["generator"] else ""
        generator = "gfortran" if hit.groups["fortran"] or hit.groups["compiler"] else generator
        if log.near(hit.line, "tool-too-old", before=_STATUS, after=0) and "not executable" in hit.text:
            continue  # build-tool-too-old: Meson finds it, and says that it is another version
        if hit.groups["tool"] == "makeinfo" and "WARNING" in hit.text and log.went_on(hit):
            continue
        name = (
            hit.groups["tool"].lower() or hit.groups["name"] or generator or ("as" if hit.groups["assembler"] else "")
        )
        crate = log.crate_at(hit.line)[0] or hit.origin.crate
        if name == "ar" and any(one.kind == "no-tool" for one in log.hits.at(hit.line)):
            continue  # host-cc-missing, which says for what
        if name == "gnupg" and any(event.line > hit.line and not event.failure for event in log.course.events):
            continue  # apt-key in a script that went on
        if hit.groups["wrapper"] or hit.groups["rustc"]:
            yield from _configured(log, hit)
        elif hit.groups["python"]:
            missed.setdefault(hit.groups["python"], []).append(hit)
        elif name != "perl" or not (
            crate.startswith("openssl") or "OpenSSL build" in hit.text
        ):  # openssl-vendored-needs-perl
            missed.setdefault(name, []).append(hit)
    if "git" in missed and max(hit.line for hits in missed.values() for hit in hits) > missed["git"][-1].line:
        del missed["git"]  # scripts ask git for a version, and go on without: what stopped them is the program after it
    for name, hits in missed.items():
        crate, version = log.crate_at(hits[0].line)
        whom = f", which the build script of {crate} {version} runs" if crate else ""
        families = dict(zip(FAMILIES, PACKAGES.get(name, ((name,),) * len(FAMILIES)), strict=True))
        fixes = (
            (_SCCACHE,)
            if name == "sccache"
            else (_on_windows(name),)
            if "CreateProcess(" in hits[0].text or hits[0].groups["exe"]
            else (_BAZEL,)
            if name == "bazel"
            else _by_pip(name)
            if re.fullmatch(PYTHON_TOOL, name)
            else _by_brew(name)
            if other_system(log) == "macOS" and name in _BREW
            else install_by_family(log, hits[0].line, f"install {name}", families, _NOTES.get(name, ""))
        )
        state = "not found, although the log installs its package" if sees_install(fixes) else "not installed"
        yield finding_from_hits(log, hits, f"{name} is {state}{whom}", "The build fails.", fixes)


def _configured(log: BuildLog, hit: Hit) -> Iterator[Finding]:
    """Yield that a program is missing which cargo's settings name by its path."""
    if not log.near(hit.line, "no-such-program", before=0, after=4):
        return
    wrapper, rustc = hit.groups["wrapper"], hit.groups["rustc"]
    variables = ("RUSTC_WRAPPER", "CARGO_BUILD_RUSTC_WRAPPER") if wrapper else ("RUSTC", "CARGO_BUILD_RUSTC")
    key = "build.rustc-wrapper" if wrapper else "build.rustc"
    fix = Fix(
        f"remove {key}, or install {wrapper or rustc}",
        unset=variables,
        notes=f"It is set in one of these variables, or as {key} in .cargo/config.toml.",
    )
    instead = ", and cargo calls it instead of rustc" if wrapper else ", which cargo is to call as rustc"
    yield finding_from_hits(log, [hit], f"{wrapper or rustc} is not installed{instead}", "Nothing compiles.", [fix])


_STATUS = 6  # lines from Meson's status line about a program to its error
_SCCACHE = Fix(
    "build without sccache",
    unset=("RUSTC_WRAPPER", "CARGO_BUILD_RUSTC_WRAPPER"),
    notes="Or remove rustc-wrapper from .cargo/config.toml; in maturin-action, `sccache: false`. To have it: "
    "cargo install sccache.",
)


_BAZEL = Fix(
    "install Bazelisk under the name bazel",
    (Command("npm install --global @bazel/bazelisk", FixStage.TOOLCHAIN),),
    notes="It fetches the Bazel that the project names in .bazelversion. Without npm: `go install "
    "github.com/bazelbuild/bazelisk@latest`, or its program from the releases, copied to a folder of PATH as bazel. "
    "Homebrew: brew install bazelisk.",
)


def _on_windows(name: str) -> Fix:
    return Fix(
        f"install {name}, and put the folder that holds {name}.exe on PATH",
        notes=f"`where {name}` in the shell that runs make shows whether it is found. MSYS2, winget, Chocolatey, conda "
        "and pip have many of these programs. CMake looks again after its build folder is deleted.",
    )


#: Homebrew's formulae that bring a program (formulae.brew.sh, November 2026).
_BREW = {
    "autoconf": "autoconf", "autoheader": "autoconf", "automake": "automake", "aclocal": "automake",
    "autoreconf": "autoconf automake libtool", "autopoint": "gettext", "capnp": "capnp", "cmake": "cmake",
    "flatc": "flatbuffers", "gfortran": "gcc", "go": "go", "libtool": "libtool", "libtoolize": "libtool",
    "llvm-config": "llvm", "meson": "meson", "msgfmt": "gettext", "nasm": "nasm", "ninja": "ninja",
    "pkg-config": "pkgconf", "protoc": "protobuf", "swig": "swig", "thrift": "thrift", "yasm": "yasm",
}  # fmt: skip


def _by_brew(name: str) -> tuple[Fix, ...]:
    return (Fix(f"install {name} with Homebrew", (Command(f"brew install {_BREW[name]}", FixStage.PACKAGES),)),)


def _by_pip(name: str) -> tuple[Fix, ...]:
    return (
        Fix(
            f"install {name} with pip",
            (Command(f"python3 -m pip install {name}", FixStage.TOOLCHAIN),),
            notes="If it is installed: put its folder on PATH (~/.local/bin, or bin of the environment), or call it "
            f"as `python3 -m {name.replace('-', '_')}` where the package has that.",
        ),
    )


#: What brings google/protobuf/*.proto, by family.
_PROTO = {
    "debian": ("libprotobuf-dev",),
    "rhel": ("protobuf-devel",),
    "alpine": ("protobuf-dev",),
    "arch": ("protobuf",),
    "suse": ("protobuf-devel",),
}
_NOTES = {"clang-cl": 'Where no package has that name for it: ln -s "$(command -v clang)" /usr/local/bin/clang-cl.'}
