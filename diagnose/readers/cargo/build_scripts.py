"""What the source of a build script names: pkg-config modules, and the compilers of ``.proto`` files and of C.

Sources: the pkg-config crate's documentation (``probe_library``, ``Config::probe``), prost-build's
(``Config::compile_protos``).
"""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.finding import InputError

if TYPE_CHECKING:
    from diagnose.readers.system.root import Root

#: The largest build script that is read, in bytes.
_LIMIT = 1 << 20
_MODULES = 8  # in one script; more are a table of its own


def named_modules(root: Root, folder: str) -> tuple[str, ...]:
    """Return the modules that the build script in the crate's *folder* passes to pkg-config, in its order.

    Only literals and constants are recognised, so there can be more, and a feature can select among them.
    """
    text = _source(root, folder)
    constants = dict(re.findall(r"\bconst (\w{1,80}): ?&(?:'static )?str ?= ?\"([^\"\n]{1,80})\"", text))
    asked = re.findall(
        r"\b(?:probe_library|find_library|probe)\(\s{0,80}&?(?:\"([^\"\n]{1,80})\"|([A-Z]\w{0,79})\b)", text
    )
    names = (literal or constants.get(constant, "") for literal, constant in asked)
    valid = (name for name in names if re.fullmatch(r"[A-Za-z0-9][\w.+-]*", name))
    return tuple(dict.fromkeys(valid))[:_MODULES]


#: Variables that cargo sets, and that prost-build reads.
_USUAL = r"CARGO.*|OUT_DIR|DOCS_RS|HOST|TARGET|NUM_JOBS|OPT_LEVEL|DEBUG|PROFILE|RUSTC.*|PROTOC.*|HOME|PATH"


def compiles_protos(root: Root, folder: str) -> bool:
    """Whether the build script in the crate's *folder* compiles ``.proto`` files in every build.

    One that reads a variable of its own may do so only where that is set.
    """
    text = _source(root, folder)
    read = re.findall(r"\benv::var(?:_os)?\(\s{0,80}&?\"([^\"\n]{1,80})\"", text)
    return "compile_protos" in text and all(re.fullmatch(_USUAL, name) for name in read)


#: What may keep a build script from compiling C in some builds.
_CHOICE = re.compile(r"\b(?:if|match|cfg|cfg_if|return|cpp)\b")


def compiles_c(root: Root, folder: str) -> bool:
    """Whether the build script in the crate's *folder* compiles C with the cc crate in every build."""
    text = re.sub(r"//[^\n]*", "", _source(root, folder))
    return "cc::Build::new()" in text and (".compile(" in text or ".try_compile(" in text) and not _CHOICE.search(text)


def _source(root: Root, folder: str) -> str:
    path = f"{folder}/build.rs"
    try:
        return (root.text(path, _LIMIT) if root.is_file(path) else None) or ""
    except InputError:
        return ""
