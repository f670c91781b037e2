"""A wheel that an installer refuses: its name taken apart, and what the log tells of the system."""

from __future__ import annotations

import re

from diagnose import policies, targets
from diagnose.named import TYPE_CHECKING, NamedTuple
from diagnose.phrase import wordings
from diagnose.readers.verdict import version_key

if TYPE_CHECKING:
    from diagnose.readers.buildlog import BuildLog, Hit

WORDINGS = (
    *wordings(
        "wheel-refused",
        ("is not a supported wheel", r"(?P<wheel>[\w.+%-]+\.whl) is not a supported wheel on this platform"),
    ),
    *wordings(
        "uv-platform",
        (
            "re on Linux (",
            r"re on Linux \(`(?P<tag>\w+)`\), but (?P<wheel>.*) only has wheels for the following platforms?: "
            r"(?P<platforms>.*)",
        ),
    ),
    *wordings(
        "pip-note",
        ("pip ", r"(?:using pip version|^pip|[Uu]sing pip) (?P<version>\d+\.\d[\d.]*)"),
        ("pip-", r"(?:Found existing installation: pip|/pip-)(?: )?(?P<version>\d+\.\d[\d.]*)"),
    ),
    *wordings("glibc-note", ("GLIBC ", r"\((?:Debian|Ubuntu|GNU libc|Raspbian)[^)]*GLIBC[^)]*\) (?P<version>2\.\d+)")),
    *wordings(
        "machine-note",
        ("Linux ", r"^Linux \S+ \d.* (?P<machine>x86_64|aarch64|armv[67]l|i686|ppc64le|s390x|riscv64)(?: GNU.*)?$"),
    ),
)  # fmt: skip
_KNOWN = {"x86_64", "i686", "aarch64", "armv7l", "ppc64", "ppc64le", "s390x", "riscv64", "loongarch64"}
_LEGACY = {
    "manylinux1": {"x86_64", "i686"},
    "manylinux2010": {"x86_64", "i686"},
    "manylinux2014": _KNOWN - {"riscv64", "loongarch64"},
}


class Refused(NamedTuple):
    """One refused wheel: its name, its platform tags, and which cause it comes down to."""

    hit: Hit
    wheel: str
    platforms: tuple[str, ...]
    cause: str
    detail: str


def refused(log: BuildLog) -> list[Refused]:
    """Return the wheels that pip or uv refuses, each once."""
    found: dict[str, Refused] = {}
    for hit in log.find("wheel-refused"):
        wheel = hit.said["wheel"].replace("%2B", "+")
        platforms = tuple(wheel.removesuffix(".whl").rpartition("-")[2].split("."))
        cause, detail = _cause(log, hit, platforms)
        found.setdefault(wheel, Refused(hit, wheel, platforms, cause, detail))
    for hit in log.find("uv-platform"):
        platforms = tuple(re.findall(r"`([^`]+)`", hit.said["platforms"]))
        cause, detail = _uv(hit.said["tag"], platforms)
        found.setdefault(hit.text, Refused(hit, hit.said["wheel"], platforms, cause, detail))
    return list(found.values())


def impossible(platform: str) -> str:
    """Return why no installer ever asks for *platform*, or nothing."""
    tag = policies.split(platform)
    if platform in _KNOWN:  # what stands before it was cut off at a hyphen
        return f"{platform} alone is no platform tag; linux_{platform} is one"
    if tag.family in ("manylinux", "musllinux") and not tag.arch:
        return f"{platform} is no platform tag"
    if tag.family not in ("manylinux", "musllinux", "linux"):
        return ""
    legacy = platform.partition("_")[0]
    if legacy in _LEGACY and tag.arch not in _LEGACY[legacy]:
        return f"{legacy} exists for {', '.join(sorted(_LEGACY[legacy]))} only"
    row = targets.resolve(tag.arch)
    if tag.arch not in _KNOWN | {"armv6l", "armv5tel", "mips64", "mips", "armv8l"} and (
        row is None or row.wheel != tag.arch
    ):
        meant = f", {row.wheel} is meant" if row else ""
        return f"{tag.arch} is not what Python calls a processor{meant}"
    return ""


def _cause(log: BuildLog, hit: Hit, platforms: tuple[str, ...]) -> tuple[str, str]:
    wrong = [reason for platform in platforms if (reason := impossible(platform))]
    if len(wrong) == len(platforms):
        return "wheel-not-supported-bad-tag", wrong[0]
    tags = [policies.split(platform) for platform in platforms]
    machines = [one.said["machine"] for one in log.find("machine-note")]
    arches = {tag.arch for tag in tags if tag.arch}
    if machines and arches and machines[-1] not in arches and (machines[-1], "armv7l") != ("aarch64", *arches):
        return "wheel-not-supported-no-arch", f"this machine is {machines[-1]}"
    if not arches and platforms != ("any",):
        return "wheel-not-supported-no-arch", f"{platforms[0]} is another operating system"
    pip = _version(log, hit, "pip-note")
    for tag, platform in zip(tags, platforms, strict=True):
        since = (20, 3) if re.match(r"manylinux_\d", platform) else (21, 2) if tag.family == "musllinux" else ()
        if pip and since and pip < since:
            return "wheel-not-supported-old-pip", f"pip {'.'.join(map(str, pip))} does not know {platform}"
    glibc = _version(log, hit, "glibc-note")
    promise = max((version_key(tag.policy) for tag in tags if tag.family == "manylinux"), default=())
    if glibc and promise and promise > glibc:
        return "wheel-not-supported-glibc", f"this system has glibc {'.'.join(map(str, glibc))}"
    new_names = [platform for platform in platforms if re.match(r"(?:manylinux|musllinux)_\d", platform)]
    if len(new_names) == len(platforms) and not pip and promise <= (2, 28):
        return "wheel-not-supported-old-pip", ""
    return ("wheel-not-supported-glibc", "") if promise > (2, 28) else ("", "")


def _uv(here: str, platforms: tuple[str, ...]) -> tuple[str, str]:
    mine = policies.split(here)
    theirs = [policies.split(platform) for platform in platforms]
    same = [tag for tag in theirs if tag.arch == mine.arch and tag.libc == mine.libc]
    if same:
        return "wheel-not-supported-glibc", f"this system is {here}"
    return "wheel-not-supported-no-arch", f"this system is {here}"


def _version(log: BuildLog, hit: Hit, kind: str) -> tuple[int, ...]:
    notes = [note for note in log.find(kind) if note.said["version"]]
    before = [note for note in notes if note.line <= hit.line] or notes
    return version_key(before[-1].said["version"])[:2] if before else ()
