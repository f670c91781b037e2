"""What cargo may refuse in the manifest that it builds, beyond its syntax.

Source: The Cargo Book, manifest.
"""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.readers import toml
from diagnose.readers.cargo import workspace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from diagnose.readers.cargo.lock import Crate

_EDITIONS = frozenset({"2015", "2018", "2021", "2024"})
#: Features of cargo that are stable in one release, or need a nightly one: it depends on the release which.
_FEATURES = "cargo-features"
_RESOLVERS = frozenset({"1", "2", "3"})


def unsure(content: dict[str, Any], crates: tuple[Crate, ...]) -> Iterator[str]:
    """Yield, in plain words, what is unsure of a manifest: *crates* are those of its lock file; empty without one."""
    edition = toml.table(content, "package").get("edition", "2015")
    if isinstance(edition, str) and edition not in _EDITIONS:
        yield f"whether this cargo knows the edition {edition[:20]}"
    features = content.get(_FEATURES)
    for name in features if isinstance(features, list) else ():
        yield f"whether this cargo accepts the feature {str(name)[:40]} of cargo-features"
    for section in ("package", "workspace"):
        resolver = toml.table(content, section).get("resolver", "2")
        if isinstance(resolver, str) and resolver not in _RESOLVERS:
            yield f"whether this cargo knows the resolver {resolver[:20]}"
    if crates:
        locked = {crate.name for crate in crates}
        for name, kind in _named(content):
            if name not in locked and kind != "dev-dependencies":
                yield f"{name[:60]}, which Cargo.toml names and Cargo.lock does not"


def _named(content: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield (name, kind) of the packages that are always needed, except those that a workspace names."""
    for kind, key, options in workspace.dependencies(content):
        if not options.get("workspace") and not options.get("optional"):
            name = options.get("package", key)
            yield (name if isinstance(name, str) else key), kind
