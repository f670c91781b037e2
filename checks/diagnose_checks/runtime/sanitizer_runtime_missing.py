"""Code was compiled with a sanitizer, and the sanitizer's library is not linked, not installed, or not loaded first.

``-fsanitize=address`` and its siblings put calls of a library into the code: ``libasan``, ``libubsan`` or ``libtsan``
of GCC, ``libclang_rt`` of clang. A program gets it when it is linked with the same option. An extension module is
loaded by a Python without it, where the library has to be loaded before all others.

How to fix: link with the option, too; install the library; preload it into Python.

References:
    https://gcc.gnu.org/onlinedocs/gcc/Instrumentation-Options.html
    https://clang.llvm.org/docs/AddressSanitizer.html
    https://github.com/google/sanitizers/wiki/AddressSanitizerAsDso
"""

from __future__ import annotations

from diagnose.authoring.link_step import SANITIZERS
from diagnose.authoring.log import finding_from_hits, install_by_family
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit

_CALL = r"__(?:(?P<kind>(?:a|hwa|t|m|l|ub)san)_\w{1,100}|sanitizer_cov_\w{1,60})"
CHECK = Check(
    since="0.1.0",
    phase=Phase.LINK,
    log_kinds=("ld-no-lib", "ld-no-file"),
    patterns=patterns_for(
        "sanitizer-not-first",
        (
            "come first in initial library",
            r"==\d{1,9}==\s?(?P<kind>A|T|M|HWA|L)San runtime does not come first in initial library",
        ),
        ("libraries are incompatible", r"==\d{1,9}==\s?Your application is linked against incompatible ASan runtimes"),
        ("undefined symbol: __", rf"(?:Import|OS)Error: (?P<file>\S{{1,300}}): undefined symbol: {_CALL}"),
    )
    + patterns_for(
        "sanitizer-unlinked",
        ("undefined reference to", rf"undefined reference to [`'\"]{_CALL}"),
        ("undefined symbol: __", rf"error: undefined symbol: {_CALL}"),
        (", referenced from:", rf"^\"_?{_CALL}\", referenced from:"),
    )
    + patterns_for(
        "sanitizer-absent",
        (
            "clang_rt.",
            r"error: no such file or directory: '(?P<file>\S{0,300}libclang_rt\.[\w.-]{1,60})'",
        ),
    ),
)
#: GCC's libraries, each with its value of -fsanitize.
_OF_GCC = dict(zip(SANITIZERS, ("address", "undefined", "thread", "leak", "hwaddress"), strict=True))
_GCC = {
    name: {"debian": ("gcc",), "rhel": (f"lib{name}",), "suse": ("gcc",), "arch": ("gcc-libs",)} for name in _OF_GCC
}
_CLANG = {
    "debian": ("libclang-rt-dev",), "rhel": ("compiler-rt",), "alpine": ("compiler-rt",), "arch": ("compiler-rt",),
    "suse": ("clang",),
}  # fmt: skip


def log(log: BuildLog) -> Iterator[Finding]:
    """See a linker or loader miss a sanitizer's library, or its functions."""
    for hit in log.find("ld-no-lib", "ld-no-file", "sanitizer-absent"):
        name = _library(hit)
        if name:
            yield _uninstalled(log, hit, name)
            return
    if hits := log.find("sanitizer-not-first"):
        yield _unloaded(log, hits)
        return
    hits = log.find("sanitizer-unlinked")
    if hits:
        kind = next((hit.groups["kind"] for hit in hits if hit.groups["kind"]), "")
        option = f"-fsanitize={_OF_GCC.get(kind, 'address')}"
        yield finding_from_hits(
            log,
            hits,
            f"code was compiled with {option}, and is linked without it",
            "Linking fails: the sanitizer's library is not linked.",
            (
                Fix(
                    "link with the same option, and the same compiler",
                    env=(("LDFLAGS", option),),
                    notes="A static library that was compiled so needs it in each program. Rust with clang's objects: "
                    f"RUSTFLAGS='-C linker=clang -C link-arg={option}'.",
                ),
                Fix(
                    "compile without it",
                    unset=("CFLAGS", "CXXFLAGS"),
                    notes="In an empty build folder; `env | grep sanitize` and the project's options show where it "
                    "is set.",
                ),
            ),
        )


def _library(hit: Hit) -> str:
    """Return which sanitizer's library *hit* misses: ``asan`` of GCC, or clang's file; empty for another file."""
    if hit.kind == "ld-no-lib":
        return hit.groups["lib"] if hit.groups["lib"] in _OF_GCC else ""
    file = hit.groups["file"].rpartition("/")[2]
    found = re.match(r"lib(\w+san)_preinit\.o$", file)
    if file.startswith("libclang_rt."):
        return "" if file.startswith("libclang_rt.builtins") else file  # toolchain-crt-missing
    return found[1] if found else ""


def _uninstalled(log: BuildLog, hit: Hit, name: str) -> Finding:
    clang = name.startswith("libclang_rt.")
    packages = _CLANG if clang else _GCC[name]
    notes = (
        "Of the same version as clang: libclang-rt-18-dev for clang-18."
        if clang
        else "On Enterprise Linux with a gcc-toolset: gcc-toolset-13-libasan-devel. Alpine's GCC has none: use clang."
    )
    return finding_from_hits(
        log,
        [hit],
        f"the sanitizer's library is not installed: {name if clang else f'lib{name}'}",
        "Linking with -fsanitize, or with clang's options for profiles and fuzzing, fails.",
        (
            *install_by_family(log, hit.line, "install it", packages, notes),
            Fix("build without sanitizers", notes="Take -fsanitize=… out of CFLAGS, CXXFLAGS, LDFLAGS and RUSTFLAGS."),
        ),
    )


def _unloaded(log: BuildLog, hits: list[Hit]) -> Finding:
    file = next((hit.groups["file"] for hit in hits if hit.groups["file"]), "")
    kind = next((hit.groups["kind"].lower() for hit in hits if hit.groups["kind"]), "a")
    name = kind if kind.endswith("san") else f"{kind}san"
    return finding_from_hits(
        log,
        hits,
        f"{file.rpartition('/')[2] or 'a module'} was compiled with a sanitizer whose library Python has not loaded "
        f"first",
        "The program stops before its first line, or the module cannot be imported.",
        (
            Fix(
                "load it before all others",
                (Command(f'export LD_PRELOAD="$(gcc -print-file-name=lib{name}.so)"', FixStage.BUILD),),
                env=(("ASAN_OPTIONS", "detect_leaks=0"),),
                notes="Of clang: LD_PRELOAD=$(clang -print-file-name=libclang_rt.asan-x86_64.so), with "
                "-shared-libsan in "
                "the link. Python itself leaks at its end, so that leaks are not looked for. macOS: "
                "DYLD_INSERT_LIBRARIES.",
            ),
            Fix("build the module without the sanitizer", notes="A wheel that is published should have none."),
        ),
    )
