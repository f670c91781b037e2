"""The legs of a workflow file: what each builds, where, and with which scripts."""

from __future__ import annotations

import os
import shlex

from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.finding import InputError
from diagnose.model.targets import resolve
from diagnose.readers.workflow import (
    cibuildwheel,
    commands,
    cross_toml,
    docker_run,
    dockerfile,
    exported,
    gitlab,
    jobs,
    maturin_action,
    maturin_table,
    scripts,
    tags,
)
from diagnose.readers.workflow.commands import FOREIGN
from diagnose.readers.workflow.nodes import Items, Table, Text
from diagnose.readers.workflow.values import template
from diagnose.readers.workflow.workflow_facts import BuildPlace, Hook, JobContainer, Leg, Spot, StepVariable, Workflow
from diagnose.tables import ci

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from diagnose.readers.workflow.jobs import MatrixRow, Step
    from diagnose.readers.workflow.repository import Repository

_OTHER_SYSTEMS = frozenset({"mac", "macos", "windows", "osx"})
_ACTIONS = ("pyo3/maturin-action", "messense/maturin-action", "pypa/cibuildwheel")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_COMMENT = re.compile(r"#[^#]*?(?<![\w.])(?P<release>v?\d+(?:\.\d+){0,2})(?![\w.])")
_INPUTS = (
    "command", "target", "manylinux", "container", "args", "docker-options", "before-script-linux", "working-directory",
    "rust-toolchain", "maturin-version",
)  # fmt: skip
_TRIES = re.compile(
    r"\b(?:auditwheel|abi3audit|diagnose|pytest|tox|nox|unittest|just|make)\b|--no-index|--find-links|-f dist"
    r"|import |install[^\n]*\.whl|install[^\n]*(?:dist|wheelhouse|wheels)\b"
)
_CALLS = 4  # workflows that call others
_ROWS = 2000  # of all matrices that one file reaches


def read(path: str, repository: Repository) -> Workflow:
    """Return what the workflow file at *path* in *repository* builds.

    Raises:
        InputError: it cannot be read or parsed, or amounts to too much.
    """
    repository.begin(path)
    if dockerfile.is_one(path):
        return dockerfile.read(path, repository)
    document = repository.document(path)
    if document is None:
        text = repository.text(path)
        if text is None:
            raise InputError(f"{path}: no such file")
    if gitlab.is_one(path):
        return gitlab.read(path, document, repository)
    if not isinstance(document, Table) or not isinstance(document.get("jobs"), Table):
        raise InputError(f"{path}: not a workflow: it has no jobs")
    return _LegReader(path, repository, document, [_ROWS]).read()


class _LegReader:
    """Reads one file. ``budget``: how many rows are left. ``inputs``: those of the call. ``depth``: how deep it is."""

    def __init__(
        self,
        path: str,
        repository: Repository,
        document: Table,
        budget: list[int],
        inputs: dict[str, Any] | None = None,
        depth: int = 0,
    ) -> None:
        self.path, self.repository, self.document = path, repository, document
        self.budget, self.inputs, self.depth = budget, inputs, depth
        repository.spend(jobs.size(document))
        self.publishers, self.published = jobs.publishing(document)
        self.repairs = any("auditwheel repair" in text or "wheel tags" in text for text in jobs.scripts(document))
        self.unread: list[str] = []
        self.legs: list[Leg] = []
        self.containers: list[JobContainer] = []
        self.skipped = self.unknown = 0

    def read(self) -> Workflow:
        rows, unread = jobs.rows(self.document, self.path, self.repository, self.inputs)
        self.unread += unread
        for row in rows:
            self.budget[0] -= 1
            if self.budget[0] < 0:
                self.unread.append(f"{self.path}: more than {_ROWS} jobs, with those of the workflows that it calls")
                break
            if row.node.text("uses") is not None:
                self._called(row)
            else:
                self._row(row)
        versions = sorted({leg.version for leg in self.legs if leg.tool == "maturin-action"})
        return Workflow(
            self.path,
            tuple(self.legs),
            tuple(dict.fromkeys(self.containers)),
            tuple(dict.fromkeys((*self.unread, *self.repository.unread))),
            self.skipped,
            self.unknown,
            tuple(versions),
            self._tries(),
        )

    def _tries(self) -> bool:
        """Whether a script of the file, or what it calls, may install or judge the wheels."""
        called = any("./" in text or "/.github/workflows/" in text for text in jobs.called(self.document))
        return called or any(_TRIES.search(text) for text in jobs.scripts(self.document))

    def _called(self, row: MatrixRow) -> None:
        """Read the legs of a workflow of the repository that the job *row* calls, with the inputs that it gives."""
        uses = row.node.text("uses")
        spot = row.node.keys["uses"]
        path = uses.text.strip() if uses is not None else ""
        document = None
        try:
            document = self.repository.document(path[2:]) if path.startswith("./") else None
        except InputError as error:
            self.unread.append(str(error))
            return
        if self.depth >= _CALLS or not isinstance(document, Table) or not isinstance(document.get("jobs"), Table):
            self.unread.append(f"{self.path}:{spot.line}: {path[:100]} was not read")
            return
        inner = _LegReader(
            path[2:], self.repository, document, self.budget, jobs.call_inputs(document, row), self.depth + 1
        )
        if row.job in self.published:
            inner.published = set(jobs.names(document))
        found = inner.read()
        self.legs += [leg._replace(job=f"{row.job} / {leg.job}") for leg in found.legs]
        self.containers += found.containers
        self.unread += found.unread
        self.skipped += found.skipped
        self.unknown += found.unknown

    def _row(self, row: MatrixRow) -> None:
        steps = list(jobs.steps(row, self.repository, self.path, self.unread))
        builds = [self._builds(step) for step in steps]
        label = row.label or ""
        if _OTHER_SYSTEMS & set(re.split(r"[-_.]", label.lower())):
            self.skipped += sum(builds)
            return
        self._container(row, steps)
        for number, step in enumerate(steps):
            if not builds[number]:
                continue
            self.repository.spend(len(steps))
            before, after = steps[:number], steps[number + 1 :]
            if step.action == "pypa/cibuildwheel":
                found = list(cibuildwheel.legs(self._leg(row, step, before, after), step, self.repository))
            elif step.action in _ACTIONS:
                found = list(self._maturin_action(self._leg(row, step, before, after), step))
            else:
                found = list(self._plain(self._leg(row, step, before, after), step, before))
                found += dockerfile.legs(self._leg(row, step, before, after), step, self.repository, self.unread)
                found += docker_run.legs(self._leg(row, step, before, after), step, self.repository)
            outside = self._outside(before, self._around(row, ci.runner(label)))
            self.unknown += sum(leg.place.kind == "unknown" for leg in found)
            for leg in found:
                made = leg._replace(hooks=(*outside, *leg.hooks))
                self.repository.spend(made.parts)
                self.legs.append(made)

    def _builds(self, step: Step) -> bool:
        called = dockerfile.named(step) or docker_run.named(step)
        return called or step.action in _ACTIONS or bool(self._commands(step))

    def _leg(self, row: MatrixRow, step: Step, before: list[Step], after: list[Step]) -> Leg:
        """Return what every leg of this step has: job, runner, variables."""
        runner = ci.runner(row.label or "")
        texts = [run.text for one in after if (run := one.node.text("run")) is not None]
        return Leg(
            job=row.job,
            row=row.name,
            tool=step.action.rpartition("/")[2],
            version=self._release(step),
            spot=step.spot,
            runner=runner,
            label=row.label or "",
            label_spot=row.label_spot,
            target="",
            place=self._around(row, runner),
            settings=(*exported.variables(before), *self._settings(row, step)),
            published=row.job in self.published and (row.job in self.publishers or any(map(_uploads, after))),
            repaired=self.repairs or any("auditwheel" in text or "wheel tags" in text for text in texts),
        )

    def _release(self, step: Step) -> str:
        """Return the release of an action: its tag, or of a commit the one in the comment behind it; else nothing."""
        named = step.uses.partition("@")[2]
        if not _COMMIT.fullmatch(named):
            return named
        lines = (self.repository.text(step.path) or "").splitlines()
        line = lines[step.spot.line - 1] if step.spot.line <= len(lines) else ""
        match = _COMMENT.search(line.partition(named)[2])
        return match["release"] if match else ""

    def _settings(self, row: MatrixRow, step: Step) -> tuple[StepVariable, ...]:
        found: dict[str, StepVariable] = {}
        for table in (self.document.get("env"), row.node.get("env")):
            self.repository.spend(len(table.entries) if isinstance(table, Table) else 0)
            for name, node in table.entries.items() if isinstance(table, Table) else ():
                if isinstance(node, Text):
                    value = template(node.text, row.contexts).known
                    found[name] = StepVariable(
                        name, value, Spot(self.path, table.keys[name].line, table.keys[name].column)
                    )
        for name, (node, path) in step.environment.items():
            value = template(node.text, step.contexts).known
            found[name] = StepVariable(name, value, Spot(path, node.line, node.column))
        return tuple(found.values())

    def _maturin_action(self, leg: Leg, step: Step) -> Iterator[Leg]:
        given = {name: found for name in _INPUTS if (found := step.input(name)) is not None}
        texts = {name: value for name, (value, _) in given.items() if value is not None}
        options = step.node.text("with", "docker-options")
        if options is not None:  # checks look for names in them: also in those that an expression makes
            texts.setdefault("docker-options", options.text)
        inputs = {name: (texts[name], given[name][1]) for name in texts}
        if texts.get("command", "build") not in ("build", "publish") or any(
            part in texts.get("target", "") for part in FOREIGN
        ):
            return
        around = leg.place
        leg = leg._replace(inputs=inputs, place=BuildPlace("unknown", leg.label))
        missing = [name for name in ("command", "target", "manylinux", "container", "args") if name in given]
        arch = leg.runner.arch if leg.runner else ""
        if any(name not in texts for name in missing) or not arch:
            yield leg
            return
        try:
            words = shlex.split(texts.get("args", ""))
        except ValueError:
            words = texts.get("args", "").split()
        choice = maturin_action.choose(arch, texts, words)
        if choice is None or any(part in choice.target for part in FOREIGN):
            return
        row = resolve(choice.target or maturin_action.native(arch))
        place = BuildPlace("image", choice.image, ci.image(choice.image)) if choice.image else around
        made = leg._replace(
            target=row.triple if row else choice.target,
            place=place,
            manylinux=choice.manylinux,
            zig=choice.zig,
            fallback=choice.fallback and bool(choice.image),
            words=tuple(words),
        )
        made = self._tagged(made, texts.get("working-directory", ""))
        script = step.input("before-script-linux")
        if script is not None and script[0] is not None:
            table = step.node.get("with")
            hook = scripts.hook(
                "before-script-linux", place, table.text("before-script-linux"), script[0], step.path,
                self.repository, strict=place.kind == "image",
            )  # fmt: skip
            made = made._replace(hooks=(hook,))
        yield made

    def _tagged(self, leg: Leg, folder: str) -> Leg:
        """Return *leg*, which runs maturin in *folder*, with its project, its table in pyproject.toml, and its tag."""
        words = list(leg.words)
        manifest = maturin_action.after(words, "--manifest-path") or maturin_action.after(words, "-m")
        if manifest:
            folder = f"{folder or '.'}/{manifest.rpartition('/')[0] or '.'}"
        folder = os.path.normpath(folder or ".")
        project = self.repository.project(folder, leg.target) if leg.target else None
        leg = leg._replace(project=project, configured=maturin_table.read(self.repository, folder))
        return leg._replace(tag=tags.expected(leg))

    def _commands(self, step: Step) -> list[tuple[str, ...]]:
        run = step.node.text("run")
        return commands.build_commands(run.text) if run is not None else []

    def _plain(self, leg: Leg, step: Step, before: list[Step]) -> Iterator[Leg]:
        around = leg.place
        leg = leg._replace(place=BuildPlace("unknown", leg.label))
        for words in self._commands(step):
            named = [template(word, step.contexts).known for word in words]
            if words[0] == "cibuildwheel":
                texts = [run.text for one in (*before, step) if (run := one.node.text("run")) is not None]
                made = leg._replace(
                    tool="cibuildwheel",
                    version=commands.named_release(texts, self.repository),
                    words=tuple(word if word is not None else "" for word in named),
                )
                yield from cibuildwheel.legs(made, step, self.repository)
            else:
                arch = leg.runner.arch if leg.runner else ""
                folder = self._folder(step)
                for made in commands.plain_legs(leg, around, [words], [named], arch):
                    if folder is None:
                        yield made
                    elif made.tool == "cross":
                        yield cross_toml.applied(made, self.repository, folder)
                    else:
                        yield self._tagged(made, folder) if made.tool == "maturin" else made

    def _folder(self, step: Step) -> str | None:
        """Return the folder that a script begins in; None if it is unknown, or the script leaves it."""
        run, named = step.node.text("run"), step.node.text("working-directory")
        if run is not None and any(call.program in ("cd", "pushd") for call in scripts.walked(run.text)):
            return None
        return template(named.text, step.contexts).known if named is not None else ""

    def _around(self, row: MatrixRow, runner: ci.Runner | None) -> BuildPlace:
        """Return where the job's own steps run: on the runner, or in the job's container."""
        node = row.node.get("container")
        if node is None:
            return host(runner)
        named = node.text("image") if isinstance(node, Table) else node
        image = template(named.text, row.contexts).known if isinstance(named, Text) else None
        if image == "":
            return host(runner)
        facts = ci.image(image) if image else None
        return BuildPlace("image", image, facts) if image and facts else BuildPlace("unknown", image or "")

    def _container(self, row: MatrixRow, steps: list[Step]) -> None:
        node = row.node.get("container")
        named = node.text("image") if isinstance(node, Table) else node
        if not isinstance(named, Text):
            return
        image = template(named.text, row.contexts).known
        volumes = node.get("volumes") if isinstance(node, Table) else None
        mounted = volumes.items if isinstance(volumes, Items) else ()
        if not image or any(isinstance(one, Text) and "/__e" in one.text for one in mounted):
            return  # the latter brings a Node of its own
        sure = [step for step in steps if step.uses and not step.maybe and not step.uses.startswith("docker://")]
        spot = Spot(self.path, named.line, named.column)
        actions = tuple((step.uses, step.spot) for step in sure)
        self.containers.append(JobContainer(row.job, image, ci.image(image), spot, actions))

    def _outside(self, before: list[Step], place: BuildPlace) -> tuple[Hook, ...]:
        """Return the scripts that ran on the runner before the step."""
        found = []
        for step in before:
            run = step.node.text("run")
            if run is not None and not step.maybe:
                found.append(scripts.hook("run", place, run, run.text, step.path, self.repository, strict=True))
        return tuple(found)


def host(runner: ci.Runner | None) -> BuildPlace:
    """Return the runner itself as a place to build."""
    if runner is None:
        return BuildPlace("unknown", "")
    facts = ci.Image(
        runner.distribution, runner.version, frozenset({"apt", "apt-get"}), True, True, "", runner.glibc,
        runner.glibc, False, "",
    )  # fmt: skip
    return BuildPlace("host", runner.label, facts)


def _uploads(step: Step) -> bool:
    """Whether *step* may hand wheels to other jobs: not where it takes source distributions only."""
    given = step.input("path") if step.action == "actions/upload-artifact" else None
    paths = (given[0] or "").split() if given else []
    return step.action == "actions/upload-artifact" and not (paths and all(path.endswith(".tar.gz") for path in paths))
