"""The build failed, and no check knows why.

A tool in the log says that it gave up, nothing after it succeeded, and none of the known causes is in it. The finding
shows the last error in so many words with the lines around it, and the first one where that is another: of errors that
follow from each other the first is the cause, of a chain of "Caused by" the last.

How to fix: read the lines that are shown. A log that was cut, or that tools wrote in their short form, may not hold
the reason: run the step again with more output (``cargo build -vv``, ``pip install -v``, ``make V=1``, ``cmake
--trace``).

References:
    https://doc.rust-lang.org/cargo/commands/cargo-build.html
    https://pip.pypa.io/en/stable/cli/pip/
"""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Evidence, Finding, Fix, Phase, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(since="0.1.0", phase=Phase.LATER, fallback=True, admits=True)

# How each tool is made to tell more.
_VERBOSE = {
    "cargo": ("let cargo show what its build scripts print", "cargo build -vv"),
    "rust": ("let cargo show what its build scripts print", "cargo build -vv"),
    "maturin": ("let maturin and cargo show more", "maturin build -vv"),
    "pip": ("let pip show what the build backend prints", "pip install -v"),
    "uv": ("let uv show more", "uv build -v"),
    "cmake": ("let CMake show what it tries", "cmake --debug-find"),
    "make": ("let make show its commands, one at a time", "make -j1 V=1"),
    "ninja": ("let ninja show its commands, one at a time", "ninja -v -j1"),
    "meson": ("read what meson noted", "cat build/meson-logs/meson-log.txt"),
    "configure": ("read what configure noted", "cat config.log"),
    "pytest": ("run the first failing test alone", "pytest -x -vv"),
    "cargo-test": ("run the tests one at a time", "cargo test -- --test-threads=1 --nocapture"),
    "gem": ("read what mkmf and the compiler noted", "gem install NAME --verbose; cat mkmf.log"),
    "npm": ("let npm show what its scripts print", "npm install --loglevel verbose --foreground-scripts"),
    "go": ("let go show its commands", "go build -x"),
    "bazel": ("let Bazel show the commands that fail", "bazel build --verbose_failures"),
    "gradle": ("let Gradle show more", "gradle --info --stacktrace"),
    "poetry": ("let Poetry show more", "poetry install -vvv"),
    "conda": ("let conda show more", "conda install -vv"),
    "tox": ("let tox show more", "tox -vv"),
    "bitbake": ("read the log of the task that failed", "bitbake -c cleansstate RECIPE; bitbake -v RECIPE"),
    "brew": ("let Homebrew look for the fault", "brew doctor; brew install --verbose NAME"),
    "pkg": ("search for the name in the repository", "pkg search NAME"),
    "apt": ("ask apt what it knows of the package", "apt-cache policy PACKAGE"),
}


# Places of code that is not the project's own.
_THEIRS = "conftest|CMakeFiles|CMakeScratch|registry/src|/usr/|-packages/"
# Words with which an error says itself what to do. "failed to run `x`" and "cannot use -x" do not.
_OBJECT = r"(?:[`'\"‘$]|--?\w|[A-Z][A-Z\d]*_|[A-Z]{3})"
_REMEDY = re.compile(
    r"\b[Pp]lease\s\w|\b[Yy]ou (?:can|may|must|need to|have to|should|might (?:want|need) to)\s\w"
    r"|\b(?:must|needs? to|has to|should) be (?:set|installed|given|specified|defined|passed|enabled)\b"
    rf"|(?<!to )(?<!not )(?<!for )\b(?:[Tt]ry|[Uu]se|[Pp]ass|[Ss]et|[Aa]dd|[Rr]un|[Ii]nstall|[Ss]pecify) {_OBJECT}"
    r"|\brequired? (?:\S+ )?--\w|\b[Dd]id you forget\b|\b[Mm]ake sure\b|\b[Ee]nsure (?:that|the)\b"
    r"|(?:^|[.;:,] )(?:[Tt]ry|[Cc]onsider) (?:\w+ing|to|a|an|the)\b"
)
_TOO_LITTLE = "What it printed is not enough to name the cause."
# Errors that say themselves what is wrong: (pattern, next step, command with the groups of the pattern).
_PLAIN = (
    (
        r"does not support 'faltivec'|'vecLib/cblas\.h' file not found",
        "take a newer NumPy, with a wheel for this Python: an old one's code is not for this macOS",
        "python3 -m pip install --upgrade pip numpy",
    ),
    ("Both VIRTUAL_ENV and CONDA_PREFIX are set", "unset one of the two variables", "unset CONDA_PREFIX"),
    ("^error: multiple packages link to native", "bring both crates to one -sys crate", "cargo tree -i CRATE"),
    (r"^(?:FAIL )?Required test coverage|^Coverage failure", "add tests, or lower fail_under", "coverage report -m"),
    (
        r"DelocationError: Library dependencies do not satisfy target",
        "build the libraries for the older macOS too, or raise the wheel's",
        "export MACOSX_DEPLOYMENT_TARGET=VERSION",
    ),
    (
        r"^pkg: No packages available to install matching '(?P<name>[\w.+-]{1,60}?)\d*'",
        "look for its present name: the repository has no such package, as a version that it no longer has",
        "pkg search {name}",
    ),
    (
        r"(?:^|/)[Mm]akefile:\d+: /(?:rules|package)\.mk: No such|No rule to make target '/(?:rules|package)\.mk'",
        "build it from the top folder of OpenWrt's tree, which sets TOPDIR and INCLUDE_DIR",
        "make package/NAME/compile V=s",
    ),
    (
        r"[Mm]akefile:\d+: (?:\.\.?/|/)\S{1,200}\.mk: No such file",
        "bring what the Makefile includes to that place: it belongs to another folder of the same tree, or to another "
        "feed or release",
        "",
    ),
    (
        r"No rule to make target [`'](?:package/\S{0,100}/)?(?P<name>[\w.+-]{1,60})/host/compile'",
        "take the need of {name}/host out, or a release of the feed whose {name} has a host build (host-build.mk)",
        "./scripts/feeds update -a; ./scripts/feeds install {name}",
    ),
    (
        r"No rule to make target '(?:headers_install|headers|modules_prepare|olddefconfig|oldconfig|\w{0,40}defconfig"
        r"|modules|bzImage|zImage|vmlinux|dtbs)'",
        "look whether the folder is a complete source of the kernel: it has no such target, as after a "
        "download of something else",
        "ls; make kernelversion",
    ),
    (
        r"failed to execute command: \"(?P<program>[^\"]{1,200})\"",
        "look whether that program is there, and for this machine",
        "ls -l {program}; file {program}",
    ),
    (
        r"CMakeTest\w{1,20}Compiler\.cmake",
        "read what the compiler printed, below it or in CMakeFiles; an SDK's compiler needs its environment-setup "
        "script or toolchain file first",
        "cat CMakeFiles/CMakeConfigureLog.yaml CMakeFiles/CMakeError.log",
    ),
    (r"^ERROR: Invalid requirement", "correct the requirement at the place that pip names", ""),
    (
        r"^(?:Cannot connect to the Docker daemon|docker: Cannot|permission denied while trying to connect)",
        "start Docker, or let this user use it",
        "sudo systemctl start docker; sudo usermod -aG docker $USER",
    ),
    (r"toomanyrequests: ", "log in to the registry, or use a mirror of it", "docker login"),
    (
        r"exited with code -11|exit -11 |SIGSEGV|Segmentation fault",
        "let Python show where it crashes",
        "python3 -X faulthandler",
    ),
    (
        r"^error\[(?P<code>E\d{4})\]",
        "correct the Rust code: the compiler's message names the place",
        "rustc --explain {code}",
    ),
    (
        r"^(?:E  +)?(?P<error>SyntaxError|IndentationError|TabError): ",
        "correct the Python code at the place that it names",
        "",
    ),
    (r"auditing error: failed to determine", "audit wheels with abi3 in their name only", "abi3audit dist/*abi3*.whl"),
    (r"^FAILED (?P<test>[\w./-]+::[\w.:\[\]-]+)", "run the failing test alone", "pytest -vv {test}"),
    (r"^test (?P<test>[\w:]+) \.\.\. FAILED", "run the failing test alone", "cargo test {test} -- --exact --nocapture"),
    (
        r"^error: unexpected argument '[^']{1,60}' found|^(?:\S+: )?error: unrecognized arguments: "
        r"|^(?:\S+: )?unknown (?:(?:shorthand )?flag: |command)|no such option: -|not defined: -|: \w+ option -"
        r"|is not a git command",
        "correct the option: --help lists those that there are",
        "",
    ),
    (
        r"^error: the `cargo::` syntax",
        "follow cargo's message: raise rust-version in Cargo.toml, or write one colon",
        "",
    ),
    (
        rf"^(?!\S*(?:{_THEIRS}))\S+:\d+:\d+: error: (?!.*No such file)",
        "correct the C or C++ code at the place that it names",
        "",
    ),
)


# The place of rustc's error in a crate of the registry.
_DEPENDENCY = r"--> \S*/registry/src/[^/\s]+/(?P<crate>[\w-]+)-\d[\w.+-]*/\S+\.rs:\d"


def _of_error(log: BuildLog, *errors: str) -> tuple[str, str] | None:
    """Return the next step that *errors*, or the errors of a compiler or test in *log*, show themselves."""
    said = [event.text for event in log.course.standing]
    shown = "\n".join(text for event in log.course.standing[:1] for _, text in log.window(event.line))
    if foreign := re.search(_DEPENDENCY, shown):
        return "use a version of the crate that this Rust compiles", f"cargo update -p {foreign['crate']}"
    for text in (*errors, *said):
        for pattern, title, command in _PLAIN:
            if match := re.search(pattern, text):
                return title.format(**match.groupdict()), command.format(**match.groupdict())
    return None


def _said(*errors: str) -> Fix | None:
    """Return the advice that the first of *errors* with one gives."""
    said = next((text for text in errors if _REMEDY.search(text)), "")
    return Fix("follow the tool's own advice", notes=f"It says: {said}") if said else None


#: How pip begins its errors; other programs begin theirs with the bare word ERROR, too.
_PIPS = re.compile(
    r"^error: subprocess-exited|^ERROR: (?:Could not (?:find|install|build|open|detect)|No matching distribution"
    r"|Failed (?:building|to build)|Command errored|Exception:|Package '|Ignored |Invalid requirement|Directory '"
    r"|Double requirement|Resolution|THESE PACKAGES|Error while|Wheel '|Links are|HTTP error|Cannot (?:un)?install"
    r"|\S+ is not a (?:supported|valid)|Hashes|In --require-hashes|Project |Requested |Metadata |Some build|pip )"
)


def _pip_wrote(log: BuildLog) -> bool:
    """Whether pip ran, or one of the errors is in its words."""
    return any(event.tool == "pip" and (not event.failure or _PIPS.search(event.text)) for event in log.course.events)


def log(log: BuildLog) -> Iterator[Finding]:
    """See that the log ends in a failure; the run asks only where nothing else explains it."""
    first, last = log.first_error, log.last_error
    if first is None or last is None:
        return
    lines = {last.line: last.text, **dict(log.window(last.line))}
    lines.setdefault(first.line, first.text)
    evidence = tuple(Evidence(lines[line], path=f"{log.name}:{line}") for line in sorted(lines))
    advice = _of_error(log, last.text, first.text)
    built = bool(log.course.failed_crates) or any("panicked" in event.text for event in log.course.events)
    spoke = last.tool if built or last.tool not in ("rust", "cargo") else ""  # others write "Caused by" as cargo does
    tool = next((one.tool for one in reversed(log.course.processes) if one.first <= last.line), spoke)
    if "pip" in (tool, spoke) and not _pip_wrote(log):
        others = (one.tool for one in reversed(log.course.processes) if one.tool != "pip" and one.first <= last.line)
        tool, spoke = next(others, ""), ""
    if "uv" in (tool, spoke) and any(event.tool == "pip" for event in log.course.events):
        tool = spoke = "pip"  # pip writes its summary as uv does
    said = None if advice else _said(last.text, first.text)
    shown = advice or _VERBOSE.get(spoke) or _VERBOSE.get(tool)
    title, command = shown or ("run the failing step again with more output", "")
    more = Fix(title, notes=f"As in: {command}" if command else "" if advice else _TOO_LITTLE)
    yield Finding(
        f"it failed, and no check knows why; the last error, in line {last.line}: {last.text}",
        Severity.ERROR,
        evidence,
        f"The first error, in line {first.line}, may be the cause of this one: {first.text}"
        if first.line != last.line
        else "",
        (said, more) if said and shown else (said or more,),
    )
