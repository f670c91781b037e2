"""apk has no key for the signature of a package or a repository.

Every package and every index of Alpine is signed, and apk trusts the keys in ``/etc/apk/keys``. A package that was
built elsewhere, a repository of others, and ``edge`` on a release that is older than its keys, are "UNTRUSTED".

How to fix: put the key of the builder into ``/etc/apk/keys``; for a file of your own: ``apk add --allow-untrusted``.

References:
    https://wiki.alpinelinux.org/wiki/Repositories
    https://man.archlinux.org/man/apk-keys.5
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
CHECK = Check(
    since="0.1.0",
    phase=Phase.PACKAGES,
    patterns=patterns_for(
        "apk-untrusted",
        ("UNTRUSTED signature", r"^ERROR: (?P<what>\S{1,300}): UNTRUSTED signature"),
        (
            "UNTRUSTED signature",
            r"^WARNING: (?:Ignoring|opening|updating and opening|updating) (?P<what>\S{1,300}): UNTRUSTED signature",
        ),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See apk not trust a signature."""
    for hit in log.find("apk-untrusted")[:1]:
        what = hit.groups["what"]
        file = what.endswith(".apk") and "://" not in what
        key = Fix(
            "put the key of the one who signed it into /etc/apk/keys",
            (Command("wget -P /etc/apk/keys KEY_URL", FixStage.SOURCES),),
            notes="KEY_URL is on the repository's page; the file keeps its name. For edge: a newer image, or apk add "
            "--upgrade alpine-keys first.",
        )
        own = Fix(
            "if you built it, or trust its source: install it without a signature",
            (Command(f"apk add --allow-untrusted {what}", FixStage.PACKAGES),),
        )
        yield finding_from_hits(
            log,
            [hit],
            f"apk does not trust the signature of {what}",
            "It is not installed." if file else "Its packages are not found.",
            (own, key) if file else (key,),
        )
