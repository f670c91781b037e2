"""apk refuses a package that contains a file of another installed package.

Packages from outside Alpine often contain what Alpine has elsewhere: the glibc packages of others bring
``lib64/ld-linux-x86-64.so.2``, which ``gcompat`` and ``libc6-compat`` have too.

How to fix: remove one of the two.

References:
    https://wiki.alpinelinux.org/wiki/Running_glibc_programs
"""

from __future__ import annotations

from diagnose.authoring.consequences import blocks_later_installs
from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

leads_to = blocks_later_installs
_PACKAGE = r"[\w.+-]{1,80}?"
CHECK = Check(
    since="0.1.0",
    phase=Phase.PACKAGES,
    patterns=patterns_for(
        "apk-overwrites",
        (
            "trying to overwrite",
            rf"^ERROR: (?P<package>{_PACKAGE})-\d\S{{0,60}}: trying to overwrite (?P<file>\S{{1,300}}) owned by "
            rf"(?P<owner>{_PACKAGE})-\d\S{{0,60}}?\.?$",
        ),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See apk not overwrite a file."""
    hits = log.find("apk-overwrites")
    if not hits:
        return
    package, file, owner = (hits[0].groups[name] for name in ("package", "file", "owner"))
    yield finding_from_hits(
        log,
        hits,
        f"{package} and {owner} both have {file}",
        f"apk does not install {package} completely.",
        (
            Fix(
                f"remove {owner} first, if nothing needs it",
                (Command(f"apk del {owner}", FixStage.PACKAGES),),
                notes="`apk info -r` lists what needs it.",
            ),
            Fix(
                f"install {package} over it",
                (Command(f"apk add --force-overwrite {package}", FixStage.PACKAGES),),
                notes="Programs of the other package may then fail. An image with glibc is safer.",
            ),
        ),
    )
