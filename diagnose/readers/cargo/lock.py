"""``Cargo.lock``: in cargo's own layout, line by line, or as any TOML."""

from __future__ import annotations

from diagnose.model._lazy_stdlib import NamedTuple, re
from diagnose.model.finding import InputError
from diagnose.readers.cargo.files import parsed

#: The largest Cargo.lock that is read, in bytes.
LOCK_LIMIT = 16 << 20


class Crate(NamedTuple):
    """One package of ``Cargo.lock``: ``line`` is that of its name, ``dependencies`` the names that it lists.

    ``local``: it is in a folder of the project, not from a registry or a repository. ``registry``: it is from one.
    """

    name: str
    """As Cargo.lock spells it."""
    version: str
    """The locked release."""
    line: int = 0
    dependencies: tuple[str, ...] = ()
    local: bool = False
    registry: bool = False


class Lock(NamedTuple):
    """A Cargo.lock: ``version`` is its format's; None for the formats 1 and 2, which do not name it."""

    version: int | None = None
    crates: tuple[Crate, ...] = ()


def lock_file(path: str, text: str) -> Lock:
    """Parse the Cargo.lock *text*; *path* is for messages.

    Raises:
        InputError: cargo rejects it.
    """
    return _as_written(text) or _as_toml(path, text)


#: The prefixes of lines of a package that are skipped.
_PASSED_OVER = ('source = "', 'checksum = "', 'replace = "')


def _as_written(text: str) -> Lock | None:
    """Parse a Cargo.lock in cargo's own layout line by line; None if any line differs from it."""
    crates: list[Crate] = []
    fields: dict[str, str] = {}
    dependencies: list[str] = []
    start, version = 0, None
    within = inside = sourced = registry = False
    for number, line in enumerate((*text.splitlines(), "[[package]]"), 1):
        if inside:
            if line == "]":
                inside = False
            elif line.startswith(' "') and line.endswith(('",', '"')) and line.count('"') == 2:
                dependencies.append(line.strip(' ",').partition(" ")[0])
            else:
                return None
        elif line == "[[package]]":
            if within:
                if len(fields) != 2:
                    return None
                listed = tuple(dependencies)
                crates.append(Crate(fields["name"], fields["version"], start, listed, not sourced, registry))
            within, sourced, registry, fields, dependencies = True, False, False, {}, []
        elif not line or line.startswith("#"):
            continue
        elif not within:
            if version is not None or not line.startswith("version = ") or not line[10:].isdecimal() or len(line) > 19:
                return None
            version = int(line[10:])
        elif line == "dependencies = [" and not dependencies:
            inside = True
        elif not line.endswith('"') or line.count('"') != 2 or "\\" in line:
            return None
        elif line.startswith(('name = "', 'version = "')):
            key, _, value = line.partition(" = ")
            if key in fields:
                return None
            fields[key] = value[1:-1]
            start = number if key == "name" else start
        elif not line.startswith(_PASSED_OVER):
            return None
        else:
            sourced |= line.startswith("source")
            registry |= line.startswith(('source = "registry+', 'source = "sparse+'))
    return None if inside else Lock(version, tuple(crates))


def _as_toml(path: str, text: str) -> Lock:
    """Parse a Cargo.lock of another author, or of an older cargo."""
    from bisect import bisect_left  # rare

    content = parsed(path, text)
    version, entries = content.get("version"), content.get("package", [])
    numbered = version is None or (isinstance(version, int) and not isinstance(version, bool) and version >= 0)
    if not numbered or not isinstance(entries, list):
        raise InputError(
            f"{path}: {'`version` is not a number' if isinstance(entries, list) else '`package` is not a list'}"
        )
    places: dict[str, list[int]] = {}  # name → numbers of lines, from 0
    for number, line in enumerate(text.splitlines()):
        if line.lstrip().startswith("name"):
            for quoted in re.finditer(r"\"([^\"]*)\"|'([^']*)'", line):
                places.setdefault(quoted[1] or quoted[2] or "", []).append(number)
    crates: list[Crate] = []
    start = 0
    for place, entry in enumerate(entries, 1):
        table = entry if isinstance(entry, dict) else {}
        name, release, listed = table.get("name"), table.get("version"), table.get("dependencies", [])
        for key, value in (("name", name), ("version", release)):
            if not isinstance(value, str):
                raise InputError(f"{path}: package {place} has no {key}")
        if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
            raise InputError(f"{path}: the dependencies of {name} are not a list of strings")
        lines = places.get(name or "", [])
        at = bisect_left(lines, start)
        start = lines[at] + 1 if at < len(lines) else start
        names = tuple(one.partition(" ")[0] for one in listed)
        registry = str(table.get("source", "")).startswith(("registry+", "sparse+"))
        crates.append(Crate(str(name), str(release), start, names, "source" not in table, registry))
    return Lock(version, tuple(crates))
