"""What one architecture is called everywhere else: the one table of names.

Sources: ``rustc --print target-list`` and the platform-support page of the rustc book (triples); Debian's
``/usr/share/dpkg/cputable``, ``tupletable`` and the multiarch tuples page (Debian names, GNU triplets); rpm's
``rpmrc.in`` (RPM names); Alpine's ``APKBUILD`` reference (Alpine names); PEP 425/600/656 and CPython's
``sysconfig.get_platform`` (platform tags); the OCI image index specification and Go's GOARCH/GOARM (OCI platforms);
each processor supplement of the ELF ABI (machine and flags); QEMU's linux-user targets (emulators).
"""

from __future__ import annotations

from diagnose.model._lazy_stdlib import NamedTuple

EM_386, EM_MIPS, EM_PPC64, EM_S390, EM_ARM = 3, 8, 21, 22, 40
EM_X86_64, EM_AARCH64, EM_RISCV, EM_LOONGARCH = 62, 183, 243, 258


class Flags(NamedTuple):
    """The part of ``e_flags`` that belongs to the ABI: ``e_flags & mask`` must be one of ``values``."""

    mask: int = 0
    values: tuple[int, ...] = (0,)
    meaning: str = ""


class Target(NamedTuple):
    """One row. A name is empty where the namer has none; tuples list the preferred name first.

    ``multiarch`` is Debian's library directory, ``gnu`` the prefix of the cross tools (they differ for i686). ``wheel``
    is the last part of platform tags, ``uname`` what ``uname -m`` prints, ``baseline`` the processor that code for this
    target may count on.
    """

    triple: str
    libc: str
    debian: str
    multiarch: str
    gnu: str
    rpm: str
    alpine: str
    wheel: str
    uname: str
    oci: str
    machine: int
    bits: int
    endian: str
    flags: Flags
    qemu: str
    baseline: str
    aliases: tuple[str, ...] = ()

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


def _row(triple: str, *rest: object) -> Target:
    libc = "musl" if "-musl" in triple else "glibc"
    return Target(triple, libc, *rest)  # type: ignore[arg-type]


# fmt: off
TARGETS: tuple[Target, ...] = (
    _row("x86_64-unknown-linux-gnu", "amd64", "x86_64-linux-gnu", "x86_64-linux-gnu", "x86_64", "", "x86_64", "x86_64",
         "linux/amd64", EM_X86_64, 64, "little", _ANY, "x86_64", "x86-64-v1", ("x64", "x86-64", "linux/amd64/v1")),
    _row("i686-unknown-linux-gnu", "i386", "i386-linux-gnu", "i686-linux-gnu", "i686", "", "i686", "i686",
         "linux/386", EM_386, 32, "little", _ANY, "i386", "i686 with SSE2", ("x86", "ia32", "i486", "i586")),
    _row("aarch64-unknown-linux-gnu", "arm64", "aarch64-linux-gnu", "aarch64-linux-gnu", "aarch64", "", "aarch64",
         "aarch64", "linux/arm64", EM_AARCH64, 64, "little", _ANY, "aarch64", "Armv8-A",
         ("arm64v8", "armv8", "armv8l", "linux/arm64/v8")),
    _row("armv7-unknown-linux-gnueabihf", "armhf", "arm-linux-gnueabihf", "arm-linux-gnueabihf", "armv7hl", "",
         "armv7l", "armv7l", "linux/arm/v7", EM_ARM, 32, "little", _ARM_HARD, "arm", "Armv7-A with VFPv3-D16",
         ("armv7", "armv7hf", "arm32v7", "armhfp", "thumbv7neon-unknown-linux-gnueabihf")),
    _row("arm-unknown-linux-gnueabihf", "", "", "arm-linux-gnueabihf", "armv6hl", "", "armv6l", "armv6l",
         "linux/arm/v6", EM_ARM, 32, "little", _ARM_HARD, "arm", "Armv6 with VFPv2", ("armv6", "armv6hf", "arm32v6")),
    _row("armv5te-unknown-linux-gnueabi", "armel", "arm-linux-gnueabi", "arm-linux-gnueabi", "armv5tel", "", "armv5tel",
         "armv5tel", "linux/arm/v5", EM_ARM, 32, "little", _ARM_SOFT, "arm", "Armv5TE, no FPU",
         ("armv5", "armv5te", "armv5tejl", "arm32v5", "armv5l")),
    _row("arm-unknown-linux-gnueabi", "", "", "arm-linux-gnueabi", "", "", "armv6l", "armv6l",
         "linux/arm/v6", EM_ARM, 32, "little", _ARM_SOFT, "arm", "Armv6, no FPU"),
    _row("armv7-unknown-linux-gnueabi", "", "", "arm-linux-gnueabi", "", "", "armv7l", "armv7l",
         "linux/arm/v7", EM_ARM, 32, "little", _ARM_SOFT, "arm", "Armv7-A, soft-float ABI"),
    _row("powerpc64le-unknown-linux-gnu", "ppc64el", "powerpc64le-linux-gnu", "powerpc64le-linux-gnu", "ppc64le", "",
         "ppc64le", "ppc64le", "linux/ppc64le", EM_PPC64, 64, "little", _PPC64_V2, "ppc64le", "POWER8",
         ("powerpc64le", "powerpc64el")),
    _row("powerpc64-unknown-linux-gnu", "ppc64", "powerpc64-linux-gnu", "powerpc64-linux-gnu", "ppc64", "",
         "ppc64", "ppc64", "linux/ppc64", EM_PPC64, 64, "big", _PPC64_V1, "ppc64", "POWER4", ("powerpc64",)),
    _row("s390x-unknown-linux-gnu", "s390x", "s390x-linux-gnu", "s390x-linux-gnu", "s390x", "", "s390x", "s390x",
         "linux/s390x", EM_S390, 64, "big", _ANY, "s390x", "z10", ("systemz",)),
    _row("riscv64gc-unknown-linux-gnu", "riscv64", "riscv64-linux-gnu", "riscv64-linux-gnu", "riscv64", "", "riscv64",
         "riscv64", "linux/riscv64", EM_RISCV, 64, "little", _RISCV_D, "riscv64", "RV64GC", ("riscv64gc", "rv64gc")),
    _row("loongarch64-unknown-linux-gnu", "loong64", "loongarch64-linux-gnu", "loongarch64-linux-gnu", "loongarch64",
         "", "loongarch64", "loongarch64", "linux/loong64", EM_LOONGARCH, 64, "little", _LOONG_D, "loongarch64",
         "LA64 v1.0"),
    _row("mipsel-unknown-linux-gnu", "mipsel", "mipsel-linux-gnu", "mipsel-linux-gnu", "mipsel", "", "mips", "mips",
         "linux/mipsle", EM_MIPS, 32, "little", _MIPS_O32, "mipsel", "MIPS32r2", ("mipsle", "mips32el")),
    _row("mips64el-unknown-linux-gnuabi64", "mips64el", "mips64el-linux-gnuabi64", "mips64el-linux-gnuabi64",
         "mips64el", "", "mips64", "mips64", "linux/mips64le", EM_MIPS, 64, "little", _MIPS_N64, "mips64el",
         "MIPS64r2", ("mips64le",)),
    _row("x86_64-unknown-linux-musl", "musl-linux-amd64", "x86_64-linux-musl", "x86_64-linux-musl", "", "x86_64",
         "x86_64", "x86_64", "linux/amd64", EM_X86_64, 64, "little", _ANY, "x86_64", "x86-64-v1",
         ("x86_64-alpine-linux-musl",)),
    _row("i686-unknown-linux-musl", "musl-linux-i386", "i386-linux-musl", "i686-linux-musl", "", "x86", "i686", "i686",
         "linux/386", EM_386, 32, "little", _ANY, "i386", "i686 with SSE2", ("i586-alpine-linux-musl",)),
    _row("aarch64-unknown-linux-musl", "musl-linux-arm64", "aarch64-linux-musl", "aarch64-linux-musl", "", "aarch64",
         "aarch64", "aarch64", "linux/arm64", EM_AARCH64, 64, "little", _ANY, "aarch64", "Armv8-A",
         ("aarch64-alpine-linux-musl",)),
    _row("armv7-unknown-linux-musleabihf", "musl-linux-armhf", "arm-linux-musleabihf", "arm-linux-musleabihf", "",
         "armv7", "armv7l", "armv7l", "linux/arm/v7", EM_ARM, 32, "little", _ARM_HARD, "arm", "Armv7-A with VFPv3-D16",
         ("armv7-alpine-linux-musleabihf", "armv7l-linux-musleabihf")),
    _row("arm-unknown-linux-musleabihf", "", "", "arm-linux-musleabihf", "", "armhf", "armv6l", "armv6l",
         "linux/arm/v6", EM_ARM, 32, "little", _ARM_HARD, "arm", "Armv6 with VFPv2",
         ("armv6-alpine-linux-musleabihf", "armv6-linux-musleabihf")),
    _row("armv5te-unknown-linux-musleabi", "musl-linux-armel", "arm-linux-musleabi", "arm-linux-musleabi", "", "",
         "armv5tel", "armv5tel", "linux/arm/v5", EM_ARM, 32, "little", _ARM_SOFT, "arm", "Armv5TE, no FPU",
         ("armv5l-linux-musleabi",)),
    _row("arm-unknown-linux-musleabi", "", "", "arm-linux-musleabi", "", "", "armv6l", "armv6l", "linux/arm/v6",
         EM_ARM, 32, "little", _ARM_SOFT, "arm", "Armv6, no FPU"),
    _row("powerpc64le-unknown-linux-musl", "musl-linux-ppc64el", "powerpc64le-linux-musl", "powerpc64le-linux-musl", "",
         "ppc64le", "ppc64le", "ppc64le", "linux/ppc64le", EM_PPC64, 64, "little", _PPC64_V2, "ppc64le", "POWER8",
         ("powerpc64le-alpine-linux-musl",)),
    _row("powerpc64-unknown-linux-musl", "musl-linux-ppc64", "powerpc64-linux-musl", "powerpc64-linux-musl", "", "",
         "ppc64", "ppc64", "linux/ppc64", EM_PPC64, 64, "big", _PPC64_V2, "ppc64", "POWER4"),
    _row("s390x-unknown-linux-musl", "musl-linux-s390x", "s390x-linux-musl", "s390x-linux-musl", "", "s390x", "s390x",
         "s390x", "linux/s390x", EM_S390, 64, "big", _ANY, "s390x", "z10", ("s390x-alpine-linux-musl",)),
    _row("riscv64gc-unknown-linux-musl", "musl-linux-riscv64", "riscv64-linux-musl", "riscv64-linux-musl", "",
         "riscv64", "riscv64", "riscv64", "linux/riscv64", EM_RISCV, 64, "little", _RISCV_D, "riscv64", "RV64GC",
         ("riscv64-alpine-linux-musl",)),
    _row("loongarch64-unknown-linux-musl", "musl-linux-loong64", "loongarch64-linux-musl", "loongarch64-linux-musl",
         "", "loongarch64", "loongarch64", "loongarch64", "linux/loong64", EM_LOONGARCH, 64, "little", _LOONG_D,
         "loongarch64", "LA64 v1.0", ("loongarch64-alpine-linux-musl",)),
    _row("mipsel-unknown-linux-musl", "musl-linux-mipsel", "mipsel-linux-musl", "mipsel-linux-musl", "", "", "mips",
         "mips", "linux/mipsle", EM_MIPS, 32, "little", _MIPS_O32, "mipsel", "MIPS32r2"),
    _row("mips64el-unknown-linux-muslabi64", "musl-linux-mips64el", "mips64el-linux-musl",
         "mips64el-linux-musl", "", "", "mips64", "mips64", "linux/mips64le", EM_MIPS, 64, "little", _MIPS_N64,
         "mips64el", "MIPS64r2"),
)
# fmt: on


def find(name: str) -> list[Target]:
    """Return every row that *name*, in any naming system and any case, can mean; the likeliest (glibc) first.

    Names of more than one system may collide (``armhf`` is Armv7 in Debian and Armv6 in Alpine): Debian's meaning comes
    first, because that is where cross builds happen.
    """
    wanted = name.strip().lower()
    rows = [row for row in TARGETS if wanted in (known.lower() for known in row.names)]
    return sorted(rows, key=lambda row: (row.triple.lower() != wanted, wanted not in (row.debian, row.multiarch)))


def resolve(name: str) -> Target | None:
    """Return the row that *name* means first, or None."""
    rows = find(name)
    return rows[0] if rows else None


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
    return f"{name}: no architecture has this name{where}" + (f"; did you mean {hint}?" if hint else "")
