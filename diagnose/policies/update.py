"""Derives the policy data from the installed auditwheel; run ``python -m diagnose.policies.update`` after upgrading it.

Source: ``auditwheel/policy/manylinux-policy.json`` and ``musllinux-policy.json`` of https://github.com/pypa/auditwheel,
and the table of musl's sonames in ``auditwheel/policy/__init__.py``.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

SOURCE = "https://github.com/pypa/auditwheel/tree/{version}/src/auditwheel/policy"
HEAD = """\
# {what} policies, a row for each architecture. Source: {source}
# symbols: "FAMILY VERSION ...; FAMILY ...". A family without versions allows none; others have no limit.
# libraries: those that every system has. without: "LIBRARY SYMBOL ...; ...", symbols of them that must not be used.
arch\tname\taliases\tpriority\tsymbols\tlibraries\twithout
"""


def derive() -> dict[str, str]:
    """Return the text of each table by its name.

    Raises:
        ImportError: auditwheel is not installed.
    """
    import auditwheel.policy
    from auditwheel.architecture import Architecture
    from auditwheel.libc import Libc

    source = SOURCE.format(version=importlib.metadata.version("auditwheel"))
    folder = os.path.dirname(auditwheel.policy.__file__)
    found = {}
    for what in ("manylinux", "musllinux"):
        with open(os.path.join(folder, f"{what}-policy.json"), encoding="utf-8") as file:
            policies = [policy for policy in json.load(file) if policy["name"] != "linux"]
        text = HEAD.format(what=what, source=source)
        for arch in sorted({arch for policy in policies for arch in policy["symbol_versions"]}):
            for policy in (policy for policy in policies if arch in policy["symbol_versions"]):
                libraries = policy["lib_whitelist"]
                if what == "musllinux":
                    libraries = auditwheel.policy._fixup_musl_libc_soname(Libc.MUSL, Architecture(arch), libraries)
                text += _row(policy, arch, libraries)
        found[f"{what}.tsv"] = text
    return found


def _row(policy: dict[str, Any], arch: str, libraries: Iterable[str]) -> str:
    cells = (
        arch,
        policy["name"],
        " ".join(policy["aliases"]),
        str(policy["priority"]),
        _lists(policy["symbol_versions"][arch]),
        " ".join(sorted(libraries)),
        _lists(policy["blacklist"]),
    )
    return "\t".join(cell or "-" for cell in cells) + "\n"


def _lists(lists: dict[str, list[str]]) -> str:
    return "; ".join(" ".join((name, *values)) for name, values in lists.items())


def main() -> None:
    """Rewrite the tables beside this module."""
    for name, text in derive().items():
        with open(os.path.join(os.path.dirname(__file__), name), "w", encoding="utf-8", newline="\n") as file:
            file.write(text)


if __name__ == "__main__":
    main()
