"""Makes small wheels out of given files, right unless told otherwise."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from collections.abc import Mapping
from pathlib import Path

WHEEL = "Wheel-Version: 1.0\nGenerator: test (1)\nRoot-Is-Purelib: false\nTag: cp312-cp312-manylinux_2_17_x86_64\n"
METADATA = (
    "Metadata-Version: 2.1\nName: demo\nVersion: 1\nRequires-Python: >=3.9\nRequires-Dist: torch\n\nTag: no header\n"
)
NAME = "demo-1-cp312-cp312-manylinux_2_17_x86_64.whl"


def record(files: Mapping[str, bytes], dist_info: str = "demo-1.dist-info") -> str:
    """Return the RECORD of *files*."""
    rows = []
    for name, data in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
        rows.append(f"{name},sha256={digest},{len(data)}")
    return "\n".join([*rows, f"{dist_info}/RECORD,,"]) + "\n"


def build(
    folder: Path, files: Mapping[str, bytes], name: str = NAME, wheel: str | None = WHEEL, rows: str | None = None
) -> str:
    """Write a wheel with *files*, and the given WHEEL and RECORD texts (an empty RECORD leaves it out)."""
    content = dict(files)
    content["demo-1.dist-info/METADATA"] = METADATA.encode()
    if wheel is not None:
        content["demo-1.dist-info/WHEEL"] = wheel.encode()
    text = record(content) if rows is None else rows
    if text:
        content["demo-1.dist-info/RECORD"] = text.encode()
    path = folder / name
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, data in content.items():
            archive.writestr(zipfile.ZipInfo(member, (2020, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
    return str(path)
