"""The wheel's RECORD does not match the archive.

RECORD lists every file of the wheel with its hash and size. The specification requires installers to reject a wheel
whose files do not match. Strict ones do (``python -m installer --validate-record all``, ``wheel unpack``); others do
not check. The index reports files that are missing on either side. An absolute path in a row makes an uninstall remove
that path.

The cause is a file in the archive that was changed, added or renamed after packing. ``wheel pack`` and auditwheel
rewrite RECORD; ``zip -u`` does not.

How to fix: pack the wheel again with a wheel tool. If you do not know why the file changed, build the wheel again
instead.

References:
    https://packaging.python.org/en/latest/specifications/binary-distribution-format/
    https://packaging.python.org/en/latest/specifications/recording-installed-packages/
"""

from __future__ import annotations

from diagnose.authoring.wheel import bounded, some
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Evidence, Finding, Fix, Severity
from diagnose.remedies.repack import SCRATCH, repack
from diagnose.remedies.shell_quoting import quote

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.wheel.reader import Wheel

CHECK = Check(since="0.1.0", needs="record")


#: Flaws that installers or the index reject.
_REFUSED = frozenset({"hash", "size", "malformed"})
_WORDS = {
    "hash": "wrong hashes",
    "size": "wrong sizes",
    "malformed": "malformed rows",
    "missing": "files without a row",
    "stale": "rows without a file",
    "absolute": "rows with paths outside the wheel",
    "duplicate": "files with several rows",
    "digest-form": "malformed digests",
    "no-hash": "rows without a hash",
    "weak-hash": "hashes of a forbidden algorithm",
}


#: Flaws that do not affect the bytes of a member, so that its row can be compared with them.
_HARMLESS = frozenset({"comment", "descriptor", "stored-descriptor", "tail", "between"})


def wheel(wheel: Wheel) -> Iterator[Finding]:
    """See mismatches between RECORD and the archive, except members that are unsafe themselves.

    Of an installed distribution, these are native files that have changed since.
    """
    if wheel.layout == "installed":
        if wheel.record.flaws:
            yield Finding(
                "native files have other bytes than RECORD lists: changed after the installation",
                Severity.WARNING,
                bounded(Evidence(flaw.detail, flaw.path) for flaw in wheel.record.flaws),
                "what runs here is not what the index has; install the wheel again if you did not change it",
            )
        return
    elsewhere = {flaw.path for flaw in wheel.zip_flaws if flaw.kind not in _HARMLESS}
    absolute = {flaw.path.lstrip("/") for flaw in wheel.record.flaws if flaw.kind == "absolute"}
    flaws = [
        (flaw.kind, flaw.path, flaw.detail, flaw.line)
        for flaw in wheel.record.flaws
        if flaw.path not in elsewhere and not (flaw.kind == "missing" and flaw.path in absolute)
    ]
    hashed = {path for kind, path, _, _ in flaws if kind == "hash"}
    flaws = [flaw for flaw in flaws if not (flaw[0] == "size" and flaw[1] in hashed)]
    if not flaws:
        return
    order = list(_WORDS)
    flaws.sort(key=lambda flaw: (order.index(flaw[0]), flaw[3], flaw[1]))
    kinds = list(dict.fromkeys(kind for kind, _, _, _ in flaws))
    refused = any(kind in _REFUSED for kind in kinds)
    yield Finding(
        f"RECORD does not match the archive: {some([_WORDS[kind] for kind in kinds])}",
        Severity.ERROR if refused else Severity.WARNING,
        bounded(
            (
                Evidence(f"{path} {detail}", f"{wheel.record.path}:{line}") if line else Evidence(detail, path)
                for _, path, detail, line in flaws
            ),
            "flaws",
        ),
        "installers that check RECORD reject the wheel, and so does wheel unpack"
        if refused
        else "installers that check RECORD reject the wheel"
        + ("; an uninstall leaves the file behind" if "missing" in kinds else ""),
        (_fix(wheel),),
    )


def _fix(wheel: Wheel) -> Fix:
    folder = quote(f"{SCRATCH}/{wheel.name}-{wheel.version}")
    return repack(
        wheel,
        "pack it again, which rewrites RECORD",
        (),
        "Only if you know why the files differ. Otherwise build the wheel again.",
        unpack=f"python -m zipfile -e {quote(wheel.path)} {folder}",  # `wheel unpack` would reject the wheel
        safe=True,
    )
