"""maturin, uv or auditwheel itself crashed.

The log ends in a panic inside maturin or uv, or in an exception inside auditwheel or the library that it reads ELF
files with, instead of a message about the wheel. That is a bug of the tool, and a newer release often fixes it.

How to fix: update the tool. If that does not help, report the crash with the log.

References:
    https://github.com/PyO3/maturin/issues
    https://github.com/pypa/auditwheel/issues
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit

CHECK = Check(
    since="0.1.0",
    phase=Phase.AUDIT,
    patterns=(
        *patterns_for(
            "tool-frame",
            ("-packages/", r"File \"[^\"]*-packages/(?P<tool>auditwheel|elftools|delocate|delvewheel)/"),
            ("had a problem and crashed", r"(?P<tool>maturin|cargo-zigbuild) had a problem and crashed"),
            # their own source files; a panic of a build script is in another one
            (
                "panicked at",
                r"panicked at (?:'.{0,300}', )?src[/\\](?P<maturin>module_writer|build_context|build_options"
                r"|build_orchestrator|python_interpreter[/\\]\w{1,40}|source_distribution|auditwheel[/\\]\w{1,40}"
                r"|project_layout"
                r"|pyproject_toml)\.rs:\d",
            ),
            ("panicked at", r"panicked at (?:'.{0,300}', )?crates[/\\](?P<tool>uv)(?:-[\w-]{1,60})?[/\\]src[/\\]"),
            (
                "panicked at",
                r"panicked at (?:'.{0,300}', )?\S{0,300}/(?P<tool>maturin|cargo-zigbuild|lddtree|goblin)-\d[\w.]*/",
            ),
        ),
        *patterns_for(
            "hooks-differ",
            ("PYPROJECT_HOOKS_BUILD_BACKEND", r"^KeyError: '(?P<name>_PYPROJECT_HOOKS_BUILD_BACKEND)'"),
            ("PEP517_BUILD_BACKEND", r"^KeyError: '(?P<name>PEP517_BUILD_BACKEND)'"),
        ),
        *patterns_for(
            "crash-words",
            (
                "Error",
                r"^(?:[\w.]+\.)?(?P<error>(?:Key|Index|Attribute|Assertion|Type|Recursion|ELF"
                r"|ELFParse|UnicodeDecode|Stream|Construct"
                r"|NotImplemented|Overflow|ModuleNotFound|Import)Error)"
                r"(?::(?: No module named '(?P<module>[\w.]+)'| '(?P<arch>arm64|x86_64|i386|ppc|ppc64)'$)?|$)",
            ),
        ),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See a traceback or panic inside the tool."""
    for hit in log.find("hooks-differ")[:1]:
        yield _with_other_hooks(log, hit)
        return
    for frame in log.find("tool-frame"):
        words = log.near(frame.line, "crash-words", after=40)
        if any("compression method is not supported" in hit.text for hit in words):
            continue  # a property of the wheel: wheel-archive-compression
        if "File " in frame.text and not words:
            continue
        if "_calculate_minimum_wheel_name" in frame.text and words[0].groups["arch"]:
            continue  # no file of the wheel is for that processor: tool-settings-refused
        named = frame.groups["tool"] or "maturin"
        tool = {"elftools": "auditwheel"}.get(named, named)
        package = "maturin" if tool in ("lddtree", "goblin") else tool
        module = words[0].groups["module"].partition(".")[0] if words else ""
        beside = f" {module}" if module and module != package else ""
        yield finding_from_hits(
            log,
            [frame, *words[:1]],
            f"{package} does not fit the installed {module}: it has no module {words[0].groups['module']}"
            if beside
            else f"{package} crashed" + (f" with {words[0].groups['error']}" if words else ""),
            f"{package} writes no wheel.",
            [
                Fix(
                    f"update {package}{' and' + beside if beside else ''}",
                    (Command(f"python3 -m pip install --upgrade {package}{beside}", FixStage.TOOLCHAIN),),
                    notes="Install it by pip into an environment of its own: packages of the distribution may be of "
                    "other releases."
                    if beside
                    else "If the newest release crashes too, report it with this log.",
                )
            ],
        )
        return


def _with_other_hooks(log: BuildLog, hit: Hit) -> Finding:
    """Return that pyproject-hooks changed under Poetry or build: 1.1 renamed the variable for its own process."""
    return finding_from_hits(
        log,
        [hit],
        "Poetry, or build, starts another pyproject-hooks than the one that it has loaded: 1.1 renamed its variables",
        "No package is built from source.",
        (
            Fix(
                "run it again, with Poetry or build in an environment of its own",
                (Command("pipx install poetry", FixStage.TOOLCHAIN),),
                notes="Where the project is installed into the same environment (virtualenvs.create false, in an "
                "image), the "
                "install replaces pyproject-hooks while it runs: a second run then works.",
            ),
            Fix(
                "bring both to their newest releases before",
                (Command("python3 -m pip install --upgrade poetry build pyproject-hooks", FixStage.TOOLCHAIN),),
                notes="For an old Poetry: 'pyproject-hooks<1.1', in the project's lock file, too.",
            ),
        ),
    )
