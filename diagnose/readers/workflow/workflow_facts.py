"""The facts about one workflow file: its legs, the places where they build, and the scripts that run there."""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from diagnose.model.finding import Evidence, Finding, Phase
    from diagnose.readers.cargo.project_facts import Project
    from diagnose.readers.workflow.shell import Call
    from diagnose.tables.ci import Image, Runner


class Spot(NamedTuple):
    """A place in a file: its path from the repository's root, line and column from 1 (column 0: the whole line)."""

    path: str
    """With ``/``, whatever the system."""
    line: int
    """From 1."""
    column: int = 0
    """In characters, from 1."""

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}" if self.column else f"{self.path}:{self.line}"


class BuildPlace(NamedTuple):
    """Where a leg builds. ``kind``: ``host``, ``image`` or ``unknown``; ``facts`` is None where nothing is known."""

    kind: str
    name: str
    """The label of the runner, or the name of the image."""
    facts: Image | None = None


class Hook(NamedTuple):
    """A script that runs where a leg builds, or on its runner.

    ``name`` is the key that holds it (``before-script-linux``). ``strict``: the shell stops at the first command that
    fails.
    """

    name: str
    place: BuildPlace
    """Where it runs."""
    calls: tuple[tuple[Spot, Call], ...]
    """The commands in it, each with its place."""
    strict: bool = True
    unread: tuple[str, ...] = ()
    """Parts of it that could not be read, in plain words."""


class StepVariable(NamedTuple):
    """A variable that the workflow sets for a step."""

    name: str
    """As the step's programs see it."""
    value: str | None
    """None where it is unknown."""
    spot: Spot
    """Where it is set."""
    sure: bool = True
    """Whether it is set for sure: a script may export it or not."""


class MaturinTable(NamedTuple):
    """``[tool.maturin]``: its ``compatibility``, empty without one; whether it turns the audit off; the place."""

    compatibility: str
    skips_audit: bool
    """Whether ``auditwheel = "skip"`` or ``skip-auditwheel`` turns it off."""
    spot: Spot
    """The line of that key."""


class Leg(NamedTuple):
    """One build of one wheel, as far as the file tells.

    Texts are empty where a fact is unknown or there is no such fact.
    """

    job: str
    """The key of the job; ``CALLER / JOB`` in a called workflow."""
    row: str
    """The row of the matrix in words."""
    tool: str
    """``maturin-action``, ``cibuildwheel``, ``maturin``, ``cross`` or ``cargo-zigbuild``."""
    version: str
    """The release of the tool as the workflow names it (``v1``)."""
    spot: Spot
    """The step."""
    runner: Runner | None
    """What is known of the runner; None for an unknown label."""
    label: str
    """The label of the runner."""
    label_spot: Spot
    """The place of ``runs-on``, or of the matrix value in it."""
    target: str
    """Rust's target."""
    place: BuildPlace
    """Where the wheel is built: on the runner, or in an image."""
    tag: str = ""
    """The platform tag that the wheel will have."""
    manylinux: str = ""
    """The value that the tool is given for it (``2_28``, ``auto``), or cibuildwheel's image."""
    zig: bool = False
    """Whether zig links."""
    fallback: bool = False
    """Whether the action's table had no image for this target and took its general one."""
    words: tuple[str, ...] = ()
    """The arguments of the tool."""
    inputs: dict[str, tuple[str, Spot]] = {}
    """The inputs of the action that are known."""
    hooks: tuple[Hook, ...] = ()
    """The scripts that run before or around the build, in order."""
    settings: tuple[StepVariable, ...] = ()
    """The variables of the step, later ones win."""
    published: bool = False
    """Whether a step or job that publishes to an index needs the job."""
    repaired: bool = False
    """Whether a later step of the job calls auditwheel or names a wheel's tags."""
    configured: MaturinTable | None = None
    """The tags that ``pyproject.toml`` asks for; None if it leaves them to maturin."""
    project: Project | None = None
    """The Cargo project in the working directory; None without one."""

    @property
    def parts(self) -> int:
        """How many commands, variables and words it has; long texts count as several."""
        texts = sum(len(text) for text, _ in self.inputs.values()) // 50
        return 1 + len(self.settings) + len(self.words) + texts + sum(1 + len(hook.calls) for hook in self.hooks)

    @property
    def cross(self) -> bool:
        """Whether the image builds for another system than its own."""
        return self.place.facts is not None and self.place.facts.cross


class JobContainer(NamedTuple):
    """The ``container:`` of a job, and the steps that run actions in it for sure."""

    job: str
    """The key of the job."""
    image: str
    """Its name as written."""
    facts: Image | None
    """What is known of it; None if nothing is."""
    spot: Spot
    """The place of the name."""
    actions: tuple[tuple[str, Spot], ...] = ()
    """``uses`` of each such step, in their order, with its place."""


class Workflow(NamedTuple):
    """One workflow file: what it builds. Never judges."""

    path: str
    """From the repository's root."""
    legs: tuple[Leg, ...] = ()
    """The builds for Linux, in the file's order."""
    containers: tuple[JobContainer, ...] = ()
    """Of the jobs that have one, also without a leg."""
    unread: tuple[str, ...] = ()
    """What could not be examined, in plain words."""
    skipped: int = 0
    """Legs for other systems than Linux."""
    unknown: int = 0
    """Legs whose runner, target or image the file does not tell."""
    action_versions: tuple[str, ...] = ()
    """The releases of maturin-action that its legs name, sorted."""
    tried: bool = True
    """Whether the file may install or judge the wheels: a script does, or a part of the file was not read."""

    @property
    def unseen(self) -> tuple[str, ...]:
        """Everything that was not judged, in words."""
        scripts = (line for leg in self.legs for hook in leg.hooks for line in hook.unread)
        found = list(dict.fromkeys((*self.unread, *scripts)))
        if self.unknown:
            found.append(f"{self.unknown} legs whose runner, target or image is known only when they run")
        if self.skipped:
            found.append(f"{self.skipped} legs for other systems than Linux")
        return tuple(found)

    def offers(self, basis: str) -> bool:
        """Whether it has what a check needs: always, because it has one layout only."""
        return True

    def position(self, evidence: Evidence) -> int | None:
        """A file has no order in time."""
        return None

    def is_recovered(self, finding: Finding) -> bool:
        """Nothing has run yet."""
        return False

    def without_recovered(self, findings: Sequence[Finding]) -> Workflow | None:
        """Nothing has run yet."""
        return None

    def concluded(self, findings: Sequence[Finding]) -> Workflow:
        """Return it as it is."""
        return self

    def was_examined(self, phase: Phase) -> bool:
        """Whether there was a leg to examine."""
        return bool(self.legs or self.containers)
