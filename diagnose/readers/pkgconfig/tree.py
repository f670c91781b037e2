"""The order of modules in answers of pkgconf 1 and of the original pkg-config: the tree of requirements, walked.

Follows ``pkgconf_pkg_traverse`` and ``pkgconf_pkg_walk_list`` of ``libpkgconf/pkg.c`` (1.8.1).
"""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.readers.pkgconfig.fragments import Fragments
from diagnose.readers.pkgconfig.graph import Edge, Module, Modules, world

if TYPE_CHECKING:
    from collections.abc import Callable

    from diagnose.readers.pkgconfig.pcfile import Dependency, Fragment
    from diagnose.readers.pkgconfig.rules import Rules


class Tree:
    """Requirements *wanted*, walked through *modules*."""

    def __init__(self, rules: Rules, modules: Modules, wanted: tuple[Dependency, ...], static: bool) -> None:
        self._rules = rules
        self._modules = modules
        self._wanted = wanted
        self._static = static
        self._in_private = False

    def flags(self) -> tuple[list[Fragment], list[Fragment]] | None:
        """Return the flags for the compiler and for the linker; None if something is missing.

        Raises:
            EndlessError: the requirements do not end.
        """
        # The requirements are checked first, then again with the private ones that --cflags needs.
        if not (self._walk(None, self._static) and self._walk(None, True)):
            return None
        cflags, libs = Fragments(self._rules), Fragments(self._rules)
        private: list[Fragment] = []

        def collect_cflags(module: Module) -> None:
            for fragment in module.file.cflags:
                cflags.merge(fragment)
            private.extend(module.file.cflags_private)

        def collect_libs(module: Module) -> None:
            for fragment in module.file.libs:
                (libs.append if self._in_private else libs.merge)(fragment)
            for fragment in module.file.libs_private if self._static else ():
                libs.append(fragment)

        self._walk(collect_cflags, True, skip_internal=True)
        self._walk(collect_libs, self._static)
        return [*cflags, *(private if self._static else ())], list(libs)

    def _walk(self, visit: Callable[[Module], None] | None, private: bool, *, skip_internal: bool = False) -> bool:
        """Visit the modules; False if one is missing. Each walk asks for the *wanted* ones again."""
        return self._visit(world(self._wanted), visit, private, skip_internal, 0)

    def _visit(
        self, module: Module, visit: Callable[[Module], None] | None, private: bool, skip_internal: bool, depth: int
    ) -> bool:
        self._modules.limit(module, depth)
        if visit is not None:
            visit(module)
        if self._rules.conflicts and not self._modules.without_conflict(module):
            return False
        if not self._walk_list(module, module.requires, visit, private, skip_internal, depth):
            return False
        if not private:
            return True
        self._in_private = True
        whole = self._walk_list(module, module.requires_private, visit, private, skip_internal, depth)
        self._in_private = False
        return whole

    def _walk_list(
        self,
        parent: Module,
        edges: list[Edge],
        visit: Callable[[Module], None] | None,
        private: bool,
        skip_internal: bool,
        depth: int,
    ) -> bool:
        whole = True
        for edge in edges:
            module = self._modules.match(edge, parent)
            if module is None:
                whole = False
                continue
            if module.ancestor or (skip_internal and edge.internal):
                continue
            module.ancestor = True
            whole &= self._visit(module, visit, private, skip_internal, depth + 1)
            module.ancestor = False
        return whole
