"""The wheel has its own copy of OpenSSL.

ACME's machines get security updates of OpenSSL from their distribution. A copy in a wheel gets none of them: it stays
as it was built until the next release of the project, and a scanner of the machine's packages does not see it. This
check reads the SONAMEs of the wheel's ELF files, so that a renamed copy is found, too.

How to fix: leave OpenSSL outside the wheel and name its package in the installation notes, or use a crate or module
that needs no OpenSSL (rustls).

References:
    ACME's handbook, "Third-party code"
"""

from __future__ import annotations

from collections.abc import Iterator

from diagnose.authoring.wheel import bounded, has_linux_code
from diagnose.model.check import Check
from diagnose.model.finding import Evidence, Finding, Fix, Severity
from diagnose.readers.wheel.reader import Wheel

CHECK = Check(since="1.0", applies=has_linux_code)


def wheel(wheel: Wheel) -> Iterator[Finding]:
    """See libssl and libcrypto among the libraries of the wheel."""
    found = [elf for elf in wheel.elves if _is_openssl(elf.soname or elf.name)]
    if found:
        yield Finding(
            f"bundles OpenSSL: {', '.join(elf.name for elf in found)}",
            Severity.WARNING,
            bounded(Evidence(f"SONAME {elf.soname or '(none)'}", path=elf.path) for elf in found),
            "the distribution's security updates of OpenSSL do not reach it",
            (
                Fix(
                    "leave it outside the wheel; document the system package",
                    notes="Run on the wheel before its repair: auditwheel repair --exclude 'libssl.so*' "
                    "--exclude 'libcrypto.so*'",
                ),
            ),
            libraries=tuple(elf.soname or elf.name for elf in found),
        )


def _is_openssl(name: str) -> bool:
    return name.startswith(("libssl.so", "libssl-", "libcrypto.so", "libcrypto-"))
