"""The order of modules in answers of pkgconf 2 and newer: the flattened tree of requirements.

Follows ``pkgconf_queue_verify``, ``flatten_dependency_set`` and ``pkgconf_queue_collect_dependencies`` of
``libpkgconf/queue.c``, ``pkgconf_pkg_traverse_main`` and ``pkgconf_pkg_walk_list`` of ``pkg.c``
(2.1.1, 2.3.0, 2.5.1, 3.0.5).
"""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.readers.pkgconfig.fragments import Fragments
from diagnose.readers.pkgconfig.graph import Edge, Module, Modules, world
from diagnose.readers.pkgconfig.pcfile import VISIT_LIMIT, Dependency, Fragment

if TYPE_CHECKING:
    from collections.abc import Callable

    from diagnose.readers.pkgconfig.rules import Rules


class Flat:
    """Requirements *wanted*, flattened through *modules*."""

    def __init__(self, rules: Rules, modules: Modules, wanted: tuple[Dependency, ...], static: bool) -> None:
        self._rules = rules
        self._modules = modules
        self._static = static
        self._world = world(wanted)
        self._serial = 0
        self._walks = 0
        self._orders = 0
        self._in_private = False
        self._search_private = True
        self._check_conflicts = rules.conflicts

    def flags(self) -> tuple[list[Fragment], list[Fragment]] | None:
        """Return the flags for the compiler and for the linker; None if something is missing.

        Raises:
            EndlessError: the requirements do not end.
        """
        flattened = self._sorted() if self._rules.flat == 1 else self._collected()
        if flattened is None:
            return None
        cflags, private, libs = Fragments(self._rules), Fragments(self._rules), Fragments(self._rules)

        def collect_cflags(module: Module) -> None:
            for fragment in module.file.cflags:
                cflags.merge(fragment)

        def collect_private(module: Module) -> None:
            for fragment in module.file.cflags_private if self._static else module.file.cflags_shared:
                private.append(fragment)

        def collect_libs(module: Module) -> None:
            if self._rules.flat == 3 and not self._search_private and module.private:
                return
            for fragment in module.file.libs:
                (libs.append if self._in_private else libs.merge)(fragment)
            for fragment in module.file.libs_private if self._static else module.file.libs_shared:
                libs.append(fragment)

        self._apply(flattened, collect_cflags, skip_internal=True)
        if self._static or self._rules.late:
            self._apply(flattened, collect_private, skip_internal=True)
        self._search_private = self._static
        if self._rules.solved_twice and not self._static:
            self._modules.clear()
            self._world = world(self._world.file.requires)
            flattened = self._sorted()
            self._search_private = False
            if flattened is None:
                return None
        self._apply(flattened, collect_libs)
        return [*cflags, *private], list(libs)

    # 2.1 and 2.2: every requirement of every visited module, sorted by the last visit

    def _sorted(self) -> Module | None:
        flattened = world()

        def collect(module: Module) -> None:
            to = flattened.requires_private if self._in_private else flattened.requires
            to[:0] = [edge.copy() for edge in reversed(module.requires)]
            flattened.requires_private[:0] = [edge.copy() for edge in reversed(module.requires_private)]

        if not self._traverse(self._world, collect):
            return None
        for edges in (flattened.requires, flattened.requires_private):
            self._serial += 1
            kept: list[Edge] = []
            names = set()
            for edge in edges:
                module = self._modules.match(edge, flattened)
                if module is None or module.serial == self._serial or edge.dependency.module in names:
                    continue
                names.add(edge.dependency.module)
                module.serial = self._serial
                kept.append(edge)
            edges[:] = sorted(kept, key=lambda edge: edge.match.order if edge.match else 0, reverse=True)[::-1]
        return flattened

    # 2.3 and newer: the modules in reverse order of completion

    def _collected(self) -> Module | None:
        if not self._traverse(self._world, None):
            return None
        found: list[Edge] = []  # in reverse
        self._serial += 1
        self._collect(self._world, found, 0)
        self._search_private, self._check_conflicts = False, False
        to_mark: dict[int, list[Edge]] = {}
        for edge in found:
            to_mark.setdefault(id(edge.match), []).append(edge)

        def mark(module: Module) -> None:
            if module.private:
                module.private = False
                for edge in to_mark.get(id(module), ()):
                    edge.private = False

        self._traverse(self._world, mark)
        self._search_private, self._check_conflicts = True, self._rules.conflicts
        flattened = world()
        flattened.requires = found[::-1]
        return flattened if not self._rules.late or self._together(flattened.requires) else None

    def _together(self, edges: list[Edge]) -> bool:
        """Whether no module of the flattened set conflicts with another one (3.0)."""
        names = {edge.dependency.module for edge in edges}
        modules = [edge.match for edge in edges if edge.match is not None] if self._check_conflicts else []
        return all(self._modules.without_conflict(module, names) for module in modules)

    def _collect(self, module: Module, found: list[Edge], depth: int) -> None:
        if module.serial == self._serial:
            return
        self._modules.limit(module, depth)
        module.serial = self._serial
        if not self._static:
            self._collect_list(module.requires_shared, found, depth)
        saved = self._in_private
        self._in_private = True
        self._collect_list(module.requires_private, found, depth)
        self._in_private = saved
        self._collect_list(module.requires, found, depth)

    def _collect_list(self, edges: list[Edge], found: list[Edge], depth: int) -> None:
        for edge in reversed(edges):
            module = edge.match
            if module is None or module.serial == self._serial:
                continue
            module.private = self._in_private
            self._collect(module, found, depth + 1)
            found.append(edge.copy())

    def _traverse(
        self, root: Module, visit: Callable[[Module], None] | None, *, skip_internal: bool = False, levels: int = 0
    ) -> bool:
        """Visit *root* and its requirements, *levels* deep (0: no limit); False if one is missing."""
        if root.virtual:
            self._serial += 1
        self._walks += 1
        shared = self._rules.late and self._static
        skip = (skip_internal, self._rules.flat > 1 and not self._search_private, shared)
        return self._main(root, visit, skip, levels or VISIT_LIMIT, 0)

    def _apply(self, flattened: Module, visit: Callable[[Module], None], *, skip_internal: bool = False) -> None:
        self._traverse(flattened, visit, skip_internal=skip_internal, levels=2)

    def _main(
        self,
        module: Module,
        visit: Callable[[Module], None] | None,
        skip: tuple[bool, bool, bool],
        levels: int,
        depth: int,
    ) -> bool:
        if levels == 0:
            return True
        self._modules.limit(module, depth)
        if self._rules.flat == 1:
            if module.virtual or module.visited_in != self._walks:
                module.visited_in, module.visited = self._walks, set()
            elif self._in_private in module.visited:
                return True
            module.visited.add(self._in_private)
        else:
            if module.serial == self._serial and not module.virtual:
                return True
            module.serial = self._serial
        if visit is not None and not (module.virtual and module is not self._world):
            visit(module)
        if self._check_conflicts and not self._modules.without_conflict(module):
            return False
        if not self._walk(module, module.requires, visit, skip, levels, depth):
            return False
        if not self._static and not self._walk(module, module.requires_shared, visit, skip, levels, depth):
            return False
        if self._rules.flat < 3 and not self._search_private:
            return True
        self._in_private = True
        whole = self._walk(module, module.requires_private, visit, skip, levels, depth)
        self._in_private = False
        return whole

    def _walk(
        self,
        parent: Module,
        edges: list[Edge],
        visit: Callable[[Module], None] | None,
        skip: tuple[bool, bool, bool],
        levels: int,
        depth: int,
    ) -> bool:
        parent.ancestor = True
        whole = True
        for edge in list(edges):
            tolerated = self._rules.late and edge.internal and not self._static
            module = self._modules.match(edge, parent, tolerated)
            if module is None:
                whole &= tolerated
                continue
            if module.ancestor:
                self._orders += 1
                module.order = self._orders if self._rules.flat == 1 else module.order
                if not edge.private and not edge.shared and not parent.virtual:
                    edges.remove(edge)
                continue
            if _skipped(edge, skip):
                continue
            if self._rules.flat == 1:
                self._orders += 1
                module.order = self._orders
                module.serial = self._serial
            whole &= self._main(module, visit, skip, levels - 1, depth + 1)
        parent.ancestor = False
        return whole


def _skipped(edge: Edge, skip: tuple[bool, bool, bool]) -> bool:
    """Whether *edge* has all excluded kinds (internal, private, shared); False if no kind is excluded."""
    kinds = zip((edge.internal, edge.private, edge.shared), skip, strict=True)
    return any(skip) and all(has or not named for has, named in kinds)
