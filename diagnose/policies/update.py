"""Derives the policy data from the installed auditwheel; run ``python -m diagnose.policies.update`` after upgrading it.

Source: ``auditwheel/policy/manylinux-policy.json`` and ``musllinux-policy.json`` of https://github.com/pypa/auditwheel,
and the table of musl's sonames in ``auditwheel/policy/__init__.py``.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import re
from typing import Any

SOURCE = "https://github.com/pypa/auditwheel/tree/{version}/src/auditwheel/policy"


def derive() -> dict[str, dict[str, Any]]:
    """Return the content of each data file by its name.

    Raises:
        ImportError: auditwheel is not installed.
    """
    import auditwheel.policy
    from auditwheel.architecture import Architecture
    from auditwheel.libc import Libc

    source = SOURCE.format(version=importlib.metadata.version("auditwheel"))
    folder = os.path.dirname(auditwheel.policy.__file__)
    found: dict[str, dict[str, Any]] = {}
    for name in ("manylinux", "musllinux"):
        with open(os.path.join(folder, f"{name}-policy.json"), encoding="utf-8") as file:
            rows = json.load(file)
        found[f"{name}.json"] = {"source": source, "policies": [row for row in rows if row["name"] != "linux"]}
    sonames = {}
    for arch in sorted({arch for row in found["musllinux.json"]["policies"] for arch in row["symbol_versions"]}):
        (soname,) = auditwheel.policy._fixup_musl_libc_soname(Libc.MUSL, Architecture(arch), ["libc.so"])
        sonames[arch] = {"libc.so": soname}
    found["musllinux.json"]["libc_sonames"] = sonames
    return found


def main() -> None:
    """Rewrite the data files beside this module, one list per line."""
    for name, content in derive().items():
        text = re.sub(r"\[([^\[\]{}]*)\]", lambda m: f"[{' '.join(m[1].split())}]", json.dumps(content, indent=1))
        with open(os.path.join(os.path.dirname(__file__), name), "w", encoding="utf-8") as file:
            file.write(text + "\n")


if __name__ == "__main__":
    main()
