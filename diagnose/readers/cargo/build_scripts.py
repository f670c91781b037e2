"""The pkg-config modules that a build script names in its source.

Source: the pkg-config crate's documentation (``probe_library``, ``Config::probe``).
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
    path = f"{folder}/build.rs"
    try:
        text = (root.text(path, _LIMIT) if root.is_file(path) else None) or ""
    except InputError:
        return ()
    constants = dict(re.findall(r"\bconst (\w{1,80}): ?&(?:'static )?str ?= ?\"([^\"\n]{1,80})\"", text))
    asked = re.findall(
        r"\b(?:probe_library|find_library|probe)\(\s{0,80}&?(?:\"([^\"\n]{1,80})\"|([A-Z]\w{0,79})\b)", text
    )
    names = (literal or constants.get(constant, "") for literal, constant in asked)
    valid = (name for name in names if re.fullmatch(r"[A-Za-z0-9][\w.+-]*", name))
    return tuple(dict.fromkeys(valid))[:_MODULES]
