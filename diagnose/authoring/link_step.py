"""Determines why a link step failed, as far as a log shows: one reason each, so that checks do not overlap."""

from __future__ import annotations

from diagnose.authoring.log import host, other_system
from diagnose.model._lazy_stdlib import TYPE_CHECKING, Enum, re

if TYPE_CHECKING:
    from diagnose.model.targets import Target
    from diagnose.readers.buildlog import BuildLog, Hit, LinkStep

#: Libraries that come with the compiler and the C library.
TOOLCHAIN = frozenset(
    (
        *("atomic", "c", "crypt", "dl", "gcc", "gcc_eh", "gcc_s", "m", "pthread", "resolv", "rt", "ssp_nonshared"),
        *("stdc++", "util", "unwind"),
    )
)
#: Libraries that GCC's -fsanitize links: sanitizer-runtime-missing reports them.
SANITIZERS = ("asan", "ubsan", "tsan", "lsan", "hwasan")
_START = (
    r"(?:^|/)(?:[SMgr]?crt[1in]|crtbegin(?:[ST]|_so|_dynamic|_static)?|crtend(?:S|_so|_android)?)\.o$"
    r"|(?:^|/)lib(?:c|pthread)_nonshared\.a$"
)
_SYSTEM = r"^(?:/usr)?(?:/local)?/lib(?:32|64)?/|^/opt/|^/home/linuxbrew/|/lib/[a-z0-9_]+-linux-\w+/"
_MADE = r"/target/|/rustc\w{6}/|/deps/lib[\w-]+\.(?:rlib|so)$|/\.cargo/|/rustlib/"  # cargo's own, of this very build
_SHARED = r"\.(?:so(?:\.[\d.]+)?|a)$"
# Functions that glibc's headers redirect ordinary calls to, and others that musl does not have.
_GLIBC = (
    r"^__(?:v?(?:s|f|sn|as|d)?w?printf|mem(?:p?cpy|move|set)|st[rp]n?c(?:py|at)|strncat|f?gets|f?read|realpath|getcwd|"
    r"longjmp"
    r"|fdelt|explicit_bzero|poll|recv|read|pread|vsyslog|syslog)_chk$"
    r"|^__isoc\d+_\w+$|^gnu_get_libc_version$|^__res_(?:init|ninit|search|query)$|^backtrace(?:_symbols)?$|"
    r"^__\w+_finite$"
    r"|^(?:mallinfo2?|malloc_trim|__strdup|__rawmemchr|__libc_single_threaded|fcntl64|getcontext|makecontext|secure_getenv)$"
)
_MUSL = r"^__\w+_time64$|^__stat_time64$|^__clock_gettime64$"


def is_named_by_path(file: str) -> bool:
    """Whether *file* is one that a build names by its path: ``libNAME.so``, which is for linkers alone."""
    return file.startswith("/") and re.search(r"/lib[^/]{1,200}\.so$", file) is not None


def without_toolchain(link: LinkStep) -> list[Hit]:
    """Return the lines that report missing start files, or a missing C or compiler library."""
    absent = [hit for hit in link.of("ld-no-file") if re.search(_START, hit.groups["file"])]
    absent = [hit for hit in absent if " inside " not in hit.text]  # sysroot-linker-script-absolute
    missing = [hit for hit in link.of("ld-no-lib") if hit.groups["lib"] in _BROUGHT]
    if not absent and not any(hit.groups["lib"] in ("c", "gcc") for hit in missing):
        return [] if wants_gcc(link) or not missing else missing
    return [*absent, *missing]


#: What a compiler's and the C library's packages bring. Rust's standard library links glibc's dl, pthread, rt and util.
_BROUGHT = frozenset(["c", "dl", "gcc", "gcc_eh", "gcc_s", "m", "pthread", "rt", "ssp_nonshared", "stdc++", "util"])


def wants_libc_script(hit: Hit) -> bool:
    """Whether Rust's standard library lacks the loader, which ``libc.so`` names beside the C library itself."""
    loader = re.match(r"ld(?:-linux|64|\.so)", hit.groups["file"].rpartition("/")[2])
    return loader is not None and re.search(r"/libstd-[0-9a-f]{4,32}\.rlib", hit.text) is not None


def wants_gcc(link: LinkStep) -> list[Hit]:
    """Return the lines that show a bare linker in use where rustc needs a compiler driver."""
    bare = re.search(r"(?:^|[/-])(?:ld|ld\.\w+|lld|rust-lld)$", link.program)
    return link.of("ld-no-lib", "ld-undefined")[:2] if bare and "gcc_s" in link.missing else []


def _target(log: BuildLog, link: LinkStep) -> Target | None:
    """Return the target of *link*: the host in the host's steps, else the one of the linker's name or the log."""
    if link.for_host:
        return host(log)
    return link.target or log.target_at(link.line)


def native(log: BuildLog, link: LinkStep) -> bool:
    """Whether *link* links for the build machine, as far as the log shows."""
    target = link.target or log.target_at(link.line)
    for hit in link.of("ld-wrong-file"):
        wanted = _FORMATS.get(hit.groups["emulation"])
        if wanted is not None and wanted != host(log).machine:
            return False
    if _host_script(log, link):
        return False  # the compiler's own start files are for another machine than the linker's
    if (prefix := re.search(_PREFIXED, link.ld)) and not _is_own(prefix[1], host(log)):
        return False  # a linker for Android, Windows or another machine, which may not be in the table of targets
    return log.cross_at(link.line) is not True and (target is None or target == host(log))


_PREFIXED = r"(?:^|/)(\w+(?:-\w+){1,3})-ld(?:\.\w+)?$"


def _is_own(prefix: str, machine: Target) -> bool:
    """Whether the *prefix* of a linker, such as ``x86_64-conda-linux-gnu``, is one of *machine* itself."""
    cpu, _, rest = prefix.partition("-")
    return cpu == machine.triple.partition("-")[0] and "linux" in rest and "android" not in rest


def owner_of(log: BuildLog, path: str) -> Target | None:
    """Return the architecture of the system folder that contains *path*; None outside of those."""
    if path.startswith("/opt/") or not re.search(_SYSTEM, path) or not re.search(_SHARED, path):
        return None
    from diagnose.readers.buildlog.linking import folder  # only who reads logs needs its patterns

    return folder(path) or host(log)


def foreign_files(log: BuildLog, link: LinkStep) -> dict[str, str]:
    """Return the libraries in system folders for another machine than the target of *link*: name → file."""
    if without_toolchain(link) or log.near(link.line, "tool-too-old", before=3, after=3):
        return {}  # build-tool-too-old: the linker passes over files that it does not understand
    from diagnose.readers.buildlog.linking import stem

    target = _target(log, link)
    found: dict[str, str] = {}
    if _host_script(log, link):
        found["c"] = "the linker script libc.so"
    files = [*link.skipped, *((stem(file), file) for file in link.wrong if not link.machines)]
    for lib, file in files:
        owner = owner_of(log, file)
        if lib in TOOLCHAIN or not _is_library(file):
            continue
        # Outside the system's folders only the linker knows a library's machine and reports a mismatch.
        if owner is None or target is None or (owner.machine, owner.bits) != (target.machine, target.bits):
            found.setdefault(lib, file)
    return found


#: Linkers' names of each machine's output format, and lld's emulations → the number of the machine.
_FORMATS = {
    "aarch64linux": 183, "armelf_linux_eabi": 40, "elf_x86_64": 62, "elf_i386": 3, "elf64lriscv": 243, "elf64_s390": 22,
    "elf64-x86-64": 62, "elf32-i386": 3, "elf64-littleaarch64": 183, "elf64-aarch64": 183, "elf32-littlearm": 40,
    "elf64-littleriscv": 243, "elf64-powerpcle": 21, "elf64-s390": 22,
}  # fmt: skip


def _host_script(log: BuildLog, link: LinkStep) -> bool:
    """Whether lld, called for the target, took the machine from the host's ``libc.so``, a script with OUTPUT_FORMAT.

    It then refuses the target's own start files and objects. If its format is the target's, the file is foreign.
    """
    if link.target is None and not any(re.search(_START, file) for file in link.wrong):
        return False
    target = link.target or log.target_at(link.line)
    for hit in link.of("ld-host-script"):
        if not hit.groups["format"] or target is None or _FORMATS.get(hit.groups["format"], 0) != target.machine:
            return True
    return False


def objects_of_the_target(log: BuildLog, link: LinkStep) -> list[Hit]:
    """Return the lines in which a linker refuses objects that rustc has just written."""
    hits = [hit for hit in link.of("ld-generic-elf", "ld-wrong-file") if not _is_library(hit.groups["file"])]
    if _host_script(log, link):
        return []
    if link.machines and _of_another(log, link):
        return []
    if hits and all(re.search(r"\.rlib\((?!.*\.rcgu\.o)", hit.text) for hit in hits):
        return []  # C code of a crate
    rust = "link-failed" in [hit.kind for hit in link.hits] or any(".rcgu.o" in hit.text for hit in hits)
    return hits if rust and not foreign_files(log, link) else []


def _of_another(log: BuildLog, link: LinkStep) -> bool:
    """Whether the refused objects were compiled for another machine than the target: C code, by the host's compiler."""
    target = log.target_at(link.line) or link.target
    rusts = any(".rcgu.o" in file for file in link.wrong)
    return target is not None and target.machine not in link.machines and not rusts


def _is_library(path: str) -> bool:
    if not re.search(_SHARED, path):
        return False
    return bool(re.search(_SYSTEM, path)) or not re.search(_MADE, path)


#: Those of them that distributions have in packages of their own, and zig has not.
_APART = frozenset({"atomic", "crypt", "unwind"})


#: Libraries of Linux, and of Xcode before 10, that macOS does not have: toolchain-crt-missing.
NOT_ON_MACOS = frozenset({"stdc++", "stdc++.6", "gcc_s.10.4", "gcc_s.10.5", "rt", "crypt"})


def missing_libraries(log: BuildLog, link: LinkStep) -> dict[str, list[Hit]]:
    """Return the libraries that were not found, except the compiler's, skipped ones and Python."""
    skipped = {lib for lib, _ in link.skipped} | set(foreign_files(log, link))
    skipped |= {hit.groups["lib"] for hit in link.of("ld-static")}
    windows = {hit.line for hit in log.find("no-windows-library")}
    found: dict[str, list[Hit]] = {}
    for hit in link.of("ld-no-lib"):
        lib = hit.groups["lib"].rstrip("'") or f":{hit.groups['complete']}"
        if lib in NOT_ON_MACOS and other_system(log) == "macOS":
            continue
        if hit.line in windows or (lib in TOOLCHAIN and lib not in _APART) or lib in skipped:
            continue
        if re.match(r"python3?(?:\.|$)|:(?i:python3\d*t?(?:_d)?\.lib)$", lib) or objects_of_the_target(log, link):
            continue
        found.setdefault(lib, []).append(hit)
    return found


def names_library(log: BuildLog, link: LinkStep, lib: str) -> bool:
    """Return whether the command line of *link* names *lib*, as far as the log shows it."""
    return bool(log.near(link.line, f"linked-lib {lib}", before=1, after=12))


def versioned(log: BuildLog, link: LinkStep) -> list[Hit]:
    """Return the lines that report a shared library's undefined reference to a glibc version."""
    hits = [hit for hit in link.of("ld-undefined") if re.search(r"@+GLIBC(?:XX)?_", hit.groups["symbol"])]
    shared = any(".so" in hit.groups["file"] for hit in link.of("ld-referenced"))
    if not hits and (shared or any("allow-shlib-undefined" in hit.text for hit in link.hits)):
        return link.of("ld-undefined") if not log.find("zig-note") else []
    return [hit for hit in hits if ".so" in hit.groups["file"] or "allow-shlib" in hit.text] or (hits if shared else [])


def other_libc(log: BuildLog, link: LinkStep) -> list[Hit]:
    """Return the lines in which a build for musl lacks glibc's functions, or a build for glibc musl's."""
    target = link.target if link.target and link.target.libc == "musl" else log.target_at(link.line) or link.target
    musl = (target is not None and target.libc == "musl") or "musl" in link.program
    musl = musl or bool(target is None and log.near(link.line, "ld-musl", before=30))
    undefined = link.of("ld-undefined")
    if musl and not link.for_host:
        hits = [hit for hit in undefined if "@GLIBC" in hit.groups["symbol"] or re.match(_GLIBC, hit.groups["symbol"])]
        headers = [hit for hit in undefined if re.search(r"/usr/include/\S*-linux-gnu", hit.text)]
        newer = [hit for hit in undefined if re.match(_MUSL, hit.groups["symbol"])]
        return hits or headers or newer
    return [hit for hit in undefined if re.match(_MUSL, hit.groups["symbol"])] if not musl else []


#: Parts of the C library that older ones keep in files of their own, and that a native build names with ``-l``.
LIBC_PARTS = frozenset({"dl", "m", "pthread", "rt"})


class Naming(Enum):
    """Whether the command of a link names a library, as far as the log shows it."""

    UNKNOWN = "unknown"
    ABSENT = "absent"
    NAMED = "named"
    EARLY = "early"  # before objects or sources that may use it


_COMMAND = 10  # lines from a command to its first complaint


def _command(log: BuildLog, line: int) -> Hit | None:
    """Return the compiler's last command in the lines before *line*; None if the log shows none."""
    return next((hit for hit in reversed(log.near(line, "driver-link", before=_COMMAND)) if hit.line < line), None)


def named_by_driver(log: BuildLog, line: int, lib: str) -> Naming:
    """Return whether the compiler's command before *line* names *lib*: that of make, in the lines before."""
    command = _command(log, line)
    if command is None:
        return Naming.UNKNOWN
    libs = command.groups["libs"]
    words = libs.split()
    if f"-l{lib}" not in words:
        hidden = len(libs) >= _CUT or re.search(_HIDDEN, command.text)
        return Naming.UNKNOWN if hidden else Naming.ABSENT
    later = words[len(words) - words[::-1].index(f"-l{lib}") :]
    return Naming.EARLY if any(re.search(_USER, word) for word in later) else Naming.NAMED


def early_libraries(log: BuildLog, line: int) -> list[str]:
    """Return the libraries of the compiler's command before *line* if it names all of them before its objects."""
    command = _command(log, line)
    words = command.groups["libs"].split() if command else []
    named = [at for at, word in enumerate(words) if re.match(r"-l\w", word)]
    if not named or not any(re.search(_USER, word) for word in words[named[-1] :]):
        return []
    return [words[at].removeprefix("-l") for at in named]


_HIDDEN = r"`|\$\(|@\S+\.rsp"  # what the shell or a file adds
_CUT = 1990  # characters: what a hit keeps of a command
_USER = r"^[^-].*\.(?:o|lo|obj|c|cc|cpp|cxx)$"


_IN_ARCHIVE = r"lib[\w.+-]+\.a\("


def in_archive(log: BuildLog, hit: Hit) -> bool:
    """Whether the object that lacks the symbol is an archive's: ld names it on the line of the function before."""
    return bool(re.search(_IN_ARCHIVE, hit.text) or log.near(hit.line, "ld-in-archive", before=4))
