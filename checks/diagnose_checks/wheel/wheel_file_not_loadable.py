"""The wheel has files with a module's or library's name that the dynamic linker cannot load.

A file name that ends in ``.so`` means a shared object for Linux. Other files get such a name by accident: a Git LFS
pointer that was not replaced by its content, an object file, a static library, LLVM bitcode (``-flto`` with a linker
that does not support it), a program, a library for macOS, an empty file after a failed build. Python finds the file by
its name and fails to load it.

How to fix: build the file as a shared object for Linux (``-shared``). For Git LFS, run ``git lfs pull`` before the
build.

References:
    https://man7.org/linux/man-pages/man3/dlopen.3.html
    https://git-lfs.com/
"""

from __future__ import annotations

from diagnose.authoring.extension_names import is_module_name
from diagnose.authoring.loader_words import not_elf_error
from diagnose.authoring.log import finding_from_hits
from diagnose.authoring.wheel import bounded, has_shared_object_names, is_for_linux, is_sample, runs_as, some
from diagnose.loaders import glibc_loader
from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple
from diagnose.model.check import Check
from diagnose.model.finding import Command, Evidence, Finding, Fix, FixStage, Phase, Severity
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog
    from diagnose.readers.wheel.filekind import CodeFile
    from diagnose.readers.wheel.reader import Wheel

_LOADED = r"(?<![^\s:'\"])(?P<file>[^\s:'\"]{1,400}): "
CHECK = Check(
    since="0.1.0",
    phase=Phase.LATER,
    applies=has_shared_object_names,
    patterns=patterns_for(
        "not-loadable",
        (
            "cannot dynamically load",
            rf"{_LOADED}(?P<program>cannot dynamically load (?:position-independent )?executable)",
        ),
        ("only ET_DYN and ET_EXEC", rf"{_LOADED}(?P<object>only ET_DYN and ET_EXEC can be loaded)"),
        ("has no dynamic section", rf"{_LOADED}(?P<static>object file has no dynamic section)"),
        ("no loadable segments", rf"{_LOADED}(?P<empty>object file has no loadable segments)"),
        ("has bad ELF magic", r"\"(?P<file>[^\"]{1,300})\" has (?P<other>bad ELF magic): [0-9a-f]{8}"),
        ("a valid dynamic program", rf"{_LOADED}(?P<static>Not a valid dynamic program)$"),
    ),
)
#: What each of the loader's reasons means.
_TOLD = {
    "program": "is a program, not a shared library",
    "object": "is an object file, not a shared library",
    "static": "is a static program, or has only debug information: it is not a shared library",
    "empty": "has no code: it has only debug information, or is an object file",
    "other": "is no Linux library",
}
_SHARED = Fix(
    "build it as a shared library",
    notes='-shared -fPIC, also in the command that links; crate-type = ["cdylib"] in Cargo.toml, and the file lib*.so '
    "of the target folder. A debug file (objcopy --only-keep-debug) belongs beside the library, not in its place.",
)

#: Kind of file → its description, and whether it is certainly a mistake.
_KINDS = {
    "lfs-pointer": ("a Git LFS pointer, not the file itself", True),
    "mach-o": ("a file for macOS (Mach-O)", False),
    "pe": ("a file for Windows (PE)", False),
    "wasm": ("a WebAssembly module", False),
    "archive": ("a static library", True),
    "llvm-bitcode": ("LLVM bitcode", True),
    "empty": ("empty", True),
    "text": ("text", False),
    "script": ("a script", False),
    "data": ("not an ELF file", False),
}


_DEBUG_ONLY = "debug information without the code"


class _Wrong(NamedTuple):
    path: str
    what: str
    says: str
    sure: bool


def wheel(wheel: Wheel) -> Iterator[Finding]:
    """See files with the name of a shared object that are something else."""
    if not is_for_linux(wheel):
        return
    found = [wrong for file in wheel.code if (wrong := _other(wheel, file))]
    musl = wheel.verdict.libc == "musl"
    arch = wheel.verdict.arch
    for elf in wheel.elves:
        if not arch or not runs_as(elf, arch) or not is_module_name(elf.name) or is_sample(elf):
            continue
        refusal = glibc_loader.header(elf, (2, 36))
        if elf.split_debug:
            found.append(_Wrong(elf.path, _DEBUG_ONLY, "" if musl else glibc_loader.debug_only(elf).says, True))
        elif refusal is not None and not elf.congruent and not (musl and elf.pie):
            found.append(_Wrong(elf.path, refusal.detail, refusal.says, True))
    if not found:
        return
    sure = [wrong for wrong in found if wrong.sure]
    first = (sure or found)[0]
    yield Finding(
        f"has files that are not shared objects as named: {some([w.path.rpartition('/')[2] for w in found])}",
        Severity.ERROR if sure else Severity.WARNING,
        bounded(Evidence(wrong.what, wrong.path) for wrong in found),
        f"ImportError: {first.says}" if first.says else "it cannot be loaded: it has no code",
        _fixes({wrong.what for wrong in found}),
    )


def log(log: BuildLog) -> Iterator[Finding]:
    """See the loader get an ELF file that is not a shared library."""
    for hit in log.find("not-loadable")[:1]:
        told = next(words for kind, words in _TOLD.items() if hit.groups[kind])
        name = hit.groups["file"].rpartition("/")[2]
        yield finding_from_hits(log, [hit], f"{name} {told}", "It cannot be loaded.", [_SHARED])


def _other(wheel: Wheel, file: CodeFile) -> _Wrong | None:
    """Return the problem of a file named as a shared object; without a module's ending it may be data."""
    name = file.path.rpartition("/")[2]
    if file.claims != "library" or file.kind not in _KINDS or "testdata" in file.path.split("/"):
        return None
    if not name.endswith(".so") and ".so." not in name:
        return None
    what, sure = _KINDS[file.kind]
    says = not_elf_error(wheel, name, file.size)
    return _Wrong(file.path, f"is {what}, of {file.size} bytes", says, sure or is_module_name(name))


def _fixes(kinds: set[str]) -> tuple[Fix, ...]:
    if any("Git LFS" in kind for kind in kinds):
        return (Fix("fetch the files before the build", (Command("git lfs pull", FixStage.BUILD),)),)
    if any("bitcode" in kind for kind in kinds):
        return (
            Fix("link with a linker that reads bitcode", env=(("LDFLAGS", "-fuse-ld=lld"),), notes="Or without -flto."),
        )
    if kinds == {_DEBUG_ONLY}:
        return (
            Fix("ship the stripped file", notes="objcopy --only-keep-debug writes this one; strip writes the other."),
        )
    return (
        Fix("build it as a shared object for Linux", notes='-shared -fPIC; crate-type = ["cdylib"] in Cargo.toml.'),
    )
