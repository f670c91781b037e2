"""The linker that is configured for the target is not installed.

``[target.<triple>] linker`` and ``CARGO_TARGET_<TRIPLE>_LINKER`` name a program. It comes with the distribution's cross
compiler. A configuration that is checked in for cross builds also applies where the target is the machine's own: there
the cross compiler's name does not exist, and its own compiler is the right one.

Mend it: install the cross compiler and the target's C library (``gcc-<triplet>`` and ``libc6-dev-<arch>-cross`` in
Debian and Ubuntu); for a native build, override the setting.

References:
    https://doc.rust-lang.org/cargo/reference/config.html#targettriplelinker
"""

from __future__ import annotations

from collections.abc import Iterator

from checks._advice import Configuration, fix, with_zig
from checks._env import seen
from checks._install import cross_compiler, system, tool
from checks.toolchain._compiling import surely_compiling
from diagnose.finding import Evidence, Finding, Fix, Phase, Severity
from diagnose.readers.env import Environment

PHASE = Phase.LINKER


def env(env: Environment) -> Iterator[Finding]:
    """See whether the configured linker is there."""
    linker = env.toolchain.linker
    if linker.setting is None or linker.found:
        return
    if env.cross and linker.name == env.toolchain.cc.name and surely_compiling(env):
        return  # the same program is missed before, to compile with: cross-c-compiler-missing says it
    yield Finding(
        message=f"the linker for {env.target.triple}, {linker.name}, is not installed",
        severity=Severity.ERROR,
        evidence=(seen(linker.setting), Evidence(f"no program {linker.name} there", where="variable PATH")),
        consequence=f'Linking fails: "linker `{linker.name}` not found".',
        fixes=_fixes(env),
    )


def _fixes(env: Environment) -> tuple[Fix, ...]:
    linker = env.toolchain.linker
    variable = f"CARGO_TARGET_{env.target.cargo_env_name}_LINKER"
    if not env.cross:
        configuration = Configuration(((variable, "cc"),), tool(system(env), "cc"))
        return (fix(env, "this is a native build: link with the machine's own compiler", configuration=configuration),)
    packages = cross_compiler(system(env), env.target)
    if not packages:
        return with_zig(env)
    own = f"{env.target.gnu}-gcc"
    variables = () if linker.name == own else ((variable, own),)
    return (fix(env, f"install {' '.join(packages)}", configuration=Configuration(variables, packages)),)
