"""dnf, yum or zypper cannot read one of the configured repositories.

Its address answers that there is nothing (404): the repository has no folder for this release, as a vendor's for a
new Fedora, or none for this processor; or the release left the mirror. dnf ignores a repository that may be skipped,
and then does not find its packages.

How to fix: correct the address in the ``.repo`` file, or disable the repository.

References:
    https://dnf.readthedocs.io/en/latest/conf_ref.html (``skip_if_unavailable``)
    https://en.opensuse.org/SDB:Zypper_usage
"""

from __future__ import annotations

from diagnose.authoring.consequences import blocks_later_installs
from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for
from diagnose_checks.rpm._triage import unread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

leads_to = blocks_later_installs
_ID = r"['\"]?(?P<repo>[\w.:@+ -]{1,100}?)['\"]?"
CHECK = Check(
    since="0.1.0",
    phase=Phase.START,
    patterns=patterns_for(
        "rpm-unread",
        ("Failed to synchronize cache", rf"Failed to synchronize cache for repo {_ID}(?:, ignoring| from|$)"),
        ("Failed to download metadata", rf"Failed to download metadata for repo {_ID}(?::|$)"),
        (  # dnf 5
            "Failed to download metadata (",
            r"Failed to download metadata \([^)]{1,400}\) for repository \"(?P<repo>[^\"]{1,100})\"",
        ),
        ("No more mirrors to try", rf"failure: repodata/repomd\.xml from {_ID}: \[Errno 256\] No more mirrors to try"),
        ("Errors during downloading", rf"Errors during downloading metadata for repository {_ID}:"),
        ("Failed to download files", r"(?:Failed to download files|Librepo error): Cannot download repomd\.xml"),
        ("Skipping repository '", rf"Skipping repository {_ID} because of the above error"),
        ("configured repositories failed", r"One of the configured repositories failed \((?P<repo>[^)]{1,100})\)"),
        ("No more mirrors to try", r"^(?P<file>\S{1,300}): \[Errno 256\] No more mirrors to try"),
        ("' is invalid.", rf"^Repository {_ID} is invalid\.$"),
    )
    + patterns_for(
        "rpm-none",
        ("no enabled repo", r"[Tt]here are (?:no) enabled repo(?:s|sitories)\b"),
        ("No repositories defined", r"(?:Warning: )?No repositories defined"),
    )
    + patterns_for(
        "rpm-status",
        ("Status code: ", r"Status code: (?P<status>\d{3}) for (?P<url>\S{1,300})"),
        ("[Errno 14]", r"(?<!\S)(?P<url>https?://\S{1,300}): \[Errno 14\] HTTPS? Error (?P<status>\d{3})"),
        ("Error code: HTTP response", r"Error code: HTTP response: (?P<status>\d{3})(?P<url>)"),
        ("not found on medium", r"File '(?P<url>[^']{1,300})' not found on medium(?P<status>)"),
    ),
)
_GONE = ("403", "404", "410", "")


def log(log: BuildLog) -> Iterator[Finding]:
    """See a repository that answers that it has nothing, or none at all."""
    if none := log.find("rpm-none"):
        yield finding_from_hits(log, none, "no repository is enabled", "Nothing can be installed.", (_ENABLE,))
        return
    hits = unread(log)
    if not hits:
        return
    answers = [hit for hit in log.find("rpm-status") if hit.groups["status"] in _GONE]
    if log.find("centos-gone", "outage", "rpm-key", "certificate"):
        return  # rpm-repo-eol, network-or-mirror-outage, rpm-key-refused, certificate-untrusted
    if ended := next((match for hit in answers if (match := re.search(_FEDORA, hit.groups["url"]))), None):
        yield finding_from_hits(
            log,
            [*hits[:2], *answers[:1]],
            f"Fedora {ended[1]} is no longer served",
            "Nothing can be installed.",
            (_NEWER_FEDORA,),
        )
        return
    if answers and all(re.search(_PARTS, hit.groups["url"]) for hit in answers):
        yield finding_from_hits(
            log,
            [*hits[:2], *answers[:2]],
            "mirrors lack files that the index of the repository names: they are being updated",
            "Nothing can be installed from them.",
            (_AGAIN,),
        )
        return
    names = list(dict.fromkeys(hit.groups["repo"] for hit in hits if hit.groups["repo"] not in ("", "Unknown")))
    name = ", ".join(names[:3]) or "a repository"
    url = next((hit.groups["url"] for hit in answers), "")
    yield finding_from_hits(
        log,
        [*hits[:2], *answers[:2]],
        f"the repository {name} has nothing at its address{f', {url}' if url else ''}"[:100]
        if answers
        else f"the package manager cannot read {f'the repository {name}' if names else name}",
        "Nothing is installed, or the packages of that repository are missing.",
        _fixes(names[0] if names else "", bool(answers), any("Repository" in hit.text for hit in hits)),
    )


_FEDORA = r"[?&]repo=fedora-(\d+)\b"
_PARTS = r"/repodata/[0-9a-f]{4,}\S*-\w+\.(?:xml|yaml|sqlite)"
_NEWER_FEDORA = Fix(
    "use an image of a release that is still served",
    notes="Each Fedora is served for about 13 months; fedora:latest is the newest. Older ones are on "
    "archives.fedoraproject.org, without updates.",
)
_AGAIN = Fix(
    "fetch the index again, later or from another mirror",
    (Command("dnf clean all", FixStage.UPDATE), Command("dnf makecache", FixStage.UPDATE)),
    notes="In a Dockerfile without the cache: an older layer may hold the index. A baseurl= instead of mirrorlist= "
    "chooses one server.",
)


def _fixes(repo: str, gone: bool, zypper: bool) -> list[Fix]:
    command = f"zypper modifyrepo --disable '{repo}'" if zypper else f"dnf config-manager --set-disabled '{repo}'"
    disable = Fix(
        "disable it, if nothing of it is needed",
        (Command(command, FixStage.SOURCES),) if repo else (),
        notes="" if zypper else "dnf 5: dnf config-manager setopt REPO.enabled=0.",
    )
    address = Fix(
        "correct its address: a release and a processor that it has",
        notes="Open the address in a browser, up to the folder that exists. A vendor may have none yet for a new "
        "release ($releasever), or for this processor ($basearch): write the newest one that exists.",
    )
    why = Fix(
        "let the package manager say why, or try again",
        notes="`dnf -v makecache` and `curl -I ADDRESS` show the answer; it may be the network.",
    )
    return [address, disable] if gone else [why, address, disable]


_ENABLE = Fix(
    "use an image that has repositories, or add them",
    notes="RHEL's and SLES's images take theirs from a registered host: build there, or use almalinux, rockylinux, "
    "opensuse/leap or registry.suse.com/bci images. `dnf repolist --all` or `zypper lr` lists what is there.",
)
