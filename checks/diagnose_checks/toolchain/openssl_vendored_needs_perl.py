"""OpenSSL is built from source, and its configuration script lacks a Perl module.

The ``vendored`` feature of the openssl crate compiles OpenSSL. Its ``Configure`` is a Perl program that uses core
modules of Perl (``IPC::Cmd``, ``FindBin``, ``Data::Dumper``…). Enterprise Linux and slim images package these one by
one.

How to fix: install all of Perl's core: ``perl-core`` on CentOS, AlmaLinux and Fedora; ``perl`` on Debian and Ubuntu;
``perl`` and ``linux-headers`` on Alpine.

References:
    https://docs.rs/openssl/latest/openssl/#vendored
    https://github.com/openssl/openssl/blob/master/NOTES-PERL.md
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits, install_by_family
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Phase
from diagnose.model.pattern import patterns_for
from diagnose_checks.toolchain._triage import WORDINGS, unstarted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(
    since="0.1.0",
    phase=Phase.COMPILE,
    patterns=(
        *patterns_for(
            "no-perl",
            ("Can't locate", r"Can't locate (?P<module>[\w/]+)\.pm in @INC"),
            ("perl", r"Command '?perl'? not found\. Is perl installed"),
            ("perl", r"(?:^|[\s:'\"/])perl: (?:command )?not found|No such file or directory: 'perl'"),
        ),
        *patterns_for("openssl-step", (" OpenSSL build", r"Error configuring OpenSSL build:")),
        *WORDINGS,
    ),
)
_NEEDED = {
    "rhel": ("perl-core",),
    "debian": ("perl", "make"),
    "alpine": ("perl", "make", "linux-headers"),
    "arch": ("perl",),
    "suse": ("perl",),
}
_USED = {"IPC/Cmd", "FindBin", "Data/Dumper", "File/Compare", "File/Copy", "File/Path", "Time/Piece", "Text/Template"}


def log(log: BuildLog) -> Iterator[Finding]:
    """See Perl not find a module while OpenSSL is configured."""
    step = [hit for hit in log.find("script-unrun") if log.near(hit.line, "openssl-step", before=4)]
    unrun = [hit for program, hit in unstarted(log) if program == "perl"]
    for hit in [*log.find("no-perl"), *step, *unrun]:
        crate = log.crate_at(hit.line)[0] or hit.origin.crate
        about_openssl = "openssl" in crate or any(
            "openssl" in other.text for other in log.near(hit.line, before=40, after=40)
        )
        if not about_openssl and hit.groups["module"] not in _USED:
            continue
        module = hit.groups["module"].replace("/", "::")
        yield finding_from_hits(
            log,
            [hit],
            f"OpenSSL is built from source, but Perl {f'lacks {module}' if module else 'is not installed'}",
            "OpenSSL cannot be configured, and openssl-sys cannot be built.",
            install_by_family(log, hit.line, "install Perl with its core modules", _NEEDED),
        )
        return
