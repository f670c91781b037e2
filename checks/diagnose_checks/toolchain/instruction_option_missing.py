"""The code uses instructions of newer processors, and the compiler is not allowed to make them.

Functions such as ``_mm256_add_epi32`` stand for one instruction. GCC and clang compile them only with the option of
its extension (``-mavx2``), or in a function with that attribute. A build script that sees another processor, or options
that a variable replaced, leave the option out.

How to fix: add the option, if all processors that run the wheel have the extension; else build without that part.

References:
    https://gcc.gnu.org/onlinedocs/gcc/x86-Options.html
    https://gcc.gnu.org/onlinedocs/gcc/ARM-Options.html
    https://www.intel.com/content/www/us/en/docs/intrinsics-guide/
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(
    since="0.1.0",
    phase=Phase.COMPILE,
    patterns=patterns_for(
        "no-instruction-option",
        (
            "target specific option mismatch",
            r"inlining failed in call to ['\"]?always_inline['\"]? ['\"](?:[\w ]{0,40} "
            r")?(?P<name>\w{3,60})(?:\([^'\"]{0,200}\))?['\"]: target "
            r"specific option mismatch",
        ),
        (
            "requires target feature",
            r"error: always_inline function '(?P<name>\w{3,60})' requires target feature '(?P<feature>[\w.+-]{1,30})'",
        ),
    ),
)
#: The beginning of a function's name → the option that allows it; the first that fits counts.
_OPTIONS = (
    (r"_mm\d{0,3}_(?:fn?m(?:add|sub)\w*)", "-mfma"),
    (r"_mm\d{0,3}_cvt(?:ph|ps)_p[hs]", "-mf16c"),
    (r"_mm512_", "-mavx512f"),
    (r"_mm256_(?:\w+_epi\d+|\w+_si256|i32gather\w*|broadcast[bwdq]\w*|permute\w*)", "-mavx2"),
    (r"_mm256_", "-mavx"),
    (r"_mm_(?:crc32\w*|cmp[ei]str\w*|cmpgt_epi64)", "-msse4.2"),
    (r"_mm_(?:blend\w*|dp_p[sd]|extract_epi(?:8|32|64)|insert_epi(?:8|32|64)|m(?:in|ax)_ep(?:i8|i32|u16|u32)|cvtep\w+"
     r"|mullo_epi32|testz\w*|round\w*|floor\w*|ceil\w*|packus_epi32|cmpeq_epi64)", "-msse4.1"),
    (r"_mm_(?:shuffle_epi8|abs_\w+|alignr\w*|h(?:add|sub)\w*_(?:epi|pi)\w*|maddubs\w*|mulhrs\w*|sign_\w+)", "-mssse3"),
    (r"_mm_(?:hadd|hsub|addsub|lddqu|movedup)\w*", "-msse3"),
    (r"_mm_clmul\w*", "-mpclmul"),
    (r"_mm_aes\w*", "-maes"),
    (r"_mm_popcnt\w*", "-mpopcnt"),
    (r"_mm_", "-msse2"),
    (r"vu?s?dotq?_\w+", "-march=armv8.2-a+dotprod"),
    (r"v(?:aes|sha\d)\w+|vmull_p64", "-march=armv8-a+crypto"),
    (r"__?crc32\w+", "-march=armv8-a+crc"),
    (r"v\w+_f16", "-march=armv8.2-a+fp16"),
    (r"v\w+q?_[suf]\d+", "-mfpu=neon"),
)  # fmt: skip


def log(log: BuildLog) -> Iterator[Finding]:
    """See a compiler refuse a function for an instruction that its options do not allow."""
    for hit in log.find("no-instruction-option")[:1]:
        name, feature = hit.groups["name"], hit.groups["feature"]
        option = f"-m{feature}" if feature and name.startswith("_mm") else ""
        option = option or next((flag for pattern, flag in _OPTIONS if re.match(pattern, name)), "")
        lack = f": {option} is missing" if option else ""
        yield finding_from_hits(
            log,
            [hit],
            f"{name} is an instruction that the compiler's options do not allow{lack}",
            "Compiling stops.",
            (
                Fix(
                    f"compile with {option}" if option else "compile with the option of that extension",
                    env=(("CFLAGS", option), ("CXXFLAGS", option)) if option else (),
                    notes="The wheel then runs only on processors with it, and crashes on others (Illegal "
                    "instruction). "
                    "Better for that file alone, in its build system.",
                ),
                Fix(
                    "build without that part, or with a newer release",
                    notes="Many projects have an option for it. Look for -march and -m options in CFLAGS that "
                    "replace the "
                    "project's own.",
                ),
            ),
        )
