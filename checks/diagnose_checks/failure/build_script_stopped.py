"""A crate's build script stops the build, and says why in its own words.

A build script may refuse to go on: it panics with a message, returns an error, or writes ``cargo::error=MESSAGE``.
Where no other check knows the message, it is shown as it is, because the crate's authors wrote it
for this case.

How to fix: do as the message says. Features are switched on in Cargo.toml, variables are set in the environment of the
build: inside the container, where it runs in one.

References:
    https://doc.rust-lang.org/cargo/reference/build-scripts.html#cargo-error
"""

from __future__ import annotations

from diagnose.authoring.log import advise, finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for
from diagnose.remedies.libraries import install_fixes
from diagnose.remedies.package_names import library_module

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit

_NAME = r"(?P<crate>[a-z0-9][\w-]{0,60})@(?P<version>\d[\w.+-]{0,40})"
_BUILD = r"(?:[^\s:'\",]{0,300}[/\\])?build(?:[/\\]\w+|_\w+|-script)?\.rs"
#: A panic or a returned error without a message of the crate's own.
_NOBODY = (
    r"(?!called `|explicit panic|assertion |index out of|attempt to |not (?:yet )?implemented|internal error"
    r"|failed to execute|No such file)"
)
CHECK = Check(
    since="0.1.0",
    phase=Phase.COMPILE,
    fallback=True,
    patterns=patterns_for(
        "build-script-said",
        ("cargo:", r"^cargo::?error=(?P<said>\S.{0,500})"),
        ("rror: ", rf"^error: {_NAME}: (?P<said>\S.{{0,500}})"),
        # a new panic has its message in the next line, an old one before its place
        ("panicked at ", rf"panicked at {_BUILD}:\d+:\d+:\s+(?P<said>{_NOBODY}[A-Z\[\"].{{14,500}})", 2),
        ("panicked at ", rf"panicked at '(?P<said>{_NOBODY}[^']{{1,500}} [^']{{1,300}})', {_BUILD}:\d"),
        # what main() returns
        ("Error: ", r"^Error: (?P<said>(?!Os \{|Custom \{|No such file)\"?\S.{0,300} .{1,300})$"),
    ),
)
_VARIABLE = re.compile(r"(?<![\w$./-])[A-Z][A-Z0-9]+_[A-Z0-9_]+\b(?!-)")
_SET = re.compile(r"(?i)\b(?:environment|env\.? var|variables?|set|setting|export|specify|define)\b")
_FEATURE = re.compile(r"[`'\"](?P<before>[\w-]+)[`'\"] feature\b|\bfeature [`'\"](?P<after>[\w-]+)[`'\"]")
_LIBRARY = r"(?P<{0}>[A-Za-z][\w.+-]{{1,40}})"
_LACKING = r"(?:could not be|was not|were not|is not|not) found"
#: A library of the system that a build script did not find, as its authors say it.
_ABSENT = re.compile(
    rf"\bsystem(?:'s)? (?:version|installation|copy|library) (?:of )?[`'\"]?{_LIBRARY.format('of')}[`'\"]? {_LACKING}"
    rf"|(?:[Cc]ould not|[Cc]annot|[Cc]an't|[Uu]nable to|[Ff]ailed to) (?:find|locate) (?:the |a )?(?:system |shared )?"
    rf"(?:library |installation of )?[`'\"]?(?P<file>lib[a-z][\w+-]{{1,40}})\b"
    rf"|^[`'\"]?(?P<first>lib[a-z][\w+-]{{1,40}})(?:\.so)?[`'\"]? {_LACKING}"
)
_NOT_FEATURES = frozenset({"default", "std"})


def log(log: BuildLog) -> Iterator[Finding]:
    """See a build script's own words."""
    if log.find("header-unknown"):
        return  # c-header-unknown: bindgen's panic only repeats it
    for hit in log.find("build-script-said"):
        crate, version = _whose(log, hit)
        if not crate:
            continue
        said = hit.groups["said"].strip()
        yield finding_from_hits(
            log,
            [hit],
            f"the build script of {crate}{f' {version}' if version else ''} stops: {_short(said)}",
            f"{crate} and all crates that use it cannot be built.",
            (*_installing(log, hit, said), *_fixes(crate, said), Fix("do as the message of the build script says")),
        )
        return


def _whose(log: BuildLog, hit: Hit) -> tuple[str, str]:
    """Return the crate and the version of the build script that wrote *hit*."""
    if hit.groups["crate"]:
        return hit.groups["crate"], hit.groups["version"]
    return log.crate_at(hit.line)


def _short(said: str) -> str:
    """Return the first sentence of the message."""
    whole = said[1:-1] if len(said) > 1 and said[0] == said[-1] in "\"'" else said
    first = re.split(r"(?<=[.!?]) (?=[A-Z])", whole, maxsplit=1)[0].rstrip(".")
    return first if len(first) <= 160 else f"{first[:157]}…"


def _installing(log: BuildLog, hit: Hit, said: str) -> tuple[Fix, ...]:
    """Return how to install the library of the system that the message misses, where a package of it is known."""
    match = _ABSENT.search(said)
    if match is None:
        return ()
    name = match["of"] or match["file"] or match["first"]
    names = dict.fromkeys((name.removeprefix("lib"), name.lower().removeprefix("lib"), name))
    module = next((found for one in names if (found := library_module(one))), "")
    return advise(log, hit.line, install_fixes, module) if module else ()


def _fixes(crate: str, said: str) -> Iterator[Fix]:
    if re.search(r"(?i)\b(?:404|not found)\b", said) and (address := re.search(r"https?://[^\s,\"')\]]+", said)):
        yield Fix(
            f"use a newer release of {crate}: what it downloads is gone",
            notes=f"{address[0]}. Or name another version, or a local copy, in a variable of the crate.",
        )
    features = [match["before"] or match["after"] for match in _FEATURE.finditer(said)]
    for name in [name for name in dict.fromkeys(features) if name not in _NOT_FEATURES][:2]:
        yield Fix(
            f"switch on its feature {name}, if that is what the message asks for",
            (Command(f"cargo add {crate} --features {name}", FixStage.BUILD),),
            notes="Where another crate brings it: that crate's feature of the same kind.",
        )
    names = list(dict.fromkeys(_VARIABLE.findall(said)))[:3] if _SET.search(said) else []
    if names:
        yield Fix(f"set {' or '.join(names)}, as the message says")
