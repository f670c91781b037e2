"""Commands of scripts that build a wheel, and the legs that they are."""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.targets import find, resolve
from diagnose.readers.workflow import maturin_action, scripts, tags
from diagnose.tables import ci

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from diagnose.readers.workflow.repository import Repository
    from diagnose.readers.workflow.workflow_facts import BuildPlace, Leg

FOREIGN = ("apple", "windows", "android", "wasm", "emscripten", "ios", "freebsd", "pyodide")
"""Parts of targets that are no Linux."""
_RUNNERS = frozenset({"uv", "uvx", "run", "tool", "pipx", "python", "python3", "-m", "poetry", "pdm"})
_WORDS = ("maturin", "cross ", "zigbuild", "cibuildwheel")
_PINNED = re.compile(r"\bcibuildwheel(?:\[[\w,]*\])?(?P<sign>==|~=|[<>!]=?)?(?P<release>[\d.]+)?")
_SEARCHED = 100  # characters that are searched in the time of one part of a leg
_REQUIREMENTS = re.compile(r"(?:-r|--requirement)[ =](?P<path>[\w./-]+)")


def build_commands(script: str) -> list[tuple[str, ...]]:
    """Return the commands of *script* that build a wheel or call cross: their words, the tool first."""
    if not any(word in script for word in _WORDS):
        return []
    found = [_build(call.command) for call in scripts.walked(script)]
    return [words for words in found if words]


def _build(words: tuple[str, ...]) -> tuple[str, ...]:
    start, end = 0, len(words)
    while start < end and words[start] in _RUNNERS:
        start += 1
        while start < end and words[start].startswith("--"):
            start += 1 if "=" in words[start] else 2
    rest = list(words[start:])
    if rest[:2] in (["maturin", "build"], ["maturin", "publish"], ["cross", "build"]):
        return tuple(rest)
    if rest[:2] == ["cargo", "zigbuild"]:
        return ("cargo-zigbuild", *rest[2:])
    return tuple(rest) if rest[:1] == ["cibuildwheel"] else ()


def named_release(scripts_before: Iterable[str], repository: Repository) -> str:
    """Return the release of cibuildwheel that a job installs; if it takes any, that by which the newest is judged.

    Empty if it is unknown.

    *scripts_before* are the scripts of the job up to the command; files of requirements that they name are read.
    """
    found = ""
    for script in scripts_before:
        paths = [match["path"] for match in _REQUIREMENTS.finditer(script)]
        texts = [script, *(repository.text(path) or "" for path in paths if not path.startswith(("/", "..")))]
        repository.spend(len(texts) + sum(map(len, texts)) // _SEARCHED)
        for match in (one for text in texts for one in _PINNED.finditer(text)):
            if match["sign"] == "==" and match["release"]:
                found = match["release"].strip(".")
            elif match["sign"]:
                return ""
            elif "install cibuildwheel" in script and not found:
                found = ci.CIBUILDWHEEL
    return found


def plain_legs(
    leg: Leg, around: BuildPlace, commands: Sequence[tuple[str, ...]], named: Sequence[list[str | None]], arch: str
) -> Iterator[Leg]:
    """Yield the legs of maturin's, cross's and cargo-zigbuild's *commands* in the place *around*.

    *named* are their words with expressions evaluated: None where a word is unknown. *arch* is the processor there,
    as uname prints it; empty if unknown: the target is unknown then, and the place is not.
    """
    for words, values in zip(commands, named, strict=True):
        tool = words[0]
        text = [word or "" for word in values]
        target = maturin_action.after(text, "--target") or _joined(text, "--target=")
        if any(part in target for part in FOREIGN):
            continue
        known = None not in values and arch and "$" not in target and tool != "cross"
        found = resolve(target or _own_target(around, arch)) if known else None
        made = leg._replace(
            tool=tool,
            target=found.triple if found else target if "$" not in target else "",
            place=around if known or not arch else leg.place,
            words=tuple(text),
            zig="--zig" in text or tool == "cargo-zigbuild",
            manylinux=maturin_action.after(text, "--manylinux") or maturin_action.after(text, "--compatibility"),
        )
        yield made._replace(tag=tags.expected(made))


def _own_target(place: BuildPlace, arch: str) -> str:
    """Return the target that a compiler in *place* builds for by itself."""
    gnu = maturin_action.native(arch)
    musl = place.facts is not None and place.facts.target == "musl" and not place.facts.cross
    rows = (row.triple for row in find(arch) if row.libc == "musl") if musl else iter(())
    return next(rows, gnu)


def _joined(words: list[str], option: str) -> str:
    return next((word[len(option) :] for word in words if word.startswith(option)), "")
