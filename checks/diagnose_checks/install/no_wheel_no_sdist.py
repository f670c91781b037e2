"""The package has neither a compatible wheel nor a source distribution.

``(from versions: none)`` means that the index lists no file that this pip can use: only wheels for other platforms or
Pythons, and no source. pip also prints it if the index is not reachable, or if the name is misspelt.

How to fix: use a Python or platform that has a wheel, or another version of the package. Or ask the project for a
source distribution.

References:
    https://pip.pypa.io/en/stable/topics/dependency-resolution/
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for
from diagnose.model.versions import version_key
from diagnose_checks.install._triage import left_out

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit

CHECK = Check(
    since="0.1.0",
    phase=Phase.LATER,
    log_kinds=("uv-platform", "uv-python"),
    patterns=patterns_for(
        "no-pyodide-wheel",
        ("Can't find a pure Python 3 whe", r"Can't find a pure Python 3 wheel for:? (?P<packages>'[^\n]{1,300}')"),
    )
    + patterns_for(
        "no-versions",
        (
            "from versions:",
            r"requirement (?P<package>[\w.\[\]-]{1,100})(?![\w.\[\]-])(?P<asked>[^\s(]{0,200}).{0,400}\(from versions: "
            r"(?:none)?(?P<others>[\w., !+-]{0,2000})\)",
        ),
    )
    + patterns_for(
        "no-distribution",  # without the versions, which somebody left out
        (
            "find a version that satisfies",
            r"^(?:ERROR: )?Could not find a version that satisfies the requirement (?P<package>[\w.\[\]-]{1,100})"
            r"(?![\w.\[\]-])(?P<asked>[^\s(]{0,200})(?: \(from (?!versions)[^)]{1,200}\))?$",
        ),
        (  # Poetry
            "matching version of package",
            r"^Could not find a matching version of package (?P<package>[\w.-]{1,100})(?P<asked>)$",
        ),
    )
    + patterns_for(
        "none-installable",
        # of uv, from a lock file
        (
            "be installed because it",
            r"(?:[Dd]|found d)istribution `?(?P<package>[\w.-]{1,100})(?:\[[^\]]{0,100}\])"
            r"?==(?P<version>[\w.+!-]{1,60}) @ "
            r"[^`]{1,400}?`? can't be "
            r"installed because it doesn't have a source distribution or wheel for the current platform",
        ),
        (
            "be installed because it",
            r"(?:[Dd]|found d)istribution `?(?P<package>[\w.-]{1,100})(?:\[[^\]]{0,100}\])"
            r"?==(?P<version>[\w.+!-]{1,60}) @ "
            r"[^`]{1,400}?`? can't be "
            r"installed because it is marked as `--no-(?P<option>build|binary)`",
        ),
        (
            "be installed because the binary",
            r"(?:[Dd]|found d)istribution `?(?P<package>[\w.-]{1,100})(?:\[[^\]]{0,100}\])"
            r"?==(?P<version>[\w.+!-]{1,60}) @ "
            r"[^`]{1,400}?`? can't be "
            r"installed because the binary distribution is incompatible",
        ),
        (
            "nor source distribution",  # before 0.2.25
            r"found distribution (?P<package>[\w.-]{1,100})==(?P<version>[\w.+!-]{1,60}) @ \S{1,400} with "
            r"neither wheels nor",
        ),
        # of Poetry, from a lock file
        (
            "find installation candidates",
            r"Unable to find installation candidates for (?P<package>[\w.-]{1,100}) "
            r"\((?P<version>[\w.+!-]{1,60})\)(?P<poetry>)",
        ),
        # of PDM
        (
            "o candidate is found for",
            r"No candidate is found for `(?P<package>[^`]{1,100})` that matches the environment(?P<pdm>)",
        ),
        ("nable to find candidates for", r"Unable to find candidates for (?P<package>[\w.-]{1,100})(?P<pdm>)"),
    )
    + patterns_for(
        "poetry-retries",
        ("Retrying HTTP request", r"\bRetrying HTTP request in "),
        ("ead timed out", r"\bRead timed out\b"),
        ("onnection pool is full", r"\bConnection pool is full, discarding connection(?P<harmless>)"),
    )
    + patterns_for("pip-retries", ("connection broken by", r"Retrying \(Retry\(total=[1-9]\d*,"))
    + patterns_for(
        "pip-distrusts", ("is being ignored", r"The repository located at (?P<host>\S{1,253}) is not a trusted")
    )
    + patterns_for(
        "pip-place",
        ("Looking in links: ", r"^Looking in links: (?P<links>\S{1,300})"),
        ("Looking in indexes: ", r"^Looking in indexes: (?P<index>[^\s,]{1,300})$"),
        ("--no-index", r"\bpip3? .{0,300}(?P<alone>--no-index)\b"),
    ),
)
_ABOVE = 60  # lines
#: What builds in isolation install for themselves.
_BACKENDS = ("setuptools", "wheel", "hatchling", "flit_core", "poetry-core", "maturin", "setuptools-rust")


def _elsewhere(log: BuildLog, hit: Hit) -> Finding | None:
    """Return what the lines above say of the place that pip asked, if that has the cause."""
    package, above = hit.groups["package"], {"before": _ABOVE}
    if distrusted := log.near(hit.line, "pip-distrusts", **above):
        host = distrusted[0].groups["host"]
        return finding_from_hits(
            log,
            [*distrusted[:1], hit],
            f"pip does not use the index {host}: it is reached without a certificate",
            "The package is not found.",
            [
                Fix("name the index by its https address"),
                Fix(
                    "trust that host, in a network that you trust",
                    (Command(f"python3 -m pip config set global.trusted-host {host}", FixStage.TOOLCHAIN),),
                ),
            ],
        )
    places = log.near(hit.line, "pip-place", **above)
    links = next((place.groups["links"] for place in places if place.groups["links"]), "")
    if any(place.groups["alone"] for place in places):
        notes = "On a machine with a network, of the same system and Python. "
        if package in _BACKENDS:
            notes += "A build in isolation asks for it: put it there, too, or build with --no-build-isolation."
        return finding_from_hits(
            log,
            [hit],
            f"{links or 'the folder of --find-links'} has no file of {package}{hit.groups['asked']} that this Python "
            "can use, and --no-index allows no other place",
            "The package is not installed.",
            [
                Fix(
                    "bring it, and all that it requires, into that folder",
                    (Command(f"python3 -m pip download -d {links or 'FOLDER'} {package}", FixStage.TOOLCHAIN),),
                    notes=notes.strip(),
                )
            ],
        )
    index = next((place.groups["index"] for place in places if place.groups["index"]), "")
    if index and not hit.groups["others"] and log.distro_at(hit.line).libc != "musl":
        return finding_from_hits(
            log,
            [*(place for place in places if place.groups["index"]), hit],
            f"{index}, the only index that is asked, has no file of {package} that this Python on this machine can use",
            "The package is not installed.",
            [
                Fix(
                    "ask another index beside it",
                    notes="--extra-index-url, or PIP_EXTRA_INDEX_URL, adds one; --index-url and PIP_INDEX_URL replace "
                    "the public one. If this one is a mirror of it: the name is wrong, or all files are for other "
                    "platforms or Pythons.",
                ),
                Fix(
                    "see which files the index has for this Python",
                    (Command(f"python3 -m pip index versions {package.partition('[')[0]}", FixStage.TOOLCHAIN),),
                ),
            ],
        )
    return None


def _on_musl(log: BuildLog, hit: Hit, package: str) -> Finding:
    asked = hit.groups["asked"] if hit.groups["others"] else ""
    return finding_from_hits(
        log,
        [hit],
        f"the index has no file of {package}{asked} for this Python on a system with musl, as Alpine is",
        "The package is not installed.",
        [
            Fix(
                "use an image with glibc, such as -slim instead of -alpine",
                notes="Most wheels are manylinux ones, for glibc; pip on Alpine takes musllinux ones and source.",
            ),
            Fix(
                "see which versions pip can use here",
                (Command(f"python3 -m pip index versions {package.partition('[')[0]}", FixStage.TOOLCHAIN),),
                notes="Without any, the name may also be wrong.",
            ),
        ],
    )


def _of_lock(log: BuildLog, hit: Hit) -> Finding:
    """Return that uv, Poetry or PDM finds no file of a release that this Python on this machine can use."""
    package, version, option = (hit.groups[name] for name in ("package", "version", "option"))
    if option:
        other = "a wheel" if option == "build" else "a source distribution"
        return finding_from_hits(
            log,
            [hit],
            f"{package} {version} has no {'wheel' if option == 'build' else 'source distribution'} that can be "
            f"used here, and "
            f"no-{option} forbids the rest",
            "The package is not installed.",
            [
                Fix(
                    f"allow it for {package}, or take a release that has {other}",
                    notes=f"--no-{option}, UV_NO_{option.upper()}, no-{option} and no-{option}-package of "
                    f"[tool.uv] set it.",
                )
            ],
        )
    name = f"{package} {version}".strip()
    shaky = log.near(hit.line, "poetry-retries", "pip-retries", before=_ABOVE, after=0)
    if shaky and "poetry" in hit.groups:
        return _of_shaky_index(log, [*shaky[-1:], hit], name)
    again = "poetry" if "poetry" in hit.groups else "pdm" if "pdm" in hit.groups else "uv"
    lock = {
        "uv": Command(f"uv lock --upgrade-package {package}", FixStage.BUILD),
        "poetry": Command(f"poetry update {package}", FixStage.BUILD),
        "pdm": Command(f"pdm update {re.split(r'[<>=!~ ;[]', package)[0]}", FixStage.BUILD),
    }[again]
    return finding_from_hits(
        log,
        [hit],
        f"{name} has no file that this Python on this machine can use",
        "The package is not installed.",
        [
            Fix(
                "take another release into the lock file",
                (lock,),
                notes="Its wheels are for other Pythons, processors or systems, or it was removed from the "
                "index. The lines "
                "below the message may name them; the index's list of files does. If it has such a file: poetry "
                "cache clear "
                "PyPI --all, for a list that Poetry kept.",
            ),
            Fix(
                "use a Python, or a system, that it has wheels for",
                notes="Alpine needs musllinux wheels, 32-bit and other processors their own; the newest Python "
                "often has "
                "none yet.",
            ),
        ],
    )


def _newer_python(hit: Hit) -> list[Fix]:
    """Return the fix for a release above all that pip lists: it leaves out what requires another Python."""
    listed = re.findall(r"\d[\w.]*", hit.groups["others"])[-1:]
    asked = re.search(r"[>=]=(\d[\w.]*)|~=(\d[\w.]*)", hit.groups["asked"])
    if not (listed and asked) or version_key(asked[1] or asked[2]) <= version_key(listed[0]):
        return []
    notes = f"pip lists what fits this Python, up to {listed[0]}: a newer release often requires a newer one."
    if hit.groups["package"].partition("[")[0] in _BACKENDS:
        notes += " A build from source asks for it: an older release of the package that is built, or one with a "
        notes += "wheel for this machine (--only-binary), needs no build."
    return [Fix("use a newer Python, if that version is on the index", notes=notes)]


def _of_shaky_index(log: BuildLog, hits: list[Hit], name: str) -> Finding:
    """Return that Poetry got no file, after messages about its connections: it tells an answer and none alike."""
    answered = "harmless" in hits[0].groups
    return finding_from_hits(
        log,
        hits,
        f"Poetry got no file of {name} that it can use: "
        + (
            "an answer of the index was not complete, or no file is for this Python on this machine"
            if answered
            else "the index did not answer, or no file is for this Python on this machine"
        ),
        "The package is not installed.",
        [
            Fix(
                "run it again, without the lists that Poetry kept",
                (
                    Command("poetry cache clear --all --no-interaction PyPI", FixStage.BUILD),
                    Command("poetry install", FixStage.BUILD),
                ),
                notes="poetry config installer.max-workers 4 asks for less at once.",
            ),
            Fix(
                "if it fails again: take another release into the lock file",
                (Command(f"poetry update {name.split()[0]}", FixStage.BUILD),),
                notes="Then its wheels are for other Pythons, processors or systems, or it was removed.",
            ),
        ],
    )


def _skipped(log: BuildLog, hit: Hit) -> bool:
    """Whether pip left out a page of the index, or a folder, before it found nothing."""
    return bool(log.near(hit.line, "index-page-skipped", before=_ABOVE))


#: What other checks name as the cause.
_EXPLAINED = ("outage", "certificate", "metadata-inconsistent", "index-unreadable")


def log(log: BuildLog) -> Iterator[Finding]:
    """See pip find no file of a name, without a network failure."""
    for hit in log.find("no-pyodide-wheel")[:1]:
        yield finding_from_hits(
            log,
            [hit],
            f"the index has no wheel for Pyodide of {hit.groups['packages'].replace(chr(39), '')}",
            "The package is not installed: a browser can compile nothing.",
            [
                Fix(
                    "build a wheel for Pyodide, and install it by its URL",
                    (Command("cibuildwheel --platform pyodide", FixStage.BUILD),),
                    notes="await micropip.install('URL.whl'). Rust: maturin build --target "
                    "wasm32-unknown-emscripten, with the emsdk of that Pyodide.",
                ),
                Fix(
                    "take what Pyodide brings, or leave the dependency out",
                    notes="Pyodide's list of packages has many with compiled code, in fixed versions: a requirement == "
                    "another one fails. deps=False leaves dependencies out.",
                ),
            ],
        )
        return
    for hit in () if log.find("uv-platform", "uv-python") else log.find("none-installable")[:1]:
        yield _of_lock(log, hit)
        return
    refused = [hit for hit, _ in left_out(log)]  # python-version-refused
    for hit in (log.find("no-versions") or log.find("no-distribution"))[:1]:
        if hit in refused or log.near(hit.line, *_EXPLAINED, before=_ABOVE):
            continue
        if any(one.groups["code"] in ("401", "403") for one in log.near(hit.line, "download-refused", before=_ABOVE)):
            continue  # download-refused
        if not hit.groups["others"] and log.near(hit.line, "pip-retries", before=_ABOVE):
            continue  # network-or-mirror-outage
        if not hit.groups["others"] and _skipped(log, hit):
            continue  # index-unreadable
        package = hit.groups["package"]
        if (other := _elsewhere(log, hit)) is not None:
            yield other
            continue
        if log.distro_at(hit.line).libc == "musl":
            yield _on_musl(log, hit, package)
            continue
        yield finding_from_hits(
            log,
            [hit],
            f"the index has no {package}{hit.groups['asked']} that this Python on this machine can use"
            if hit.groups["others"] or (hit.kind == "no-distribution" and hit.groups["asked"])
            else f"the index has no file of {package} that this Python on this machine can use",
            "The package is not installed.",
            [
                *(_newer_python(hit)),
                Fix(
                    "list the tags that this pip accepts and the versions on the index",
                    (
                        Command("python3 -m pip debug --verbose", FixStage.TOOLCHAIN),
                        Command(f"python3 -m pip index versions {package.partition('[')[0]}", FixStage.TOOLCHAIN),
                    ),
                    notes="Only older or newer versions have a file for it; releases for other Pythons are not listed."
                    if hit.groups["others"]
                    else "Either the name is wrong, or all files are wheels for other platforms or Pythons.",
                ),
            ],
        )
