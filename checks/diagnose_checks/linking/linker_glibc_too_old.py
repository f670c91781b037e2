"""The linker's C library is older than Rust's standard library supports.

Rust's standard library calls functions of glibc: those of 2.17 for x86-64 and Arm (since Rust 1.64), those of 2.29 for
RISC-V. A toolchain or a sysroot with an older glibc does not define them. Below 2.16 no program links:
``undefined reference to `getauxval'``. Conda's default sysroot had 2.12 for a long time, and CentOS 6 has it.

How to fix: link with a newer sysroot or in a newer image. The oldest manylinux image for Rust is manylinux2014, with
glibc 2.17.

References:
    https://doc.rust-lang.org/rustc/platform-support.html
    https://blog.rust-lang.org/2022/08/01/Increasing-glibc-kernel-requirements/
"""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Evidence, Finding, Fix, Phase, Severity
from diagnose.model.versions import newer
from diagnose.tables.rust_glibc import floors

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.env import Environment

CHECK = Check(since="0.1.0", phase=Phase.LINK, env_facts=("toolchain.glibc",))

#: The glibc that introduced ``getauxval``, which the standard library calls on every processor.
_GETAUXVAL = "2.16"


def env(env: Environment) -> Iterator[Finding]:
    """Compare the glibc that the linker links with, with Rust's oldest for the target."""
    chain = env.toolchain
    floor = floors().get(env.target.triple, "")
    old_rust = newer("1.64", chain.rust.version)
    if env.target.libc != "glibc" or old_rust or not newer(floor, chain.glibc):
        return
    certain = newer(_GETAUXVAL, chain.glibc)
    yield Finding(
        message=f"{chain.linker.name} links with glibc {chain.glibc}; Rust needs {floor} for {env.target.triple}",
        severity=Severity.ERROR if certain else Severity.WARNING,
        evidence=(Evidence(f"glibc {chain.glibc}", chain.glibc_path),),
        consequence='Linking fails: "undefined reference to `getauxval\'".'
        if certain
        else f"Linking fails if the code reaches a function that glibc {chain.glibc} lacks.",
        fixes=(
            Fix(
                f"link with glibc {floor} or newer",
                notes="Use a newer image or toolchain. conda: conda install sysroot_linux-64=2.17. A Rust before 1.64 "
                "needs only glibc 2.11."
                if floor == "2.17"
                else "Use a newer image or toolchain.",
            ),
        ),
    )
