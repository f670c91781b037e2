"""The target of a root's own programs."""

from __future__ import annotations

from diagnose.model import targets
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.finding import InputError
from diagnose.readers.system import packages
from diagnose.readers.system.host import host_machine

if TYPE_CHECKING:
    from diagnose.model.targets import Target
    from diagnose.readers.system.root import Root


def native_target(root: Root) -> Target:
    """Return the target of the root's own programs, from dpkg or apk, else from ``/bin/sh``.

    Raises:
        InputError: nothing shows one.
    """
    alpine = (root.text("/etc/apk/arch", 1 << 10) or "").strip()
    for row in targets.TARGETS:
        if alpine and row.libc == "musl" and row.alpine == alpine:
            return row
    added = (root.text("/var/lib/dpkg/arch", 1 << 12) or "").split()  # dpkg writes its own architecture first
    found = targets.resolve(added[0]) if added else None
    for program in ("/usr/bin/dpkg", "/bin/sh", "/usr/bin/env", "/bin/busybox"):
        head = root.head(program, 4096) if found is None else b""
        if head[:4] == b"\x7fELF":
            found = _machine(head)
    if found is None and (debian := packages.native(root)):
        found = targets.resolve(debian)
    if found is None and root.live:
        found = targets.resolve(host_machine())
    if found is None:
        raise InputError(f"{root.path}: no system found (no dpkg, apk or /bin/sh)")
    if found.debian == "armhf" and "ID=raspbian" in (root.text("/etc/os-release", 1 << 16) or "").split():
        armv6 = targets.resolve("arm-unknown-linux-gnueabihf")  # Raspbian's armhf is Armv6, unlike Debian's
        return armv6._replace(debian="armhf", multiarch="arm-linux-gnueabihf") if armv6 is not None else found
    return found


def _machine(head: bytes) -> Target | None:
    """Return the target with a program's ELF header; of several, the first in the table."""
    libc = "musl" if b"/ld-musl-" in head else "glibc"
    return next((row for row in targets.of_header(head) if row.libc == libc), None)
