"""The manylinux and musllinux policies as data: the symbols and libraries that a tag may expect of a system.

``manylinux.tsv`` and ``musllinux.tsv`` are derived from auditwheel's own policy files by
:mod:`diagnose.policies.update`; each names its source. A test compares them with the installed auditwheel. There is a
row for each architecture, because a wheel needs those of one: all of them together took longer than a small wheel.
"""

from __future__ import annotations

import os

from diagnose.model._lazy_stdlib import NamedTuple, cache, re
from diagnose.model.spelling import did_you_mean
from diagnose.model.versions import number


class Policy(NamedTuple):
    """One policy on one architecture.

    ``name`` and ``aliases`` have no architecture (``manylinux_2_17``, ``manylinux2014``); :attr:`tag` does.
    ``priority`` is auditwheel's: the higher, the more systems accept the tag. ``symbol_versions`` maps a family
    (``GLIBC``) to the versions that the policy allows; a family that is not in it is not limited. ``whitelist`` are the
    libraries that every system has. ``blacklist`` maps one of them to symbols that must still not be used.
    """

    name: str
    aliases: tuple[str, ...]
    priority: int
    libc: str
    arch: str
    symbol_versions: dict[str, frozenset[str]]
    whitelist: frozenset[str]
    blacklist: dict[str, frozenset[str]]

    @property
    def tag(self) -> str:
        """The platform tag, ``manylinux_2_17_x86_64``."""
        return f"{self.name}_{self.arch}"

    @property
    def tags(self) -> tuple[str, ...]:
        """The platform tag and its older spellings, ``manylinux2014_x86_64``."""
        return (self.tag, *(f"{alias}_{self.arch}" for alias in self.aliases))

    @property
    def libc_version(self) -> tuple[int, int]:
        """The lowest version of the C library that the name promises."""
        major, minor = self.name.split("_")[1:]
        return int(major), int(minor)


class PlatformTag(NamedTuple):
    """The parts of a platform tag.

    ``family`` is ``manylinux``, ``musllinux``, ``linux``, ``any`` or another system's name; ``policy`` is the part
    before the architecture, in its PEP 600 spelling if it has one.
    """

    family: str
    policy: str
    arch: str

    @property
    def libc(self) -> str:
        """The C library that the tag promises, empty if it promises none."""
        return {"manylinux": "glibc", "musllinux": "musl"}.get(self.family, "")


_LEGACY = {"manylinux1": "manylinux_2_5", "manylinux2010": "manylinux_2_12", "manylinux2014": "manylinux_2_17"}
_FORM = r"(?:(manylinux|musllinux)_(\d+)_(\d+)|(manylinux1|manylinux2010|manylinux2014)|(linux))_(\w+)"


@cache
def split(platform: str) -> PlatformTag:
    """Split a platform tag; a tag that is not for Linux has neither policy nor architecture."""
    match = re.fullmatch(_FORM, platform, re.ASCII)
    if match is None:
        return PlatformTag(re.split(r"[_\d]", platform)[0], "", "")
    family, major, minor, legacy, _, arch = match.groups()
    if family:
        return PlatformTag(family, f"{family}_{number(major)}_{number(minor)}", arch)
    return PlatformTag("manylinux", _LEGACY[legacy], arch) if legacy else PlatformTag("linux", "linux", arch)


_TABLES = {"glibc": "manylinux.tsv", "musl": "musllinux.tsv"}


@cache
def load(libc: str, arch: str) -> tuple[Policy, ...]:
    """Return the policies of *libc* (``glibc`` or ``musl``) for *arch*, the one that most systems accept first.

    Empty for an architecture without policies.
    """
    found = []
    with open(os.path.join(os.path.dirname(__file__), _TABLES[libc]), encoding="utf-8") as file:
        rows = [line.split("\t") for line in file.read().splitlines() if line.startswith(f"{arch}\t")]
    for row in rows:
        _, name, aliases, priority, symbols, libraries, without = ("" if cell == "-" else cell for cell in row)
        found.append(
            Policy(
                name=name,
                aliases=tuple(aliases.split()),
                priority=int(priority),
                libc=libc,
                arch=arch,
                symbol_versions={
                    family: frozenset([f"{family}_{version}" for version in versions])
                    for family, *versions in map(str.split, filter(None, symbols.split("; ")))
                },
                whitelist=frozenset(libraries.split()),
                blacklist={
                    library: frozenset(names) for library, *names in map(str.split, filter(None, without.split("; ")))
                },
            )
        )
    return tuple(sorted(found, key=lambda policy: -policy.priority))


def find(platform: str) -> Policy | None:
    """Return the policy that a platform tag names by either spelling, or None if no such policy exists."""
    tag = split(platform)
    known = load(tag.libc, tag.arch) if tag.libc else ()
    return next((policy for policy in known if policy.name == tag.policy), None)


def refusal(name: str) -> str:
    """Return why *name* is not a platform tag with a policy, with or without its architecture; empty if it is one."""
    if split(name).policy or split(f"{name}_x86_64").policy:
        return ""
    rows = [*load("glibc", "x86_64"), *load("musl", "x86_64")]
    close = did_you_mean(name, [known for row in rows for known in (row.name, *row.aliases)])
    return f"no platform tag is named {name!r}{close or '; an example is manylinux_2_28'}"
