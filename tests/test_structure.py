"""The structure of the code: one name for one thing, and imports without circles."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
# A room's door, the command's entry, and what the checks of one area share have these names everywhere.
SHARED_NAMES = {"__init__", "__main__", "_triage"}
TOPS = (ROOT / "diagnose", ROOT / "checks" / "diagnose_checks")


@cache
def sources() -> dict[str, ast.Module]:
    """Return every module of the product by its dotted name, parsed."""
    found = {}
    for top in TOPS:
        for path in sorted(top.rglob("*.py")):
            parts = path.relative_to(top.parent).with_suffix("").parts
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            found[name] = ast.parse(path.read_text())
    return found


def imports(name: str, node: ast.AST) -> Iterator[str]:
    """Yield the product's modules that *node* imports, in functions too; not those for type checkers only."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            continue
        if isinstance(child, ast.Import):
            yield from (alias.name for alias in child.names if alias.name in sources())
        elif isinstance(child, ast.ImportFrom) and child.module:
            for alias in child.names:
                inner = f"{child.module}.{alias.name}"
                if (found := inner if inner in sources() else child.module) in sources():
                    yield found
        yield from imports(name, child)


def circles(graph: dict[str, set[str]]) -> list[list[str]]:
    """Return the groups of modules that import one another (Tarjan's strongly connected components)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found = []

    def visit(node: str) -> None:
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in sorted(graph[node]):
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            group = stack[stack.index(node) :]
            del stack[stack.index(node) :]
            if len(group) > 1:
                found.append(sorted(group))

    for node in sorted(graph):
        if node not in index:
            visit(node)
    return found


def test_no_two_modules_of_one_name() -> None:
    places = defaultdict(list)
    for path in (path for top in TOPS for path in top.rglob("*.py")):
        places[path.stem].append(path)
    assert not {stem: paths for stem, paths in places.items() if len(paths) > 1 and stem not in SHARED_NAMES}


def test_no_two_classes_of_one_name() -> None:
    places = defaultdict(list)
    for name, tree in sources().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(name)
    assert not {base: names for base, names in places.items() if len(names) > 1}


def test_imports_have_no_circles() -> None:
    assert circles({name: set(imports(name, tree)) - {name} for name, tree in sources().items()}) == []


def room(name: str) -> str:
    """Return the room of a module: an area of the readers, else a folder of the product."""
    return ".".join(name.split(".")[: 3 if name.startswith("diagnose.readers.") else 2])


def test_rooms_have_no_circles() -> None:
    rooms: dict[str, set[str]] = {room(name): set() for name in sources()}
    for name, tree in sources().items():
        rooms[room(name)] |= {room(other) for other in imports(name, tree)} - {room(name)}
    assert circles(rooms) == []


def test_circles_are_found() -> None:
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": set()}) == [["b", "c"]]


SUBJECTS = ("Wheel", "Environment", "BuildLog", "Workflow")


def records() -> dict[str, ast.ClassDef]:
    """Return every public record of the product by its name."""
    found = {}
    for tree in sources().values():
        for node in ast.walk(tree):
            bases = [ast.unparse(base) for base in node.bases] if isinstance(node, ast.ClassDef) else []
            if isinstance(node, ast.ClassDef) and "NamedTuple" in bases and not node.name.startswith("_"):
                found[node.name] = node
    return found


def facts() -> dict[str, ast.ClassDef]:
    """Return the records that a check can read or make: those of the model, and all that the subjects lead to."""
    known = records()
    model = [name for name in sources() if name.startswith("diagnose.model.")]
    waiting = [node.name for name in model for node in sources()[name].body if isinstance(node, ast.ClassDef)]
    waiting += SUBJECTS
    found: dict[str, ast.ClassDef] = {}
    while waiting:
        name = waiting.pop()
        if name in found or name not in known:
            continue
        found[name] = known[name]
        for part in known[name].body:
            typed = part.annotation if isinstance(part, ast.AnnAssign) else getattr(part, "returns", None)
            waiting += [node.id for node in ast.walk(typed) if isinstance(node, ast.Name)] if typed else []
    return found


def unnamed(node: ast.ClassDef) -> list[str]:
    """Return the fields of a record that neither a docstring of their own nor the record's one names."""
    text = ast.get_docstring(node) or ""
    found = []
    for part, after in zip(node.body, [*node.body[1:], None], strict=True):
        if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name):
            own = isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
            if not own and f"``{part.target.id}``" not in text and f"*{part.target.id}*" not in text:
                found.append(part.target.id)
    return found


def test_every_field_of_a_fact_is_explained() -> None:
    found = facts()
    assert {"Elf", "Hit", "Library", "Leg", "Finding"} <= set(found)  # the way to them is the test's own
    assert {name: fields for name, node in found.items() if (fields := unnamed(node))} == {}


def test_a_field_without_explanation_is_found() -> None:
    source = 'class One(NamedTuple):\n    """Has ``a``."""\n\n    a: int\n    b: int\n    """Its unit."""\n    c: int\n'
    (node,) = ast.parse(source).body
    assert isinstance(node, ast.ClassDef)
    assert unnamed(node) == ["c"]


def test_a_check_imports_no_other_area_and_nothing_private() -> None:
    """A plugin's check has the readers, the authoring door and the remedies, and so has a built-in one."""
    wrong = []
    for name, tree in sources().items():
        _, area, *check = [*name.split("."), ""]
        for node in ast.walk(tree) if name.startswith("diagnose_checks.") and check != [""] else ():
            module = (node.module or "") if isinstance(node, ast.ImportFrom) else ""
            own = module == f"diagnose_checks.{area}._triage"
            private = module.startswith("diagnose.") and module.rpartition(".")[2] != "_lazy_stdlib"
            names = [alias.name for alias in node.names] if isinstance(node, ast.ImportFrom) else []
            if (module.startswith("diagnose_checks") and not own) or (private and any(n[0] == "_" for n in names)):
                wrong.append((name, module))
    assert wrong == []


def test_modules_are_short() -> None:
    long = {name for name, path in files() if len(path.read_text().splitlines()) > 500}
    assert long == {"diagnose.readers.elf.elf_parser"}  # one format, read in one pass


def files() -> Iterator[tuple[str, Path]]:
    """Yield every module of the product with its file."""
    for top in TOPS:
        for path in top.rglob("*.py"):
            yield ".".join(path.relative_to(top.parent).with_suffix("").parts), path
