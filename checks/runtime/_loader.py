"""What the causes of failed loading share: names that tell where a library came from."""

from __future__ import annotations

import re

#: A name that a repair tool gave to a copied library: ``libX-1e52349c.so.1``.
HASHED = re.compile(r"^lib[\w.+-]+-[0-9a-f]{8}(?:[0-9a-f]{24,32})?(?:\.\d+)*\.so(?:\.[\d.]+)?$")
LIBPYTHON = re.compile(r"^libpython\d")
#: What glibc's loader and musl's are called.
LOADER = re.compile(r"^ld-(?:linux|musl)[\w.-]*\.so|^ld64?\.so|^libc\.musl-")

#: musl's loader, which is its libc as well.
MUSL = re.compile(r"^ld-musl|^libc\.musl-")


def wheel_file(path: str) -> bool:
    """Whether *path* is an extension module or a library of an installed wheel."""
    return "site-packages" in path or "dist-packages" in path or ".cpython-" in path or ".abi3.so" in path
