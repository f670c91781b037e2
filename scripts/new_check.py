"""Writes the stubs of a new check: ``python3 dev.py new-check AREA/ID KIND [KIND...]``.

A KIND is wheel, env, log or workflow.

The stubs are a small working check: its tests pass at once. Replace everything that is marked with TODO; lint refuses
the marks that are left. See "Adding a check" in docs/adding-a-check.md.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).resolve().parents[1]
CHECKS = HERE / "checks" / "diagnose_checks"
WHEELS = HERE / "fixtures" / "wheels"
ROOTS = HERE / "fixtures" / "containers"
LOGS = HERE / "fixtures" / "logs" / "composed"
MARKER = "# new-check: above this line"
"""The line of a table of fixtures before which a new case is put."""

MODULE = '''"""TODO: one sentence that names the problem.

TODO: why it matters. Say which loader, installer, compiler or index fails, from which version on, with which message,
and when it does not matter. Write for somebody who meets the error for the first time.

How to fix: TODO: the shortest way out, as an instruction.

References:
    https://packaging.python.org/en/latest/specifications/
"""

from __future__ import annotations

{imports}

CHECK = Check(since="{version}"{declared})
'''

IMPORTS = {
    "": {
        "diagnose.model._lazy_stdlib": {"TYPE_CHECKING"},
        "diagnose.model.check": {"Check"},
    },
    "wheel": {
        "diagnose.authoring.wheel": {"bounded", "count"},
        "diagnose.model.finding": {"Evidence", "Finding", "Fix", "Severity"},
    },
    "env": {
        "diagnose.authoring.environment": {"setting_evidence"},
        "diagnose.model.finding": {"Finding", "Fix", "Phase", "Severity"},
    },
    "log": {
        "diagnose.authoring.log": {"finding_from_hits"},
        "diagnose.model.finding": {"Finding", "Fix", "Phase"},
        "diagnose.model.pattern": {"patterns_for"},
    },
    "workflow": {
        "diagnose.authoring.workflow": {"Seen", "finding", "grouped"},
        "diagnose.model.finding": {"Finding", "Fix", "Severity"},
    },
}
SUBJECTS = {
    "wheel": "    from diagnose.readers.wheel.reader import Wheel",
    "env": "    from diagnose.readers.env import Environment",
    "log": "    from diagnose.readers.buildlog import BuildLog",
    "workflow": "    from diagnose.readers.workflow import Workflow",
}

DETECTORS = {
    "wheel": '''
def wheel(wheel: Wheel) -> Iterator[Finding]:
    """See TODO: the files or fields that show the problem."""
    # TODO: the facts are fields of Wheel
    paths = [path for path in wheel.files if path.endswith("{stem}.txt")]
    if paths:
        yield Finding(
            f"contains {{count(len(paths), 'example file')}}",
            Severity.WARNING,
            bounded(Evidence("an example", path) for path in paths),
            "TODO: the error that the user reads",
            (Fix("TODO: an imperative title", notes="Leave the file out."),),
        )
''',
    "env": '''
def env(env: Environment) -> Iterator[Finding]:
    """See TODO: the setting, file or package that shows the problem."""
    # TODO: the facts are fields of Environment
    setting = env.variables.get("{upper}")
    if setting is not None:
        yield Finding(
            f"{{setting.name}} is set",
            Severity.WARNING,
            (setting_evidence(setting),),
            "TODO: the error that the user reads",
            (Fix(f"unset {{setting.name}}", unset=(setting.name,)),),
        )
''',
    "log": '''
def log(log: BuildLog) -> Iterator[Finding]:
    """See TODO: the message of the tool that fails."""
    for hit in log.find("{id}")[:1]:
        yield finding_from_hits(
            log,
            [hit],
            f"the example {{hit.groups['name']}} failed",
            "TODO: what the build lacks because of it",
            (Fix("TODO: an imperative title", notes="Take another example."),),
        )
''',
    "workflow": '''
def workflow(workflow: Workflow) -> Iterator[Finding]:
    """See TODO: the key, variable or command that shows the problem."""
    # TODO: the facts are fields of Workflow and Leg; `hook_calls` yields the commands of scripts
    seen = [
        Seen(setting.name, setting.spot, "an example", leg)
        for leg in workflow.legs
        for setting in leg.settings
        if setting.name == "{upper}"
    ]
    for group in grouped(seen):
        yield finding(
            f"{{group[0].key}} is set",
            Severity.WARNING,
            group,
            "TODO: the error that the user reads",
            [Fix("TODO: an imperative title", notes="Take it out.")],
        )
''',
}
PATTERNS = """    patterns=patterns_for(
        "{id}",
        # TODO: a literal text of at least four bytes that every such line holds, and the pattern of the whole message
        ("example {id} failed", r"error: example {id} failed: (?P<name>\\S+)"),
    ),
"""

TESTS = {
    "wheel": '''"""{id} stays silent where a wheel only looks like one that it is about."""

from __future__ import annotations

from wheels import fixed

from diagnose.readers.wheel import reader
from diagnose_checks.{area} import {stem}


def test_a_near_miss_is_silent() -> None:
    facts = reader.read(str(fixed("{stem}")))
    near = facts._replace(files=(*facts.files, "{stem}.txt.md"))  # TODO: the wheel that only looks broken
    assert list({stem}.wheel(near)) == []
    broken = facts._replace(files=(*facts.files, "{stem}.txt"))
    assert len(list({stem}.wheel(broken))) == 1
''',
    "env": '''"""{id} stays silent where an environment only looks like one that it is about."""

from __future__ import annotations

from pathlib import Path

from roots import cases, look, read

from diagnose_checks.{area} import {stem}


def test_a_near_miss_is_silent(tmp_path: Path) -> None:
    case = cases.CASES["native-healthy"]
    read(case, str(tmp_path))
    near = look(case, str(tmp_path / "root"), {upper}_OF_ANOTHER="1")  # TODO: the setting that only looks wrong
    assert list({stem}.env(near)) == []
    broken = look(case, str(tmp_path / "root"), {upper}="1")
    assert len(list({stem}.env(broken))) == 1
''',
}

STEPS = {
    "wheel": (
        "fixtures/wheels/cases.py: describe the broken wheel (`{stem}`) and its fixed twin; then",
        "    .venv/bin/python fixtures/wheels/make.py {stem}",
        "A fix that repacks the wheel: diagnose.remedies.repack; the tests apply it twice and check the wheel again.",
        "python3 dev.py test tests/checks -k '{stem} or {id}'",
    ),
    "env": (
        "fixtures/containers/cases.py: describe the broken root (`native-{id}`).",
        "A fix that installs or configures something: diagnose.remedies; the tests apply file edits and variables.",
        "python3 dev.py test tests/checks -k '{stem} or {id}'",
    ),
    "log": (
        "fixtures/logs/composed/{folder}/{id}.log: a log that fails like this; {id}-near.log: one that only looks so.",
        "A log that you can make for real belongs below fixtures/logs/real, with its script: fixtures/logs/README.md.",
        "tests/fixes/test_log_fixes.py: a Case in which the printed fix is applied to a real failure.",
        "python3 dev.py test tests/checks -k '{stem} or {id}'",
    ),
    "workflow": (
        "fixtures/workflows/{id}: a repository that fails; {id}-healthy: its twin; {id}-near: one that only looks so.",
        "python3 dev.py test tests/checks/test_workflow_fixtures.py -k {id}",
    ),
}


def refuse(message: str) -> None:
    """End with *message* as the one line that says what is wrong."""
    sys.exit(f"new-check: {message}")


def module(kinds: list[str], words: dict[str, str]) -> str:
    """Return the check's module with one detector for each of *kinds*."""
    merged: dict[str, set[str]] = {}
    for kind in ("", *kinds):
        for name, names in IMPORTS[kind].items():
            merged.setdefault(name, set()).update(names)
    imports = [f"from {name} import {', '.join(sorted(merged[name]))}" for name in sorted(merged)]
    imports += ["", "if TYPE_CHECKING:", "    from collections.abc import Iterator", ""]
    imports += [SUBJECTS[kind] for kind in kinds]
    declared = ""
    if "env" in kinds or "log" in kinds:
        declared = ",\n    phase=Phase.LATER,  # TODO: when a build meets it\n"
    if "log" in kinds:
        declared += PATTERNS.format(**words)
    text = MODULE.format(imports="\n".join(imports), declared=declared, **words)
    return text + "\n".join(DETECTORS[kind].format(**words) for kind in kinds)


BEFORE: dict[Path, bytes | None] = {}
"""Each file that was written → its content before; None for a new one."""


def write(path: Path, text: str) -> None:
    """Write *text* to *path*, and remember what was there."""
    BEFORE.setdefault(path, path.read_bytes() if path.exists() else None)
    path.write_text(text, encoding="utf-8")


def take_back() -> None:
    """Restore every file that was written, so that a second run finds what the first one found."""
    for path, content in BEFORE.items():
        if content is None:
            path.unlink(missing_ok=True)
        else:
            path.write_bytes(content)
    BEFORE.clear()


def insert(table: Path, case: str) -> None:
    """Put *case* into the table of fixtures before its marker."""
    text = table.read_text(encoding="utf-8")
    found = re.search(rf"^ *{MARKER}", text, re.MULTILINE)
    if found is None:
        refuse(f"{table.relative_to(HERE)} has no line '{MARKER}'")
        return
    write(table, text[: found.start()] + case + text[found.start() :])


def add_wheel(words: dict[str, str]) -> None:
    """Describe a broken wheel and its twin, and build both."""
    insert(
        WHEELS / "cases.py",
        "    # TODO: what makes the wheel broken, as small as it can be\n"
        '    Case("{stem}", with_file("{stem}.txt"), wheel(), {{"{id}": WARNING}}),\n'.format(**words),
    )
    there = set(WHEELS.iterdir())
    try:
        subprocess.run([sys.executable, str(WHEELS / "make.py"), words["stem"]], check=True)
    finally:
        BEFORE.update(dict.fromkeys(set(WHEELS.iterdir()) - there))


def add_env(words: dict[str, str]) -> None:
    """Describe a broken root."""
    insert(
        ROOTS / "cases.py",
        '    # TODO: what is wrong with this root\n    _native("{id}", "{id}", environ={{"{upper}": "1"}}),\n'.format(
            **words
        ),
    )


def add_log(words: dict[str, str]) -> None:
    """Write a log that shows the cause and one that only looks like it, with their labels."""
    folder, name = LOGS / words["folder"], words["id"]
    write(folder / f"{name}.log", f"error: example {name} failed: TODO\n")
    write(
        folder / f"{name}-near.log",
        f"note: example {name} failed before, and is tried again\nwarning: TODO: something else\n",
    )
    file = folder / "labels.json"
    labels = json.loads(file.read_text(encoding="utf-8"))
    labels |= {
        f"{name}.log": {"cause": name},
        f"{name}-near.log": {"cause": "", "near": [name], "outcome": "cannot-tell"},
    }
    rows = ",\n".join(f"  {json.dumps(key)}: {json.dumps(labels[key])}" for key in sorted(labels))
    write(file, f"{{\n{rows}\n}}\n")


WORKFLOW = """\
on: push
jobs:
  build:
    runs-on: ubuntu-24.04
    steps:
      - uses: PyO3/maturin-action@v1
        env:
          {name}: "1" # TODO: what is wrong, as small as it can be
        with:
          target: x86_64
          manylinux: 2_28
"""


def add_workflow(words: dict[str, str]) -> None:
    """Write a repository whose workflow shows the problem, and its healthy twin."""
    for suffix, name in (("", "{upper}"), ("-healthy", "OTHER")):
        path = HERE / "fixtures" / "workflows" / f"{words['id']}{suffix}" / ".github" / "workflows" / "release.yml"
        path.parent.mkdir(parents=True, exist_ok=True)
        write(path, WORKFLOW.format(name=name.format(**words)))


ADD: dict[str, Callable[[dict[str, str]], None]] = {"wheel": add_wheel, "env": add_env, "log": add_log}
ADD["workflow"] = add_workflow


def version() -> str:
    """Return the version of the product, which is the next release."""
    text = (HERE / "diagnose" / "__init__.py").read_text(encoding="utf-8")
    return text.partition('__version__ = "')[2].partition('"')[0]


def stubs(area: str, stem: str, kinds: list[str], words: dict[str, str]) -> list[Path]:
    """Write the module, its fixtures and its tests; return the module and the tests."""
    written = [CHECKS / area / f"{stem}.py"]
    write(written[0], module(kinds, words))
    for kind in kinds:
        ADD[kind](words)
        if kind in TESTS:
            suffix = "" if kind == "wheel" else f"_{kind}"
            written.append(HERE / "tests" / "checks" / f"test_{stem}{suffix}.py")
            write(written[-1], TESTS[kind].format(**words))
    for tidy in (["check", "--fix", "--quiet", "--select=I"], ["format", "--quiet"]):
        subprocess.run([sys.executable, "-m", "ruff", *tidy, *written, WHEELS / "cases.py"], check=True)
    subprocess.run([sys.executable, HERE / "scripts" / "index_checks.py"], check=True)
    return written


def main() -> None:
    """Write the stubs and print the steps that are left."""
    name, *kinds = sys.argv[1:] or [""]
    match = re.fullmatch(r"([a-z]+)/([a-z][a-z0-9]*(?:[-_][a-z0-9]+)+)", name)
    areas = sorted(path.name for path in CHECKS.iterdir() if path.is_dir() and path.name[0] not in "_.")
    if match is None or not kinds or set(kinds) - set(ADD):
        refuse("AREA/ID KIND [KIND...]: an id like wheel-sbom-misplaced; kinds are wheel, env, log and workflow")
        return
    area, stem = match[1], match[2].replace("-", "_")
    if area not in areas:
        refuse(f"no area is called {area}; there are {', '.join(areas)}")
    if list(CHECKS.glob(f"*/{stem}.py")):
        refuse(f"{stem}.py exists already")
    folder = area if (LOGS / area).is_dir() else "causes"
    words = {"area": area, "stem": stem, "id": stem.replace("_", "-"), "upper": stem.upper(), "folder": folder}
    words["version"] = version()
    kinds = sorted(set(kinds), key=list(ADD).index)
    try:
        written = stubs(area, stem, kinds, words)
    except BaseException:
        take_back()
        raise
    print(*(f"written: {path.relative_to(HERE)}" for path in written), "", sep="\n")
    for kind in kinds:
        print(*(step.format(**words) for step in STEPS[kind]), "", sep="\n")
    print("Replace every TODO (grep -rn TODO checks fixtures tests), add a line to CHANGELOG.md, then")
    print("    python3 dev.py fmt && python3 dev.py lint && python3 dev.py test --accept")


if __name__ == "__main__":
    main()
