"""Environment variables as cargo and its build scripts see them, each with its source."""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class Setting(NamedTuple):
    """A variable or configuration key, its value, and its source.

    ``path`` is empty for the process environment, else the configuration file as ``path`` or ``path:line``.
    """

    name: str
    """As it is written, such as ``PKG_CONFIG_PATH`` or ``build.target``."""
    value: str
    """As it is written."""
    path: str = ""

    @property
    def where(self) -> str:
        """The source in words, for evidence and messages."""
        return f"{self.name} in {self.path}" if self.path else f"environment variable {self.name}"


class Variables(NamedTuple):
    """The process environment, and the ``[env]`` tables of cargo's configuration.

    Cargo passes ``[env]`` to rustc and to build scripts, but does not read its own variables from it. A variable of the
    process overrides ``[env]`` unless the table has ``force = true`` (The Cargo Book, configuration, ``[env]``).
    """

    process: Mapping[str, str]
    """Name → value of the process environment; empty for a foreign root."""
    config: Mapping[str, Setting]
    """Name → entry of the ``[env]`` tables; of several files, the nearest one's."""
    forced: frozenset[str] = frozenset()
    """The names with ``force = true``."""

    def get(self, name: str) -> Setting | None:
        """Return *name* as a build script sees it."""
        if name in self.process and not (name in self.forced and name in self.config):
            return Setting(name, self.process[name])
        return self.config.get(name)

    def own(self, name: str) -> Setting | None:
        """Return *name* as cargo itself, and any program started from this shell, sees it."""
        return Setting(name, self.process[name]) if name in self.process else None

    def first(self, *names: str) -> Setting | None:
        """Return the first of *names* that a build script sees."""
        for name in names:
            if (found := self.get(name)) is not None:
                return found
        return None

    def all(self) -> Iterator[Setting]:
        """Yield every variable that a build script sees, sorted by name."""
        for name in sorted({*self.process, *self.config}):
            if (found := self.get(name)) is not None:
                yield found

    def merged(self) -> dict[str, str]:
        """Return the environment of a build script, without what cargo adds per crate."""
        return {setting.name: setting.value for setting in self.all()}
