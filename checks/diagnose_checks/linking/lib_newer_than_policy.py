"""The library needs a newer glibc than the requested platform tag allows.

A wheel needs the newest glibc that any of its files needs, bundled libraries included. A distribution builds its
libraries against its own glibc: Debian 13's libasound needs 2.38, Debian 12's needs 2.34. No build setting makes a
wheel with such a library fit an older tag. A link that passes proves nothing.

How to fix: build in the manylinux image of that policy, whose libraries are old enough. Or build the library from
source against the old glibc; zig's C compiler targets any version. Or request the tag that the library allows.

References:
    https://github.com/pypa/manylinux
    https://peps.python.org/pep-0600/
"""

from __future__ import annotations

from diagnose import policies
from diagnose.authoring.environment import setting_evidence
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Evidence, Finding, Fix, Phase, Severity
from diagnose.model.versions import newer, version_key
from diagnose.remedies.libraries import vendored

if TYPE_CHECKING:
    from collections.abc import Iterator, Set

    from diagnose.policies import Policy
    from diagnose.readers.elf.library import LinkFile
    from diagnose.readers.env import Environment

CHECK = Check(since="0.1.0", phase=Phase.AUDIT, env_facts=("policy",))


def env(env: Environment) -> Iterator[Finding]:
    """Compare the glibc that the library needs with the tag's."""
    allowed, policy = _policy(env) if env.policy else ("", None)
    if not allowed or env.target.libc != "glibc":
        return
    asked = (
        setting_evidence(env.policy_from)
        if env.policy_from
        else Evidence(f"{env.policy} was requested", where="--policy")
    )
    files = list(env.link_files())
    linked = {file.elf.soname for _, file in files if file.elf is not None}
    for library, file in files:
        if file.kind == "static" or file.accepted is False:
            continue
        path, glibc = max(_bundled(file, policy, linked), key=lambda one: version_key(one[1]), default=("", ""))
        if not newer(glibc, allowed):
            continue
        from diagnose.remedies.lowest_tag import lowest_tag

        tag = f"{lowest_tag(env.target.wheel, glibc)}_{env.target.wheel}"
        with_it = "" if path == file.path else f", which {file.path} needs,"
        yield Finding(
            message=f"{path}{with_it} needs glibc {glibc}, newer than the {allowed} that {env.policy} allows",
            severity=Severity.ERROR,
            evidence=(Evidence(f"needs GLIBC_{glibc}", path), asked),
            consequence=(
                "auditwheel and maturin refuse the tag for too-recent versioned symbols, "
                "or the wheel does not load on the systems that its tag promises."
            ),
            fixes=(
                *vendored(env, library.module),
                Fix(
                    f"build {library.module} from source against glibc {allowed}, and link it",
                    notes=(
                        f'CC="python3 -m ziglang cc -target {_zig(env)}.{allowed}" builds its source for the old '
                        "glibc, into a --prefix of its own; "
                        f"PKG_CONFIG_LIBDIR_{env.target.env_name} then must point to lib/pkgconfig of that prefix, "
                        "and LD_LIBRARY_PATH to its lib, so that maturin's repair finds it."
                    ),
                ),
                Fix(f"build in the image of that policy for {env.target.wheel}, with its own package of the library"),
                Fix(f"request {tag}, the lowest tag that this library allows"),
            ),
        )


def _bundled(file: LinkFile, policy: Policy | None, linked: Set[str]) -> Iterator[tuple[str, str]]:
    """Yield (path, glibc version) of each library that a wheel must bundle if it links *file*.

    Libraries that the tag promises on every system are left out, and their dependencies; so are needed libraries that
    are *linked* themselves (sonames), which get a finding of their own.
    """
    whitelist = policy.whitelist if policy is not None else frozenset()
    others = whitelist | linked
    if file.elf is None or file.elf.soname in whitelist:
        return
    yield file.path, file.glibc
    for needed in file.needs:
        if needed.path and needed.soname not in others and not needed.soname.startswith(_LIBC):
            yield needed.path, needed.glibc


_LIBC = ("libc.so", "libm.so", "ld-linux", "libpthread.so", "libdl.so", "librt.so")


def _policy(env: Environment) -> tuple[str, Policy | None]:
    """Return the glibc version that the tag promises (empty for tags of other kinds), and its policy if it is known."""
    arch = env.target.wheel
    tag = env.policy if env.policy.endswith(arch) else f"{env.policy}_{arch}"
    named = policies.split(tag)
    if named.family != "manylinux":
        return "", None
    return ".".join(named.policy.split("_")[1:]), policies.find(tag)


def _zig(env: Environment) -> str:
    arch = env.target.triple.partition("-")[0]
    return f"{_ZIG.get(arch, arch)}-linux-{env.target.triple.rpartition('-')[2]}"


_ZIG = {"armv7": "arm", "armv5te": "arm", "i686": "x86", "riscv64gc": "riscv64"}
