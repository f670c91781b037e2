"""An object file or library that is linked is for another processor or system than the output.

Objects of an earlier build, with another compiler, are still in the build folder. Or what compiled and what links are
not of one toolchain: ``CC`` names a cross compiler, and the linker is the host's, or the reverse. A ready-made
library may be for another processor. A file whose format the linker does not know at all may be empty, a pointer of
Git LFS, another system's, or hold LLVM's intermediate code.

How to fix: build in an empty folder, with one toolchain; bring the library for the processor that the build is for.

References:
    https://sourceware.org/binutils/docs/ld/BFD.html
    https://lld.llvm.org/
"""

from __future__ import annotations

from diagnose.authoring.link_step import foreign_files, objects_of_the_target, owner_of, without_toolchain
from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit

CHECK = Check(
    since="0.1.0",
    phase=Phase.LINK,
    log_kinds=("ld-wrong-file", "ld-generic-elf"),
    patterns=patterns_for(
        "unknown-format",
        (
            "file format not recognized",
            r"(?<![^\s:'\"])(?P<file>[^\s:'\"]+): (?:file not recognized: )?[Ff]ile format not recognized",
        ),
        (
            "nknown file type",
            r"error: (?:unknown file type: (?P<file>\S{1,400})$|(?P<other>\S{1,400}): unknown file type)",
        ),
        ("nknown file type", r"mold: (?:fatal|error): (?P<file>\S{1,400}): unknown file type"),
        ("unknown directive: version", r"ld\.lld: error: (?P<file>\S{1,400}?):1: unknown directive: (?P<lfs>version)$"),
    )
    + patterns_for(
        "other-float-abi",
        ("VFP register arguments", r"(?P<file>\S{1,400}) uses VFP register arguments, (?P<other>\S{1,400}) does not"),
        (
            "link double-float modules",
            r"(?<!\S)(?P<file>\S{1,400}): can't link double-float modules with "
            r"(?P<other>(?:soft|single)-float) modules",
        ),
        (
            "link soft-float modules",
            r"(?<!\S)(?P<file>\S{1,400}): can't link soft-float modules with "
            r"(?P<other>(?:double|single)-float) modules",
        ),
    ),
)
#: Linkers' names of machines, and of their output formats.
_NAMES = {
    "aarch64": "AArch64", "arm64": "AArch64", "littleaarch64": "AArch64", "x86-64": "x86-64", "x86_64": "x86-64",
    "i386": "32-bit x86", "arm": "Arm", "armelf": "Arm", "littlearm": "Arm", "riscv": "RISC-V", "s390": "s390x",
    "powerpcle": "POWER", "lppc": "POWER",
}  # fmt: skip
_MACHINES = {62: "x86-64", 183: "AArch64", 3: "32-bit x86", 40: "Arm", 243: "RISC-V", 22: "s390x", 21: "POWER"}


def log(log: BuildLog) -> Iterator[Finding]:
    """See a linker refuse a file of another machine, outside of what rustc compiles and the system's folders."""
    if log.find("tool-too-old"):
        return  # build-tool-too-old: a linker that does not understand newer objects
    for hit in log.find("unknown-format")[:1]:
        known = log.find("lto-bitcode", "lto-no-plugin") or any(foreign_files(log, link) for link in log.links)
        system = owner_of(log, hit.groups["file"] or hit.groups["other"]) is not None
        if log.near(hit.line, "system-file-damaged"):
            return  # system-file-damaged
        if hit.groups["lfs"] or not (known or system):
            yield _of_no_format(log, hit)
            return
    for hit in log.find("other-float-abi")[:1]:
        yield _of_abi(log, hit)
        return
    for link in log.links:
        target = link.target
        if foreign_files(log, link) or objects_of_the_target(log, link) or without_toolchain(link):
            continue  # host-lib-picked-for-target, target-linker-not-configured, toolchain-crt-missing
        if any(owner_of(log, file) is not None for file in link.wrong):
            continue  # a library in a system's folder
        other = target is not None and link.machines and target.machine not in link.machines
        if other and any(re.search(r"\.(?:rlib|a)\b", file) for file in link.wrong):
            continue  # cross-c-compiler-missing
        hits = link.of("ld-wrong-file", "ld-generic-elf")
        if hits and (link.program == "" or ".rlib" in hits[0].text):
            yield _finding(log, hits)
            return


def _finding(log: BuildLog, hits: list[Hit]) -> Finding:
    file = hits[0].groups["file"]
    name = file.rpartition("/")[2]
    wants = next((found for hit in hits if (found := _wanted(hit))), "")
    got = next((found for hit in hits if (found := _got(hit))), "")
    what = f"for {got}" if got else "for another processor or system"
    message = f"{name} is {what}, and the output is for {wants}" if wants else f"{name} is {what} than the output"
    if got and not wants:
        message = f"{name} is for {got}, and the output is not"
    android = file.startswith("/system/lib/")
    if android:
        fix = Fix(
            "leave -L/system/lib out: there are the libraries of Android's 32-bit programs",
            notes="Those of 64-bit ones are in /system/lib64. In Termux: LDFLAGS without it; its packages bring what a "
            "wheel needs (pkg install python-pillow, python-numpy).",
        )
        return finding_from_hits(log, hits, message, "Linking fails.", (fix,))
    clean = Fix(
        "build in an empty folder",
        notes="`make clean`, `git clean -xdn` to look first, `rm -rf build`, "
        "`cargo clean`: objects that another compiler "
        "made are used again.",
    )
    one = Fix(
        "compile and link with one toolchain",
        notes="CC, CXX, LD, AR and, for setuptools, LDSHARED and LDCXXSHARED have to be of one target: "
        "aarch64-linux-gnu-gcc with aarch64-linux-gnu-ld. An assembler needs "
        "its own option for the format (nasm -f elf64).",
    )
    if re.search(r"\.(?:so|a|dylib|lib)\b", name) and ".rlib" not in name:
        bring = Fix(
            f"bring {name} for {wants or 'the processor of the build'}", notes="Its folder is in -L or named in full."
        )
        return finding_from_hits(log, hits, message, "Linking fails.", (bring, clean, one))
    crate = (_of_crate(log, hits),) if ".rlib" in hits[0].text else ()
    return finding_from_hits(log, hits, message, "Linking fails.", (*crate, clean, one))


def _of_crate(log: BuildLog, hits: list[Hit]) -> Fix:
    """Return the fix for an object that a crate's build script compiled: cc-rs took the compiler of this machine."""
    target = log.target_at(hits[0].line)
    linker = re.search(r"(?:^|[\s/])([\w.]+(?:-[\w.]+)+)-ld(?:\.\w+)?(?=[:\s]|$)", hits[0].text)
    triple = target.triple.replace("-", "_") if target else "TRIPLE"
    prefix = linker[1] if linker else "PREFIX"
    notes = "It is the variable of cc-rs, which compiles C in build scripts. Then `cargo clean`."
    if target is None:
        notes = "TRIPLE is that of --target, with _ for each -. " + notes
    if linker is None:
        notes = "PREFIX-gcc is the cross compiler. " + notes
    return Fix(
        "name the target's C compiler to the crate's build script",
        env=((f"CC_{triple}", f"{prefix}-gcc"), (f"AR_{triple}", f"{prefix}-ar")),
        notes=notes,
    )


def _of_abi(log: BuildLog, hit: Hit) -> Finding:
    names = [hit.groups[key].rstrip(":").rpartition("/")[2] for key in ("file", "other")]
    return finding_from_hits(
        log,
        [hit],
        f"{names[0]} and {names[1]} pass floating-point numbers in different ways",
        "Linking fails: they are for two systems of one processor family.",
        (
            Fix(
                "compile everything for one of them, in an empty folder",
                notes="Arm: armhf (-mfloat-abi=hard, gnueabihf) or armel (soft, "
                "softfp, gnueabi). RISC-V: -mabi=lp64d or "
                "lp64. Rust's target and CC have to agree: "
                "armv7-unknown-linux-gnueabihf with arm-linux-gnueabihf-gcc. A "
                "ready-made library has to be of the same kind.",
            ),
        ),
    )


def _wanted(hit: Hit) -> str:
    return _name(hit.groups["want"] or hit.groups["emulation"])


def _got(hit: Hit) -> str:
    named = re.search(r"(\S+) architecture of input file", hit.text)
    machine = hit.groups["machine"] or hit.groups["owner"]
    return _MACHINES.get(int(machine), "") if machine else _name(hit.groups["got"] or (named[1] if named else ""))


def _name(word: str) -> str:
    word = word.rpartition(":")[2].lower()
    for prefix in ("elf64-", "elf32-", "elf64", "elf32", "elf_"):
        word = word.removeprefix(prefix)
    return _NAMES.get(word, "") or next((name for key, name in _NAMES.items() if word.startswith(key)), "")


def _of_no_format(log: BuildLog, hit: Hit) -> Finding:
    file = (hit.groups["file"] or hit.groups["other"]).rpartition("/")[2] or "a file"
    if hit.groups["lfs"]:
        return finding_from_hits(
            log,
            [hit],
            f"{file} is a pointer of Git LFS, not the file itself",
            "Linking fails.",
            (
                Fix(
                    "fetch the files",
                    (Command("git lfs pull", FixStage.BUILD),),
                    notes="In CI: actions/checkout with lfs: true.",
                ),
            ),
        )
    return finding_from_hits(
        log,
        [hit],
        f"the linker does not know the format of {file}",
        "Linking fails.",
        (
            Fix(
                "look what it is",
                notes=f"`file {file}`: an empty or cut one of a build that was "
                "stopped (build in an empty folder); ASCII "
                "text, a pointer of Git LFS (git lfs pull); LLVM bitcode, "
                "which GNU ld does not read (link with lld, or "
                "compile without -flto); Mach-O or PE, of another system or compiler.",
            ),
        ),
    )
