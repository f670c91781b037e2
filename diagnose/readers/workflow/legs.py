"""The legs of a workflow file: what each builds, where, and with which scripts."""

from __future__ import annotations

import shlex

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.finding import InputError
from diagnose.model.targets import resolve
from diagnose.readers.workflow import cibuildwheel, jobs, maturin_action, scripts, tags
from diagnose.readers.workflow.nodes import Items, Table, Text
from diagnose.readers.workflow.values import template
from diagnose.readers.workflow.workflow_facts import BuildPlace, Hook, JobContainer, Leg, Spot, StepVariable, Workflow
from diagnose.tables import ci

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.cargo.project import Project
    from diagnose.readers.workflow.jobs import MatrixRow, Step
    from diagnose.readers.workflow.repository import Repository

_OTHER_SYSTEMS = ("macos", "windows")
_ACTIONS = ("pyo3/maturin-action", "messense/maturin-action", "pypa/cibuildwheel")
_INPUTS = (
    "command", "target", "manylinux", "container", "args", "docker-options", "before-script-linux", "working-directory",
    "rust-toolchain", "maturin-version",
)  # fmt: skip
_FOREIGN = ("apple", "windows", "android", "wasm", "emscripten", "ios", "freebsd", "pyodide")


def read(path: str, repository: Repository) -> Workflow:
    """Return what the workflow file at *path* in *repository* builds.

    Raises:
        InputError: it cannot be read or parsed.
    """
    document = repository.document(path)
    if document is None:
        text = repository.text(path)
        if text is None:
            raise InputError(f"{path}: no such file")
    if not isinstance(document, Table) or not isinstance(document.get("jobs"), Table):
        raise InputError(f"{path}: not a workflow: it has no jobs")
    reader = _LegReader(path, repository, document)
    return reader.read()


class _LegReader:
    def __init__(self, path: str, repository: Repository, document: Table) -> None:
        self.path, self.repository, self.document = path, repository, document
        self.publishers, self.published = jobs.publishing(document)
        self.unread: list[str] = []
        self.legs: list[Leg] = []
        self.containers: list[JobContainer] = []
        self.skipped = self.unknown = 0

    def read(self) -> Workflow:
        rows, unread = jobs.rows(self.document, self.path)
        self.unread += unread
        for row in rows:
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
        )

    def _row(self, row: MatrixRow) -> None:
        steps = list(jobs.steps(row, self.repository, self.path, self.unread))
        builds = [step for step in steps if step.action in _ACTIONS or self._commands(step)]
        label = row.label or ""
        if label.startswith(_OTHER_SYSTEMS):
            self.skipped += len(builds)
            return
        self._container(row, steps)
        for number, step in enumerate(steps):
            if step not in builds:
                continue
            before, after = steps[:number], steps[number + 1 :]
            if step.action == "pypa/cibuildwheel":
                found = list(cibuildwheel.legs(self._leg(row, step, after), step, self.repository))
            elif step.action in _ACTIONS:
                found = list(self._maturin_action(self._leg(row, step, after), step))
            else:
                found = list(self._plain(self._leg(row, step, after), step))
            outside = self._outside(before, self._around(row, ci.runners().get(label)))
            self.unknown += sum(leg.place.kind == "unknown" for leg in found)
            self.legs += [leg._replace(hooks=(*outside, *leg.hooks)) for leg in found]

    def _leg(self, row: MatrixRow, step: Step, after: list[Step]) -> Leg:
        """Return what every leg of this step has: job, runner, variables."""
        runner = ci.runners().get(row.label or "")
        texts = [run.text for one in after if (run := one.node.text("run")) is not None]
        return Leg(
            job=row.job,
            row=row.name,
            tool=step.action.rpartition("/")[2],
            version=step.uses.partition("@")[2],
            spot=step.spot,
            runner=runner,
            label=row.label or "",
            label_spot=row.label_spot,
            target="",
            place=self._around(row, runner),
            settings=self._settings(row, step),
            published=row.job in self.published and (row.job in self.publishers or any(map(_uploads, after))),
            repaired=any("auditwheel" in text or "wheel tags" in text for text in texts),
        )

    def _settings(self, row: MatrixRow, step: Step) -> tuple[StepVariable, ...]:
        found: dict[str, StepVariable] = {}
        for table in (self.document.get("env"), row.node.get("env")):
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
        inputs = {name: (texts[name], given[name][1]) for name in texts}
        if texts.get("command", "build") not in ("build", "publish") or any(
            part in texts.get("target", "") for part in _FOREIGN
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
        if choice is None or any(part in choice.target for part in _FOREIGN):
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
        made = made._replace(tag=tags.expected(made), project=self._project(made, texts.get("working-directory", "")))
        script = step.input("before-script-linux")
        if script is not None and script[0] is not None:
            table = step.node.get("with")
            hook = scripts.hook(
                "before-script-linux", place, table.text("before-script-linux"), script[0], step.path,
                self.repository, strict=place.kind == "image",
            )  # fmt: skip
            made = made._replace(hooks=(hook,))
        yield made

    def _project(self, leg: Leg, folder: str) -> Project | None:
        words = list(leg.words)
        manifest = maturin_action.after(words, "--manifest-path") or maturin_action.after(words, "-m")
        if manifest:
            folder = f"{folder or '.'}/{manifest.rpartition('/')[0] or '.'}"
        return self.repository.project(folder, leg.target) if leg.target else None

    def _commands(self, step: Step) -> list[tuple[str, ...]]:
        """Return the commands of a script that build a wheel or call cross."""
        run = step.node.text("run")
        if run is None or not any(word in run.text for word in ("maturin", "cross ", "zigbuild", "cibuildwheel")):
            return []
        found = [_build(call.command) for call in scripts.walked(run.text)]
        return [words for words in found if words]

    def _plain(self, leg: Leg, step: Step) -> Iterator[Leg]:
        around = leg.place
        leg = leg._replace(place=BuildPlace("unknown", leg.label))
        for words in self._commands(step):
            tool = words[0]
            named = [template(word, step.contexts).known for word in words]
            if tool == "cibuildwheel":
                yield from cibuildwheel.legs(leg._replace(tool=tool), step, self.repository)
                continue
            text = [word or "" for word in named]
            arch = leg.runner.arch if leg.runner else ""
            target = maturin_action.after(text, "--target") or _joined(text, "--target=")
            if any(part in target for part in _FOREIGN):
                continue
            known = None not in named and arch and "$" not in target and tool != "cross"
            found = resolve(target or maturin_action.native(arch)) if known else None
            made = leg._replace(
                tool=tool,
                target=found.triple if found else target if "$" not in target else "",
                place=around if known else leg.place,
                words=tuple(text),
                zig="--zig" in text or tool == "cargo-zigbuild",
                manylinux=maturin_action.after(text, "--manylinux") or maturin_action.after(text, "--compatibility"),
            )
            yield made._replace(tag=tags.expected(made))

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
        if not image or any("/__e" in getattr(one, "text", "") for one in mounted):
            return  # the latter brings a Node of its own
        first = next((step for step in steps if step.uses and not step.uses.startswith("docker://")), None)
        spot = Spot(self.path, named.line, named.column)
        facts = ci.image(image)
        at = (first.uses, first.spot) if first else ("", None)
        self.containers.append(JobContainer(row.job, image, facts, spot, *at))

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


def _joined(words: list[str], option: str) -> str:
    return next((word[len(option) :] for word in words if word.startswith(option)), "")


def _build(words: tuple[str, ...]) -> tuple[str, ...]:
    """Return the words of a command that builds, with the tool first; empty for any other."""
    rest = list(words)
    while rest and (rest[0] in ("uv", "uvx", "run", "tool", "pipx", "python", "python3", "-m", "poetry", "pdm")):
        rest = rest[1:]
        while rest[:1] and rest[0].startswith("--"):
            rest = rest[1:] if "=" in rest[0] else rest[2:]
    if rest[:2] in (["maturin", "build"], ["maturin", "publish"], ["cross", "build"]):
        return tuple(rest)
    if rest[:2] == ["cargo", "zigbuild"]:
        return ("cargo-zigbuild", *rest[2:])
    return tuple(rest) if rest[:1] == ["cibuildwheel"] else ()


def _uploads(step: Step) -> bool:
    return step.action == "actions/upload-artifact"
