"""Attacks the reader of apt's sources: ``python3 dev.py fuzz apt SECONDS [SEED]``.

The inputs are one-line and deb822 sources with words, lines and fields changed. A file that was parsed must be the same
file when it is written back.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from diagnose.readers.system import apt

from . import engine

KNOWN = (
    "deb", "deb-src", "[arch=amd64]", "[ arch+=armhf signed-by=/a.gpg ]", "[arch-=i386]", "http://deb.example/debian",
    "cdrom:[Debian 12]/", "mirror+file:/etc/apt/mirrors", "bookworm", "./", "main", "Types", "URIs", "Suites",
    "Components", "Enabled: no", "Architectures: amd64 armhf", "Architectures-Add", "Signed-By", "", "X-Repolib-Name",
)  # fmt: skip
LISTS = (
    "deb http://deb.example/debian bookworm main contrib\n# deb-src http://deb.example/debian bookworm main\n",
    'deb [arch=amd64,armhf signed-by=/k.gpg] http://u:p@deb.example:80/x "a b" main # comment\ndeb file:/repo ./\n',
)
STANZAS = (
    "# one\nTypes: deb deb-src\nURIs: http://deb.example/debian\nSuites: bookworm bookworm-updates\nComponents: main\n"
    "Signed-By:\n -----BEGIN PGP\n .\n a\n\nEnabled: no\nTypes: deb\nURIs: mirror+file:/etc/apt/mirrors\nSuites: ./\n",
)


def kind() -> engine.Kind:
    """Return the kind of input: the name and the text of one sources file."""

    def make(chance: random.Random) -> object:
        name, texts = chance.choice((("a.list", LISTS), ("a.sources", STANZAS)))
        return name, engine.words(chance, chance.choice(texts), KNOWN)

    def read(value: object) -> None:
        name, text = value  # type: ignore[misc]
        found = apt.parse(name, text, ("amd64", "armhf"))
        if found.text != text:
            raise AssertionError("it is not the same when it is written back")
        for source in found.sources:
            assert 1 <= source.line <= source.end <= len(found.lines), source
            for uri in source.uris:
                apt.host(uri)
                apt.list_name(uri)

    return engine.Kind("apt", make, read)


def main(seconds: float = 60, seed: int = 0, say: Callable[[str], object] = print) -> int:
    """Read mutated sources for *seconds*; return 1 if one of them failed, else 0."""
    return engine.campaign(kind(), seconds, seed, say)
