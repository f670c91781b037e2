"""The modules of one query as objects: which requirements share one, and which get one of their own.

pkgconf marks visits and ancestors on its objects, not on names. It therefore passes a circle again where every round
reads a file again: through ``Provides`` before 3.0, through an uninstalled file in 1.8.
"""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.finding import InputError
from diagnose.readers.pkgconfig.pcfile import DEPTH_LIMIT, VISIT_LIMIT, Dependency, PcFile

if TYPE_CHECKING:
    from collections.abc import Callable


class EndlessError(InputError):
    """The requirements do not end within the limits: the program repeats itself, runs for ever, or crashes."""


class Edge:
    """One requirement; ``match`` is the module that answers it."""

    __slots__ = ("dependency", "internal", "match", "private", "shared")

    def __init__(self, dependency: Dependency, match: Module | None = None) -> None:
        self.dependency = dependency
        self.internal = dependency.internal
        self.private = dependency.private
        self.shared = dependency.shared
        self.match = match

    def copy(self) -> Edge:
        """Return a requirement of its own with the same match."""
        return Edge(self.dependency, self.match)


class Module:
    """One module during the traversal; ``virtual``: the question, which requires what is asked for."""

    def __init__(self, file: PcFile, virtual: bool = False) -> None:
        self.file = file
        self.virtual = virtual
        self.requires = [Edge(one) for one in file.requires]
        self.requires_private = [Edge(one) for one in file.requires_private]
        self.requires_shared = [Edge(one) for one in file.requires_shared]
        self.serial = 0
        self.order = 0
        self.visited: set[bool] = set()
        self.visited_in = 0
        self.ancestor = False
        self.private = False


def world(wanted: tuple[Dependency, ...] = ()) -> Module:
    """Return the virtual module that requires *wanted*."""
    return Module(PcFile("", "", "", "", {}, requires=wanted), virtual=True)


class Modules:
    """The modules of one query.

    *verify* returns the file that answers a requirement, whether its version matches, and whether all requirements of
    that name share it. *report* is called with those that fail.
    """

    def __init__(
        self,
        verify: Callable[[Dependency], tuple[PcFile | None, bool, bool]],
        report: Callable[[Dependency, str, PcFile | None, bool], None],
    ) -> None:
        self._verify = verify
        self._report = report
        self._shared: dict[str, Module] = {}
        self._visits = 0

    def match(self, edge: Edge, by: Module, tolerated: bool = False) -> Module | None:
        """Return the module that answers *edge*; a requirement without one is reported unless *tolerated*."""
        if edge.match is None:
            found, satisfied, shared = self._verify(edge.dependency)
            if found is None or not satisfied:
                if not tolerated:
                    self._report(edge.dependency, by.file.id, found, False)
                return None
            known = self._shared.get(found.id) if shared else None
            edge.match = known if known is not None else Module(found)
            if shared:
                self._shared[found.id] = edge.match
        return edge.match

    def clear(self) -> None:
        """Forget the modules: the program reads all files again."""
        self._shared.clear()

    def limit(self, module: Module, depth: int) -> None:
        """Count a visit of *module*.

        Raises:
            EndlessError: the limit of visits or of *depth* is exceeded.
        """
        self._visits += 1
        if self._visits > VISIT_LIMIT or depth > DEPTH_LIMIT:
            raise EndlessError(f"{module.file.path}: requirements without end")

    def without_conflict(self, module: Module, required: set[str] | None = None) -> bool:
        """Whether no ``Conflicts`` entry of *module* applies to the names *required*, by default those it requires."""
        if required is None:
            required = {edge.dependency.module for edge in module.requires} if module.file.conflicts else set()
        for conflict in module.file.conflicts:
            if conflict.module in required:
                found, satisfied, _ = self._verify(conflict)
                if found is not None and satisfied:
                    self._report(conflict, module.file.id, found, True)
                    return False
        return True
