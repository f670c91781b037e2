"""The checks of this plugin on its own fixtures, through diagnose itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import diagnose

FIXTURES = Path(__file__).parents[1] / "fixtures"
BROKEN, GOOD = (FIXTURES / f"demo-{version}-py3-none-linux_x86_64.whl" for version in (1, 2))


def test_a_copy_of_openssl_is_found() -> None:
    (result,) = diagnose.wheel(BROKEN, select=["acme"]).results
    (finding,) = result.findings
    assert finding.check == "acme-openssl-bundled"
    assert finding.severity is diagnose.Severity.WARNING
    assert finding.evidence == (diagnose.Evidence("SONAME libssl-1a2b3c4d.so.3", "demo.libs/libssl-1a2b3c4d.so.3"),)


def test_other_libraries_are_not() -> None:
    (result,) = diagnose.wheel(GOOD, select=["acme"]).results
    assert (result.findings, result.passed) == ((), ("acme-openssl-bundled",))


def test_the_command_line_knows_it() -> None:
    def said(*args: str) -> tuple[int, str]:
        done = subprocess.run([sys.executable, "-m", "diagnose", *args], capture_output=True, text=True)
        return done.returncode, done.stdout

    code, text = said("wheel", "--isolated", "--fail-on", "warning", str(BROKEN))
    assert code == 1 and "warning[acme-openssl-bundled] bundles OpenSSL: libssl-1a2b3c4d.so.3" in text
    assert "ACME's handbook" in said("explain", "acme-openssl-bundled")[1]
