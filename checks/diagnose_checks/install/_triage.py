"""Decides why an installer refuses a wheel, by the tags in its name and by the facts of the system in the log."""

from __future__ import annotations

from itertools import product

from diagnose import policies
from diagnose.model import targets
from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple, re
from diagnose.model.pattern import patterns_for
from diagnose.model.versions import name_key
from diagnose.policies import python_tags
from diagnose.tables.libc_releases import named_releases

if TYPE_CHECKING:
    from diagnose.policies import PlatformTag
    from diagnose.readers.buildlog import BuildLog, Hit

WORDINGS = (
    *patterns_for(
        "wheel-refused",
        (
            "is not a supported wheel",
            r"(?P<prefix>ERROR: )?(?<![\w.+%-])(?P<wheel>[\w.+%-]+\.whl) is not a supported wheel on this platform",
        ),
    ),
    *patterns_for(
        "uv-platform",
        (
            " following platform",
            r"re on (?:Linux|macOS|Windows) \(`(?P<tag>\w+)`\), but "
            r"(?:`?(?P<wheel>[^`]{0,200}?)`? (?:\([^)]{0,200}\) )?)?"
            r"(?:only has wheels|we only found wheels)[^:]{0,200} following platforms?: (?P<platforms>.*)",
        ),
        (
            "wheel is compatible with",
            r"wheel is compatible with \w{1,40} \((?P<platforms>[^)]{0,400})\), but you're on \w+ \(`(?P<tag>\w+)`\)",
        ),
        (
            "has no wheels with",
            r"(?<!\S)(?P<wheel>\S+) has no wheels with\s+a\s+matching platform tag(?: \(e\.g\., `(?P<tag>\w+)`\))?",
            3,
        ),
        (  # since 0.13
            "-compatible wheels",
            r"(?<!\S)(?P<wheel>\S+) has no\s+(?P<system>Windows|Linux|macOS)-compatible\s+wheels",
            2,
        ),
        ("matching platform tag", "matching platform tag"),
        (
            "wheels are available with",
            r"(?<!\S)(?P<wheel>\S+) is unusable because no wheels are available with a matching (?:system|platform)",
        ),
    ),
    *patterns_for(
        "uv-python",
        (
            "has no wheels with",
            r"(?<!\S)(?P<wheel>\S+) has no wheels with\s+a\s+matching Python (?:ABI|version|implementation) tag",
            3,
        ),
        *(
            (
                f"Python {kind} tag",
                r"(?:re using|ou require) \w{2,20} [\d.]+\w{0,3} \(`\w+`\), but (?:we only found wheels for )?"
                r"`(?P<wheel>[^`]{1,100})` (?:\([^)]{1,100}\) )?(?:only has wheels )?with "
                rf"the following Python {kind} tags?: (?P<pythons>.{{1,300}})",
            )
            for kind in ("implementation", "ABI", "version")
        ),
        (
            "the following Python ABI tag",
            r"re using \w{2,20} [\d.]+\w{0,3} \(`\w+`\), but `(?P<wheel>[^`]{1,100})` "
            r"(?:\([^)]{1,100}\) )?only has wheels with the following Python ABI tags?: (?P<pythons>.{1,300})",
        ),
        (  # since 0.13
            "-compatible wheels",
            r"(?<!\S)(?P<wheel>\S+) has no\s+`python_full_version (?P<bound>[<>=]{1,2} "
            r"'[\d.]{1,10}')`-compatible\s+wheels",
            2,
        ),
        ("matching Python", r"matching Python (?:ABI|version|implementation) tag"),
        (
            "wheels are available with",
            r"(?<!\S)(?P<wheel>\S+) is unusable because no wheels are available with a matching Python \w{1,20}",
        ),
    ),
    *patterns_for(
        "uv-found",
        ("on the following platform", r"Wheels are available for [^:]{0,300} on the following "
            r"platforms?: (?P<platforms>.*)"),
    ),
    *patterns_for(  # the Pythons or systems for which uv looks, where it looks for several
        "uv-split",
        ("dependencies for split", r"resolving dependencies for split \((?:markers: )?(?P<split>[^)]{1,300})\)", 2),
        ("dependencies for split", r"resolving dependencies for split \((?:markers: )?(?P<split>[^)]{1,200})"),
    ),
    *patterns_for(
        "uv-active",
        (
            "active Python version is",
            r"hint: While the active Python version is (?P<here>\d[\d.]{0,10}),\s+the\s+resolution\s+failed",
        ),
    ),
    *patterns_for(
        "uv-refused",
        (
            "incompatible with the current platform",
            r"dependency is incompatible with the current platform: (?P<wheel>\S+\.whl)",
        ),
        (
            "incompatible with the current platform",
            r"A path \((?P<wheel>[^)]{1,300}\.whl)\) dependency is incompatible with the current platform",
        ),
        (
            "is not compatible with",
            r"The built wheel `(?P<wheel>[^`]{1,300}\.whl)` is not compatible with the current Python",
        ),
    ),
    *patterns_for(
        "pip-note",
        ("pip ", r"(?:using pip version|^pip|[Uu]sing pip) (?P<version>\d+\.\d[\d.]*)"),
        ("release of pip", r"new release of pip(?: is)? available: (?P<version>\d+\.\d[\d.]*)"),
        ("pip-", r"(?:Found existing installation: pip|/pip-)(?: )?(?P<version>\d+\.\d[\d.]*)"),
    ),
    *patterns_for(
        "python-note",
        ("(python ", r"\(python (?P<version>[23]\.\d+)\)$"),
        ("Python 3.", r"^Python (?P<version>[23]\.\d+)(?:\.\d+)?(?:[ab]|rc|\+)?\d*$"),
        ("Python 3.", r"^Using (?:CPython|Python) (?P<version>[23]\.\d+)"),
        ("-packages/pip", r"/lib/python(?P<version>[23]\.\d+)/(?:site|dist)-packages/pip"),
        ("python3.", r"\bpython(?P<version>3\.\d+)\W{1,4}-m\W{1,4}pip\b"),
    ),
    *patterns_for(
        "glibc-note",
        ("GLIBC ", r"\((?:Debian|Ubuntu|GNU libc|Raspbian)[^)]{0,60}GLIBC[^)]{0,60}\) (?P<version>2\.\d+)"),
        ("ldd (", r"^ldd \(GNU libc\) (?P<version>2\.\d+)"),
    ),
    *patterns_for(
        "macos-note",
        ("Mac OS X", r"^(?:Mac OS X|ProductName:\s+(?:Mac OS X|macOS))"),
        ("Darwin ", r"^Darwin \S+ \d"),
        ("/Users/", r"(?:^|[\s'\"(=])/Users/\w"),
        ("/private/var/folders", "/private/var/folders"),
        ("/opt/homebrew", "/opt/homebrew"),
        ("/Library/Frameworks/Python", "/Library/Frameworks/Python"),
    ),
    *patterns_for(
        "machine-note",
        ("Linux ", r"^Linux \S+ \d.* (?P<machine>x86_64|aarch64|armv[67]l|i686|ppc64le|s390x|riscv64)(?: GNU.*)?$"),
        ("uname -m", r"uname -m\s+(?P<machine>x86_64|aarch64|armv[67]l|i686|ppc64le|s390x|riscv64)(?:\s|$)", 2),
    ),
)  # fmt: skip
_OLDEST_ANDROID = 21  # the first API level that a wheel can be for (PEP 738)
_MACOS_OLDER = "and this one, or the one that its Python was built for, is older or of another processor"
_KNOWN = {"x86_64", "i686", "aarch64", "armv7l", "ppc64", "ppc64le", "s390x", "riscv64", "loongarch64"}
_LEGACY = {
    "manylinux1": {"x86_64", "i686"},
    "manylinux2010": {"x86_64", "i686"},
    "manylinux2014": _KNOWN - {"riscv64", "loongarch64"},
}
# The first pip that knows a kind of tag (pip's release notes).
_SINCE = (
    (re.compile(r"manylinux_\d"), (20, 3)),
    (re.compile(r"macosx_(?:1[1-9]|2\d)_|macosx_\w+_universal2"), (20, 3)),
    (re.compile(r"musllinux_"), (21, 2)),
    (re.compile(r"manylinux2014_"), (19, 3)),
    (re.compile(r"manylinux2010_"), (19, 0)),
    (re.compile(r"manylinux1_"), (8, 1)),
)
#: Releases of pip that leave out tags like py3-none-PLATFORM; 20.0.2 has them again (its release notes).
_PLATFORMLESS = ("20.0", "20.0.1")
_OLD_MACOS = (10, 13)  # every macOS on which a Python of today or a runner runs is as new as that
_PREFIXED = (19, 2)  # the first pip that prints "ERROR: " before its errors


class Refused(NamedTuple):
    """One refused wheel: its name, its platform tags, and the id of the check for its cause.

    ``detail`` is the fact that shows the cause; if it is empty, the cause is the likeliest of several.
    """

    hits: tuple[Hit, ...]
    wheel: str
    platforms: tuple[str, ...]
    cause: str
    detail: str


def refused(log: BuildLog, wanted: str) -> list[Refused]:
    """Return the wheels that pip or uv refuses for the cause *wanted*, each once."""
    found: dict[str, Refused] = {}
    for hit in log.find("wheel-refused", "uv-refused"):
        wheel = hit.groups["wheel"].rpartition("/")[2].replace("%2B", "+")
        hints = [one for one in log.find("uv-platform") if hit.kind == "uv-refused" and 0 < one.line - hit.line < 6]
        platforms = tuple(wheel.removesuffix(".whl").rpartition("-")[2].split("."))
        tag = hints[0].groups["tag"] if hints else ""
        cause, detail = _uv(tag, platforms) if tag else _cause(log, hit, wheel, platforms)
        found.setdefault(wheel, Refused((hit, *hints[:1]), wheel, platforms, cause, detail))
    for hit in log.find("uv-platform"):
        if found:
            break
        hints = [one for one in log.find("uv-found") if 0 <= one.line - hit.line < 8]
        listed = hit.groups["platforms"] or (hints[0].groups["platforms"] if hints else "")
        platforms = tuple(re.findall(r"`(\w+)`", listed))
        cause, detail = _uv(hit.groups["tag"], platforms)
        if hit.groups["system"]:
            detail = f"uv looks for files for {hit.groups['system']}, too"
        found.setdefault(
            hit.groups["wheel"] or hit.text, Refused((hit, *hints[:1]), hit.groups["wheel"], platforms, cause, detail)
        )
    for hit in log.find("uv-python"):
        if not found:
            detail = "uv looked for a tag of this Python"
            if hit.groups["pythons"]:
                detail = f"its wheels are for {hit.groups['pythons'].replace('`', '')}"
            found[hit.text] = Refused((hit,), hit.groups["wheel"], (), "wheel-not-supported-python", detail)
    return [one for one in found.values() if one.cause == wanted]


def left_out(log: BuildLog) -> list[tuple[Hit, list[tuple[str, str]]]]:
    """Return pip's reports of no version whose asked version it left out for this Python, each with those versions.

    A version comes with its Requires-Python. Of a range, only versions count that are newer than all others.
    """
    found = []
    for hit in log.find("no-versions"):
        notes = log.near(hit.line, "python-ignored", before=4)
        if not notes:
            continue
        pairs = re.findall(r"([\w.!+]+) Requires-Python ([^;]{1,100})", notes[-1].groups["versions"])
        others = [name_key(name) for name in re.findall(r"[\w.!+]+", hit.groups["others"])]
        exact = re.fullmatch(r"===?\s*([\w.!+]+)", hit.groups["asked"].strip())
        least = re.match(r">=?\s*([\w.!+]+)", hit.groups["asked"].strip())
        if exact:
            ignored = [pair for pair in pairs if pair[0] == exact[1]]
        elif least:
            floor = max([name_key(least[1]), *others])
            ignored = [pair for pair in pairs if name_key(pair[0]) >= floor]
        else:
            ignored = [] if others else pairs
        if ignored:
            found.append((hit, [(name, want.strip()) for name, want in ignored]))
    return found


def impossible(platform: str) -> str:
    """Return why no installer accepts *platform*; empty if one does."""
    tag = policies.split(platform)
    if (android := re.match(r"android_(\d+)_", platform)) and int(android[1]) < _OLDEST_ANDROID:
        return f"android_{android[1]} is a release of Android, not the API level that belongs there (24 is Android 7)"
    if platform in _KNOWN:  # a hyphen cut off the part before it
        return f"{platform} alone is not a platform tag; linux_{platform} is"
    if tag.family in ("manylinux", "musllinux") and not tag.arch:
        return f"{platform} is not a platform tag"
    if tag.family not in ("manylinux", "musllinux", "linux"):
        return ""
    legacy = platform.partition("_")[0]
    if legacy in _LEGACY and tag.arch not in _LEGACY[legacy]:
        return f"{legacy} exists for {', '.join(sorted(_LEGACY[legacy]))} only"
    row = targets.resolve(tag.arch)
    if tag.arch not in _KNOWN | {"armv6l", "armv5tel", "mips64", "mips", "armv8l"} and (
        row is None or row.wheel != tag.arch
    ):
        meant = f"; use {row.wheel}" if row else ""
        return f"{tag.arch} is not Python's name of a processor{meant}"
    return ""


def impossible_python(wheel: str) -> str:
    """Return why no interpreter accepts the Python and ABI tags of *wheel*, a file name; empty if one may."""
    parts = wheel.removesuffix(".whl").split("-")
    if len(parts) < 5:
        return ""
    tags = product(*(part.split(".") for part in parts[-3:]))
    reasons = [python_tags.impossible(*tag) for tag in tags]
    return reasons[0] if all(reasons) else ""


def known_since(platform: str) -> tuple[int, ...]:
    """Return the first pip version that knows tags like *platform*; () if it does not depend on pip's age."""
    return next((first for kind, first in _SINCE if kind.match(platform)), ())


def _cause(log: BuildLog, hit: Hit, wheel: str, platforms: tuple[str, ...]) -> tuple[str, str]:
    """Return the cause: first by the facts in the log, then by elimination."""
    wrong = [reason for platform in platforms if (reason := impossible(platform))]
    if len(wrong) == len(platforms):
        return "wheel-not-supported-bad-tag", wrong[0]
    if reason := impossible_python(wheel):
        return "wheel-not-supported-bad-tag", reason
    notes = [note.groups["version"] for note in log.find("pip-note") if note.line <= hit.line]
    if notes[-1:] and notes[-1] in _PLATFORMLESS and re.search(r"-py[\d.py]{1,20}-none-(?!any\.)", wheel):
        detail = f"pip {notes[-1]} takes no tags like py3-none-PLATFORM, and 20.0.2 does again"
        return "wheel-not-supported-old-pip", detail
    tags = [policies.split(platform) for platform in platforms]
    arches = {tag.arch for tag in tags if tag.arch}
    machine = _machine(log)
    if machine and arches and machine not in arches and (machine, "armv7l") != ("aarch64", *arches):
        return "wheel-not-supported-no-arch", f"this machine is {machine}"
    if all(platform.startswith("macosx_") for platform in platforms) and log.find("macos-note"):
        if detail := _other_python(log, hit, wheel):
            return "wheel-not-supported-python", detail
        pip = _version(log, hit, "pip-note")
        if pip and all(pip < (known_since(platform) or pip) for platform in platforms):
            return "wheel-not-supported-old-pip", f"pip {'.'.join(map(str, pip))} does not know {platforms[0]}"
        system = ".".join(platforms[0].split("_")[1:3])
        if name_key(system) < _OLD_MACOS:
            arch = platforms[0].split("_", 3)[-1]
            python = wheel.split("-")[-3]
            return "wheel-not-supported-no-arch", f"it is for {arch}, and this Python is not, or does not take {python}"
        return "wheel-not-supported-no-arch", f"its tag asks for macOS {system} or later, {_MACOS_OLDER}"
    if not arches and platforms != ("any",) and not _knows_system(log, hit, platforms[0]):
        if detail := _other_python(log, hit, wheel):
            return "wheel-not-supported-python", detail
        exact = not _version(log, hit, "python-note") and re.search(r"-(?:cp|pp)\d+-(?!abi3|none)\w+-[^-]+$", wheel)
        return ("wheel-not-supported-python" if exact else "wheel-not-supported-no-arch"), ""
    if not arches and platforms != ("any",):
        return "wheel-not-supported-no-arch", f"{platforms[0]} is for another operating system"
    if detail := _other_python(log, hit, wheel):
        return "wheel-not-supported-python", detail
    pip = _version(log, hit, "pip-note")
    limit = pip or (_PREFIXED if hit.kind == "wheel-refused" and not hit.groups["prefix"] else ())
    since = [known_since(platform) for platform in platforms]
    if limit and all(since) and all(limit < first or (not pip and limit <= first) for first in since):
        which = f"pip {'.'.join(map(str, pip))}" if pip else "a pip that prints no ERROR: before its errors"
        return "wheel-not-supported-old-pip", f"{which} does not know {platforms[0]}"
    glibc = _version(log, hit, "glibc-note") or _glibc_of(log, hit)
    promises = [name_key(tag.policy) for tag in tags if tag.family == "manylinux"]
    if glibc and promises and min(promises) > glibc:
        return "wheel-not-supported-glibc", f"this system has glibc {'.'.join(map(str, glibc))}"
    if {tag.libc for tag in tags} == {"musl"} and (glibc or (pip and pip >= (21, 2))):
        return "wheel-not-supported-no-arch", "it is for musl, but this system has glibc" if glibc else "it is for musl"
    pythons, abis = ("".join(wheel.removesuffix(".whl").split("-")[at : at + 1]) for at in (-3, -2))
    if abis == "none" and all(python.startswith("py") for python in pythons.split(".")) and pip:
        return "wheel-not-supported-no-arch", ""  # it is for every Python, and pip knows its kind of tag
    return _likeliest(tags, platforms, limit, machine, bool(_version(log, hit, "python-note")), abis.split("."))


def _likeliest(
    tags: list[PlatformTag],
    platforms: tuple[str, ...],
    pip: tuple[int, ...],
    machine: str,
    python_fits: bool,
    abis: list[str],
) -> tuple[str, str]:
    """Return the likeliest of the remaining causes, without a detail: no fact in the log shows it."""
    if "abi3t" in abis:
        return "wheel-not-supported-python", ""
    if not machine and {tag.arch for tag in tags} - {"x86_64", ""}:
        return "wheel-not-supported-no-arch", ""
    if {tag.libc for tag in tags} == {"musl"}:
        return "wheel-not-supported-no-arch", ""
    if min((name_key(tag.policy) for tag in tags if tag.family == "manylinux"), default=()) > (2, 28):
        return "wheel-not-supported-glibc", ""
    new = all(re.match(r"(?:manylinux|musllinux)_\d", platform) for platform in platforms)
    if (new and not pip) or (pip == _PREFIXED and platforms[0].startswith("manylinux2010")):
        return "wheel-not-supported-old-pip", ""
    return "wheel-not-supported-old-pip" if python_fits and not pip else "wheel-not-supported-python", ""


def _knows_system(log: BuildLog, hit: Hit, platform: str) -> bool:
    """Whether the log shows a system on which a wheel for Windows or macOS is surely a foreign one."""
    if platform.startswith("win") and any("/lib/python3" in note.text for note in log.find("python-note")):
        return True
    return bool(log.distro_at(hit.line).id or log.find("glibc-note", "machine-note", "macos-note"))


def _machine(log: BuildLog) -> str:
    """Return the output of ``uname -m`` in the log; empty if it has none."""
    notes = [hit.groups["machine"] for hit in log.find("machine-note")]
    return notes[-1] if notes else ""


def _other_python(log: BuildLog, hit: Hit, wheel: str) -> str:
    """Return why the wheel's Python and ABI tags do not fit the interpreter in the log; empty if they fit."""
    here = _version(log, hit, "python-note")
    parts = wheel.removesuffix(".whl").split("-")
    if not here or len(parts) < 5:
        return ""
    pythons, abis = parts[-3].split("."), parts[-2].split(".")
    mine = f"cp{here[0]}{here[1]}"
    for python in pythons:
        match = re.fullmatch(r"(cp|py)(\d)(\d*)", python)
        if match is None:
            continue
        wanted = (int(match[2]), int(match[3] or 0))
        if python == mine and any(abi in (mine, f"{mine}m", f"{mine}mu", "abi3", "none") for abi in abis):
            return ""
        if (match[1] == "py" or {"abi3", "none"} & {*abis}) and wanted[0] == here[0] and wanted <= here[:2]:
            return ""
    if mine in pythons and f"{mine}t" in abis:
        return f"{mine}t is for the free-threaded build of Python"
    return f"this is Python {'.'.join(map(str, here))}"


def _uv(here: str, platforms: tuple[str, ...]) -> tuple[str, str]:
    wrong = [reason for platform in platforms if (reason := impossible(platform))]
    if platforms and len(wrong) == len(platforms):
        return "wheel-not-supported-bad-tag", wrong[0]
    if not here or not platforms:
        return "wheel-not-supported-no-arch", ""
    if here.startswith("macosx_"):
        newer = [platform for platform in platforms if platform.startswith("macosx_")]
        if not newer:
            return "wheel-not-supported-no-arch", f"this system is {here}"
        wanted = ".".join(newer[0].split("_")[1:3])
        return "wheel-not-supported-no-arch", f"its tag asks for macOS {wanted} or later, {_MACOS_OLDER}"
    mine = policies.split(here)
    theirs = [policies.split(platform) for platform in platforms]
    same = [tag for tag in theirs if tag.arch == mine.arch and tag.libc == mine.libc]
    if same:
        return "wheel-not-supported-glibc", f"this system is {here}"
    return "wheel-not-supported-no-arch", f"this system is {here}"


def _glibc_of(log: BuildLog, hit: Hit) -> tuple[int, ...]:
    """Return the glibc of the release that the log names, () if it names no known one."""
    distro = log.distro_at(hit.line)
    names = {"debian": f"Debian {distro.version}", "ubuntu": f"Ubuntu {distro.version}"}
    if distro.family == "rhel" and distro.id != "fedora":
        names[distro.id] = f"{'CentOS' if distro.version == '7' else 'RHEL'} {distro.version.partition('.')[0]}"
    name = names.get(distro.id)
    return next((release.glibc for release in named_releases() if release.label == name), ())


def _version(log: BuildLog, hit: Hit, kind: str) -> tuple[int, ...]:
    notes = [note for note in log.find(kind) if note.groups["version"]]
    before = [note for note in notes if note.line <= hit.line] or notes
    return name_key(before[-1].groups["version"])[:2] if before else ()
