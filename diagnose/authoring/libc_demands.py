"""Which program needs a newer C library by a loader's message: a tool, a build script, or the product."""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.versions import name_key

if TYPE_CHECKING:
    from collections.abc import Iterable

    from diagnose.readers.buildlog import BuildLog, Hit


#: A program or macro that cargo builds for the build itself.
BUILD_SCRIPT = r"/build/[^/]+-[0-9a-f]{16}/build[-_]script|build-script-(?:build|main)|/deps/lib\w+-[0-9a-f]{16}\.so$"
#: Libraries of glibc.
LIBC = r"^lib(?:c|m|pthread|dl|rt|util)\.so"
_TOOL = (
    r"(?:^|/)(?:cargo|rustc|rustup|rustfmt|rustdoc|cross|maturin|sccache|node|npm|protoc|cmake|ninja|clang|clang-\d+|lld|ld"
    r"|zig|uv|git|make|qemu-\w+|patchelf|cargo-\w+|buf|bazel|go|deno|wasm-\w+)$"
    r"|/(?:hostedtoolcache|externals|__e|__t|\.rustup|\.cargo/bin|rustup/toolchains|_tool)/"
    r"|/lib(?:LLVM|rustc_driver|std|clang)[-\w.]*\.so"
)


#: Beginning of a library's path → whose it is: a system's that keeps its own glibc, or the system's.
_HOMES = (
    ("/nix/store/", "Nix"), ("/gnu/store/", "Guix"), ("/snap/", "a snap"), ("/var/lib/snapd/", "a snap"),
    ("/lib", "the system"), ("/usr/lib", "the system"),
)  # fmt: skip


def home_of(path: str) -> str:
    """Return whose the library at *path* is; empty for one of a program, or of a virtual environment."""
    return next((home for beginning, home in _HOMES if path.startswith(beginning)), "")


def demander(hit: Hit) -> str:
    """Return what needs the newer version: ``tool``, ``build script``, ``product``, ``stranger``; empty if not shown.

    A stranger is a library of another system, or of another revision of one, than the C library that it found.
    """
    by = hit.groups["by"]
    if not by:
        return ""
    homes = {home_of(hit.groups["libc"]), home_of(by)}
    if "" not in homes and homes != {"the system"}:
        return "stranger"
    if re.search(BUILD_SCRIPT, by):
        return "build script"
    return "tool" if re.search(_TOOL, by) else "product"


def highest(hits: Iterable[Hit]) -> Hit:
    """Return the hit that needs the highest version."""
    return max(hits, key=lambda hit: name_key(hit.groups["version"]))


def glibc_only_symbols(log: BuildLog) -> list[Hit]:
    """Return the lines in which musl's loader does not find a function that only glibc has."""
    return [hit for hit in log.find("musl-relocating") if re.match(GLIBC_ONLY, hit.groups["symbol"])]


#: Functions that glibc has, or that its headers redirect others to, and that musl does not have.
GLIBC_ONLY = (
    r"^(?:__isoc\d+_\w+|__\w+_chk|__res_\w+|gnu_get_libc_\w+|__libc_\w+|__memcpy_chk|__strdup|backtrace\w*|fcntl64|__cxa_\w+"
    r"|__finite\w*|__\w+_finite|mallinfo\d?|malloc_trim|__register_atfork|__errno_location64|qsort_r|\w+64)$"
)

#: The glibc that introduced a function that objects call without a version (glibc's NEWS).
_SINCE = (
    (r"__isoc23_\w+|strlcpy|strlcat|wcslcpy|wcslcat", (2, 38)),
    (r"arc4random(?:_buf|_uniform)?", (2, 36)),
    (r"_dl_find_object", (2, 35)),
    (r"close_range|closefrom", (2, 34)),
    (r"fstat(?:at)?(?:64)?|l?stat(?:64)?|mknod(?:at)?", (2, 33)),
    (r"__libc_single_threaded", (2, 32)),
    (r"gettid|pthread_cond_clockwait|pthread_mutex_clocklock|getdents64", (2, 30)),
    (r"fcntl64", (2, 28)),
    (r"memfd_create|copy_file_range|mlock2", (2, 27)),
    (r"reallocarray", (2, 26)),
    (r"getrandom|getentropy|explicit_bzero", (2, 25)),
    (r"__cxa_thread_atexit_impl|__issignaling[fl]?|pthread_[gs]etattr_default_np", (2, 18)),
    (r"secure_getenv", (2, 17)),
    (r"getauxval", (2, 16)),
)


def glibc_since(symbol: str) -> tuple[int, ...]:
    """Return the version of glibc that introduced the function *symbol*; () for one that no row names."""
    return next((version for pattern, version in _SINCE if re.fullmatch(pattern, symbol)), ())
