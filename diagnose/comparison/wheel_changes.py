"""Compares the wheels of two releases: which systems, processors and Pythons lose support, and what changed inside.

Two wheels are a pair if they are for the same project, Python, system and processor; the C library's version in the tag
and the number of a stable ABI may differ, because these are what is compared. Hashes in names of bundled libraries
(:mod:`diagnose.tables.repaired_names`) do not count.
"""

from __future__ import annotations

from diagnose import policies
from diagnose.config import baseline
from diagnose.engine.headline import platforms
from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple, re
from diagnose.model.finding import Severity
from diagnose.model.versions import name_key
from diagnose.tables import repaired_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from diagnose.engine.run import Result
    from diagnose.model.finding import Finding


class Change(NamedTuple):
    """One value before and after; empty if it is absent."""

    old: str
    new: str


class VersionRise(NamedTuple):
    """A library's symbol versions of which newer ones are needed: ``GLIBC`` of ``libc.so.6``, by these files."""

    library: str
    old: str
    new: str
    files: tuple[str, ...]


class WheelChange(NamedTuple):
    """What changed between two wheels. Empty fields did not change.

    ``floor`` is the lowest tag that each meets, ``claimed`` the tags of the file names. ``symbols`` are those that
    raise the floor most, with ``cause``, the version or library that does. ``bundled`` and ``external`` have the
    libraries by their names without hashes; a library whose version changed is one change. ``size`` is in bytes.
    ``fresh`` are findings that the old wheel has not, ``gone`` the other way round.
    """

    old_name: str
    new_name: str
    claimed: Change | None
    floor: Change | None
    raised: bool
    cause: str
    symbols: tuple[str, ...]
    rises: tuple[VersionRise, ...]
    bundled: tuple[Change, ...]
    external: tuple[Change, ...]
    requires_python: Change | None
    size: tuple[int, int]
    fresh: tuple[Finding, ...]
    gone: tuple[Finding, ...]


class Comparison(NamedTuple):
    """What changed between two releases.

    ``lost`` and ``gained`` name processors (``manylinux armv7l``) and Pythons (``cp39``; ``cp39-abi3`` and newer).
    ``only_old`` and ``only_new`` are wheels without a partner, ``errors`` the inputs that could not be read.
    """

    pairs: tuple[WheelChange, ...]
    lost: tuple[str, ...]
    gained: tuple[str, ...]
    only_old: tuple[str, ...]
    only_new: tuple[str, ...]
    fresh_alone: tuple[tuple[str, Finding], ...]
    errors: tuple[str, ...]

    @property
    def takes_support(self) -> bool:
        """Whether a system, processor or Python that the old release supports is not supported any more."""
        return bool(self.lost) or any(pair.raised for pair in self.pairs)

    def fresh(self) -> list[Finding]:
        """Return the findings that only the new release has."""
        return [*(finding for pair in self.pairs for finding in pair.fresh), *(one for _, one in self.fresh_alone)]

    def exit_code(self, fail_on: str) -> int:
        """Return 2 if an input could not be read, 1 if something is at or above *fail_on*, else 0.

        *fail_on* is a severity, ``never``, or ``loss``: an error, or support that was taken away.
        """
        if self.errors:
            return 2
        if fail_on == "never":
            return 0
        least = Severity.ERROR if fail_on == "loss" else Severity(fail_on)
        worse = any(finding.severity.rank <= least.rank for finding in self.fresh())
        return int(worse or (fail_on == "loss" and self.takes_support))


def compare(old: Sequence[Result], new: Sequence[Result]) -> Comparison:
    """Return what changed from the wheels *old* to the wheels *new*. Two single wheels are always a pair."""
    errors = [result.error for result in (*old, *new) if result.error is not None]
    before = [result for result in old if result.error is None]
    after = [result for result in new if result.error is None]
    partners: dict[tuple[str, ...], list[Result]] = {}
    for result in before:
        partners.setdefault(_key(result.facts), []).append(result)
    if not before or not after:  # nothing to compare with, which is not a change
        return Comparison((), (), (), (), (), (), tuple(errors))
    alone = len(before) == len(after) == 1 and _key(before[0].facts)[0] == _key(after[0].facts)[0]
    pairs, only_new, fresh_alone = [], [], []
    for result in after:
        same = before if alone else partners.get(_key(result.facts), [])
        if same:
            pairs.append(_change(same.pop(0), result))
        else:
            only_new.append(result.name)
            fresh_alone += [(result.name, finding) for finding in result.findings]
    only_old = [] if alone else [result.name for rest in partners.values() for result in rest]
    lost, gained = _support(before, after), _support(after, before)
    return Comparison(
        tuple(pairs),
        tuple(lost),
        tuple(gained),
        tuple(sorted(only_old)),
        tuple(only_new),
        tuple(fresh_alone),
        tuple(errors),
    )


def _systems(facts: dict[str, Any]) -> list[str]:
    """Return the systems and processors of the tags: ``manylinux x86_64``, ``macosx``, ``any``."""
    found = []
    for platform in platforms(facts):
        tag = policies.split(platform)
        if tag.family in ("manylinux", "musllinux", "linux"):
            found.append(f"{tag.family} {tag.arch}")
        else:
            mac = re.fullmatch(r"(macosx|ios|android)_\d+(?:_\d+)?_(\w+)", platform)
            found.append(f"{mac[1]} {mac[2]}" if mac else platform)
    return sorted(set(found))


def _pythons(facts: dict[str, Any]) -> list[str]:
    """Return the Pythons of the tags: ``cp312``, ``cp313t``, ``pp311``, ``py3``; ``cp39-abi3`` means it and newer."""
    found = set()
    for tag in facts["tags"]:
        python, abi, _ = tag.split("-", 2)
        stable = abi in ("abi3", "abi3t")
        found.add(
            f"{python}-{abi}" if stable else f"{python}t" if abi.startswith("cp") and abi.endswith("t") else python
        )
    return sorted(found)


def _key(facts: dict[str, Any]) -> tuple[str, ...]:
    pythons = [re.sub(r"^\w+-(abi3t?)$", r"\1", name) for name in _pythons(facts)]
    return (re.sub(r"[-_.]+", "-", facts["name"]).lower(), *sorted(set(pythons)), "/", *_systems(facts))


def _support(one: Sequence[Result], other: Sequence[Result]) -> list[str]:
    """Return the processors and Pythons that the wheels *one* support, and *other* do not."""
    systems, others = ({name for result in side for name in _systems(result.facts)} for side in (one, other))
    gone = [] if "any" in others else sorted(systems - others)
    mine, theirs = ({name for result in side for name in _pythons(result.facts)} for side in (one, other))
    return [*gone, *sorted((name for name in mine if not _is_supported(name, theirs)), key=name_key)]


def _is_supported(name: str, pythons: Iterable[str]) -> bool:
    """Whether wheels for *pythons* install where one for *name* does; ``cp39-abi3`` also means newer ones."""
    own, _, stable = name.partition("-")
    for other in pythons:
        python, _, abi = other.partition("-")
        newer = name_key(python) <= name_key(own) and python[:2] == own[:2] and own.endswith("t") == (abi == "abi3t")
        if other == name or python == "py3" or (abi and newer and stable in ("", abi)):
            return True
    return False


def _change(old: Result, new: Result) -> WheelChange:
    was, now = old.facts, new.facts
    floor = _changed(was["lowest_tag"] or "", now["lowest_tag"] or "")
    claimed = _changed(" ".join(sorted(platforms(was))), " ".join(sorted(platforms(now))))
    raised = floor is not None and _is_newer(floor)
    cause = now["largest_cause"] if raised else None
    renamed = new._replace(name=old.name)  # so that findings of another version, or for another tag, can be the same
    fresh = [one for one in _not_in(old, renamed) if not one.known]
    gone = [one for one in _not_in(renamed, old) if not one.known]
    return WheelChange(
        old.name,
        new.name,
        claimed,
        floor,
        raised,
        _cause(cause) if cause else "",
        tuple(cause["symbols"]) if cause else (),
        tuple(_rises(was, now)),
        tuple(_libraries(_bundled(was), _bundled(now))),
        tuple(_libraries(_external(was), _external(now))),
        _changed(was["requires_python"] or "", now["requires_python"] or ""),
        (was["size"], now["size"]),
        tuple(fresh),
        tuple(gone),
    )


def _not_in(known: Result, result: Result) -> tuple[Finding, ...]:
    """Return the findings of *result*, those that *known* has, too, marked as known."""
    (marked,) = baseline.of("", [known]).marked([result])
    return marked.findings


def _changed(old: str, new: str) -> Change | None:
    return None if old == new else Change(old, new)


def _is_newer(floor: Change) -> bool:
    """Whether fewer systems meet the new tag: a newer C library, or none of the policies."""
    old, new = policies.split(floor.old), policies.split(floor.new)
    if old.family == new.family:
        return name_key(new.policy) > name_key(old.policy)
    return bool(floor.old) and new.family == "linux"


def _cause(cause: dict[str, Any]) -> str:
    of = f" of {cause['library']}" if cause["version"] and cause["library"] else ""
    return f"{cause['version'] or cause['library'] or cause['kind']}{of} in {cause['path']}"


def _rises(was: dict[str, Any], now: dict[str, Any]) -> Iterable[VersionRise]:
    """Yield the newest versions that are needed of a library, where they are newer than before."""
    before, after = _versions(was), _versions(now)
    for (library, family), (version, files) in sorted(after.items()):
        old = before.get((library, family), ("", ()))[0]
        if old and name_key(version) > name_key(old):
            yield VersionRise(library, old, version, files)


def _versions(facts: dict[str, Any]) -> dict[tuple[str, str], tuple[str, tuple[str, ...]]]:
    found: dict[tuple[str, str], tuple[str, tuple[str, ...]]] = {}
    for elf in facts["elf_files"]:
        for need in elf["highest_versions"]:
            key = need["library"], need["family"]
            version, files = found.get(key, ("", ()))
            if not version or name_key(need["version"]) > name_key(version):
                found[key] = need["version"], (elf["path"],)
            elif need["version"] == version:
                found[key] = version, (*files, elf["path"])
    return found


def _bundled(facts: dict[str, Any]) -> set[str]:
    return {repaired_names.plain(path.rpartition("/")[2]) for path in facts["bundled_libraries"]}


def _external(facts: dict[str, Any]) -> set[str]:
    """Return the libraries that files of the wheel need, and that are not in it."""
    own = {name for elf in facts["elf_files"] for name in (elf["soname"], elf["path"].rpartition("/")[2])}
    return {repaired_names.plain(name) for elf in facts["elf_files"] for name in elf["needed"]} - {
        repaired_names.plain(name) for name in own if name
    }


def _libraries(old: set[str], new: set[str]) -> Iterable[Change]:
    """Yield libraries that came, went, or changed their version: ``libssl.so.1.1`` became ``libssl.so.3``."""
    stems: dict[str, list[str]] = {}
    for name in sorted(new - old):
        stems.setdefault(_stem(name), []).append(name)
    for name in sorted(old - new):
        follower = stems.get(_stem(name), [])
        yield Change(name, follower.pop(0) if follower else "")
    yield from (Change("", name) for names in stems.values() for name in names)


def _stem(name: str) -> str:
    """Return the name of a library without versions: ``libssl`` of ``libssl.so.1.1`` and ``libssl-3.so``."""
    return re.sub(r"[-.]?\d[\w.]*$", "", name.partition(".so")[0]) or name
