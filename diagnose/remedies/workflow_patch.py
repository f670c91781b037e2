"""A patch to a workflow that is there: what its builds with maturin-action lack, put into their own steps.

Three things: the script that installs the packages of the locked crates, where a step has none; ``--locked``; and a
step that judges the wheels. Lines are added, or one word; nothing else of the file changes.
"""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple, re
from diagnose.model.targets import resolve
from diagnose.readers.workflow.nodes import Items, Table
from diagnose.remedies.leg_script import ready

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from diagnose.readers.workflow import Leg, Repository, Workflow

_LOCKS = ("--locked", "--frozen")
_YAML_BREAK = re.compile(r"\r\n|[\n\r\x85\u2028\u2029]")


class WorkflowPatch(NamedTuple):
    """``text`` is the file afterwards; ``left`` says in words what was not done, and why."""

    text: str
    left: tuple[str, ...]


def patched(workflow: Workflow, repository: Repository) -> WorkflowPatch:
    """Return the file of *workflow* with what its legs lack."""
    text = repository.text(workflow.path) or ""
    lines = text.split("\n")
    if len(lines) != len(_YAML_BREAK.split(text)):  # the nodes' lines are YAML's
        return WorkflowPatch(text, (f"{workflow.path}: has line breaks other than LF and CRLF; nothing was changed",))
    added: dict[int, list[str]] = {}  # before which line, counted from 0
    left: list[str] = []
    document = repository.document(workflow.path)
    for job in _jobs(document):
        steps = job.get("steps")
        items = steps.items if isinstance(steps, Items) else []
        for number, step in enumerate(items):
            legs = [leg for leg in workflow.legs if leg.tool == "maturin-action" and _is_at(leg, step, workflow.path)]
            if not legs:
                continue
            following = items[number + 1] if number + 1 < len(items) else None
            left += _script(step, legs, repository, lines, added)
            _locked(step, legs, repository, lines)
            left += _judged(text, step, job, legs, following, lines, added)
    for at in sorted(added, reverse=True):
        lines[at:at] = added[at]
    return WorkflowPatch("\n".join(lines), tuple(dict.fromkeys(left)))


def _jobs(document: object) -> Iterator[Table]:
    jobs = document.get("jobs") if isinstance(document, Table) else None
    yield from (job for job in jobs.entries.values() if isinstance(job, Table)) if isinstance(jobs, Table) else ()


def _is_at(leg: Leg, step: object, path: str) -> bool:
    key = step.keys.get("uses") if isinstance(step, Table) else None
    return key is not None and (leg.spot.path, leg.spot.line) == (path, key.line)


def _script(
    step: Table, legs: Sequence[Leg], repository: Repository, lines: list[str], added: dict[int, list[str]]
) -> Iterator[str]:
    """Add a script for the images of *legs*; yield the legs that get no script."""
    table = step.get("with")
    at = f"{legs[0].spot}"
    if not isinstance(table, Table) or not table.keys or table.get("before-script-linux") is not None:
        return
    branches: dict[str, str] = {}
    for leg in legs:
        row, facts = resolve(leg.target), leg.place.facts
        whole = repository.whole_project(_folder(leg), leg.target)
        if row is None or facts is None or leg.place.kind != "image" or whole is None:
            continue
        needs = tuple(dict.fromkeys(need.module for need in whole.needs if not need.optional))
        vendors = whole.crate("openssl-src") is not None
        if not needs and not vendors:
            continue
        arch = leg.runner.arch if leg.runner is not None and facts.cross else row.wheel
        script = ready(facts, arch, row, needs, vendors)
        reason = script.missing or ("its packages are built for a newer glibc than the tag" if facts.cross else "")
        if reason:
            yield f"{at}: {leg.target} in {leg.place.name}: {reason}; diagnose workflow --generate maturin shows a way"
            continue
        manager = script.lines[-1].partition(" ")[0]
        branches.setdefault(manager, " && ".join(script.lines))
    first = next(iter(table.keys.values()))
    before = lines[first.line - 1][: first.column - 1]
    if not branches or before.strip():
        return
    body = list(branches.values())
    if len(branches) > 1 or any(leg.cross for leg in legs):
        words = ("if", *["elif"] * (len(branches) - 1))
        body = [
            line
            for word, (manager, script) in zip(words, branches.items(), strict=True)
            for line in (f"{word} command -v {manager}; then", f"  {script}")
        ] + ["fi"]
    added.setdefault(first.line - 1, []).extend(
        [f"{before}before-script-linux: |", *(f"{before}  {line}" for line in body)]
    )


def _locked(step: Table, legs: Sequence[Leg], repository: Repository, lines: list[str]) -> None:
    """Add ``--locked`` to the arguments, where Cargo.lock is in the repository and nothing says so already."""
    node = step.text("with", "args")
    folder = _folder(legs[0])
    has = repository.text(f"{folder}/Cargo.lock") is not None or repository.text("Cargo.lock") is not None
    if node is None or node.block or not has or any(word in node.text for word in _LOCKS):
        return
    line = lines[node.line - 1]
    head, rest = line[: node.column - 1], line[node.column - 1 :]
    quote = "" if node.plain else rest[:1]
    if rest.startswith(quote + node.text):
        end = len(quote + node.text)
        lines[node.line - 1] = f"{head}{rest[:end]} --locked{rest[end:]}"


def _judged(
    text: str,
    step: Table,
    job: Table,
    legs: Sequence[Leg],
    following: object,
    lines: list[str],
    added: dict[int, list[str]],
) -> Iterator[str]:
    """Add a step that judges the wheels, before the one that follows."""
    if "diagnose wheel" in text:
        return
    folder = _output(legs[0])
    item = following if isinstance(following, Table) else None
    dash = lines[item.line - 1].find("-") if item is not None else -1
    own_line = item is not None and dash >= 0 and not lines[item.line - 1][:dash].strip()
    if not folder or item is None or not own_line or job.get("container") is not None:
        yield f"{legs[0].spot}: no step that judges the wheels: add `diagnose wheel` after it"
        return
    at = item.line - 1
    while at and lines[at - 1].lstrip().startswith("#"):
        at -= 1
    indent = " " * dash
    added.setdefault(at, []).extend(
        [
            f"{indent}- name: Check that the wheels run where their tags say",
            f"{indent}  if: runner.os == 'Linux'",
            f"{indent}  run: pipx run --spec crosslink-diagnose diagnose wheel {folder}/*.whl",
        ]
    )


def _folder(leg: Leg) -> str:
    return leg.inputs.get("working-directory", ("", leg.spot))[0].strip("/") or "."


def _output(leg: Leg) -> str:
    """Return the folder of the wheels; empty if the arguments do not say it plainly."""
    words = leg.words
    for name in ("--out", "-o"):
        if name in words[:-1]:
            found = words[words.index(name) + 1]
            plain = found.replace("/", "").replace("-", "").replace("_", "").replace(".", "").isalnum()
            return f"{_folder(leg)}/{found}".removeprefix("./") if plain and not found.startswith(("/", "..")) else ""
    return "" if any(word.startswith(("--out=", "-o")) for word in words) else "target/wheels"
