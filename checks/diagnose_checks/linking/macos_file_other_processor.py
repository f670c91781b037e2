"""Apple's linker ignores a library or object that is for another processor, and then misses its functions.

A Mac can hold files for two processors: Homebrew for Intel in ``/usr/local`` beside the one for Apple silicon in
``/opt/homebrew``, objects of an earlier build, a compiler or a Python that runs under Rosetta. The linker only warns
(``ignoring file …``), and ends with ``symbol(s) not found for architecture``.

How to fix: compile and install everything for the processor of the link.

References:
    https://developer.apple.com/documentation/apple-silicon/building-a-universal-macos-binary
    https://docs.brew.sh/Installation
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit

_FILE = r"ignoring file '?(?P<file>[^',]{1,400})'?"
CHECK = Check(
    since="0.1.0",
    phase=Phase.LINK,
    patterns=(
        *patterns_for(
            "macos-foreign-file",
            (
                "ignoring file ",
                rf"(?i){_FILE}, building for \S{{1,40}}?-(?P<want>\w+) but attempting to link with file built for "
                r"(?P<got>\S.{0,100})",
            ),
            (
                "ignoring file ",
                rf"{_FILE}: found architecture '(?P<got>[^']{{1,60}})', required architecture '(?P<want>\w+)'",
            ),
            (
                "ignoring file ",
                rf"{_FILE}, file was built for (?P<got>\S.{{0,100}}?) which is not the architecture being linked "
                r"\((?P<want>\w+)\)",
            ),
            ("ignoring file ", rf"{_FILE}, missing required architecture (?P<want>\w+) in file(?P<got>)"),
            (
                "ignoring file ",
                r"missing required architecture (?P<want>\w+) in file '?(?P<file>[^',(]{1,400})(?P<got>)",
            ),
        ),
        *patterns_for(
            "macos-link-ended",  # where the log shows no reason: gnatmake, make, clang
            ("link failed", r"^(?:gnatmake|gnatlink|gprbuild|ld|error)\S{0,4} .{0,80}\blink failed"),
            ("linker command failed", r"linker command failed with exit code"),
        ),
        *patterns_for(
            "macos-not-linked",
            ("symbol(s) not found for", r"symbol\(s\) not found for architecture "),
            ("Undefined symbol", r"^Undefined symbols?(?: for architecture \w+)?: ?"),
            ("for architecture", r"Undefined symbols for architecture "),
        ),
    ),
)
_NEAR = 40  # lines from a warning to the end of the link
_ELF = r"0x7F 0x45|unsupported file format|unknown-|archive"


def log(log: BuildLog) -> Iterator[Finding]:
    """See files ignored in a link that then lacks symbols: without that, nothing of them was needed."""
    ended = log.find("macos-not-linked")
    hits = [
        hit
        for hit in log.find("macos-foreign-file")
        if any(end.line > hit.line for end in ended) and "libpython" not in hit.groups["file"]  # python-lib-not-linked
    ]
    if not hits and not ended and not log.find("ld-no-lib", "ld-no-file", "ld-undefined"):
        ended = log.find("macos-link-ended")
        hits = [hit for hit in log.find("macos-foreign-file") if any(0 < end.line - hit.line < _NEAR for end in ended)]
    if not hits:
        return
    want, got, file = (hits[0].groups[name] for name in ("want", "got", "file"))
    yield finding_from_hits(
        log,
        [*hits[:2], *(end for end in ended if end.line > hits[0].line)][:4],
        f"{file.rpartition('/')[2]} is not for {want}, and the linker ignores it"
        if not _processor(got)
        else f"{file.rpartition('/')[2]} is for {_processor(got)}, and the link is for {want}",
        "Linking fails: symbol(s) not found for architecture.",
        _fixes(hits, want, got),
    )


def _processor(got: str) -> str:
    """Return the processor in the linker's words for a file; empty if it does not name one."""
    match = re.search(r"(?:^|-)(arm64e?|x86_64h?|i386|armv7\w?)\b", got)
    return match[1] if match else ""


def _fixes(hits: list[Hit], want: str, got: str) -> list[Fix]:
    file = hits[0].groups["file"]
    if re.match(r"/usr/local/|/opt/homebrew/|/opt/local/", file) and _processor(got):
        return [_installed(file, want), *([_ROSETTA] if want == "x86_64" else [])]
    if re.search(_ELF, got) and not _processor(got):
        return [
            Fix(
                f"build {file.rpartition('/')[2]} for macOS",
                notes="Its format is not macOS's: it comes from Linux, or GNU's ar packed it. `file` tells. Use "
                "Apple's ar and ranlib (/usr/bin) in the build.",
            ),
            _CLEAN,
        ]
    return [_CLEAN, _named(want), *([_ROSETTA] if want == "x86_64" else [])]


_CLEAN = Fix(
    "delete what an earlier build left, and compile everything for one processor",
    notes="`make clean`, `cargo clean`, or a new build folder. `file` and `lipo -info` print a file's processors.",
)
_ROSETTA = Fix(
    "if the Mac has Apple silicon: build for arm64",
    notes="`arch` prints i386 in a terminal, a Python or a Homebrew that runs under Rosetta: use native ones.",
)


def _named(want: str) -> Fix:
    return Fix(
        f"name the processor where the other part is compiled: {want}",
        notes=f"CMake: -DCMAKE_OSX_ARCHITECTURES={want}; make: CFLAGS='-arch {want}'; cargo: --target "
        f"{'aarch64' if want.startswith('arm64') else want}-apple-darwin. Python's own builds follow ARCHFLAGS.",
    )


def _installed(file: str, want: str) -> Fix:
    """Return the fix for a file of Homebrew or MacPorts: the same library for the processor that is wanted."""
    match = re.search(r"/(?:Cellar|opt)/([\w@.+-]{1,60})/", file)
    formula = match[1] if match else ""
    brew = "/opt/homebrew/bin/brew" if want.startswith("arm64") else "arch -x86_64 /usr/local/bin/brew"
    folder = "/opt/homebrew" if want.startswith("arm64") else "/usr/local"
    commands = (Command(f"{brew} install {formula}", FixStage.PACKAGES),) if formula else ()
    return Fix(
        f"install the library for {want}, and search {folder}",
        commands,
        env=(("LIBRARY_PATH", f"{folder}/lib"), ("CPATH", f"{folder}/include")),
        notes=f"Homebrew for {want} is in {folder}. Remove -L of the other one from the link.",
    )
