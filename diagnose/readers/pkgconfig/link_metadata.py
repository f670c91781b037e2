"""What the pkg-config crate tells cargo to link, of the words that the program answers with.

The rules are those of ``Library::parse_libs_cflags``, ``is_static_available`` and ``extract_lib_from_filename`` of
``src/lib.rs`` of rust-lang/pkg-config-rs 0.3.34, on Linux. What cargo does with it is in The Cargo Book, build scripts:
``rustc-link-arg`` of a library crate does not reach the program or ``cdylib`` that is linked in the end.
"""

from __future__ import annotations

import posixpath

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from diagnose.readers.cargo.variables import Setting, Variables
    from diagnose.readers.system.root import Root


class Lost(NamedTuple):
    """A word of the answer that names a library and that links nothing, or another file than it names.

    ``kind`` is

    - ``colon``: ``-l:FILE``, which becomes an argument that reaches no linker;
    - ``versioned``: the path of a file that is not called ``libNAME.so`` or ``libNAME.a``;
    - ``absent``: the path of a file that does not exist where the build script runs;
    - ``split``: an option and its value as two words;
    - ``archive``: the path of a static library; the shared one beside it is linked (``taken``).
    """

    word: str
    kind: str
    taken: str = ""


class Links(NamedTuple):
    """What reaches the linker: ``names`` of libraries, those of them that are linked ``static``, and ``folders``.

    ``folders`` are all in which ``names`` are looked for, in the order of the answer; ``lost`` is what does not arrive.
    """

    names: tuple[str, ...] = ()
    static: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    lost: tuple[Lost, ...] = ()


def system_root(variables: Variables) -> Setting | None:
    """Return the setting that names the folder below which the crate links nothing statically; None: it is ``/usr``.

    The crate reads the plain names only, not those that carry the target's.
    """
    return variables.first("PKG_CONFIG_SYSROOT_DIR", "SYSROOT")


def links(root: Root, words: Iterable[str], below: str, *, static: bool) -> Links:
    """Return what the crate makes of *words*.

    *below* is its system root, *static* says that it asked for ``--static``.
    """
    words = tuple(words)
    split: set[str] = set()
    names: dict[str, None] = {}
    statically: dict[str, None] = {}
    folders: dict[str, None] = {}
    lost: dict[Lost, None] = {}
    previous = ""
    for word in words:
        option, value = word[:2], word[2:]
        if previous in ("-L", "-l") and not word.startswith("-"):
            lost[Lost(f"{previous} {word}", "split")] = None
            split.add(word)
        elif value and option == "-L":
            folders[value] = None
        elif value.startswith(":") and option == "-l":
            lost[Lost(word, "colon")] = None
        elif value and option == "-l":
            names[value] = None
            available = (one for one in folders if root.exists(f"{one}/lib{value}.a") and not _inside(one, below))
            if static and next(available, None) is not None:
                statically[value] = None
        previous = word
    for part in (part for word in words for part in (word[4:].split(",") if word.startswith("-Wl,") else (word,))):
        if not part.startswith("/") or part in split:
            continue
        folder, _, file = part.rpartition("/")
        name = _library(file)
        if not name and ".so" not in file:
            continue
        if not root.is_file(part):
            lost[Lost(part, "absent")] = None
        elif not name:
            lost[Lost(part, "versioned")] = None
        else:
            names[name] = None
            folders[folder] = None
            shared = f"{folder}/lib{name}.so"
            if file.endswith(".a") and root.is_file(shared):
                lost[Lost(part, "archive", shared)] = None
    return Links(tuple(names), tuple(statically), tuple(folders), tuple(lost))


def _library(file: str) -> str:
    """Return the name between ``lib`` and the suffix of a library's file; empty for any other file."""
    for suffix in (".a", ".so"):
        if file.startswith("lib") and file.endswith(suffix):
            return file[3 : -len(suffix)]
    return ""


def _inside(folder: str, below: str) -> bool:
    """Whether *folder* lies in *below*, part by part as Rust's ``Path::starts_with`` compares them."""
    parts, outer = ([part for part in path.split("/") if part not in ("", ".")] for path in (folder, below))
    return posixpath.isabs(folder) == posixpath.isabs(below) and parts[: len(outer)] == outer
