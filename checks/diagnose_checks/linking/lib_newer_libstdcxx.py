"""A C++ library was compiled with a newer GCC than the one whose libstdc++ the linker uses.

Headers of a newer GCC turn ordinary C++ into calls of functions that an older libstdc++ does not have: with those of
GCC 11, every ``new T[n]`` may call ``std::__throw_bad_array_new_length``; with those of GCC 13, every use of
``<iostream>`` needs ``std::ios_base_library_init``. A shared library names the version (``GLIBCXX_3.4.29``), a static
one does not. Prebuilt libraries, often downloaded by a ``-sys`` crate, then do not link on an older system.

How to fix: link with a GCC of at least that release, on a system that has it, or let the library be compiled where it
is used. Upgrading only the library or only cargo does not help.

References:
    https://gcc.gnu.org/onlinedocs/libstdc++/manual/abi.html
    https://gcc.gnu.org/git/?p=gcc.git;a=blob;f=libstdc%2B%2B-v3/config/abi/pre/gnu.ver
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase
from diagnose.tables.libc_releases import named_releases

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit

CHECK = Check(since="0.1.0", phase=Phase.LINK, log_kinds=("ld-undefined",))

#: Functions that objects call without a version, and the version of libstdc++ that introduced each (gnu.ver).
_SINCE = (
    (r"std::__throw_bad_array_new_length\b|_ZSt28__throw_bad_array_new_lengthv", (3, 4, 29)),
    (r"std::from_chars\(char const\*, char const\*, (?:float|double|long double)&", (3, 4, 29)),
    (r"std::__glibcxx_assert_fail\b|_ZSt21__glibcxx_assert_fail", (3, 4, 30)),
    (r"std::__cxx11::basic_string<.{0,80}>::_M_replace_cold\b|.{0,80}_M_replace_cold", (3, 4, 31)),
    (r"std::ios_base_library_init\b|_ZSt21ios_base_library_initv", (3, 4, 32)),
    (r"__cxa_call_terminate$", (3, 4, 33)),
)
#: GCC by the version of its libstdc++ (abi.html). CXXABI versions have rows of their own.
_GCC = {
    (3, 4, 20): "4.9", (3, 4, 21): "5", (3, 4, 22): "6", (3, 4, 24): "7", (3, 4, 25): "8", (3, 4, 26): "9",
    (3, 4, 28): "9.3", (3, 4, 29): "11", (3, 4, 30): "12", (3, 4, 31): "13.1", (3, 4, 32): "13.2", (3, 4, 33): "14",
    (3, 4, 34): "15",
}  # fmt: skip
_VERSIONED = re.compile(r"@+GLIBCXX_(?P<version>[\d.]+)")
#: Functions that every libstdc++ has: without them, the library is not linked at all.
_BASIC = re.compile(
    r"(?:`|: |\s)(?:std::(?:cout|cerr|terminate|basic_ostream)|operator (?:new|delete)|__gxx_personality_v0)\b"
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See the linker report functions as undefined that a certain libstdc++ introduced."""
    for link in log.links:
        wanted = [(_since(hit), hit) for hit in link.of("ld-undefined")]
        hits = [hit for since, hit in wanted if since]
        if not hits or any(_BASIC.search(hit.text) and not _since(hit) for _, hit in wanted):
            continue
        since = max(since for since, _ in wanted)
        version, gcc = ".".join(map(str, since)), _gcc(since)
        first = next((one.label for one in named_releases() if one.glibcxx and one.glibcxx >= since), "")
        yield finding_from_hits(
            log,
            hits,
            f"a library was compiled with GCC {gcc} or later, and the linker's libstdc++ has no GLIBCXX_{version}",
            "Linking fails. No linker option finds these symbols.",
            (
                Fix(
                    f"link with GCC {gcc} or later",
                    notes=f"{f'For example on {first}. ' if first else ''}The output then needs that libstdc++ at run "
                    "time as well, or -static-libstdc++.",
                ),
                Fix("let the library be compiled from source, or use a release of it for older systems"),
            ),
        )
        return


def _since(hit: Hit) -> tuple[int, ...]:
    """Return the version of libstdc++ that the undefined symbol of *hit* needs; () if any has it."""
    versioned = _VERSIONED.search(hit.text)
    if versioned is not None:
        return tuple(int(part) for part in versioned["version"].split(".") if part)
    name = re.search(r"undefined (?:reference to|symbol:|references to) ?[`'\"]?(.{1,200})", hit.text)
    said = name[1] if name else hit.groups["symbol"]
    return next((version for pattern, version in _SINCE if re.match(pattern, said)), ())


def _gcc(since: tuple[int, ...]) -> str:
    return next((gcc for version, gcc in _GCC.items() if version >= since), "of a later release")
