"""Whether the files of Rust's standard library for a target are whole.

Sources: the format of ``ar`` archives (binutils' ``include/aout/ar.h``); The rustc book (``rust-std`` components: a
``.rlib`` is such an archive).
"""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from diagnose.readers.system.file_bytes import FileBytes
    from diagnose.readers.system.root import Root
    from diagnose.readers.toolchain.toolchain_facts import Rust

#: The most archives of a target, and members of one, that are looked at: Rust 1.95 has 27, with at most 700.
FILE_LIMIT, MEMBER_LIMIT = 100, 20_000
_MAGIC, _HEADER = b"!<arch>\n", 60
#: What every crate is compiled against.
_ALWAYS = ("core", "alloc", "std")


def damage_of(root: Root, rust: Rust, triples: Iterable[str]) -> list[tuple[str, str, str]]:
    """Return (triple, file, why) of the damaged files of *rust* for *triples*."""
    folders = ((triple, f"{rust.sysroot}/lib/rustlib/{triple}/lib") for triple in triples if triple in rust.std)
    return [(triple, *one) for triple, folder in folders for one in damage(root, folder)]


def damage(root: Root, folder: str) -> Iterator[tuple[str, str]]:
    """Yield (file, why) of the archives in *folder*, the ``lib`` of a target, that rustc cannot read or misses."""
    names = [name for name in root.names(folder) if name.startswith("lib") and name.endswith(".rlib")]
    for crate in _ALWAYS:
        if names and not any(name.startswith(f"lib{crate}-") for name in names):
            yield f"{folder}/lib{crate}-*.rlib", "is not there"
    for name in names[:FILE_LIMIT]:
        try:
            with root.whole(f"{folder}/{name}") as data:
                why = _cut(data)
        except OSError:
            root.unseen.append(f"{folder}/{name}: cannot be read")
            continue
        if why:
            yield f"{folder}/{name}", why


def _cut(data: FileBytes) -> str:
    """Return why an archive is not whole; empty if it is."""
    if data[:8] != _MAGIC:
        return "is empty" if not len(data) else "is not an archive"
    position = 8
    for _ in range(MEMBER_LIMIT):
        if position >= len(data):
            return "" if position > 8 else "holds nothing"
        header = data[position : position + _HEADER]
        size = header[48:58].strip()
        if len(header) < _HEADER or header[58:] != b"`\n" or not size.isdigit():
            return f"is damaged at byte {position}"
        end = position + _HEADER + int(size)
        if end > len(data):
            return f"ends at byte {len(data)}, within a member that ends at byte {end}"
        position = end + (end & 1)
    return ""
