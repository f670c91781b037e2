"""apt has no valid key for a repository.

apt accepts the index of a repository only with the signature of a key that it knows. The key is missing, or it is an
old one: repositories change their keys, and an image that is some years old has the expired one.

How to fix: fetch the repository's present key, as its installation page says, into a file of its own, and name that
file in the repository's entry with ``Signed-By``. For the distribution's own archive, use a newer image. A third-party
repository that the build does not need can be removed.

References:
    https://manpages.debian.org/stable/apt/apt-secure.8.en.html
    https://manpages.debian.org/stable/apt/sources.list.5.en.html (Signed-By)
"""

from __future__ import annotations

from diagnose.authoring.consequences import blocks_later_installs
from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

leads_to = blocks_later_installs
_KEY = r"(?P<key>[0-9A-F]{16,40})\b"
CHECK = Check(
    since="0.1.0",
    phase=Phase.PACKAGES,
    patterns=(
        *patterns_for(
            "apt-key",
            ("NO_PUBKEY", rf"NO_PUBKEY {_KEY}"),
            ("EXPKEYSIG", rf"(?P<expired>EXPKEYSIG) {_KEY}"),
            ("Missing key", rf"Missing key {_KEY}, which is needed to verify"),  # apt 3 with sqv
        ),
        *patterns_for(
            "apt-unsigned",
            (
                "signed.",
                r"^(?:E|Err|Error): ?The repository '(?P<url>[a-z+]+:\S+) {1,2}(?P<suite>\S+)(?: (?:In)?Release)?'"
                r" is (?:not|no longer) signed\.",
            ),
            ("GPG error: ", r"^E: GPG error: (?P<url>[a-z+]+:\S+) {1,2}(?P<suite>\S+)"),
        ),
        *patterns_for(
            "apt-unsigned-cut",  # of a log that ends before apt's own errors
            (
                "Err:",
                r"^Err:\d+ (?P<url>[a-z+]+:\S{1,300})(?: (?P<suite>\S{1,100}))? InRelease\s+The following signatures "
                r"couldn't be "
                r"verified because the public key is not available: ",
                2,
            ),
        ),
        *patterns_for(
            "apt-unauthenticated",
            (
                "There were unauthenticated",
                r"^(?:E|Error): There were unauthenticated packages and -y was used without",
            ),
        ),
        *patterns_for(
            "apt-key-gone",
            (
                "apt-key",
                r"^(?:(?:ba|da)?sh: (?:line \d+: |\d+: )?|\S{1,200}: (?:line )?\d+: )?apt-key: (?:command )?not found$",
            ),
        ),
    ),
)
#: The distributions' own archives: their keys come with the image.
_ARCHIVES = r"//(?:[\w.-]+\.)?(?:debian\.org|ubuntu\.com|raspbian\.org|kali\.org)(?:/|$)"
#: The same keys by the names that apt prints, also where a mirror has another host.
_ARCHIVE_KEY = r"\b(?:Debian|Ubuntu|Raspbian|Kali)\b[\w ]{0,30}(?:Archive Automatic Signing| Stable Release) Key"
_PPA = r"//ppa\.launchpad(?:content)?\.net/(?P<owner>[\w.+-]+)/(?P<name>[\w.+-]+)"
#: Keys that were replaced: NVIDIA's of its CUDA repositories, in April 2022.
_NVIDIA = ("A4B469963BF863CC", "F60F4B3D7FA2AF80")


def log(log: BuildLog) -> Iterator[Finding]:
    """See apt refuse a repository for which it has no valid key."""
    unsigned, keys = log.find("apt-unsigned"), log.find("apt-key")
    if not unsigned:
        unsigned = [hit for hit in log.find("apt-unsigned-cut") if log.lines - hit.line <= _CUT]
    if not unsigned or not keys:
        yield from _of_command(log)
        return
    hit = unsigned[0]
    near = [key for key in keys if hit.groups["url"] in key.text] or keys
    key, url = near[0].groups["key"], hit.groups["url"]
    expired = bool(near[0].groups["expired"])
    what = f"the key {key} of {url} has expired" if expired else f"apt does not have the key {key} of {url}"
    yield finding_from_hits(
        log,
        [near[0], hit],
        what,
        "apt does not read the repository's index, and apt-get update fails.",
        _fixes(url, key, near[0].text),
    )


_CUT = 3  # lines from the error to the end of a log that was cut off


def _of_command(log: BuildLog) -> Iterator[Finding]:
    """See apt-key, which is gone, or a package that nothing signs."""
    for hit in log.find("apt-key-gone")[-1:]:
        if log.went_on(hit):
            return
        yield finding_from_hits(
            log,
            [hit],
            "apt-key, which adds a repository's key, is no longer in Debian 13 and Ubuntu 26.04",
            "apt does not get the key of the repository.",
            (
                Fix(
                    "write the key into a file, and name the file in the repository's entry",
                    (
                        Command("mkdir -p /etc/apt/keyrings", FixStage.SOURCES),
                        Command(
                            "curl -fsSL KEY_URL | gpg --dearmor --yes -o /etc/apt/keyrings/NAME.gpg", FixStage.SOURCES
                        ),
                    ),
                    notes="The entry then begins: deb [signed-by=/etc/apt/keyrings/NAME.gpg] URL.",
                ),
            ),
        )
        return
    for hit in log.find("apt-unauthenticated")[:1]:
        yield finding_from_hits(
            log,
            [hit],
            "apt installs nothing from a repository that it has no valid signature of",
            "Nothing is installed.",
            (
                Fix(
                    "read what apt-get update says of the repository",
                    (Command("apt-get update", FixStage.UPDATE),),
                    notes="It names the key that is missing. [trusted=yes] in the entry allows a repository without a "
                    "signature, as one of your own in a container.",
                ),
            ),
        )


def _fixes(url: str, key: str, said: str) -> list[Fix]:
    if re.search(_ARCHIVES, f"{url}/") or re.search(_ARCHIVE_KEY, said):
        return [
            Fix(
                "use a newer image, whose keyring has the archive's present key",
                notes="Or install a newer debian-archive-keyring or ubuntu-keyring, from the pool, with dpkg -i.",
            ),
        ]
    fixes = []
    if ppa := re.search(_PPA, url):
        line = f"add-apt-repository -y ppa:{ppa['owner']}/{ppa['name']}"
        fixes.append(
            Fix(
                "add the PPA with its key",
                (Command(line, FixStage.SOURCES),),
                notes="Remove its present entry first. Needs software-properties-common and gnupg.",
            )
        )
    if key.endswith(_NVIDIA):
        fixes.append(
            Fix(
                "install NVIDIA's new key: the package cuda-keyring, in the same folder of the repository",
                notes="NVIDIA changed its key in April 2022. Newer CUDA images have the new one.",
            )
        )
    stem = re.sub(r"^[a-z+]+://|[^\w.-].*$", "", url) or "repository"
    keyring = f"/etc/apt/keyrings/{stem}.gpg"
    fixes.append(
        Fix(
            "fetch the repository's present key, and name it in its entry",
            (
                Command("mkdir -p /etc/apt/keyrings", FixStage.SOURCES),
                Command(f"curl -fsSL KEY_URL | gpg --dearmor --yes -o {keyring}", FixStage.SOURCES),
            ),
            notes="KEY_URL is on the repository's installation page. Its entry then begins: "
            f"deb [signed-by={keyring}] {url}",
        )
    )
    fixes.append(Fix("remove the repository if the build does not need it", notes="Below /etc/apt/sources.list.d."))
    return fixes
