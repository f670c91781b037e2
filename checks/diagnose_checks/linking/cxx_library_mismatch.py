"""C++ code that was compiled against LLVM's libc++ is linked with a library for GNU's libstdc++.

The two C++ libraries name their types differently: libc++ has ``std::__1::basic_string``, and libstdc++
``std::__cxx11::basic_string``. A function that takes a string has another symbol in each world, so the linker does not
find it in a library that the other one was used for. zig and ``-stdlib=libc++`` use libc++; packages of Linux
distributions use libstdc++.

How to fix: compile both sides with the same C++ library: link with GCC's C++ compiler instead of zig, or build the
library with zig as well.

References:
    https://libcxx.llvm.org/DesignDocs/ABIVersioning.html
    https://github.com/rust-cross/cargo-zigbuild#limitations
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits, other_system
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

_SYMBOL = r"(?:undefined symbol: |undefined reference to [`'\"]|undefined reference: )(?!std::|_ZNK?St)"
CHECK = Check(
    since="0.1.0",
    phase=Phase.LINK,
    patterns=patterns_for(
        "libcxx-wanted",
        ("std::__1::", rf"{_SYMBOL}(?P<function>[\w:~<>]{{1,200}})\(.{{0,300}}std::__1::"),
        ("NSt3__1", rf"{_SYMBOL}(?P<function>_ZN?\w{{1,200}})NSt3__1\w"),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See the linker miss functions with libc++'s types."""
    hits = log.find("libcxx-wanted")
    # Where libc++ is the system's own, such a function is simply not linked.
    if not hits or other_system(log) or any("ld64" in hit.text for hit in hits):
        return
    zig = bool(log.find("zig-note")) or any("zig" in link.program for link in log.links)
    fixes = [
        Fix(
            "link with GCC's C++ compiler instead of zig" if zig else "compile with -stdlib=libstdc++, or with g++",
            notes="The library then comes from the distribution of the target, or its sysroot."
            if zig
            else "Remove -stdlib=libc++ from CXXFLAGS and from the linker's flags, and recompile everything.",
        ),
        Fix("build the library against libc++ as well", notes="With the same compiler, as a static library."),
    ]
    yield finding_from_hits(
        log,
        hits[:3],
        f"{hits[0].groups['function']} is asked for with libc++'s types, and the library was built for libstdc++",
        "Linking fails: the two C++ libraries name their types differently. A library that is not linked at all gives "
        "the same message.",
        fixes,
    )
