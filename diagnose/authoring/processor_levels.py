"""Judges which processor a file's code needs, from the sample of its instructions.

A compiler with AVX as its target encodes every vector instruction for AVX, in every function. A library that selects
its code at run time has functions of both kinds, each kind in the object files compiled for it. The thresholds below
are from 2,400 files of 240 popular wheels for x86_64 (2026-11): of the libraries that select at run time, the nearest
are libembree4 (68 % of the functions with vectors in AVX's encoding alone, in 11 sixteenths of the file), numpy's
``_simd`` (67 %, 11), BLIS (68 %, 10) and a codec (78 %, 10); OpenBLAS has 37 %. Of the files compiled for AVX
throughout, the lowest are scandir-rs (75 %, 13) and turbovec (87 %, 14), because Rust's standard library is compiled
for the baseline; all others have 97 % and more.
"""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple, re

if TYPE_CHECKING:
    from diagnose.readers.elf.elf_parser import Elf
    from diagnose.readers.elf.instructions import Use

# For "throughout", level 3 and 4: percent of the functions with vectors, percent of all functions, sixteenths.
_ENCODED, _SHARE, _SPREAD = 72, 15, 12
# Code on the way of the import counts if also the file is mostly in that encoding.
_ENCODED_REACHED = 50
# For level 2, which has no encoding of its own: percent of all functions, sixteenths.
_SHARE_2, _SPREAD_2 = 5, 9
_ENOUGH = 100  # functions, below which a share says little

#: Names of files that a caller selects by the processor: ``fuzz_cpp_avx2.so``, ``libggml-cpu-haswell.so``.
_SELECTED = (
    r"(?:^|[^a-z])(?:avx\w*|fma\d?|bmi2|amx\w*|sse[234]\w*|x86[-_]64[-_]?v[234]|haswell|broadwell|skylake\w*|icelake|"
    r"cascadelake|cooperlake|sapphirerapids|alderlake|sandybridge|ivybridge|zen\d|znver\d|piledriver|mkl_mc\d?)"
    r"(?:[^a-z]|$)"
)


class Demand(NamedTuple):
    """What the code of one file needs: the level of x86-64, and how that is known.

    ``certain``: an instruction runs when the file is loaded or imported. ``imported``: one is on that way.
    """

    level: int
    certain: bool
    imported: bool
    evidence: tuple[str, ...]
    features: tuple[str, ...]


def chosen_level(elf: Elf) -> int:
    """Return the level of x86-64 for which glibc loads the file from a folder of glibc-hwcaps; 0 outside of them.

    Folders of other processors, and unknown ones, count as level 4.
    """
    folder = re.search(r"(?:^|/)glibc-hwcaps/([^/]+)/", elf.path)
    level = re.fullmatch(r"x86-64-v([234])", folder[1]) if folder else None
    return int(level[1]) if level else 4 if folder else 0


def demand(elf: Elf) -> Demand | None:
    """Return what the code of *elf* needs beyond the first level; None if nothing, or if it selects code itself."""
    code = elf.instructions
    if code is None or re.search(_SELECTED, elf.name.lower()):
        return None
    newer = code.levels[1] + code.levels[2]
    encoded = 100 * code.encoded // code.vectors if code.vectors else 0
    first = [use for use in code.first if use.level > 2]
    reached = [use for use in code.reached if use.level > 2] if encoded >= _ENCODED_REACHED else []
    throughout = (
        code.functions >= _ENOUGH
        and encoded >= _ENCODED
        and 100 * newer >= _SHARE * code.functions
        and code.spread[1] >= _SPREAD
    )
    if first or reached or throughout:
        share = [f"{newer} of {code.functions} sampled functions use AVX, BMI or newer"] if newer else []
        share += [f"{code.encoded} of {code.vectors} with vector registers use AVX's encoding only"] if newer else []
        uses = first or reached
        level = max((use.level for use in uses), default=4 if 2 * code.levels[2] > newer else 3)
        return Demand(level, bool(first), bool(uses), (*map(_use, uses[:1]), *share), _features(uses))
    first = [use for use in code.first if use.level == 2]
    spread = code.functions >= _ENOUGH and 100 * code.levels[0] >= _SHARE_2 * code.functions
    spread = spread and code.spread[0] >= _SPREAD_2 and code.levels[0] > newer
    if first or spread:
        share = [f"{code.levels[0]} of {code.functions} sampled functions use SSE3 to SSE4.2 or POPCNT"]
        return Demand(2, bool(first), bool(first), (*map(_use, first[:1]), *share), _features(first))
    return None


def _use(use: Use) -> str:
    return f"{use.entry} leads to {use.mnemonic} ({use.features}) at {use.address:#x}"


def _features(uses: list[Use]) -> tuple[str, ...]:
    return tuple(sorted({use.features for use in uses}))
