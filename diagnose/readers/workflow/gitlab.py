"""GitLab's ``.gitlab-ci.yml``: the jobs that build a wheel, in which image, and with which scripts.

What another file may bring (``include``, ``!reference``, variables of the project) is unknown. Source: GitLab's
documentation, "CI/CD YAML syntax reference" and "Where variables can be used".
"""

from __future__ import annotations

from itertools import product

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple, re
from diagnose.model.finding import InputError
from diagnose.readers.workflow import commands, dockerfile, maturin_table, scripts, tags
from diagnose.readers.workflow.jobs import uploads
from diagnose.readers.workflow.nodes import Items, Table, Text
from diagnose.readers.workflow.repository import GITLAB
from diagnose.readers.workflow.values import bounded_sub
from diagnose.readers.workflow.workflow_facts import BuildPlace, Hook, Leg, Spot, StepVariable, Workflow
from diagnose.tables import ci

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from diagnose.readers.workflow.repository import Repository

_KEYWORDS = frozenset({
    "default", "include", "stages", "variables", "workflow", "image", "services", "cache", "before_script",
    "after_script", "spec", "pages",
})  # fmt: skip
"""Keys at the top that name other things than jobs."""
_SCRIPTS = ("before_script", "script")
_VARIABLE = re.compile(r"\$(?:\{(?P<long>\w+)\}|(?P<short>[A-Za-z_]\w*))")
_DEPTH = 10
_ROWS = 200
_JOBS = 500
_ELSEWHERE = (
    "CI_API_V4_URL", "TWINE_REPOSITORY", "UV_PUBLISH_URL", "--repository", "--publish-url", "MATURIN_REPOSITORY",
)  # fmt: skip
"""Words of a file that uploads to another index than the public one."""


class GitlabJob(NamedTuple):
    """One job with all that it extends. ``complete``: nothing of it is in another file, as far as it tells."""

    name: str
    keys: dict[str, Any]
    line: int
    complete: bool


def is_one(path: str) -> bool:
    """Whether a file is GitLab's by its name."""
    return path.rpartition("/")[2] in GITLAB


def read(path: str, document: Any, repository: Repository) -> Workflow:
    """Return what the file at *path* builds; *document* are its nodes.

    Raises:
        InputError: it is not a mapping of jobs.
    """
    if not isinstance(document, Table):
        raise InputError(f"{path}: not a file of GitLab CI: it has no jobs")
    included = document.get("include") is not None
    unread = [f"{path}:{document.keys['include'].line}: what it includes was not read"] if included else []
    names = list(document.entries)[:_JOBS]
    jobs = [_merged(document, name, repository) for name in names if _is_job(document, name)]
    text = repository.text(path) or ""
    publishes = not any(word in text for word in _ELSEWHERE) and any(map(_uploads, jobs))
    legs = [leg for job in jobs for leg in _legs(job, path, document, repository, publishes, included)]
    absent = [job for job in jobs if not job.complete]
    unread += [f"{path}:{job.line}: {job.name} extends a job that is not in this file" for job in absent]
    return Workflow(path, tuple(legs), (), tuple(unread), unknown=sum(leg.place.kind == "unknown" for leg in legs))


def _is_job(document: Table, name: str) -> bool:
    node = document.entries[name]
    return isinstance(node, Table) and not name.startswith(".") and name not in _KEYWORDS


def _merged(document: Table, name: str, repository: Repository) -> GitlabJob:
    keys: dict[str, Any] = {}
    complete = _extend(document, name, keys, 0, repository)
    for scope in (document.get("default"), document) if "inherit" not in keys else ():
        for key in ("image", "before_script"):
            if isinstance(scope, Table) and key not in keys and scope.get(key) is not None:
                keys[key] = scope.get(key)
    return GitlabJob(name, keys, document.keys[name].line, complete)


def _extend(document: Table, name: str, keys: dict[str, Any], depth: int, repository: Repository) -> bool:
    """Put the keys of the job *name* and of all that it extends into *keys*; return whether all of them are here."""
    node = document.entries.get(name)
    if not isinstance(node, Table) or depth > _DEPTH:
        return False
    complete = True
    extended = node.get("extends")
    parents = extended.items if isinstance(extended, Items) else [extended] if extended is not None else []
    for parent in parents:
        repository.spend(1)
        found = isinstance(parent, Text) and _extend(document, parent.text, keys, depth + 1, repository)
        complete = complete and found
    return _put(node, keys, 0, repository) and complete


def _put(node: Table, keys: dict[str, Any], depth: int, repository: Repository) -> bool:
    """Merge *node* into *keys*: its merge keys (``<<``) first, then its own; maps of variables are merged."""
    complete = True
    repository.spend(1 + len(node.entries))
    merged = node.get("<<")
    for one in merged.items if isinstance(merged, Items) else [merged] if merged is not None else []:
        found = depth < _DEPTH and isinstance(one, Table) and _put(one, keys, depth + 1, repository)
        complete = complete and found
    for key, value in node.entries.items():
        before = keys.get(key)
        if key == "variables" and isinstance(before, Table) and isinstance(value, Table):
            repository.spend(len(before.entries) + len(value.entries))
            value = Table({**before.entries, **value.entries}, {**before.keys, **value.keys}, value.line, value.column)
        keys[key] = value
    return complete


def _uploads(job: GitlabJob) -> bool:
    lines = [one.text for key in _SCRIPTS for one in _lines(job.keys.get(key), [])]
    return any(uploads(call.command) for line in lines for call in scripts.walked(line))


def _lines(node: Any, unread: list[int]) -> Iterator[Text]:
    """Yield the commands of a script; the line of any other node goes to *unread*."""
    if isinstance(node, Text):
        yield node
    for one in node.items if isinstance(node, Items) else ():
        if isinstance(one, Text) and not one.text.startswith("."):
            yield one
        elif isinstance(one, Items) and all(isinstance(word, Text) and "\n" in word.text for word in one.items):
            yield from one.items
        else:  # `!reference [.job, script]`, or a list that an anchor names
            inner = one.items if isinstance(one, Items) else ()
            if inner and all(isinstance(word, Text) and " " in word.text for word in inner):
                yield from inner
            else:
                unread.append(getattr(one, "line", 0))


def _legs(
    job: GitlabJob, path: str, document: Table, repository: Repository, publishes: bool, included: bool
) -> Iterator[Leg]:
    missing: list[int] = []
    lines = [line for key in _SCRIPTS for line in _lines(job.keys.get(key), missing)]
    if not any(commands.build_commands(line.text) for line in lines):
        return
    own = {**_plain(document.get("variables")), **_plain(job.keys.get("variables"))}
    unsure = not job.complete or bool(missing)
    for row in _rows(job.keys.get("parallel"), repository):
        known = {**own, **row}
        repository.spend(len(known))
        image = _image(job.keys.get("image"), known)
        facts = ci.image(image) if image else None
        place = BuildPlace("image", image, facts) if image and facts and job.complete else BuildPlace("unknown", image)
        hooks = []
        for line in lines:
            made = scripts.hook("script", place, line, line.text, path, repository, strict=True)
            hooks.append(made._replace(unread=(*made.unread, *_gaps(path, job, unsure or included))))
        at = Spot(path, job.line)
        leg = Leg(
            job.name, ", ".join(row.values())[:120], "gitlab", "", at, None, "", at, "", BuildPlace("unknown", ""),
            settings=tuple(StepVariable(name, value, at) for name, value in known.items()), published=publishes,
        )  # fmt: skip
        yield from _built(leg, lines, place, hooks, known, repository)


def _gaps(path: str, job: GitlabJob, unsure: bool) -> tuple[str, ...]:
    return (f"{path}:{job.line}: a part of {job.name} is in another file, or refers to another job",) if unsure else ()


def _built(
    leg: Leg, lines: list[Text], place: BuildPlace, hooks: list[Hook], known: dict[str, str], repository: Repository
) -> Iterator[Leg]:
    """Yield a leg for each command in *lines* that builds a wheel in *place*."""
    arch = dockerfile.arch_of(place.name) if place.kind == "image" else ""
    moves = any(call.program in ("cd", "pushd") for line in lines for call in scripts.walked(line.text))
    for line in lines:
        for words in commands.build_commands(line.text):
            spot = Spot(leg.spot.path, line.line, 0 if line.block else line.column)
            if words[0] == "cibuildwheel" or place.kind == "unknown":
                yield leg._replace(tool=words[0], spot=spot, place=BuildPlace("unknown", place.name))
                continue
            values = [_substituted(word, known) for word in words]
            made = next(commands.plain_legs(leg._replace(spot=spot), place, [words], [values], arch), None)
            if made is None:
                continue
            made = made._replace(hooks=tuple(hooks))
            repository.spend(made.parts)
            if made.target and not moves:
                made = made._replace(
                    project=repository.project("", made.target), configured=maturin_table.read(repository, "")
                )
                made = made._replace(tag=tags.expected(made))
            yield made


def _plain(node: Any) -> dict[str, str]:
    """Return the variables of a map; those with a description (``value:``) too."""
    found: dict[str, str] = {}
    for name, value in node.entries.items() if isinstance(node, Table) else ():
        text = value.get("value") if isinstance(value, Table) else value
        if isinstance(text, Text):
            found[name] = text.text
    return found


def _rows(node: Any, repository: Repository) -> list[dict[str, str]]:
    """Return the combinations of ``parallel: matrix``; one without variables where it has no matrix."""
    matrix = node.get("matrix") if isinstance(node, Table) else None
    found: list[dict[str, str]] = []
    for entry in matrix.items if isinstance(matrix, Items) else ():
        axes: list[list[tuple[str, str]]] = []
        for name, value in entry.entries.items() if isinstance(entry, Table) else ():
            options = value.items if isinstance(value, Items) else [value]
            axes.append([(name, one.text) for one in options if isinstance(one, Text)])
        for combination in product(*axes):
            repository.spend(1 + len(axes))
            found.append(dict(combination))
            if len(found) >= _ROWS:
                return found
    return found or [{}]


def _image(node: Any, known: dict[str, str]) -> str:
    named = node.get("name") if isinstance(node, Table) else node
    return (_substituted(named.text, known) or "") if isinstance(named, Text) else ""


def _substituted(text: str, known: dict[str, str]) -> str | None:
    """Return *text* with the variables of the file put in; None if one has another source."""
    for _ in range(_DEPTH):
        made = bounded_sub(_VARIABLE, lambda match: known.get(match["long"] or match["short"], match[0]), text)
        if made is None:
            return None
        if made == text:
            break
        text = made
    return None if "$" in text else text
