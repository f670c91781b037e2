"""``[tool.maturin]`` of a ``pyproject.toml``: the parts that decide a wheel's tag. Source: maturin's guide, 1.14."""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.readers import toml
from diagnose.readers.workflow.workflow_facts import MaturinTable, Spot

if TYPE_CHECKING:
    from diagnose.readers.workflow.repository import Repository


def read(repository: Repository, folder: str) -> MaturinTable | None:
    """Return the table of the ``pyproject.toml`` in *folder*, a path in the repository; None without one."""
    path = f"{folder.strip('/')}/pyproject.toml" if folder.strip("./") else "pyproject.toml"
    content, text = repository.toml(path)
    table = toml.table(content, "tool", "maturin")
    if not table:
        return None
    key = next((one for one in ("compatibility", "manylinux") if isinstance(table.get(one), str)), "")
    skips = table.get("auditwheel") == "skip" or table.get("skip-auditwheel") is True
    if not key and not skips:
        return None
    named = key or ("skip-auditwheel" if "skip-auditwheel" in table else "auditwheel")
    return MaturinTable(table[key] if key else "", skips, Spot(path, toml.line_of(text, "maturin", named) or 1))
