"""The wheel's WHEEL file lacks a field that installers need, or has a value that they refuse.

``Wheel-Version`` says by which version of the format the wheel is to be read. pip 26 and uv 0.13 refuse a wheel without
it, and one of another major version than 1; uv also refuses ``1`` without a minor version, and pip warns about a newer
minor version. ``Root-Is-Purelib`` says whether the files go to the folder for pure Python or to the one for compiled
code. The specification requires it; installers take whatever is not ``true`` for ``false``.

Build back ends write both. They get lost when a tool or a script edits WHEEL: an empty first line or a byte order mark
hides all fields.

How to fix: write ``Wheel-Version: 1.0`` and ``Root-Is-Purelib: true`` or ``false`` into WHEEL, and pack
the wheel again.

References:
    https://packaging.python.org/en/latest/specifications/binary-distribution-format/
"""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Evidence, Finding, Severity
from diagnose.readers.wheel.metadata import values
from diagnose.remedies.repack import inside, repack
from diagnose.remedies.shell_quoting import quote

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.wheel.reader import Wheel

CHECK = Check(since="0.1.0")


def wheel(wheel: Wheel) -> Iterator[Finding]:
    """See fields of WHEEL that are missing or have other values than the specification has."""
    path = f"{wheel.dist_info}/WHEEL"
    version = (values(wheel.metadata.wheel, "wheel-version") or [""])[0]
    purelib = (values(wheel.metadata.wheel, "root-is-purelib") or [""])[0]
    evidence, consequences = [], []
    refused = version != "1.0" and _refusal(version)
    if refused:
        evidence.append(Evidence(f"Wheel-Version: {version}" if version else "has no Wheel-Version", path))
        consequences.append(refused)
    if wheel.root_is_purelib is None:
        evidence.append(Evidence(f"Root-Is-Purelib: {purelib}" if purelib else "has no Root-Is-Purelib", path))
        consequences.append("pip and uv take Root-Is-Purelib for false and install into platlib")
    if not evidence:
        return
    wrong = {"Wheel-Version": bool(refused), "Root-Is-Purelib": wheel.root_is_purelib is None}
    fields = [field for field in wrong if wrong[field]]
    yield Finding(
        f"has no valid {' and '.join(fields)} in its WHEEL file",
        Severity.ERROR if refused else Severity.WARNING,
        tuple(evidence),
        "; ".join(consequences),
        (repack(wheel, "write the fields into WHEEL", _lines(wheel, path, fields)),),
    )


def _refusal(version: str) -> str:
    """Return who refuses the version and how; empty if pip and uv install the wheel."""
    if not version:
        return "pip and uv refuse it: WHEEL is missing Wheel-Version"
    if not re.fullmatch(r"\d+(?:\.\d+)*", version, re.ASCII):
        return f"pip and uv refuse it: invalid Wheel-Version: {version}"
    major, dot, _ = version.partition(".")
    if int(major[:9]) > 1:
        return f"pip and uv refuse it: Wheel-Version ({version}) is not compatible"
    if dot and int(major[:9]):
        return ""
    return f"uv refuses it: Invalid Wheel-Version in WHEEL file: {version}; pip installs it"


def _lines(wheel: Wheel, path: str, fields: list[str]) -> list[str]:
    pure = wheel.root_is_purelib if wheel.root_is_purelib is not None else "any" in wheel.platforms and not wheel.code
    new = {"Wheel-Version": "1.0", "Root-Is-Purelib": str(bool(pure)).lower()}
    where = inside(wheel, [path])
    text = "".join(f"{field}: {new[field]}\\n" for field in fields)
    if not wheel.metadata.wheel:  # an empty first line or a byte order mark hides what follows
        return [f"printf '{text}' > {where}"]
    script = "".join(f"/^{field}:/Id;" for field in fields)
    return [f"sed -i -e '/^[[:space:]]*$/d' -e {quote(script)} {where}", f"printf '{text}' >> {where}"]
