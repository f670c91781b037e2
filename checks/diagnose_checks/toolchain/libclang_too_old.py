"""The libclang that is installed is older than a crate needs.

``clang-sys`` loads libclang when the build script runs, and looks up each function only when bindgen calls it. A
release of LLVM that does not have the function yet, such as the one of an old Enterprise Linux, stops the build there.

How to fix: install a newer LLVM, and name its folder in ``LIBCLANG_PATH``; or build in a newer image.

References:
    https://rust-lang.github.io/rust-bindgen/requirements.html
    https://github.com/KyleMayes/clang-sys#supported-versions
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(
    since="0.1.0",
    phase=Phase.COMPILE,
    patterns=patterns_for(
        "libclang-lacks",
        (
            "function not loaded: ",
            r"`?libclang`? function not loaded: `?(?P<function>clang_\w{1,80})`?"
            r"(?:.{0,120}that `?libclang`? (?P<least>\d[\d.]{0,6}) or later)?",
        ),
        (
            "function was called that is not supp",
            r"`?libclang`? function was called that is not supported by the loaded `?libclang`? instance"
            r"(?:.{0,60}called function = `(?P<function>clang_\w{1,80})`)?"
            r"(?:.{0,60}loaded `libclang` instance = (?P<here>[\w. ]{1,40}))?",
            3,
        ),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See clang-sys miss a function of libclang."""
    for hit in log.find("libclang-lacks")[-1:]:
        least, here = hit.groups["least"], hit.groups["here"].strip()
        yield finding_from_hits(
            log,
            [hit],
            f"libclang is too old{f': {here}' if here else ''}: it has no {hit.groups['function'] or 'such function'}"
            + (f", which LLVM has since {least}" if least else ""),
            "bindgen fails, and so does every crate that generates its bindings in the build.",
            (
                Fix(
                    "install a newer LLVM, and name the folder of its libclang",
                    env=(("LIBCLANG_PATH", "/usr/lib64"),),
                    notes="`find / -name 'libclang*.so*'` lists those that are there: the oldest may come first. "
                    "CentOS 7: centos-release-scl and llvm-toolset-7, in /opt/rh/llvm-toolset-7/root/usr/lib64. "
                    "apt: libclang-14-dev is in /usr/lib/llvm-14/lib.",
                ),
                Fix(
                    "build in a newer image",
                    (Command("maturin build --release --manylinux 2_28", FixStage.BUILD),),
                    notes="manylinux_2_28 has an LLVM that every bindgen takes: dnf install clang.",
                ),
            ),
        )
