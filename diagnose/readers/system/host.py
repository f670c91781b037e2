"""The host: the machine that diagnose runs on, which may not run Linux."""

from __future__ import annotations

import os
import sys

from diagnose.model.finding import InputError


def host_machine() -> str:
    """Return the system's name of its processor: ``x86_64``, ``aarch64``, ``AMD64``."""
    if hasattr(os, "uname"):
        return os.uname().machine
    import platform

    return platform.machine()


def require_linux() -> None:
    """Refuse to inspect this machine as a build system for Linux if it runs another system.

    Raises:
        InputError: it runs another system.
    """
    if not sys.platform.startswith("linux"):
        system = {"darwin": "macOS", "win32": "Windows"}.get(sys.platform, sys.platform)
        raise InputError(
            f"this machine runs {system}; only Linux can be inspected: run diagnose inside the container, "
            "or inspect its root filesystem with --root DIR"
        )
