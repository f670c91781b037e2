"""Reads what pkg-config says where it finds no answer."""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.readers.pkgconfig.pkgconfig_facts import Library, Mismatch, Missing

if TYPE_CHECKING:
    from diagnose.readers.pkgconfig.solver import Answer

_VECTOR = " field into an argument vector"
# What the original pkg-config says of a file that it refuses: how such a line begins, and what else is in it.
_REFUSALS = (
    ("Variable '", "' not defined in '"),
    ("Duplicate definition of variable '", "' in '"),
    ("Couldn't parse ", _VECTOR),
    ("Unknown version comparison operator '", "' after package name '"),
    ("Comparison operator but no version after package name '", "' in file '"),
    ("Empty package name in Requires or Conflicts in file '", "'"),
    ("", " field occurs twice in '"),
    ("Package '", ": field"),
)


def refusal(text: str) -> str:
    """Return the line with which the original pkg-config refuses a file; empty without one."""
    lines = text.splitlines()
    said = (line for line in lines for begin, within in _REFUSALS if line.startswith(begin) and within in line)
    line = next(said, "")
    end = line.find(_VECTOR)  # what follows quotes the line in the user's language
    return line if end < 0 else line[: end + len(_VECTOR)]


def with_problems(library: Library, answer: Answer) -> Library:
    """Return *library* with the reasons for which it has no answer."""
    missing, mismatches = [], []
    for problem in answer.problems:
        wanted = problem.dependency
        if problem.found is None:
            missing.append(Missing(wanted.module, problem.required_by))
        else:
            operator = "conflicts" if problem.conflict else wanted.operator
            mismatches.append(Mismatch(wanted.module, operator, wanted.version, problem.found, problem.required_by))
    return library._replace(missing=tuple(missing), mismatches=tuple(mismatches), refused=answer.refused)


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
        elif line.startswith("Package '") and "' but version of " in line and len(quoted) > 1:
            module, operator, wanted = (*quoted[1].split(), "", "")[:3]
            found = line.rpartition(" is ")[2].strip()
            mismatches.append(Mismatch(module, operator, wanted, found, quoted[0]))
        elif line.startswith("Version '") and "' conflicts with '" in line and len(quoted) > 3:
            wanted = quoted[3].partition(" ")[2].rpartition(" ")[2]
            by = "" if quoted[2] == "(null)" else quoted[2]
            mismatches.append(Mismatch(quoted[1], "conflicts", wanted, quoted[0], by))
        elif line.startswith("(") and " conflicts with " in line:
            conflict, _, by = line.strip("()").partition(" conflicts with ")
            versions = [before.split() for before in text.splitlines() if before.endswith(" creates a conflict.")]
            found = versions[0][1] if versions else ""
            mismatches.append(Mismatch(conflict.split()[0], "conflicts", conflict.split()[-1], found, by.split()[0]))
        elif line.startswith("Requested '") and " but version of " in line and quoted:
            module, operator, wanted = (*quoted[0].split(), "", "")[:3]
            mismatches.append(Mismatch(module, operator, wanted, line.rpartition(" is ")[2].strip()))
    named = {one.module for one in missing if one.required_by}
    kept = [one for one in missing if one.required_by or one.module not in named]
    return tuple(dict.fromkeys(kept)), tuple(dict.fromkeys(mismatches))
