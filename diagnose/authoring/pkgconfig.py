"""Where a module's ``.pc`` file is, and why pkg-config does not find it."""

from __future__ import annotations

from diagnose.authoring.environment import fitting, with_outcome
from diagnose.model._lazy_stdlib import TYPE_CHECKING

if TYPE_CHECKING:
    from diagnose.readers.env import Environment
    from diagnose.readers.pkgconfig.pkgconfig_facts import Library

_SYSTEM = ("/usr/bin/", "/bin/", "/usr/sbin/", "/sbin/")


def absent(library: Library) -> bool:
    """Whether the module itself was not found, rather than a module that it requires or a version."""
    plain = not library.mismatches and not library.refused
    return library.outcome == "not-found" and plain and not required(library)


def required(library: Library) -> list[str]:
    """Return the missing modules that the requested one requires."""
    return [missing.module for missing in library.missing if missing.required_by]


def hidden_by_tool(env: Environment) -> list[Library]:
    """Return the libraries that are installed in the system's folders, which a foreign pkg-config does not search."""
    decided = env.pkgconfig
    program = decided.program
    if not program.found or (program.real or program.path).startswith(_SYSTEM) or decided.libdir is not None:
        return []
    system = any(folder.startswith(("/usr/lib/", "/usr/lib64/", "/usr/share/")) for folder in decided.search_path)
    if system and decided.implementation:
        return []
    return [
        library
        for library in with_outcome(env, "not-found")
        if absent(library) and any(found.path.startswith("/usr/") for found in fitting(env, library))
    ]
