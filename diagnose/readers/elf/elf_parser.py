"""Reads one ELF file: its kind, its requirements, and its search paths.

All data that the dynamic linker uses is read like the dynamic linker reads it, through the program headers and
``PT_DYNAMIC``. Section headers may be stripped. They are only used for data that is nowhere else (debug information,
the build attributes of Arm). No field of a file is trusted: every offset is checked and every chain is bounded. A part
that cannot be read becomes a reason in :attr:`Elf.broken` instead of an exception.

Sources: the generic ABI (gabi, chapters 4 and 5), the GNU extensions in glibc's ``elf.h``, the Linux extensions gABI
(GNU property notes), and "Addenda to, and Errata in, the ABI for the Arm Architecture" (build attributes).
"""

from __future__ import annotations

import struct
import sys
from array import array
from itertools import accumulate, compress, islice, pairwise
from operator import not_

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple
from diagnose.readers.system.file_bytes import FileBytes
from diagnose.readers.system.printable import decode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from typing_extensions import Buffer

    from diagnose.readers.elf.instructions import Instructions

MAGIC = b"\x7fELF"

ET_REL, ET_EXEC, ET_DYN = 1, 2, 3
EM_ARM, EM_X86_64, EM_386, EM_S390, EM_RISCV = 40, 62, 3, 22, 243
PT_LOAD, PT_DYNAMIC, PT_INTERP, PT_NOTE, PT_TLS, PT_GNU_STACK, PT_GNU_PROPERTY = 1, 2, 3, 4, 7, 0x6474E551, 0x6474E553
SHT_NOBITS, SHT_DYNSYM, SHT_ARM_ATTRIBUTES, SHT_RISCV_ATTRIBUTES = 8, 11, 0x70000003, 0x70000003
SHF_ALLOC, SHF_EXECINSTR = 2, 4
_CODE = SHF_ALLOC | SHF_EXECINSTR
STB_WEAK = 2
STT_NOTYPE, STT_FUNC, STT_GNU_IFUNC = 0, 2, 10
VER_FLG_WEAK = 2
PF_W = 2
DF_TEXTREL, DF_STATIC_TLS = 4, 0x10
DF_1_PIE = 0x08000000
#: Machine → the relocation that places a thread-local variable relative to the thread pointer (initial-exec TLS), by
#: each processor's psABI; of several, the low byte is unique among the types in linked files.
TPOFF = {3: (14, 37), 21: (73,), 22: (56,), 40: (19,), 62: (18,), 183: (1030,), 243: (10, 11), 258: (10, 11)}
#: Machine → R_*_IRELATIVE, whose address a function of the file chooses.
IRELATIVE = {3: 42, 21: 248, 22: 61, 40: 160, 62: 37, 183: 1032, 243: 58, 258: 12}

# The meaning of a symbol's st_info (binding and type), by its value.
_STRONG, _WEAK, _DATA = (
    bytes(map(test, range(256)))
    for test in (
        lambda info: info >> 4 != STB_WEAK,
        lambda info: info >> 4 == STB_WEAK,
        lambda info: info & 15 not in (STT_NOTYPE, STT_FUNC),
    )
)

_PRINTABLE = bytes((0, *range(32, 127)))  # and the end of a name
_LOWEST_BIT = bytes(value & 1 for value in range(256))
_BLOCK = 256  # words of a hash chain at once

# Limits. Real files stay an order of magnitude below each of them.
MAX_SEGMENTS = 1024
LARGEST_PAGE = 65536  # bytes: of the kernels of any architecture
MAX_SECTIONS = 1 << 18
MAX_DYNAMIC = 4096
MAX_VERSIONS = 4096
MAX_SYMBOLS = 1 << 21
MAX_UNDEFINED = 1 << 18  # undefined symbols of one file
MAX_STRINGS = 1 << 28  # bytes of the dynamic string table
MAX_NAME = 1 << 14  # bytes of one symbol, library or version name; all of them together may be twice the file's size
_PAGE = 4096  # bytes; segments of files for larger pages lie further apart
MAX_NOTES = 1 << 20  # bytes of all note segments, and of the build attributes of Arm; real files have some hundreds
MAX_NOTE_COUNT = 1 << 12
MAX_RELOCATIONS = 1 << 20  # checked only if the file claims to patch its code; trusted after that
MAX_INITS = 256  # Python modules in one file
MAX_TLS_USES = 4096  # relocations of thread-local variables that are read


class Verneed(NamedTuple):
    """One symbol version that a file needs: ``version`` (``GLIBC_2.17``) of the file ``library``, as verneed names it.

    The name belongs to that library: ``GLIBC_2.0`` of ``libgcc_s.so.1`` is not a version of glibc. ``weak`` is
    ``VER_FLG_WEAK``; ``symbols`` are the undefined symbols that are bound to the version.
    """

    library: str
    version: str
    weak: bool = False
    symbols: tuple[str, ...] = ()

    @property
    def family(self) -> str:
        """The version's prefix: ``GLIBC``, ``GLIBCXX``, ``CXXABI``, ``GCC`` and others."""
        return self.version.partition("_")[0]


class Elf(NamedTuple):
    """One ELF file. Strings and tuples are empty if the file has no such data.

    ``path`` is the name it was read by. ``installed`` is its path after installation, relative to the environment's
    prefix (see :func:`diagnose.readers.wheel.installed_path`); empty outside wheels. ``machine``, ``flags``, ``type``
    and ``osabi`` are the header's numbers. ``rpath`` and ``runpath`` are raw; None means absent, which differs from
    empty. ``defines`` are the versions that the file itself defines.

    ``undefined`` and ``undefined_weak`` are the dynamic symbols that other files must provide; neither contains symbols
    that the file defines itself. ``undefined_data`` are those of them that are marked neither as function nor as
    untyped. ``init`` are the Python modules whose init function (``PyInit_…``) the file defines; ``init2`` the same for
    Python 2 (``init…``, searched only under the file's own name); ``mod_exports`` for PEP 793 (``PyModExport_…``).
    ``entries`` are the names and addresses of these functions. ``instructions`` is what a sample of the code needs;
    None if nothing was decoded. ``jemalloc_page`` is the largest memory page in bytes that a copy of jemalloc in the
    file can work with; 0 if unknown, None without jemalloc. ``alsa_folders`` are the folders of configuration and
    plugins that are compiled into libasound. ``compilers``, as
    ``.comment`` names them, and ``march``, the processors of their options, are read only if instructions are beyond
    the baseline.

    ``verdef``: the file has version definitions, at least its own name. ``filters`` are the libraries of ``DT_FILTER``.
    ``pie``: a position-independent executable. ``ifuncs`` are the exported functions that select their code when they
    are bound (``STT_GNU_IFUNC``); ``bound_ifuncs`` those of them that the file itself refers to by name.
    ``relocations`` are the low bytes of the relocation types that occur. ``relr``: relative relocations are packed
    (``DT_RELR``).

    ``tls_size`` is the size of the file's thread-local variables in bytes (``PT_TLS``). ``static_tls``: it needs space
    in the static TLS block, which is allocated at program start (``DF_STATIC_TLS``). ``initial_exec`` are its own
    variables with that access model, local ones as an empty name; ``initial_exec_undefined`` those of other files.

    ``congruent`` is the largest page size in bytes for which the address and offset of every segment agree modulo the
    page size; 0 if they agree for every size that the file itself requires. ``riscv_arch`` is RISC-V's attribute of the
    instruction set (``rv64i2p1_m2p0_…``).

    ``textrel``: the loader must write into read-only segments, according to ``DT_TEXTREL`` or ``DF_TEXTREL`` and the
    relocations. ``load_align`` is the smallest alignment of a ``PT_LOAD`` segment in bytes; 0 without one.
    ``page_fit`` is the largest page in bytes, up to :data:`LARGEST_PAGE`, modulo which the address and offset of all
    segments agree; 0 without segments.
    ``gnu_stack`` are the flags of ``PT_GNU_STACK``; None if absent. ``isa_needed`` is the bit mask of
    ``GNU_PROPERTY_X86_ISA_1_NEEDED``: 1 baseline, 2, 4, 8 for x86-64-v2 to v4. ``arm_float`` is ``hard``, ``soft`` or
    empty (unknown, or not Arm). ``arm_cpu`` is the build attribute ``Tag_CPU_arch`` (6 and 9 to 12: Armv6, 10: Armv7);
    None if absent. ``arm_divides``: ``Tag_DIV_use`` says that Armv7-A's optional division is used.

    ``sectionless``: there are no section headers, which loaders do not read. ``split_debug``: the code is in another
    file (``objcopy --only-keep-debug``). ``debug_size`` and ``symtab_size`` are the bytes that ``strip`` saves.
    ``broken`` are the reasons why parts could not be read. ``unread`` are the parts that were skipped because they are
    larger than in any real file; a loader may still read them.
    """

    path: str
    size: int = 0
    """In bytes."""
    installed: str = ""
    machine: int = 0
    bits: int = 0
    """32 or 64; 0 if the header could not be read."""
    endian: str = ""
    """``little`` or ``big``."""
    flags: int = 0
    type: int = 0
    osabi: int = 0
    interp: str = ""
    """The loader in ``PT_INTERP``, which programs have."""
    dynamic: bool = False
    """Whether there is a dynamic section that could be read."""
    soname: str = ""
    """``DT_SONAME``."""
    needed: tuple[str, ...] = ()
    """``DT_NEEDED``, in the file's order."""
    rpath: str | None = None
    runpath: str | None = None
    verneed: tuple[Verneed, ...] = ()
    """The versions of other libraries' symbols that it needs."""
    defines: tuple[str, ...] = ()
    undefined: tuple[str, ...] = ()
    undefined_weak: tuple[str, ...] = ()
    undefined_data: tuple[str, ...] = ()
    init: tuple[str, ...] = ()
    init2: tuple[str, ...] = ()
    mod_exports: tuple[str, ...] = ()
    entries: tuple[tuple[str, int], ...] = ()
    verdef: bool = False
    filters: tuple[str, ...] = ()
    pie: bool = False
    ifuncs: tuple[str, ...] = ()
    bound_ifuncs: tuple[str, ...] = ()
    relocations: tuple[int, ...] = ()
    relr: bool = False
    tls_size: int = 0
    static_tls: bool = False
    initial_exec: tuple[str, ...] = ()
    initial_exec_undefined: tuple[str, ...] = ()
    congruent: int = 0
    riscv_arch: str = ""
    textrel: bool = False
    gnu_stack: int | None = None
    load_align: int = 0
    page_fit: int = 0
    isa_needed: int = 0
    arm_float: str = ""
    arm_cpu: int | None = None
    arm_divides: bool = False
    sectionless: bool = False
    split_debug: bool = False
    debug_size: int = 0
    symtab_size: int = 0
    broken: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    instructions: Instructions | None = None
    jemalloc_page: int | None = None
    alsa_folders: tuple[str, str] = ("", "")
    compilers: tuple[str, ...] = ()
    march: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The last component of ``path``."""
        return self.path.rpartition("/")[2]

    @property
    def libc(self) -> str:
        """``glibc``, ``musl``, or empty if unknown."""
        loader = self.interp.rpartition("/")[2]
        if loader:
            if loader.startswith("ld-musl-"):
                return "musl"
            return "glibc" if loader.startswith(("ld-linux", "ld64.so", "ld.so")) else ""
        for name in self.needed:
            if not name.startswith(("libc.", "ld")):
                continue
            if name == "libc.so" or name.startswith(("libc.musl-", "ld-musl-")):
                return "musl"
            if name == "libc.so.6" or name.startswith(("ld-linux", "ld64.so")):
                return "glibc"
        libc_family = ("libm.so.6", "libpthread.so.0", "libdl.so.2", "librt.so.1", "libc.so.6")
        if any(need.family == "GLIBC" and need.library in libc_family for need in self.verneed):
            return "glibc"
        return ""

    @property
    def is_extension(self) -> bool:
        """Whether the file is a Python extension module: it defines the init function for its file name."""
        module = module_name(self.path)
        return any(module in names for names in (self.init, self.mod_exports, self.init2))

    @property
    def is_executable(self) -> bool:
        """Whether the file is a program: it has an interpreter, or is linked to a fixed address."""
        return bool(self.interp) or self.type == ET_EXEC

    def has_relocation(self, kind: int | None) -> bool:
        """Whether a relocation of this type occurs; False for None."""
        return kind is not None and kind & 0xFF in self.relocations


def module_name(path: str) -> str:
    """Return the last part of the module's name for the file at *path*; a package's own file has the package's name."""
    folder, _, name = path.rpartition("/")
    stem = name.partition(".")[0]
    return folder.rpartition("/")[2] if stem == "__init__" and folder else stem


class _BrokenError(Exception):
    """A part of the file cannot be read; the message names it and the reason."""


class _UnreadError(Exception):
    """A part of the file is too large to be read; the message names it."""


class _Layout(NamedTuple):
    """The struct formats of one class and byte order; the last three place a symbol's fields."""

    order: str
    ehdr: struct.Struct
    phdr: struct.Struct
    shdr: struct.Struct
    dyn: struct.Struct
    verneed: struct.Struct
    vernaux: struct.Struct
    u32: struct.Struct
    u16: struct.Struct
    sym_size: int
    sym_info: int
    sym_shndx: int


def _layout(bits: int, order: str) -> _Layout:
    if bits == 64:
        forms = ("16xHHIQQQIHHHHHH", "IIQQQQQQ", "IIQQQQIIQQ", "qQ")
        symbol = (24, 4, 6)
    else:
        forms = ("16xHHIIIIIHHHHHH", "IIIIIIII", "IIIIIIIIII", "iI")
        symbol = (16, 12, 14)
    ehdr, phdr, shdr, dyn, verneed, vernaux, u32, u16 = (
        struct.Struct(order + form) for form in (*forms, "HHIII", "IHHII", "I", "H")
    )
    return _Layout(order, ehdr, phdr, shdr, dyn, verneed, vernaux, u32, u16, *symbol)


_LAYOUTS = {(bits, order): _layout(bits, order) for bits in (32, 64) for order in "<>"}


class _Segment(NamedTuple):
    type: int
    flags: int
    offset: int
    vaddr: int
    filesz: int
    align: int
    memsz: int

    def pages(self) -> tuple[int, int]:
        """Return the addresses between which the loader maps whole pages of the file, and zeros."""
        return self.vaddr & -_PAGE, _pad(self.vaddr + max(self.filesz, self.memsz), _PAGE)


def read(data: Buffer | FileBytes, path: str, installed: str = "") -> Elf:
    """Return the facts of the ELF file *data* (an object with a buffer, or a file); *path* is its name.

    Never raises because of the content; see :attr:`Elf.broken`. Time and memory are bounded by the size of *data*.

    Raises:
        OSError: a file cannot be read, or was cut off meanwhile.
    """
    view = data if isinstance(data, FileBytes) else memoryview(data)
    facts: dict[str, Any] = {"path": path, "size": len(view), "installed": installed}
    broken: list[str] = []
    unread: list[str] = []

    def attempt(part: Callable[[], None]) -> None:
        try:
            part()
        except _BrokenError as reason:
            broken.append(str(reason))
        except _UnreadError as reason:
            unread.append(str(reason))
        except (struct.error, OverflowError):
            broken.append("a table reaches beyond the end of the file")

    reader = _Reader(view, facts)
    attempt(reader.header)
    if reader.layout:
        for part in (
            reader.segments,
            reader.sections,
            reader.length,
            reader.overlaps,
            reader.dynamic,
            reader.versions,
            reader.symbols,
            reader.relocations,
            reader.notes,
        ):
            attempt(part)
    facts["broken"], facts["unread"] = tuple(dict.fromkeys(broken)), tuple(dict.fromkeys(unread))
    return Elf(**facts)


class _Reader:
    """Fills ``facts`` part by part. Later parts use the results of earlier ones, as far as available."""

    def __init__(self, data: memoryview | FileBytes, facts: dict[str, Any]) -> None:
        self.data = data
        self.facts = facts
        self.layout: _Layout | None = None
        self._segments: list[_Segment] = []
        self._loads: list[_Segment] = []  # those with PT_LOAD
        self.tags: dict[int, int] = {}
        self.strings = b""  # the dynamic string table, …
        self.text = ""  # … as text, one character for each byte
        self.plain = True  # … which is printable
        self.dynsym = (0, 0)  # address and size of the dynamic symbols, from the section headers
        self.version_of: dict[int, int] = {}  # versym index → position in verneed
        self.symbol_places: array[int] = array("I")
        self.symbol_sections: array[int] = array("H")
        self.ifuncs: dict[int, str] = {}  # symbol index → name
        self.names_left = 2 * len(data)
        self.notes_left = MAX_NOTES

    # -- headers

    def header(self) -> None:
        data, facts = self.data, self.facts
        if data[:4] != MAGIC:
            raise _BrokenError("does not start with the ELF magic")
        if len(data) < 20:
            raise _BrokenError("the ELF header is cut off")
        bits, order = {1: 32, 2: 64}.get(data[4]), {1: "<", 2: ">"}.get(data[5])
        if bits is None or order is None:
            raise _BrokenError(f"the ELF header has an unknown class or byte order ({data[4]}, {data[5]})")
        layout = _LAYOUTS[bits, order]
        facts.update(bits=bits, endian="little" if order == "<" else "big", osabi=data[7])
        facts["type"], facts["machine"] = (self._unpack(layout.u16, at)[0] for at in (16, 18))
        if len(data) < layout.ehdr.size:
            raise _BrokenError("the ELF header is cut off")
        self.ehdr = self._unpack(layout.ehdr, 0)
        facts["flags"] = self.ehdr[6]
        self.layout = layout
        if facts["machine"] == EM_ARM:
            facts["arm_float"] = {0x400: "hard", 0x200: "soft"}.get(facts["flags"] & 0x600, "")
        if facts["machine"] == 0:
            raise _BrokenError("the ELF header names no machine (EM_NONE)")

    def segments(self) -> None:
        layout = self._need_layout()
        phoff, phentsize, phnum = self.ehdr[4], self.ehdr[8], self.ehdr[9]
        if not phnum:
            return
        if phentsize != layout.phdr.size or phnum > MAX_SEGMENTS:
            raise _BrokenError(f"implausible program headers ({phnum} of {phentsize} bytes)")
        table = self._bytes(phoff, phoff + phnum * phentsize)
        if len(table) < phnum * phentsize:
            raise _BrokenError("truncated: the program headers are beyond the end of the file")
        for row in layout.phdr.iter_unpack(table):
            if layout.phdr.size == 56:
                kind, flags, offset, vaddr, _, filesz, memsz, align = row
            else:
                kind, offset, vaddr, _, filesz, memsz, flags, align = row
            self._segments.append(_Segment._make((kind, flags, offset, vaddr, filesz, align, memsz)))
            if kind == PT_TLS:
                self.facts["tls_size"] = memsz
        self._loads = loads = [segment for segment in self._segments if segment.type == PT_LOAD]
        self.facts["load_align"] = min((segment.align for segment in loads), default=0)
        skews = [(segment.vaddr - segment.offset) & (segment.align - 1) for segment in loads if segment.align]
        whole = 0
        for segment in loads:
            whole |= (segment.vaddr - segment.offset) & (LARGEST_PAGE - 1)
        self.facts["page_fit"] = (whole & -whole or LARGEST_PAGE) if loads else 0
        self.facts["congruent"] = min((skew & -skew for skew in skews if skew), default=0)
        for segment in self._segments:
            if segment.type == PT_GNU_STACK:
                self.facts["gnu_stack"] = segment.flags
            elif segment.type == PT_INTERP and not self.facts.get("interp"):
                raw = self._bytes(segment.offset, segment.offset + min(segment.filesz, MAX_NAME))
                self.facts["interp"] = decode(raw.partition(b"\0")[0])

    def sections(self) -> None:
        layout = self._need_layout()
        shoff, shentsize, shnum, shstrndx = self.ehdr[5], self.ehdr[10], self.ehdr[11], self.ehdr[12]
        self.facts["sectionless"] = not shoff
        if shoff:
            self._read_sections(layout, shoff, shentsize, shnum, shstrndx)

    def length(self) -> None:
        end = max((s.offset + s.filesz for s in self._loads), default=0)
        if end > len(self.data) and not self.facts.get("split_debug"):
            raise _BrokenError(f"truncated: its segments end at byte {end}, the file at {len(self.data)}")

    def overlaps(self) -> None:
        spans = sorted(segment.pages() for segment in self._loads if segment.memsz)
        if any(start < end for (_, end), (start, _) in pairwise(spans)):
            raise _UnreadError("the parts of its segments that others cover: loaders keep the one mapped last")

    def _read_sections(self, layout: _Layout, shoff: int, shentsize: int, shnum: int, shstrndx: int) -> None:
        if shentsize != layout.shdr.size:
            raise _BrokenError(f"implausible section headers (of {shentsize} bytes)")
        if shoff + shentsize <= len(self.data):
            first = self._unpack(layout.shdr, shoff)
            shnum, shstrndx = shnum or first[5], first[6] if shstrndx == 0xFFFF else shstrndx
        if shnum > MAX_SECTIONS or shoff + shnum * shentsize > len(self.data):
            raise _BrokenError(f"truncated: {shnum} section headers at byte {shoff}, the file ends at {len(self.data)}")
        rows = list(layout.shdr.iter_unpack(self._bytes(shoff, shoff + shnum * shentsize)))
        names = b""
        if shstrndx < shnum:
            names = self._bytes(rows[shstrndx][4], rows[shstrndx][4] + min(rows[shstrndx][5], MAX_STRINGS))
        facts, debug, symtab = self.facts, 0, 0
        attributes: bytes | None = None  # files have one such section
        code = [row[1] for row in rows if row[2] & _CODE == _CODE and row[5]]
        facts["split_debug"] = bool(code) and all(kind == SHT_NOBITS for kind in code)
        for name, kind, flags, address, offset, size, *_ in rows:
            if kind == SHT_DYNSYM:
                self.dynsym = (address, size)
            if flags & SHF_ALLOC or kind == SHT_NOBITS:
                continue
            if names.startswith((b".debug_", b".zdebug_"), name):
                debug += size
            elif names.startswith((b".symtab\0", b".strtab\0"), name):
                symtab += size
            elif kind == SHT_ARM_ATTRIBUTES and facts["machine"] == EM_ARM and attributes is None:
                attributes = self._bytes(offset, offset + min(size, MAX_NOTES))
                self._arm_attributes(attributes)
            elif kind == SHT_RISCV_ATTRIBUTES and facts["machine"] == EM_RISCV and attributes is None:
                attributes = self._bytes(offset, offset + min(size, MAX_NOTES))
                self._riscv_attributes(attributes)
        facts["debug_size"], facts["symtab_size"] = min(debug, len(self.data)), min(symtab, len(self.data))

    def _arm_attributes(self, raw: bytes) -> None:
        if raw[:1] != b"A" or raw[5:11] != b"aeabi\0":
            return
        order = self._need_layout().u32
        if raw[11:12] != b"\1":  # Tag_File
            return
        stop = min(11 + order.unpack_from(raw, 12)[0], len(raw))
        position = 16
        while position < stop:
            tag, position = _uleb(raw, position, stop)
            if tag in (4, 5, 67) or (tag > 32 and tag % 2):  # NUL-terminated values
                position = raw.find(b"\0", position, stop) + 1
                if not position:
                    return
                continue
            value, position = _uleb(raw, position, stop)
            if tag == 6:
                self.facts["arm_cpu"] = value
            elif tag == 44:
                self.facts["arm_divides"] = value == 2
            elif tag == 28 and not self.facts.get("arm_float") and value < 2:
                self.facts["arm_float"] = ("soft", "hard")[value]
            elif tag == 32:
                position = raw.find(b"\0", position, stop) + 1
                if not position:
                    return

    def _riscv_attributes(self, raw: bytes) -> None:
        """Find the instruction set: tag 5 of the attributes of the whole file; values of odd tags are strings."""
        if raw[:1] != b"A" or raw[5:11] != b"riscv\0" or raw[11:12] != b"\1":  # Tag_File
            return
        stop = min(11 + self._need_layout().u32.unpack_from(raw, 12)[0], len(raw))
        position = 16
        while position < stop:
            tag, position = _uleb(raw, position, stop)
            if tag % 2 == 0:
                _, position = _uleb(raw, position, stop)
                continue
            end = raw.find(b"\0", position, stop)
            if end < 0:
                return
            if tag == 5:
                self.facts["riscv_arch"] = decode(raw[position : min(end, position + MAX_NAME)])
            position = end + 1

    # -- data of the dynamic linker

    def _mapped(self, segment: _Segment) -> tuple[int, int]:
        """Return the offset of the bytes that are mapped to the address of *segment*, and how many follow there.

        Without a segment to load there, it is the segment's own offset and size.
        """
        load = self._load(segment.vaddr)
        if load is None:
            return segment.offset, segment.filesz
        inside = segment.vaddr - load.vaddr
        return load.offset + inside, load.filesz - inside

    def _load(self, address: int) -> _Segment | None:
        """Return the segment whose bytes are at *address*, None without one.

        Segments are mapped in the order of their headers, each in whole pages over what was there before (tried with
        glibc 2.36: a later segment of two bytes replaces its whole page).
        """
        if not any(s.vaddr <= address < s.vaddr + s.filesz for s in self._loads):
            return None
        found = (s for s in reversed(self._loads) if s.vaddr & -_PAGE <= address < _pad(s.vaddr + s.filesz, _PAGE))
        return next(found)

    def _pairs(self, start: int, size: int) -> tuple[array[int], array[int]]:
        """Return the tags and the values of the dynamic section at *start*, as far as the file has them."""
        row = self._need_layout().dyn.size
        table = self._bytes(start, start + size)
        words = array("I" if row == 8 else "Q", table[: len(table) // row * row])
        if self.facts["endian"] != sys.byteorder:
            words.byteswap()
        return words[::2], words[1::2]

    def dynamic(self) -> None:
        layout, facts = self._need_layout(), self.facts
        segments = [s for s in self._segments if s.type == PT_DYNAMIC]
        if not segments or facts.get("split_debug"):
            return
        facts["dynamic"] = True
        # The loader takes the last one that is not empty, reads at its address, and stops at DT_NULL, not at its size.
        segment = next((s for s in reversed(segments) if s.filesz), segments[0])
        start, room = self._mapped(segment)
        row = layout.dyn.size
        size = min(segment.filesz, row * MAX_DYNAMIC)
        if start < 0 or start + size > len(self.data):
            raise _BrokenError("truncated: the dynamic segment is beyond the end of the file")
        tags, values = self._pairs(start, size)
        if 0 not in tags and room > size:
            size = min(room, row * MAX_DYNAMIC)
            tags, values = self._pairs(start, size)
        if 0 in tags:
            del tags[tags.index(0) :]
        elif max(room, segment.filesz) > size:
            raise _BrokenError(f"more than {MAX_DYNAMIC} entries in the dynamic segment")
        del values[len(tags) :]
        self.tags = dict(zip(tags, values, strict=True))
        lists = {
            wanted: [value for tag, value in zip(tags, values, strict=True) if tag == wanted]
            if tags.count(wanted) > 1
            else [self.tags[wanted]]
            if wanted in self.tags
            else []
            for wanted in (1, 14, 15, 29, 0x7FFFFFFF)
        }
        facts["static_tls"] = bool(self.tags.get(30, 0) & DF_STATIC_TLS)
        facts["pie"] = bool(self.tags.get(0x6FFFFFFB, 0) & DF_1_PIE)
        facts["relr"] = 36 in self.tags
        if 22 in self.tags or self.tags.get(30, 0) & DF_TEXTREL:
            facts["textrel"] = self._patches_code()
        if 5 not in self.tags:
            if any(lists.values()):
                raise _BrokenError("the dynamic segment has no string table")
            return
        offset = self._offset(self.tags[5], "string table")
        if self.tags.get(10, 0) > MAX_STRINGS:
            raise _BrokenError(f"implausible string table (of {self.tags[10]} bytes)")
        self.strings = self._bytes(offset, offset + self.tags.get(10, 0))
        self.text = self.strings.decode("latin-1")
        self.plain = not self.strings.translate(None, _PRINTABLE)
        facts["needed"] = tuple(map(sys.intern, self._names(lists[1])))
        facts["filters"] = tuple(self._names(lists[0x7FFFFFFF]))
        for tag, key in ((14, "soname"), (15, "rpath"), (29, "runpath")):
            if lists[tag]:
                facts[key] = self._string(lists[tag][-1])

    def _patches_code(self) -> bool:
        """Whether a relocation changes a read-only segment; linkers for RISC-V also set the flag for empty ones."""
        from bisect import bisect_right

        fixed = [(s.vaddr, s.vaddr + s.filesz) for s in self._loads if not s.flags & PF_W]
        starts = [start for start, _ in sorted(fixed)]
        ends = list(accumulate((end for _, end in sorted(fixed)), max))
        for place in islice(self._relocated(), MAX_RELOCATIONS):
            segment = bisect_right(starts, place)
            if place < 0 or (segment and place < ends[segment - 1]):
                return True
        return False

    def _relocated(self) -> Iterator[int]:
        """Yield the addresses that relocations change, of DT_RELR only the start of each run; -1 for too many."""
        rows = 0
        layout, tags = self._need_layout(), self.tags
        word, kind = ("Q", 0xFFFFFFFF) if self.facts["bits"] == 64 else ("I", 0xFF)
        for table, length, fields in ((7, 8, 3), (17, 18, 2), (23, 2, 3 if tags.get(20) == 7 else 2), (36, 35, 1)):
            if table in tags:
                row = struct.Struct(layout.order + word * fields)
                start = self._offset(tags[table], "relocation table")
                raw = self.data[start : start + tags.get(length, 0)]
                rows += len(raw) // row.size
                if rows > MAX_RELOCATIONS:
                    yield -1
                for address, *info in row.iter_unpack(raw[: len(raw) // row.size * row.size]):
                    # In DT_RELR an even word is an address, an odd one is a bit map of the words that follow.
                    if info[0] & kind if info else not address & 1:
                        yield address

    def versions(self) -> None:
        if 0x6FFFFFFC in self.tags:
            self.facts["verdef"] = True
            self.facts["defines"] = tuple(self._verdef())
        if 0x6FFFFFFE in self.tags:
            self.facts["verneed"] = tuple(self._verneed())

    def _verdef(self) -> list[str]:
        u16, u32 = self._need_layout().u16, self._need_layout().u32
        offset = self._offset(self.tags[0x6FFFFFFC], "version definitions")
        names = []
        # Loaders stop at the chain's end and ignore the number of entries in DT_VERDEFNUM.
        for _ in range(MAX_VERSIONS):
            flags = self._unpack(u16, offset + 2)[0]
            aux, step = (self._unpack(u32, offset + at)[0] for at in (12, 16))
            if not flags & 1:  # VER_FLG_BASE is the file's own name
                names.append(self._string(self._unpack(u32, offset + aux)[0]))
            if not step:
                break
            offset += step
        return names

    def _verneed(self) -> list[Verneed]:
        layout = self._need_layout()
        offset = self._offset(self.tags[0x6FFFFFFE], "version needs")
        names: list[int] = []
        flags: list[int] = []
        version_of: dict[int, int] = {}
        # Loaders stop at the ends of the chains and ignore DT_VERNEEDNUM and vn_cnt (glibc's dl-version.c).
        for _ in range(MAX_VERSIONS):
            _, _, library, aux, step = self._unpack(layout.verneed, offset)
            entry = offset + aux
            while True:
                _, flag, index, name, next_aux = self._unpack(layout.vernaux, entry)
                version_of.setdefault(index & 0x7FFF, len(flags))
                names += (library, name)
                flags.append(flag)
                if len(flags) > MAX_VERSIONS:
                    raise _BrokenError("more symbol versions than any real file needs")
                if not next_aux:
                    break
                entry += next_aux
            if not step:
                break
            offset += step
        texts = iter(self._names(names))
        found = [Verneed._make((next(texts), next(texts), bool(flag & VER_FLG_WEAK), ())) for flag in flags]
        self.version_of = version_of
        return found

    def symbols(self) -> None:
        layout, facts = self._need_layout(), self.facts
        if 6 not in self.tags or not self.strings:
            return
        start = self._offset(self.tags[6], "symbol table")
        size = layout.sym_size
        count = self._symbol_count(start, size)
        table = self._bytes(start, start + count * size)
        if len(table) < count * size:
            raise _BrokenError("truncated: the dynamic symbols are beyond the end of the file")
        # Column by column: one object per symbol is slower than all other steps together.
        infos = table[layout.sym_info :: size]
        places = self._column(table, 0, "I")
        sections = self._column(table, layout.sym_shndx, "H")
        undefined = [index for index in compress(range(count), map(not_, sections)) if places[index]]
        too_many, undefined = len(undefined) > MAX_UNDEFINED, undefined[:MAX_UNDEFINED]
        names = self._names([places[index] for index in undefined])
        kinds = bytes([infos[index] for index in undefined])
        facts["undefined"] = tuple(compress(names, kinds.translate(_STRONG)))
        facts["undefined_weak"] = tuple(compress(names, kinds.translate(_WEAK)))
        facts["undefined_data"] = tuple(compress(names, kinds.translate(_DATA)))
        self.symbol_places, self.symbol_sections = places, sections
        if any(bytes((bind << 4 | STT_GNU_IFUNC,)) in infos for bind in (0, 1, 2, STT_GNU_IFUNC)):
            chosen = [i for i, info in enumerate(infos) if info & 15 == STT_GNU_IFUNC and sections[i]]
            self.ifuncs = dict(zip(chosen, self._names([places[index] for index in chosen]), strict=True))
            facts["ifuncs"] = tuple(self.ifuncs.values())
        self._bind(undefined, names, count)
        self._inits(places, infos, sections)
        if too_many:
            raise _UnreadError(f"undefined symbols beyond the first {MAX_UNDEFINED}")

    def _column(self, table: bytes, place: int, form: str) -> array[int]:
        """Return one field of every symbol; *place* is where it starts in a symbol, *form* its array type code."""
        width, size = array(form).itemsize, self._need_layout().sym_size
        raw = bytearray(len(table) // size * width)
        for byte in range(width):
            raw[byte::width] = table[place + byte :: size]
        column = array(form, bytes(raw))
        if self.facts["endian"] != sys.byteorder:
            column.byteswap()
        return column

    def _bind(self, undefined: list[int], names: list[str], count: int) -> None:
        """Add to every needed version the symbols that need it."""
        if 0x6FFFFFF0 not in self.tags or not self.version_of:
            return
        offset = self._offset(self.tags[0x6FFFFFF0], "symbol versions")
        raw = self._bytes(offset, offset + 2 * count)
        if len(raw) < 2 * count:
            raise _BrokenError("truncated: the symbol versions are beyond the end of the file")
        versions = array("H", raw)
        if self.facts["endian"] != sys.byteorder:
            versions.byteswap()
        bound: dict[int, list[str]] = {}
        for index, name in zip(undefined, names, strict=True):
            version = versions[index] & 0x7FFF
            if version > 1:  # 0 and 1 have a special meaning
                bound.setdefault(version, []).append(name)
        verneed = list(self.facts["verneed"])
        for version, position in self.version_of.items():
            if version in bound:
                library, name, weak, _ = verneed[position]
                verneed[position] = Verneed(library, name, weak, tuple(bound[version]))
        self.facts["verneed"] = tuple(verneed)

    def _inits(self, places: array[int], infos: bytes, sections: array[int]) -> None:
        """Find the init functions by their names in the string table: few strings match, so few symbols are read."""
        name = module_name(self.facts["path"])
        module = name.encode("utf-8", "surrogateescape")
        kinds = [
            ("init", b"PyInit_", b"PyInit_"),
            ("mod_exports", b"PyModExport_", b"PyModExport_"),
            ("init2", b"init", b"init" + module + b"\0"),
            ("init2", b"_cffi_pypyinit_", b"_cffi_pypyinit_" + module + b"\0"),
        ]
        if not module.isascii() and len(name) < 256:  # encoding time grows with the square of the length
            # PEP 489: such a name is in punycode, after another prefix.
            coded = name.encode("punycode", "replace").replace(b"-", b"_") + b"\0"
            kinds += [("init", b"", b"PyInitU_" + coded), ("mod_exports", b"", b"PyModExportU_" + coded)]
        for key, prefix, wanted in kinds:
            found: list[int] = []
            at = self.strings.find(wanted)
            while at >= 0 and len(found) < MAX_INITS:
                found.append(at)
                at = self.strings.find(wanted, at + 1)
            # For few names, a search in C is faster than a dictionary of all symbols.
            count = len(places)
            indexes = dict(zip(reversed(places), range(count - 1, -1, -1), strict=True)) if len(found) > 8 else None
            for at in found:
                try:
                    index = places.index(at) if indexes is None else indexes[at]
                except (ValueError, KeyError):  # the end of another name
                    continue
                if infos[index] & 15 == STT_FUNC and sections[index]:
                    found_name = self._string(at)[len(prefix) :] if prefix else name
                    self._entry(index, self._string(at))
                    self.facts[key] = (*self.facts.get(key, ()), found_name)

    def _entry(self, index: int, name: str) -> None:
        """Record the address of the function *name*, which Python calls when it imports the file."""
        layout, wide = self._need_layout(), self.facts["bits"] == 64
        at = self._offset(self.tags[6], "symbol table") + index * layout.sym_size + (8 if wide else 4)
        (address,) = self._unpack(struct.Struct(layout.order + ("Q" if wide else "I")), at)
        self.facts["entries"] = (*self.facts.get("entries", ()), (name, address))

    def _symbol_count(self, start: int, size: int) -> int:
        """Return the number of dynamic symbols: no tag contains it, but the hash tables do."""
        limit = min((len(self.data) - start) // size, MAX_SYMBOLS)
        if 0x6FFFFEF5 in self.tags and (count := self._gnu_hash_count(limit)):
            return count
        if 4 in self.tags and (count := self._hash_count(limit)):
            return count
        return self._symbol_count_unhashed(start, size)

    def _symbol_count_unhashed(self, start: int, size: int) -> int:
        """Return the number of symbols of a file without a hash table, or with an empty one.

        The section contains it. If sections are stripped, the symbols end with their segment, at the start of the next
        table, or at an entry whose name is outside the string table.
        """
        address = self.tags[6]
        ends = [s.vaddr + s.filesz for s in self._loads if s.vaddr <= address]
        ends += [value for tag, value in self.tags.items() if tag in _ADDRESSES and value > address]
        limit = min((min(end for end in ends if end > address) - address) // size, MAX_SYMBOLS)
        if self.dynsym[0] == address:
            return min(self.dynsym[1] // size, limit)
        places = self._column(self._bytes(start, start + limit * size), 0, "I")
        return next((index for index, place in enumerate(places) if place >= len(self.strings)), limit)

    def _hash_count(self, limit: int) -> int:
        """Return the number of chains, which is that of symbols. Words are 64 bits wide on s390x, by its ABI."""
        layout = self._need_layout()
        offset = self._offset(self.tags[4], "hash table")
        forms = ["II"]
        if self.facts["machine"] == EM_S390 and self.facts["bits"] == 64:
            forms.insert(0, "QQ")  # LLVM's linker still writes narrow ones
        for form in forms:
            count: int = self._unpack(struct.Struct(layout.order + form), offset)[1]
            if count <= limit:
                return count
        raise _BrokenError("the hash table claims more symbols than the file can contain")

    def _gnu_hash_count(self, limit: int) -> int:
        layout = self._need_layout()
        offset = self._offset(self.tags[0x6FFFFEF5], "GNU hash table")
        buckets, first, bloom = (self._unpack(layout.u32, offset + at)[0] for at in (0, 4, 8))
        table = offset + 16 + bloom * (self.facts["bits"] // 8)
        if buckets > MAX_SYMBOLS or table + 4 * buckets > len(self.data):
            raise _BrokenError("the GNU hash table reaches beyond the end of the file")
        words = array("I", self._bytes(table, table + 4 * buckets))
        if self.facts["endian"] != sys.byteorder:
            words.byteswap()
        last = max(words, default=0)
        if last < first:
            return 0
        # The last symbol's word is the first odd one of the last chain: only the words' lowest bytes matter.
        chain = table + 4 * buckets + (0 if layout.order == "<" else 3)
        while last < limit:
            at = chain + 4 * (last - first)
            block = bytes(self.data[at : at + 4 * _BLOCK : 4])
            odd = block.translate(_LOWEST_BIT).find(b"\1")
            if odd >= 0 and last + odd < limit:
                return last + odd + 1
            if odd >= 0 or len(block) < _BLOCK:
                break
            last += _BLOCK
        raise _BrokenError("the GNU hash table claims more symbols than the file can contain")

    def relocations(self) -> None:
        """Record the types of relocations, and the symbols of those that only some loaders process."""
        layout, tags, facts = self._need_layout(), self.tags, self.facts
        wide, big = facts["bits"] == 64, layout.order == ">"
        if facts["machine"] not in TPOFF:
            return
        word, shift = (8, 32) if wide else (4, 8)
        kinds: set[int] = set()
        uses: dict[int, None] = {}
        bound: dict[int, None] = {}
        for table, length, fields in ((7, 8, 3), (17, 18, 2), (23, 2, 3 if tags.get(20) == 7 else 2)):
            if table not in tags:
                continue
            step = word * fields
            start = self._offset(tags[table], "relocation table")
            raw = self._bytes(start, start + min(tags.get(length, 0), MAX_RELOCATIONS * step) // step * step)
            low = raw[2 * word - 1 if big else word :: step]
            kinds.update(_distinct(low))
            info_at = struct.Struct(layout.order + ("Q" if wide else "I")).unpack_from
            for kind in TPOFF[facts["machine"]]:
                at = low.find(kind & 0xFF)
                while at >= 0 and len(uses) < MAX_TLS_USES:
                    (info,) = info_at(raw, at * step + word)
                    if info & ((1 << shift) - 1) == kind:
                        uses[info >> shift] = None
                    at = low.find(kind & 0xFF, at + 1)
            if self.ifuncs:
                symbols = (info_at(raw, at + word)[0] >> shift for at in range(0, len(raw), step))
                bound.update((symbol, None) for symbol in symbols if symbol in self.ifuncs)
        facts["relocations"] = tuple(sorted(kinds))
        facts["bound_ifuncs"] = tuple(self.ifuncs[index] for index in bound)
        places, sections = self.symbol_places, self.symbol_sections
        known = [index for index in uses if 0 < index < len(places)]
        names = dict(zip(known, self._names([places[index] for index in known]), strict=True)) if known else {}
        facts["initial_exec"] = tuple(names.get(index, "") for index in uses if index not in names or sections[index])
        facts["initial_exec_undefined"] = tuple(name for index, name in names.items() if not sections[index])

    # -- notes

    def notes(self) -> None:
        if self.facts["machine"] not in (EM_X86_64, EM_386) or self.facts.get("split_debug"):
            return
        u32 = self._need_layout().u32
        width = self.facts["bits"] // 8
        wanted = [s for s in self._segments if s.type in (PT_NOTE, PT_GNU_PROPERTY)]
        count = 0
        # Linkers create a segment of each kind for the same bytes.
        for segment in {(s.offset, s.filesz): s for s in wanted}.values():
            raw = self._bytes(segment.offset, segment.offset + min(segment.filesz, self.notes_left + 1))
            self.notes_left -= len(raw)
            if self.notes_left < 0:
                raise _UnreadError(f"its notes, longer than {MAX_NOTES} bytes")
            align = 8 if segment.align == 8 else 4
            position = 0
            while position + 12 <= len(raw):
                count += 1
                if count > MAX_NOTE_COUNT:
                    raise _UnreadError(f"its notes, more than {MAX_NOTE_COUNT}")
                namesz, descsz, kind = (u32.unpack_from(raw, position + at)[0] for at in (0, 4, 8))
                start = position + 12 + _pad(namesz, 4)
                start = _pad(start, align)
                if kind == 5 and raw[position + 12 : position + 12 + namesz] == b"GNU\0":
                    self._properties(raw[start : start + descsz], width)
                position = _pad(start + descsz, align)

    def _properties(self, raw: bytes, width: int) -> None:
        u32 = self._need_layout().u32
        position = 0
        while position + 8 <= len(raw):
            kind, size = (u32.unpack_from(raw, position + at)[0] for at in (0, 4))
            if kind == 0xC0008002 and size == 4 and position + 12 <= len(raw):  # GNU_PROPERTY_X86_ISA_1_NEEDED
                self.facts["isa_needed"] = u32.unpack_from(raw, position + 8)[0]
            position += 8 + _pad(size, width)

    # -- helpers

    def _need_layout(self) -> _Layout:
        assert self.layout is not None
        return self.layout

    def _offset(self, vaddr: int, what: str) -> int:
        """Return the file offset of a virtual address.

        Raises:
            _BrokenError: no segment contains it.
        """
        if (load := self._load(vaddr)) is not None:
            offset = vaddr - load.vaddr + load.offset
            if 0 <= offset < len(self.data):
                return offset
        raise _BrokenError(f"the {what} (address {vaddr:#x}) is in no segment of the file")

    def _unpack(self, form: struct.Struct, at: int) -> tuple[Any, ...]:
        """Return the numbers at *at*.

        Raises:
            struct.error: they reach beyond the end of the file.
        """
        return form.unpack(self.data[at : at + form.size])

    def _bytes(self, start: int, stop: int) -> bytes:
        """Return the bytes from *start* to *stop*, as far as the file has them."""
        return bytes(self.data[start:stop])

    def _string(self, offset: int) -> str:
        return self._names([offset])[0]

    def _names(self, offsets: list[int]) -> list[str]:
        """Return the strings that start at *offsets* of the dynamic string table.

        Raises:
            _BrokenError: one is outside the table, or they are longer than any real file's; they may overlap, so the
                size of the table bounds neither.
        """
        text, find = self.text, self.text.find
        ends = [find("\0", offset, offset + MAX_NAME) for offset in offsets]
        if -1 in ends:
            raise _BrokenError("a name is outside the string table, or has no end")
        self.names_left -= sum(ends) - sum(offsets)
        if self.names_left < 0:
            raise _BrokenError("more names than any real file has")
        names = [text[offset:end] for offset, end in zip(offsets, ends, strict=True)]
        return names if self.plain else [decode(name.encode("latin-1")) for name in names]


# Tags whose value is an address: HASH, STRTAB, SYMTAB, RELA, INIT, FINI, REL, JMPREL, INIT/FINI_ARRAY, RELR, GNU_HASH,
# VERSYM, VERDEF, VERNEED.
_ADDRESSES = {4, 5, 7, 12, 13, 17, 23, 25, 26, 36, 0x6FFFFEF5, 0x6FFFFFF0, 0x6FFFFFFC, 0x6FFFFFFE}


def _distinct(values: bytes) -> Iterator[int]:
    """Yield each of *values* once; there are few different ones, so most are gone with the first."""
    while values:
        yield values[0]
        values = values.translate(None, values[:1])


def _pad(value: int, width: int) -> int:
    return (value + width - 1) // width * width


def _uleb(raw: bytes, position: int, stop: int) -> tuple[int, int]:
    """Return the ULEB128 number at *position*, and the position after it; reads at most ten bytes."""
    value = shift = 0
    while position < stop and shift < 70:
        byte = raw[position]
        position += 1
        value |= (byte & 127) << shift
        shift += 7
        if not byte & 128:
            break
    return value, position
