"""The wheel's archive uses a compression that some installers, or the index, do not accept.

Every installer unpacks stored and deflated members. Python's ``zipfile`` has bzip2 and LZMA, so pip unpacks them, but
uv does not. uv has Zstandard; pip has it only on Python 3.14 or newer. The package index accepts none of the three. It
also refuses archives that unpack to more than 64 MiB and more than 50 times their own size, which only zip bombs and
files full of zeros do.

How to fix: pack the wheel with deflate (``maturin build --compression-method deflated``; ``wheel pack`` uses it by
default). If a wheel shrinks more than fiftyfold, inspect its largest file: it is probably unnecessary.

References:
    https://packaging.python.org/en/latest/specifications/binary-distribution-format/
    https://docs.python.org/3/library/zipfile.html
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.authoring.wheel import bounded, count
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Evidence, Finding, Fix, FixStage, Severity
from diagnose.model.pattern import patterns_for
from diagnose.remedies.repack import SCRATCH, repack
from diagnose.remedies.shell_quoting import quote

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog
    from diagnose.readers.wheel.reader import Wheel

CHECK = Check(
    needs="bytes",
    since="0.1.0",
    patterns=patterns_for(
        "zip-method",
        ("ompression method", r"NotImplementedError: (?P<said>(?:That )?compression method.{0,60})"),
        ("ompression method", r"(?:[Uu]nsupported|unknown) (?:ZIP )?compression method:? ?(?P<method>[\w ()]*)"),
        ("ompression method", r"[Cc]ompression method (?P<method>\S+) (?:is )?not supported"),
    ),
)


#: The index's rule (warehouse, 2026-08): an archive that unpacks to this many bytes may have this multiple of its size.
_RATIO_FROM, _RATIO = 64 << 20, 50


def wheel(wheel: Wheel) -> Iterator[Finding]:
    """See compression methods that some installer does not know, and archives that unpack to many times their size."""
    flaws = [flaw for flaw in wheel.zip_flaws if flaw.kind == "method"]
    if flaws:
        yield Finding(
            f"has {count(len(flaws), 'member')} that not every installer can unpack",
            Severity.ERROR,
            bounded((Evidence(flaw.detail, flaw.path) for flaw in flaws), "members"),
            "pip or uv, and the package index, refuse it: unsupported compression method",
            (_fix(wheel),),
        )
    if wheel.unpacked_size > _RATIO_FROM and wheel.unpacked_size > _RATIO * wheel.size:
        ratio = wheel.unpacked_size // wheel.size
        yield Finding(
            f"unpacks to {ratio} times its size",
            Severity.WARNING,
            (Evidence(f"{wheel.unpacked_size} bytes from {wheel.size}", where="the archive"),),
            f"the package index refuses the upload: it treats more than {_RATIO} times as a zip bomb",
            (
                Fix(
                    "find the file that shrinks most, and omit it or generate it at run time",
                    (Command(f"unzip -v {quote(wheel.path)} | sort -n | tail", FixStage.BUILD),),
                ),
            ),
        )


def log(log: BuildLog) -> Iterator[Finding]:
    """See a tool fail to unpack the wheel."""
    hits = log.find("zip-method")
    if hits:
        yield finding_from_hits(
            log,
            hits,
            "the wheel uses a compression that this tool cannot unpack",
            "The tool cannot inspect or repair it. Only pip unpacks bzip2 and LZMA; Zstandard needs uv, or pip on "
            "Python 3.14 or newer.",
            (
                Fix(
                    "build it with deflate",
                    (Command("maturin build --release --compression-method deflated", FixStage.BUILD),),
                ),
            ),
        )


def _fix(wheel: Wheel) -> Fix:
    if wheel.generator.startswith("maturin"):
        line = "maturin build --release --compression-method deflated"
        return Fix("build it with deflate", (Command(line, FixStage.BUILD),))
    return repack(
        wheel,
        "repack it with deflate",
        (),
        "Needs a Python that can unpack it: 3.14 or newer for Zstandard.",
        unpack=f"python -m zipfile -e {quote(wheel.path)} {quote(f'{SCRATCH}/{wheel.name}-{wheel.version}')}",
    )
