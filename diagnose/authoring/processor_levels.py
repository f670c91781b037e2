"""Judges which processor a file's code needs, from the sample of its instructions.

A compiler with AVX as its target encodes every vector instruction for AVX, in every function. A library that selects
its code at run time has functions of both kinds, each kind in the object files compiled for it. The thresholds below
are from 2,400 files of 240 popular wheels for x86_64 (2026-11): of the libraries that select at run time, the nearest
are libembree4 (68 % of the functions with vectors in AVX's encoding alone, in 11 sixteenths of the file), numpy's
``_simd`` (67 %, 11), BLIS (68 %, 10) and a codec (78 %, 10); OpenBLAS has 37 %. Of the files compiled for AVX
throughout, the lowest are scandir-rs (75 %, 13) and turbovec (87 %, 14), because Rust's standard library is compiled
for the baseline; all others have 97 % and more.

On AArch64 the same is seen from atomics: code compiled for Armv8.1-A or newer uses LSE's instructions wherever it has
atomics; other code has loops of exclusive loads, or calls a helper that selects.

On 32-bit Arm the build attributes say for which processor a file was compiled, but one object that is selected at run
time is enough to raise them; so the instructions have to be there, on the way of the import or in several places.
"""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple, re
from diagnose.model.targets import EM_AARCH64, EM_ARM
from diagnose.tables import aarch64_encodings, arm_encodings

if TYPE_CHECKING:
    from diagnose.readers.elf.elf_parser import Elf
    from diagnose.readers.elf.instructions import Instructions, Use

# For "throughout", level 3 and 4: percent of the functions with vectors, percent of all functions, sixteenths.
_ENCODED, _SHARE, _SPREAD = 72, 15, 12
# Code on the way of the import counts if also the file is mostly in that encoding.
_ENCODED_REACHED = 50
# For level 2, which has no encoding of its own: percent of all functions, sixteenths.
_SHARE_2, _SPREAD_2 = 5, 9
_ENOUGH = 100  # functions, below which a share says little
# Of a file whose budget ended earlier, functions with vectors that are enough if all are encoded for AVX: casadi's
# libhpipm, one of 230 files of its wheel, has 45 among 93.
_UNANIMOUS = 30
# AArch64: functions with atomics, percent of them with LSE only, sixteenths of the file.
_ATOMICS, _LSE, _SPREAD_LSE = 8, 80, 6
# 32-bit Arm: functions with newer code, and sixteenths of the file.
_ARM, _SPREAD_ARM = 5, 4
_ARMV8 = 14  # Tag_CPU_arch
# What fewer of the functions with newer code use, in percent, is not named.
_COMMON = 20

#: Names of files that a caller selects by the processor: ``fuzz_cpp_avx2.so``, ``libggml-cpu-haswell.so``.
_SELECTED = (
    r"(?:^|[^a-z])(?:avx\w*|fma\d?|bmi2|amx\w*|sse[234]\w*|x86[-_]64[-_]?v[234]|haswell|broadwell|skylake\w*|icelake|"
    r"cascadelake|cooperlake|sapphirerapids|alderlake|sandybridge|ivybridge|zen\d|znver\d|piledriver|mkl_mc\d?|"
    r"armv[89][._]\d\w*|armv9\w*|sve\d?|sme\d?|lse|dotprod|i8mm|asimd\w+|neoverse\w*|a64fx|apple_m\d)"
    r"(?:[^a-z]|$)"
)


class Demand(NamedTuple):
    """What the code of one file needs: its level, in words too, and how that is known.

    ``certain``: an instruction runs when the file is loaded or imported. ``imported``: one is on that way.
    """

    level: int
    needs: str
    certain: bool
    imported: bool
    evidence: tuple[str, ...]


def chosen_level(elf: Elf) -> int:
    """Return the level of x86-64 for which glibc loads the file from a folder of glibc-hwcaps; 0 outside of them.

    Folders of other processors, and unknown ones, count as level 4.
    """
    folder = re.search(r"(?:^|/)glibc-hwcaps/([^/]+)/", elf.path)
    level = re.fullmatch(r"x86-64-v([234])", folder[1]) if folder else None
    return int(level[1]) if level else 4 if folder else 0


def demand(elf: Elf) -> Demand | None:
    """Return what the code of *elf* needs beyond the baseline; None if nothing, or if it selects code itself."""
    code = elf.instructions
    if code is None or re.search(_SELECTED, elf.name.lower()):
        return None
    if elf.machine == EM_ARM:
        return _arm(code, (elf.arm_cpu or 0) >= _ARMV8 or elf.arm_divides)
    return _aarch64(code) if elf.machine == EM_AARCH64 else _x86(code)


def _x86(code: Instructions) -> Demand | None:
    newer = code.levels[1] + code.levels[2]
    encoded = 100 * code.encoded // code.formed if code.formed else 0
    first = [use for use in code.first if use.level > 2]
    reached = [use for use in code.reached if use.level > 2] if encoded >= _ENCODED_REACHED else []
    if first or reached or (encoded >= _ENCODED and _is_throughout(code)):
        share = [f"{newer} of {code.functions} sampled functions use AVX, BMI or newer"] if newer else []
        share += [f"{code.encoded} of {code.formed} with vector registers use AVX's encoding only"] if newer else []
        uses = first or reached
        level = max((use.level for use in uses), default=4 if 2 * code.levels[2] > newer else 3)
        return Demand(level, f"x86-64-v{level}", bool(first), bool(uses), (*map(_use, uses[:1]), *share))
    first = [use for use in code.first if use.level == 2]
    spread = code.functions >= _ENOUGH and 100 * code.levels[0] >= _SHARE_2 * code.functions
    spread = spread and code.spread[0] >= _SPREAD_2 and code.levels[0] > newer
    if first or spread:
        share = [f"{code.levels[0]} of {code.functions} sampled functions use SSE3 to SSE4.2 or POPCNT"]
        return Demand(2, "x86-64-v2", bool(first), bool(first), (*map(_use, first[:1]), *share))
    return None


def _is_throughout(code: Instructions) -> bool:
    newer = code.levels[1] + code.levels[2]
    unanimous = code.left >= _ENOUGH and code.encoded == code.formed >= _UNANIMOUS
    enough = code.functions >= _ENOUGH or unanimous
    return enough and 100 * newer >= _SHARE * code.functions and code.spread[1] >= _SPREAD


def _aarch64(code: Instructions) -> Demand | None:
    """Judge by LSE's atomics, and by newer instructions of any kind in every part of the file.

    What Armv8.0-A has as an option (level 2) is in nearly every processor, or asked for, and not judged.
    """
    newer = code.levels[1] + code.levels[2]
    older = code.formed - code.encoded
    atomics = code.formed >= _ATOMICS and 100 * code.encoded >= _LSE * code.formed and code.spread[1] >= _SPREAD_LSE
    first = [use for use in code.first if use.level > 2]
    reached = [use for use in code.reached if use.level > 2] if code.encoded > older else []
    if not first and not atomics and not (_is_throughout(code) and code.encoded >= older):
        return None
    level = 4 if any(use.level == 4 for use in first or reached) or 2 * code.levels[2] > newer else 3
    share = f"{code.encoded} of {code.formed} with atomics use LSE's instructions only" if code.encoded else ""
    return _by_name(code, level, first, reached, aarch64_encodings.EXTENSIONS, share)


def _arm(code: Instructions, stated: bool) -> Demand | None:
    """Judge by any newer instruction that runs; by others only if the file is *stated* to be compiled for them."""
    first = [use for use in code.first if use.level > 2]
    reached = list(code.reached) if stated else []
    throughout = stated and code.levels[1] >= _ARM and code.spread[1] >= _SPREAD_ARM
    if not first and not reached and not throughout:
        return None
    share = "its build attributes say that it is compiled for that" if stated else ""
    return _by_name(code, 3, first, reached, arm_encodings.EXTENSIONS, share)


def _by_name(
    code: Instructions, level: int, first: list[Use], reached: list[Use], known: dict[str, str], more: str
) -> Demand:
    newer = code.levels[1] + code.levels[2]
    uses = first or reached
    names = {name for use in uses for name in use.features.split("+")}
    names |= {name for name, number in code.extensions if 100 * number >= _COMMON * newer}
    # Options of the baseline are not newer.
    names = {name for name in names if "+cr" not in known[name]} or {"LSE"}
    newest = max(known[name].partition("+")[0] for name in names)
    needs = f"{newest.capitalize().replace('-a', '-A').replace('ve', 'VE')} ({', '.join(sorted(names))})"
    share = [f"{newer} of {code.functions} sampled functions use {', '.join(sorted(names))}"] if newer else []
    return Demand(level, needs, bool(first), bool(uses), (*map(_use, uses[:1]), *share, *filter(None, [more])))


def _use(use: Use) -> str:
    return f"{use.entry} leads to {use.mnemonic} ({use.features}) at {use.address:#x}"
