"""Which platform tag a C library's version comes down to."""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.versions import newer, version_key

if TYPE_CHECKING:
    from diagnose.readers.env import Environment


def lowest_tag(arch: str, glibc: str) -> str:
    """Return the lowest manylinux tag, without architecture, of a policy that promises *glibc* (``2.33``) or more."""
    from diagnose import policies

    wanted = version_key(glibc)
    known = [policy for policy in policies.load("glibc", arch) if policy.libc_version >= wanted]
    best = min(known, key=lambda policy: policy.libc_version, default=None)
    return best.name if best is not None else f"manylinux_{'_'.join(map(str, wanted))}"


def tag_to_ask_for(env: Environment) -> str:
    """Return the tag, without architecture, with which the libraries that are here, or will be, can be linked.

    Empty where nothing is looked for, or no tag's promise depends on it.
    """
    if env.policy:
        return env.policy.removesuffix(f"_{env.target.wheel}")
    if env.target.libc != "glibc" or not env.libraries:
        return ""
    glibc = (
        "" if all(library.outcome in ("found", "overridden") for library in env.libraries) else env.distro.libc_version
    )
    for _, file in env.link_files():
        for version in (file.glibc, *(needed.glibc for needed in file.needs if not needed.soname.startswith("libc."))):
            glibc = version if not glibc or newer(version, glibc) else glibc
    return lowest_tag(env.target.wheel, glibc) if glibc else ""
