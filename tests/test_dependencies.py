"""What the product imports is what it declares."""

from __future__ import annotations

import ast
import re
import sys
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

HOME = Path(__file__).parents[1]
#: Module → its distribution, where the names differ.
NAMED = {"yaml": "pyyaml", "iced_x86": "iced-x86"}
#: Imported by tools that only tests and maintainers run.
TOOLS = {"abi3info", "auditwheel", "trove_classifiers"}
#: Part of newer Pythons only.
LATER = {"compression", "tomllib", "typing_extensions"}


def _imported() -> set[str]:
    found = set()
    for folder in ("diagnose", "checks"):
        for path in (HOME / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Import):
                    found |= {one.name.partition(".")[0] for one in node.names}
                elif isinstance(node, ast.ImportFrom) and not node.level:
                    found.add((node.module or "").partition(".")[0])
    return found - set(sys.stdlib_module_names) - {"diagnose", "diagnose_checks"} - TOOLS - LATER


def test_every_imported_package_is_declared() -> None:
    project = tomllib.loads((HOME / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    names = ("dask", "fast", "index", "parquet", "processor", "workflow", "zstd")
    extras = [line for name in names for line in project["optional-dependencies"][name]]
    declared = {re.split(r"[^\w-]", line)[0].lower() for line in [*project["dependencies"], *extras]}
    imported = {NAMED.get(name, name).lower() for name in _imported()}
    assert imported <= declared
    assert "packaging" in imported


def test_each_python_that_is_named_is_tested() -> None:
    project = tomllib.loads((HOME / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = re.findall(r"Python :: (3\.\d+)$", "\n".join(project["classifiers"]), re.MULTILINE)
    workflow = (HOME / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    (listed,) = re.findall(r"^ +python: \[(.+)\]$", workflow, re.MULTILINE)
    assert re.findall(r"[\d.]+", listed) == named
    assert project["requires-python"] == f">={named[0]}"


def test_the_base_install_needs_nothing_compiled() -> None:
    project = tomllib.loads((HOME / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    faster = ("isal", "deflate")  # everything works without them
    waiting = [line for line in project["dependencies"] if not line.startswith(faster)]
    compiled, seen = set(), set()
    while waiting:
        requirement = Requirement(waiting.pop())
        if requirement.name in seen or (requirement.marker and not requirement.marker.evaluate({"extra": ""})):
            continue
        seen.add(requirement.name)
        found = metadata.distribution(requirement.name)
        if "Root-Is-Purelib: false" in (found.read_text("WHEEL") or ""):
            compiled.add(requirement.name)
        waiting += found.requires or ()
    assert {"rich", "typer", "packaging", "tomlkit"} <= seen
    assert compiled == set()
