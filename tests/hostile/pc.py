"""Attacks the resolver of ``.pc`` files: ``python3 dev.py fuzz pc SECONDS [SEED]``.

Every input is a folder of a few ``.pc`` files that require each other, in which words, lines and bytes are changed, and
one question to one of the releases of pkgconf whose rules are known.
"""

# ruff: noqa: E501  (an input is one piece of text)
from __future__ import annotations

import random
from collections.abc import Callable

from diagnose.readers.pkgconfig import rules, solver

from . import engine

KNOWN = (
    "Name", "Version", "Requires", "Requires.private", "Requires.internal", "Provides", "Conflicts", "Libs", "Cflags",
    "Libs.private", "Cflags.private", "prefix=/usr", "prefix", "${prefix}", "${pc_sysrootdir}", "${pcfiledir}", "aa",
    "bb >= 1", "cc<2", "dd = 1.0, ee", "-L${libdir}", "-laa", "-I/usr/include", "-isystem /inc", '"-I/q r"', "\\",
    "-Wl,--start-group -la -Wl,--end-group", "-framework A", "${a}${a}", "a=${b}", "b=${a}", "virt = 1", "# x",
)  # fmt: skip
SEEDS = (
    "prefix=/usr\nexec_prefix=${prefix}\nlibdir=${exec_prefix}/lib\nName: a\nDescription: a\nVersion: 1.2\n"
    "Requires: bb >= 1, cc\nRequires.private: dd\nLibs: -L${libdir} -la\nLibs.private: -lm\nCflags: -I${prefix}/include\n",
    "Name: b\nDescription: b\nVersion: 2.0~rc1\nProvides: virt = 1\nConflicts: ee < 1\nLibs: -lb \\\n -lc\n",
)
FOLDER = "/usr/lib/pkgconfig"
RELEASES = ("1.8.1", "2.1.1", "2.3.0", "2.4.3", "2.5.1", "3.0.1")


def kind() -> engine.Kind:
    """Return the kind of input: the files of a root, a release of pkgconf, a question."""
    releases = [rules.rules("pkgconf", release, lambda name: None) for release in RELEASES]
    releases.append(rules.rules("pkg-config", "0.29.2", lambda name: None))

    def make(chance: random.Random) -> object:
        files = {}
        for name in ("aa", "bb", "cc", "dd")[: chance.choice((1, 2, 2, 3, 4))]:
            text = chance.choice(SEEDS)
            if chance.random() < 0.7:
                text = engine.words(chance, text, KNOWN)
            data = text.encode()
            files[f"{FOLDER}/{name}.pc"] = engine.flip(chance, data) if chance.random() < 0.15 else data
        asked = chance.choice(("aa", "aa", "aa >= 1", "virt", "aa bb", "none"))
        return (
            files,
            int(chance.random() * len(releases)),
            asked,
            chance.choice((None, None, "/sys")),
            chance.random() < 0.5,
        )

    def read(value: object) -> None:
        files, release, asked, sysroot, static = value  # type: ignore[misc]
        place = engine.Memory(files)
        solver.Resolver(place, [FOLDER], sysroot, releases[release], ["/usr/lib"]).ask([asked], static)

    return engine.Kind("pc", make, read)


def main(seconds: float = 60, seed: int = 0, say: Callable[[str], object] = print) -> int:
    """Resolve mutated ``.pc`` files for *seconds*; return 1 if one of them failed, else 0."""
    return engine.campaign(kind(), seconds, seed, say)
