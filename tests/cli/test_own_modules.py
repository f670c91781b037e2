"""Modules that are imported from their compiled files are what Python's own machinery would have imported."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parents[2]
CODE = """\
import json, sys
if sys.argv[1] == "own":
    from diagnose.cli import own_modules
    own_modules.install()
from diagnose.cli import help_page
from diagnose.cli.commands import env_command
import diagnose_checks.apt.apt_lists_missing
rows = {}
for name in ("diagnose.cli.commands", "diagnose.cli.commands.env_command", "diagnose_checks.apt.apt_lists_missing"):
    module = sys.modules[name]
    spec = module.__spec__
    row = [getattr(module, part, None) for part in ("__name__", "__package__", "__file__", "__doc__")]
    rows[name] = [*row, list(getattr(module, "__path__", ())), spec.origin, spec.submodule_search_locations]
print(json.dumps([rows, type(sys.modules["diagnose.engine.run"].__loader__).__name__, help_page.TAGLINE]))
"""


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Return a folder with a compiled copy of the product."""
    for name in ("diagnose", "checks/diagnose_checks"):
        shutil.copytree(HERE / name, tmp_path / Path(name).name, ignore=shutil.ignore_patterns("__pycache__"))
    assert run(tmp_path, "plain")[1] == "SourceFileLoader"
    return tmp_path


def run(folder: Path, how: str, *options: str, **environ: str) -> list[object]:
    """Return what the modules of *folder* say of themselves, one loader's name, and the line of the help."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(
        [sys.executable, *options, "-c", CODE, how],
        capture_output=True,
        text=True,
        cwd=folder,
        env={**clean, "PYTHONPATH": str(folder), **environ},
    )
    assert done.returncode == 0, done.stderr
    found: list[object] = json.loads(done.stdout)
    return found


def test_a_module_is_the_same_by_either_way(copy: Path) -> None:
    plain, own = run(copy, "plain"), run(copy, "own")
    assert (plain[1], own[1]) == ("SourceFileLoader", "CompiledModule")
    assert plain[0] == own[0]


def test_a_changed_source_is_compiled_again(copy: Path) -> None:
    source = copy / "diagnose" / "cli" / "help_page.py"
    source.write_text(source.read_text().replace("Find out why", "See why"))
    assert str(run(copy, "own")[2]).startswith("See why")
    stat = source.stat()
    source.write_text(source.read_text().replace("See why", "Say why"))  # of the same size
    os.utime(source, (stat.st_atime, stat.st_mtime + 2))
    assert str(run(copy, "own")[2]).startswith("Say why")


def test_a_module_that_is_not_compiled_is_compiled(copy: Path) -> None:
    for folder in [*copy.rglob("__pycache__")]:
        shutil.rmtree(folder)
    assert run(copy, "own")[1] == "SourceFileLoader"
    assert run(copy, "own")[1] == "CompiledModule"


def test_a_broken_compiled_file_is_not_used(copy: Path) -> None:
    for path in copy.rglob("run.*.pyc"):
        path.write_bytes(path.read_bytes()[:10])
    assert run(copy, "own")[1] == "SourceFileLoader"


def test_compiled_files_of_another_form_or_place_are_left_to_python(copy: Path, tmp_path: Path) -> None:
    assert run(copy, "own", "-O")[1] == "SourceFileLoader"
    assert run(copy, "own", PYTHONPYCACHEPREFIX=str(tmp_path / "elsewhere"))[1] == "SourceFileLoader"
    words = [sys.executable, "-m", "compileall", "-q", "-f", "--invalidation-mode", "checked-hash", "diagnose"]
    subprocess.run(words, cwd=copy, check=True)
    assert run(copy, "own")[1] == "SourceFileLoader"
