"""The link directives that the pkg-config crate prints for the words of the program's answer.

The rules are those of ``Library::parse_libs_cflags``, ``is_static_available`` and ``extract_lib_from_filename`` of
``src/lib.rs`` of rust-lang/pkg-config-rs 0.3.34, on Linux. The Cargo Book (build scripts) describes their effect:
``rustc-link-arg`` of a library crate does not reach the program or ``cdylib`` that is linked in the end.
"""

from __future__ import annotations

import posixpath

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from diagnose.readers.cargo.variables import Setting, Variables
    from diagnose.readers.system.root import Root


class LostWord(NamedTuple):
    """A word of the answer that names a library but links no file, or another one.

    ``kind`` is

    - ``colon``: ``-l:FILE``, which becomes an argument that does not reach the linker;
    - ``versioned``: the path of a file that is not called ``libNAME.so`` or ``libNAME.a``;
    - ``absent``: the path of a file that does not exist where the build script runs;
    - ``split``: an option and its value as two words;
    - ``archive``: the path of a static library; the shared one beside it is linked (``taken``).
    """

    word: str
    """As the answer has it."""
    kind: str
    taken: str = ""


class Links(NamedTuple):
    """The part that reaches the linker: ``names`` of libraries, those that are linked ``static``, and ``folders``.

    ``folders`` is the search path of ``names``, in the order of the answer. ``lost`` are the words that do not reach
    the linker.
    """

    names: tuple[str, ...] = ()
    static: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    lost: tuple[LostWord, ...] = ()


def system_root(variables: Variables) -> Setting | None:
    """Return the setting of the folder below which the crate links no static library; None: it is ``/usr``.

    The crate reads only the plain names, not those with the target.
    """
    return variables.first("PKG_CONFIG_SYSROOT_DIR", "SYSROOT")


def links(root: Root, words: Iterable[str], below: str, *, static: bool) -> Links:
    """Return the link directives for *words*.

    *below* is its system root. *static*: it asked for ``--static``.
    """
    words = tuple(words)
    names: dict[str, None] = {}
    statically: dict[str, None] = {}
    folders: dict[str, None] = {}
    lost: dict[LostWord, None] = {}
    previous = ""
    for word in words:
        option, value = word[:2], word[2:]
        if previous in ("-L", "-l") and not word.startswith("-") and not _library(word.rpartition("/")[2]):
            lost[LostWord(f"{previous} {word}", "split")] = None
        elif value and option == "-L":
            folders[value] = None
        elif value.startswith(":") and option == "-l":
            lost[LostWord(word, "colon")] = None
        elif value and option == "-l":
            names[value] = None
            available = (one for one in folders if root.exists(f"{one}/lib{value}.a") and not _inside(one, below))
            if static and next(available, None) is not None:
                statically[value] = None
        previous = word
    for part in (part for word in words for part in (word[4:].split(",") if word.startswith("-Wl,") else (word,))):
        if not part.startswith("/"):
            continue
        folder, _, file = part.rpartition("/")
        name = _library(file)
        if not name and ".so" not in file:
            continue
        if not root.is_file(part):
            lost[LostWord(part, "absent")] = None
        elif not name:
            lost[LostWord(part, "versioned")] = None
        else:
            names[name] = None
            folders[folder] = None
            shared = f"{folder}/lib{name}.so"
            if file.endswith(".a") and root.is_file(shared):
                lost[LostWord(part, "archive", shared)] = None
    return Links(tuple(names), tuple(statically), tuple(folders), tuple(lost))


def _library(file: str) -> str:
    """Return the name between ``lib`` and the suffix of a library's file; empty for any other file."""
    for suffix in (".a", ".so"):
        if file.startswith("lib") and file.endswith(suffix):
            return file[3 : -len(suffix)]
    return ""


def _inside(folder: str, below: str) -> bool:
    """Whether *folder* is inside *below*, compared part by part like Rust's ``Path::starts_with``."""
    parts, outer = ([part for part in path.split("/") if part not in ("", ".")] for path in (folder, below))
    return (not below or posixpath.isabs(folder) == posixpath.isabs(below)) and parts[: len(outer)] == outer
