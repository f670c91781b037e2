"""The jobs of a workflow: rows of their matrix, runners, containers, steps, and which of them publish."""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple
from diagnose.model.finding import InputError
from diagnose.readers.workflow import shell
from diagnose.readers.workflow.matrix import expand, plain
from diagnose.readers.workflow.nodes import Items, Table, Text
from diagnose.readers.workflow.values import UNKNOWN, condition, template
from diagnose.readers.workflow.workflow_facts import Spot
from diagnose.tables.ci import runner

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from diagnose.readers.workflow.repository import Repository

_DEPTH = 4  # of composite actions that call others
_STEPS = 2000
_INDEX_ACTIONS = ("pypa/gh-action-pypi-publish", "pypi/gh-action-pypi-publish")
_UPLOADS = (("twine", "upload"), ("uv", "publish"), ("maturin", "upload"), ("maturin", "publish"))


class Step(NamedTuple):
    """One step that may run. ``maybe``: its condition is unknown."""

    node: Table
    path: str
    contexts: dict[str, Any]
    maybe: bool
    environment: dict[str, tuple[Text, str]]

    @property
    def action(self) -> str:
        """The action that it uses, ``owner/name`` in lower case; empty for a script."""
        return self.uses.partition("@")[0].lower()

    @property
    def uses(self) -> str:
        """The action with its release."""
        found = self.node.text("uses")
        return found.text.strip() if found else ""

    @property
    def spot(self) -> Spot:
        """The key that says what it does."""
        key = self.node.keys.get("uses") or self.node.keys.get("run") or self.node
        return Spot(self.path, key.line, key.column)

    def input(self, name: str) -> tuple[str | None, Spot] | None:
        """Return (its value, None if unknown; its place) of an input; None if it is not given."""
        table = self.node.get("with")
        if table is not None and not isinstance(table, Table):
            return None, self.spot
        found = table.get(name) if table else None
        if found is None:
            return None
        if not isinstance(found, Text):
            return None, self.spot
        value = "" if found.plain and found.text in ("~", "null") else template(found.text, self.contexts).known
        return value, Spot(self.path, found.line, found.column)


class MatrixRow(NamedTuple):
    """One job with one row of its matrix."""

    job: str
    name: str
    """The row in words."""
    node: Table
    contexts: dict[str, Any]
    label: str | None
    """The runner's label; None if unknown."""
    label_spot: Spot
    maybe: bool


def contexts_of(document: Table, inputs: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the contexts that a whole workflow has: *inputs* of a call, or its own by their defaults."""
    given: dict[str, Any] = {"*": UNKNOWN}
    triggers = document.get("on")
    if inputs is not None:
        given = dict(inputs)
    elif isinstance(triggers, Table) and set(triggers.entries) <= {"workflow_call", "workflow_dispatch"}:
        for kind in triggers.entries:
            given.update(_defaults(document, kind))
    return {"inputs": given, "matrix": {"*": UNKNOWN}, "env": {"*": UNKNOWN}}


def _defaults(document: Table, kind: str) -> dict[str, Any]:
    table = document.get("on", kind, "inputs")
    found: dict[str, Any] = {}
    for name, row in table.entries.items() if isinstance(table, Table) else ():
        default = row.get("default") if isinstance(row, Table) else None
        found[name] = plain(default) if isinstance(default, Text) else UNKNOWN
    return found


def call_inputs(document: Table, row: MatrixRow) -> dict[str, Any]:
    """Return the inputs of the workflow *document* when the job *row* calls it; one without a default is empty."""
    found = {name: "" if value is UNKNOWN else value for name, value in _defaults(document, "workflow_call").items()}
    table = row.node.get("with")
    for name, node in table.entries.items() if isinstance(table, Table) else ():
        found[name] = plain(node, row.contexts)
    return found if table is None or isinstance(table, Table) else {"*": UNKNOWN}


def names(document: Table) -> list[str]:
    """Return the names of the jobs."""
    jobs = document.get("jobs")
    return list(jobs.entries) if isinstance(jobs, Table) else []


def called(document: Table) -> Iterator[str]:
    """Yield the actions and workflows that jobs and steps use."""
    jobs = document.get("jobs")
    for job in jobs.entries.values() if isinstance(jobs, Table) else ():
        nodes = job.get("steps") if isinstance(job, Table) else None
        for node in (job, *(nodes.items if isinstance(nodes, Items) else ())):
            uses = node.text("uses") if isinstance(node, Table) else None
            if uses is not None:
                yield uses.text


def scripts(document: Table) -> Iterator[str]:
    """Yield the scripts of all steps."""
    jobs = document.get("jobs")
    for job in jobs.entries.values() if isinstance(jobs, Table) else ():
        nodes = job.get("steps") if isinstance(job, Table) else None
        for step in nodes.items if isinstance(nodes, Items) else ():
            run = step.text("run") if isinstance(step, Table) else None
            if run is not None:
                yield run.text


def only_called(repository: Repository) -> set[str]:
    """Return the workflows that only others of the repository start: they are read with the inputs of each call."""
    documents = {name: _document(name, repository) for name in repository.workflows()}
    used = {path for document in documents.values() for path in _calls(document)}
    return {name for name, document in documents.items() if name in used and _is_only_called(document)}


def _document(name: str, repository: Repository) -> Any:
    try:
        return repository.document(name)
    except InputError:
        return None  # its own turn says so


def _calls(document: Any) -> set[str]:
    jobs = document.get("jobs") if isinstance(document, Table) else None
    rows = jobs.entries.values() if isinstance(jobs, Table) else ()
    found = [job.text("uses") for job in rows if isinstance(job, Table)]
    return {node.text.strip()[2:] for node in found if node is not None and node.text.startswith("./")}


def _is_only_called(document: Any) -> bool:
    triggers = document.get("on") if isinstance(document, Table) else None
    if isinstance(triggers, Table):
        return set(triggers.entries) == {"workflow_call"}
    named = triggers.items if isinstance(triggers, Items) else [triggers]
    return [getattr(one, "text", "") for one in named] == ["workflow_call"]


def environment(contexts: dict[str, Any], *tables: Any) -> dict[str, Any]:
    """Return the context ``env`` of a job or step with these ``env:`` tables, the outermost first."""
    found: dict[str, Any] = {"*": UNKNOWN}
    for table in tables:
        for name, node in table.entries.items() if isinstance(table, Table) else ():
            value = template(node.text, {**contexts, "env": found}).known if isinstance(node, Text) else None
            found[name] = UNKNOWN if value is None else value
    return found


def size(document: Table) -> int:
    """Return how many jobs and steps a workflow has."""
    jobs = document.get("jobs")
    nodes = jobs.entries.values() if isinstance(jobs, Table) else ()
    steps = (node.get("steps") for node in nodes if isinstance(node, Table))
    return len(nodes) + sum(len(node.items) for node in steps if isinstance(node, Items))


def rows(
    document: Table, path: str, repository: Repository, inputs: Mapping[str, Any] | None = None
) -> tuple[list[MatrixRow], list[str]]:
    """Return the jobs × rows of a workflow that may run, and the matrices that could not be expanded.

    *inputs* are those of the call; None for a workflow that starts by itself.
    """
    found: list[MatrixRow] = []
    unread: list[str] = []
    top = contexts_of(document, inputs)
    jobs = document.get("jobs")
    for name, job in jobs.entries.items() if isinstance(jobs, Table) else ():
        if not isinstance(job, Table):
            continue
        combinations, complete = expand(job.get("strategy", "matrix"), top)
        own = [len(table.entries) for table in (document.get("env"), job.get("env")) if isinstance(table, Table)]
        repository.spend(sum(1 + len(combination) + sum(own) for combination in combinations))
        if not complete:
            spot = Spot(path, job.keys["strategy"].line) if "strategy" in job.keys else Spot(path, job.line)
            unread.append(f"{spot}: the matrix of {name} is made when it runs")
        for combination in combinations:
            contexts = {**top, "matrix": combination}
            contexts["env"] = environment(contexts, document.get("env"), job.get("env"))
            held = job.text("if")
            runs = condition(held.text, contexts) if held else True
            if runs is False:
                continue
            label, spot = _label(job, contexts, path)
            found.append(MatrixRow(name, _words(combination), job, contexts, label, spot, runs is None))
    return found, unread


def _words(combination: dict[str, Any]) -> str:
    def word(value: Any) -> str:
        if isinstance(value, dict):
            return " ".join(word(one) for one in value.values() if isinstance(one, str))
        return value if isinstance(value, str) else ""

    return ", ".join(filter(None, (word(value) for key, value in combination.items() if key != "*")))[:120]


def _label(job: Table, contexts: dict[str, Any], path: str) -> tuple[str | None, Spot]:
    node = job.get("runs-on")
    spot = Spot(path, getattr(node, "line", job.line), getattr(node, "column", 0))
    if isinstance(node, Table):
        node = node.get("labels")
    if isinstance(node, Items):
        node = node.items[0] if len(node.items) == 1 else None
    if not isinstance(node, Text):
        return None, spot
    value = template(node.text, contexts).known
    if value is None and "${{" in node.text:  # a list of one label in the matrix
        inner = plain(node, contexts)
        value = inner[0] if isinstance(inner, list) and len(inner) == 1 and isinstance(inner[0], str) else None
    return value, spot


def steps(row: MatrixRow, repository: Repository, path: str, unread: list[str]) -> Iterator[Step]:
    """Yield the steps of a job's row that may run; those of local composite actions in the place of their call."""
    arch = {"x86_64": "X64", "aarch64": "ARM64"}
    contexts = {**row.contexts, "runner": {"os": "Linux", "*": UNKNOWN}}
    known = _runner_arch(row.label)
    if known in arch:
        contexts["runner"]["arch"] = arch[known]
    budget = [_STEPS]
    yield from _steps(row.node.get("steps"), path, contexts, {}, repository, unread, budget, 0)


def _runner_arch(label: str | None) -> str:
    found = runner(label or "")
    return found.arch if found else ""


def _steps(
    node: Any,
    path: str,
    contexts: dict[str, Any],
    outer: dict[str, tuple[Text, str]],
    repository: Repository,
    unread: list[str],
    budget: list[int],
    depth: int,
) -> Iterator[Step]:
    for item in node.items if isinstance(node, Items) else ():
        repository.spend(1 + len(outer))
        budget[0] -= 1
        if not isinstance(item, Table) or budget[0] < 0:
            continue
        own = item.get("env")
        repository.spend(len(contexts["env"]) + len(own.entries) if isinstance(own, Table) else 0)
        held = item.text("if")
        here = {**contexts, "env": {**contexts["env"], **environment(contexts, own)}} if own is not None else contexts
        runs = condition(held.text, here) if held else True
        if runs is False:
            continue
        variables = dict(outer)
        for name, value in own.entries.items() if isinstance(own, Table) else ():
            if isinstance(value, Text):
                variables[name] = (value, path)
        step = Step(item, path, here, runs is None, variables)
        if not step.uses.startswith("./"):
            yield step
            continue
        yield from _composite(step, repository, unread, budget, depth)


def _composite(step: Step, repository: Repository, unread: list[str], budget: list[int], depth: int) -> Iterator[Step]:
    document, file = None, ""
    for name in ("action.yml", "action.yaml"):
        file = f"{step.uses[2:].rstrip('/')}/{name}"
        try:
            document = repository.document(file)
        except InputError as error:
            unread.append(str(error))
        if document is not None:
            break
    if not isinstance(document, Table) or depth >= _DEPTH:
        unread.append(f"{step.spot}: {step.uses} is not in the repository, or calls too many others")
        return
    given: dict[str, Any] = {"*": UNKNOWN}
    table = document.get("inputs")
    for name, row in table.entries.items() if isinstance(table, Table) else ():
        default = row.get("default") if isinstance(row, Table) else None
        given[name] = plain(default) if isinstance(default, Text) else ""
        passed = step.input(name)
        if passed is not None:
            given[name] = UNKNOWN if passed[0] is None else passed[0]
    if document.text("runs", "image") is not None:  # an action that is a container
        yield step
        return
    inner = {**step.contexts, "inputs": given}
    yield from _steps(
        document.get("runs", "steps"), file, inner, step.environment, repository, unread, budget, depth + 1
    )


def publishing(document: Table) -> tuple[set[str], set[str]]:
    """Return the jobs that publish to a package index, and those with all that they need."""
    jobs = document.get("jobs")
    if not isinstance(jobs, Table):
        return set(), set()
    top = contexts_of(document)
    found = set()
    for name, job in jobs.entries.items():
        held = job.text("if") if isinstance(job, Table) else None
        runs = held is None or condition(held.text, top) is not False
        if isinstance(job, Table) and runs and _publishes(job):
            found.add(name)
    publishers, waiting = set(found), list(found)
    while waiting:
        needs = jobs.get(waiting.pop(), "needs")
        for node in needs.items if isinstance(needs, Items) else [needs]:
            if isinstance(node, Text) and node.text in jobs.entries and node.text not in found:
                found.add(node.text)
                waiting.append(node.text)
    return publishers, found


def _publishes(job: Table) -> bool:
    nodes = job.get("steps")
    for step in nodes.items if isinstance(nodes, Items) else ():
        if not isinstance(step, Table):
            continue
        uses, run, command = step.text("uses"), step.text("run"), step.text("with", "command")
        action = uses.text.partition("@")[0].lower() if uses else ""
        other = step.text("with", "repository-url") or step.text("with", "repository_url")
        if action in _INDEX_ACTIONS and not (other and "test.pypi" in other.text):
            return True
        if action == "pyo3/maturin-action" and command and command.text in ("upload", "publish"):
            return True
        if run and any(uploads(call.command) for call in shell.walk(run.text)):
            return True
    return False


def uploads(words: tuple[str, ...]) -> bool:
    """Whether a command uploads to the package index."""
    words = words[2:] if words[:2] in (("python", "-m"), ("python3", "-m"), ("uv", "run")) else words
    words = words[1:] if words[:1] == ("uvx",) else words
    joined = " ".join(words)
    return words[:2] in _UPLOADS and "test.pypi" not in joined and "testpypi" not in joined
