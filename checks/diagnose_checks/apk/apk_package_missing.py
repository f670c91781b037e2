"""Alpine has no package with this name.

No repository of this release contains the name. It may be another distribution's name (``libssl-dev`` is
``openssl-dev`` here), a newer release's, or in a repository (community, testing) that is not configured.

How to fix: use the right name. ``apk add pc:NAME`` accepts the library's pkg-config name.

References:
    https://pkgs.alpinelinux.org/contents
    https://wiki.alpinelinux.org/wiki/Alpine_Package_Keeper
"""

from __future__ import annotations

from diagnose.authoring.command_words import misplaced
from diagnose.authoring.consequences import blocks_later_installs
from diagnose.authoring.log import distinct, finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for
from diagnose.remedies.package_names import install_as_called
from diagnose_checks.apk._triage import VIRTUAL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

leads_to = blocks_later_installs
CHECK = Check(
    since="0.1.0",
    phase=Phase.START,
    patterns=(
        *patterns_for(
            "apk-unknown",
            ("no such package", r"(?<!\S)(?P<package>[\w.+:-]+) \(no such package\)"),
            ("(missing):", r"(?<!\S)(?P<package>[\w.+:-]+) \(missing\):"),
        ),
        *patterns_for("apk-masked", ("masked in: ", r"^masked in: (?P<where>\S.{0,200})$")),
        *patterns_for("apk-wanted-by", ("required by: ", r"required by: (?P<by>.+)$")),
        *patterns_for(
            "apk-pinned",
            (
                "breaks: ",
                rf"breaks: (?:world|{VIRTUAL})\[(?P<package>[\w.+-]{{1,100}})(?P<wanted>[<>=~][^\]]{{0,100}})\]",
            ),
        ),
    ),
)


#: Packages of main in every release of Alpine from 3.12 on (pkgs.alpinelinux.org, as of November 2026).
_EVERYWHERE = {
    "bash", "build-base", "busybox", "ca-certificates", "curl", "g++", "gcc", "git", "libffi-dev", "linux-headers",
    "make", "musl-dev", "openssl", "pkgconf", "python3", "tar", "tzdata", "wget", "xz", "zlib-dev",
}  # fmt: skip
_NO_INDEX = (
    Fix("fetch the index before", (Command("apk update", FixStage.UPDATE),), notes="In the same RUN of a Dockerfile."),
    Fix(
        "let apk say why it did not get the index",
        notes="With --no-cache, or where apk update fails: the servers were not reached. Without -q apk prints which: "
        "look at /etc/apk/repositories, the network of the build, DNS, and a proxy.",
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See apk miss a requested package."""
    hits, packages = [], []
    for hit in distinct(log.find("apk-unknown"), "package"):
        package = hit.groups["package"]
        wanted = log.near(hit.line, "apk-wanted-by", after=2)[:1]
        if ":" not in package and (not wanted or _asked(package, wanted[0].groups["by"])):
            hits += [hit, *wanted]
            packages.append(package)
    if stray := misplaced(log, hits, packages):
        yield stray
    elif known := [package for package in packages if package in _EVERYWHERE]:
        yield finding_from_hits(
            log,
            hits,
            f"apk has no index of Alpine's packages: it does not know {', '.join(known)}, which each release has",
            "apk installs none of the requested packages.",
            _NO_INDEX,
        )
    elif packages:
        yield finding_from_hits(
            log,
            hits,
            f"Alpine's repositories have no {', '.join(packages)}",
            "apk installs none of the requested packages.",
            _fixes(packages),
        )
    tagged = [hit for hit in log.find("apk-masked") if hit.groups["where"].startswith("@")]
    if tagged and not packages:
        tag = tagged[0].groups["where"].split()[0]
        yield finding_from_hits(
            log,
            tagged,
            f"the package is only in a repository with the tag {tag}, from which apk takes what asks for it",
            "apk installs none of the requested packages.",
            [
                Fix(
                    f"ask for it with the tag: apk add NAME{tag}",
                    notes="In quotes, with the package's name. What it needs from there has to be named with the tag, "
                    "too.",
                ),
                Fix(f"take {tag} off the repository's line in /etc/apk/repositories"),
            ],
        )
    for hit in distinct(log.find("apk-pinned"), "package"):
        package, pin = hit.groups["package"], hit.groups["wanted"]
        yield finding_from_hits(
            log,
            [hit],
            f"Alpine's repositories have {package}, but not version {pin.lstrip('=~<>')}: old versions are removed",
            "apk installs none of the requested packages.",
            [
                Fix("install the release's version", (Command(f"apk add {package}", FixStage.PACKAGES),)),
                Fix(
                    "pin only major and minor version",
                    notes=f"`apk add '{package}~=MAJOR.MINOR'` accepts later patch releases.",
                ),
            ],
        )


def _asked(package: str, by: str) -> bool:
    """Whether the user requested *package*, by name or in a group (``--virtual``), rather than another package."""
    return bool(re.search(rf"(?:^|\s)(?:world|{VIRTUAL})\[{re.escape(package)}[\]<>=~]", by))


def _fixes(packages: list[str]) -> list[Fix]:
    """Return fixes: install by the right names, and how to search for the others."""
    fixes, others = install_as_called(packages, "alpine", "apk add")
    if others:
        look = f"search for {', '.join(others)}"
        fixes.append(Fix(look, notes="`apk search pc:NAME` finds a library by its pkg-config name."))
    return fixes
