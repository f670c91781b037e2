"""There is no C compiler for the build machine itself.

rustc links through the system's C compiler, ``cc``. Build scripts and procedural macros run on the build machine and
are linked for it, so it is needed in a cross build too. Slim images do not have it.

Mend it: ``gcc`` and the C library's development files: ``gcc libc6-dev`` (Debian), ``gcc musl-dev`` (Alpine), ``gcc``
elsewhere.

References:
    https://doc.rust-lang.org/rustc/codegen-options/index.html#linker
"""

from __future__ import annotations

from collections.abc import Iterator

from checks._advice import Configuration, fix
from checks._env import seen
from checks._install import install, system, tool
from diagnose.finding import Evidence, Finding, Phase, Severity
from diagnose.readers.env import Environment

PHASE = Phase.START


def env(env: Environment) -> Iterator[Finding]:
    """See whether build scripts can be linked."""
    linker = env.toolchain.host_linker
    if linker.found or (linker.setting is not None and not env.cross):
        return  # a configured linker that is not there is cross-linker-missing, in a native build too
    packages = tool(system(env), "cc")
    evidence = [Evidence(f"no program {linker.name} in any of its folders", where="variable PATH")]
    if linker.setting is not None:
        evidence.append(seen(linker.setting))
        variable = f"CARGO_TARGET_{env.host.cargo_env_name}_LINKER"
        title, configuration = (
            "link the host's own code with its own compiler",
            Configuration(((variable, "cc"),), packages),
        )
    else:
        title, configuration = f"install {' '.join(packages)}" if packages else "install a C compiler", Configuration()
    yield Finding(
        message=f"no {linker.name} is installed, with which rustc links build scripts and procedural macros",
        severity=Severity.ERROR,
        evidence=tuple(evidence),
        consequence=f'The first build script fails: "linker `{linker.name}` not found".',
        fixes=(fix(env, title, configuration=configuration, commands=install(system(env), packages)),),
    )
