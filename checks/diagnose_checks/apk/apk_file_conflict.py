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
    )
    + patterns_for(
        "apk-conflicts",
        ("conflicts: ", rf"^conflicts: (?P<owner>{_PACKAGE})-\d[^\s\[]{{0,60}}\[(?P<file>[^\]=]{{1,200}})"),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See apk not overwrite a file."""
    if rivals := log.find("apk-conflicts"):  # each is named in the lines of the other
        names = list(dict.fromkeys(hit.groups["owner"] for hit in rivals))
        owner, package = names[0], names[1] if len(names) > 1 else "a requested package"
        yield finding_from_hits(
            log,
            rivals,
            f"{package} and {owner} cannot be installed together: both have {rivals[0].groups['file']}",
            "apk installs none of the requested packages.",
            (
                Fix(
                    f"remove {owner} first, or leave {package} out",
                    (Command(f"apk del {owner}", FixStage.PACKAGES),),
                    notes="gcompat and the glibc packages of others replace each other: for programs of glibc an image "
                    "that has it is safer.",
                ),
            ),
        )
        return
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
