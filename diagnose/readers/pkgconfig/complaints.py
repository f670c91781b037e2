"""Reads what pkg-config says where it finds no answer."""

from __future__ import annotations

from diagnose.readers.pkgconfig.pkgconfig_facts import Mismatch, Missing


def complaints(text: str) -> tuple[tuple[Missing, ...], tuple[Mismatch, ...]]:
    """Parse the messages of pkgconf and freedesktop's pkg-config about missing modules and mismatched versions."""
    missing: list[Missing] = []
    mismatches: list[Mismatch] = []
    for line in text.splitlines():
        quoted = line.split("'")[1::2]
        if line.startswith("Package '") and "required by" in line and line.endswith("not found") and len(quoted) > 1:
            missing.append(Missing(quoted[0], "" if quoted[1] in ("virtual:world", "world") else quoted[1]))
        elif line.startswith("No package '") and quoted:
            missing.append(Missing(quoted[0]))
        elif line.startswith("Package '") and "required version is" in line and len(quoted) > 2:
            operator, _, wanted = quoted[2].partition(" ")
            mismatches.append(Mismatch(quoted[0], operator, wanted, quoted[1]))
        elif line.startswith("Requested '") and " but version of " in line and quoted:
            module, operator, wanted = (*quoted[0].split(), "", "")[:3]
            mismatches.append(Mismatch(module, operator, wanted, line.rpartition(" is ")[2].strip()))
    named = {one.module for one in missing if one.required_by}
    kept = [one for one in missing if one.required_by or one.module not in named]
    return tuple(dict.fromkeys(kept)), tuple(dict.fromkeys(mismatches))
