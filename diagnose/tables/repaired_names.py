"""The names that repair tools give to the libraries that they copy into a wheel.

All of them split the file name at its first dot and put the first eight hexadecimal digits of the file's sha256 there:
``libfoo-1.2.so.3`` becomes ``libfoo-1-0a1b2c3d.2.so.3``. auditwheel, maturin and PyTorch's own scripts write a dash
before the digits, torchvision's script a dot (``libjpeg.d33e0c76.so.8``). A library that was repaired twice has them
twice.

Sources: auditwheel's ``repair.py``, maturin's ``auditwheel/repair.rs``, PyTorch's ``manywheel/build_common.sh``,
torchvision's ``packaging/wheel/relocate.py``
"""

from __future__ import annotations

from diagnose.model._lazy_stdlib import re

# A date looks like a hash: libfoo-20240131.so is a release of libfoo.
_DATE = r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
HASH = rf"[-.](?!{_DATE}(?![0-9a-f]))[0-9a-f]{{8}}"
"""Pattern of the hash that the tools insert, with its separator."""
_NAME = re.compile(rf"([^./]+?)(?:{HASH})+((?:\.[\w+-]+)*\.so(?:\.[\w.]+)?)")


def is_hashed(name: str) -> bool:
    """Whether a repair tool made up the file name."""
    return _NAME.fullmatch(name) is not None


def plain(name: str) -> str:
    """Return the name that the library had before: ``libasound-b9128502.so.2`` → ``libasound.so.2``."""
    match = _NAME.fullmatch(name)
    return match[1] + match[2] if match else name
