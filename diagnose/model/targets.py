"""What one architecture is called everywhere else: the one table of names, ``targets.tsv``.

Sources: ``rustc --print target-list`` and the platform-support page of the rustc book (triples); Debian's
``/usr/share/dpkg/cputable``, ``tupletable`` and the multiarch tuples page (Debian names, GNU triplets); rpm's
``rpmrc.in`` (RPM names); Alpine's ``APKBUILD`` reference (Alpine names); PEP 425/600/656 and CPython's
``sysconfig.get_platform`` (platform tags); the OCI image index specification and Go's GOARCH/GOARM (OCI platforms);
each processor supplement of the ELF ABI (machine and flags); QEMU's linux-user targets (emulators).
"""

from __future__ import annotations

import os

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple, cache

if TYPE_CHECKING:
    from typing import Literal

EM_386, EM_MIPS, EM_PPC64, EM_S390, EM_ARM = 3, 8, 21, 22, 40
EM_X86_64, EM_AARCH64, EM_RISCV, EM_LOONGARCH = 62, 183, 243, 258


class Flags(NamedTuple):
    """The part of ``e_flags`` that belongs to the ABI: ``e_flags & mask`` must be one of ``values``."""

    mask: int = 0
    """The bits that count; 0: none."""
    values: tuple[int, ...] = (0,)
    meaning: str = ""
    """The name of the ABI, such as ``hard-float EABI``; empty if the flags say nothing."""


class Target(NamedTuple):
    """One architecture with one C library. A name is empty where a naming system has none."""

    triple: str
    """Rust's target triple."""
    libc: str
    """``glibc`` or ``musl``."""
    debian: str
    """Debian's name of the architecture."""
    multiarch: str
    """Debian's library directory below ``/usr/lib``."""
    gnu: str
    """The prefix of the GNU cross tools; for i686 it differs from *multiarch*."""
    rpm: str
    """RPM's name of the architecture."""
    alpine: str
    """Alpine's name of the architecture."""
    wheel: str
    """The last part of platform tags."""
    uname: str
    """What ``uname -m`` prints."""
    oci: str
    """The OCI platform: ``linux/arm/v7``."""
    machine: int
    """``e_machine`` of ELF."""
    bits: int
    """32 or 64."""
    endian: str
    """``little`` or ``big``."""
    flags: Flags
    """The part of ``e_flags`` that belongs to the ABI."""
    qemu: str
    """The suffix of QEMU's user-mode emulator."""
    baseline: str
    """The processor that code for this target may rely on."""
    aliases: tuple[str, ...] = ()
    """Other names in use."""

    @property
    def env_name(self) -> str:
        """The triple as pkg-config-rs and cc write it in variable names: dashes become underscores."""
        return self.triple.replace("-", "_")

    @property
    def cargo_env_name(self) -> str:
        """The triple as cargo writes it in ``CARGO_TARGET_<TRIPLE>_LINKER``."""
        return self.env_name.replace(".", "_").upper()

    @property
    def names(self) -> tuple[str, ...]:
        """Every name that finds this row, the most specific first."""
        own = (self.triple, self.env_name, self.multiarch, self.gnu, self.debian, self.rpm, self.alpine, self.wheel)
        oci = (self.oci, self.oci.partition("/")[2])
        return tuple(dict.fromkeys(name for name in (*own, self.uname, *oci, *self.aliases) if name))

    def accepts(self, machine: int, bits: int, endian: str, flags: int) -> bool:
        """Whether code with these ELF header fields runs as this target's."""
        return (machine, bits, endian) == (self.machine, self.bits, self.endian) and (
            flags & self.flags.mask
        ) in self.flags.values


_ANY = Flags()
# ELF for the Arm Architecture: EF_ARM_EABIMASK, EF_ARM_ABI_FLOAT_SOFT 0x200, EF_ARM_ABI_FLOAT_HARD 0x400. Many files
# carry neither float flag (then the build attributes tell), so only the opposite flag is a contradiction.
_ARM_HARD = Flags(0x200, (0,), "hard-float EABI")
_ARM_SOFT = Flags(0x400, (0,), "soft-float EABI")
_PPC64_V1 = Flags(3, (0, 1), "ELFv1")
_PPC64_V2 = Flags(3, (0, 2), "ELFv2")
# RISC-V psABI: EF_RISCV_FLOAT_ABI 0x6, double is 0x4.
_RISCV_D = Flags(6, (4,), "LP64D")
# LoongArch psABI: base ABI modifier in bits 0..2, 3 is double float.
_LOONG_D = Flags(7, (3,), "LP64D")
# MIPS psABI and binutils: EF_MIPS_ABI2 (N32) 0x20, EF_MIPS_ABI 0xf000 (O32 is 0x1000; 0 for N64).
_MIPS_O32 = Flags(0xF020, (0x1000, 0), "O32")
_MIPS_N64 = Flags(0xF020, (0,), "N64")


_FLAGS = {
    "arm-hard": _ARM_HARD,
    "arm-soft": _ARM_SOFT,
    "elfv1": _PPC64_V1,
    "elfv2": _PPC64_V2,
    "riscv-lp64d": _RISCV_D,
    "loong-lp64d": _LOONG_D,
    "mips-o32": _MIPS_O32,
    "mips-n64": _MIPS_N64,
}
MACHINES = {
    "EM_386": EM_386,
    "EM_MIPS": EM_MIPS,
    "EM_PPC64": EM_PPC64,
    "EM_S390": EM_S390,
    "EM_ARM": EM_ARM,
    "EM_X86_64": EM_X86_64,
    "EM_AARCH64": EM_AARCH64,
    "EM_RISCV": EM_RISCV,
    "EM_LOONGARCH": EM_LOONGARCH,
}
"""ELF's name of a processor → ``e_machine``."""


def _load() -> tuple[Target, ...]:
    """Return the rows of ``targets.tsv``: a header, then one architecture and C library a line; ``-`` is empty."""
    with open(os.path.join(os.path.dirname(__file__), "targets.tsv"), encoding="utf-8") as file:
        header, *lines = file.read().splitlines()
    assert header.split("\t") == [name for name in Target._fields if name != "libc"]
    return tuple([_row(["" if cell == "-" else cell for cell in line.split("\t")]) for line in lines])


def _row(cells: list[str]) -> Target:
    triple, *names, machine, bits, endian, flags, qemu, baseline, aliases = cells
    libc = "musl" if "-musl" in triple else "glibc"
    code = (MACHINES[machine], int(bits), endian, _FLAGS.get(flags, _ANY))
    return Target._make((triple, libc, *names, *code, qemu, baseline, tuple(aliases.split())))


TARGETS = _load()


@cache
def _rows() -> dict[str, list[Target]]:
    """Return name, in lower case → the rows that have it."""
    found: dict[str, list[Target]] = {}
    for row in TARGETS:
        for name in dict.fromkeys(known.lower() for known in row.names):
            found.setdefault(name, []).append(row)
    return found


def find(name: str) -> list[Target]:
    """Return every row that *name*, in any naming system and any case, can mean; the likeliest (glibc) first.

    Names of more than one system may collide (``armhf`` is Armv7 in Debian and Armv6 in Alpine): Debian's meaning comes
    first, because that is where cross builds happen.
    """
    wanted = name.strip().lower()
    rows = _rows().get(wanted, ())
    return sorted(rows, key=lambda row: (row.triple.lower() != wanted, wanted not in (row.debian, row.multiarch)))


HEADER = 52
"""Bytes of an ELF file that show its target: a header of 32 bits; that of 64 bits has all of it before that."""


def of_header(head: bytes) -> list[Target]:
    """Return the targets of the ELF file that begins with *head*, :data:`HEADER` bytes; none for other files.

    The C library is not in the header, so there are two for most architectures. Source: elf(5).
    """
    if head[:4] != b"\x7fELF" or len(head) < 20:
        return []
    order: Literal["little", "big"] = "little" if head[5] == 1 else "big"
    bits, start = (64, 48) if head[4] == 2 else (32, 36)
    machine, flags = int.from_bytes(head[18:20], order), int.from_bytes(head[start : start + 4], order)
    return [row for row in TARGETS if row.accepts(machine, bits, order, flags)]


def resolve(name: str) -> Target | None:
    """Return the row that *name* means first, or None."""
    rows = find(name)
    return rows[0] if rows else None


def is_triple(name: str) -> bool:
    """Whether a known *name* is one that rustc takes, or a distribution's own rustc."""
    return "-unknown-linux-" in name or "-alpine-linux-" in name


def suggest(name: str) -> list[str]:
    """Return up to three known names that look like *name*."""
    import difflib  # only a wrong name pays for it

    known = {candidate.lower(): candidate for row in TARGETS for candidate in row.names}
    return [known[match] for match in difflib.get_close_matches(name.strip().lower(), list(known), n=3, cutoff=0.6)]


# Parts of rustc's triples that mean another system than Linux (`rustc --print target-list`).
_OTHER_SYSTEMS = ("windows", "apple", "darwin", "freebsd", "netbsd", "openbsd", "android", "wasm", "none", "solaris")


def refusal(name: str, origin: str = "") -> str:
    """Return why :func:`resolve` does not know *name*; *origin* is what set it, or --target."""
    if not name.strip():
        return f"{origin or '--target'}: the name of the target is empty"
    where = f" ({origin})" if origin else ""
    name = name if name.isprintable() else repr(name)
    if any(part.startswith(_OTHER_SYSTEMS) for part in name.lower().replace("_", "-").split("-")):
        return f"{name}: only Linux targets are covered{where}"
    hint = " or ".join(suggest(name))
    more = f"did you mean {hint}?" if hint else "`diagnose targets` lists them, as x86_64, arm64 and armv7l"
    return f"{name}: no architecture has this name{where}; {more}"
