"""The Rust that was downloaded for one build cannot run on this system.

Without Rust, maturin's build backend downloads a toolchain for the time of the build. The download is for the libc
that Python reports; its programs still need what a bare image may not have: on Alpine ``libgcc``, elsewhere the other
libc's loader. The shell then ends with status 127: not found. It happens where pip or uv found no wheel that fits.

How to fix: install the distribution's Rust, which fits the system; or take a version of the package that has a wheel
for it.

References:
    https://github.com/konstin/puccinialin
    https://pkgs.alpinelinux.org/package/edge/community/x86_64/cargo
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits, install_by_family
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(
    since="0.1.0",
    phase=Phase.START,
    patterns=patterns_for(
        "rust-bootstrap",
        ("puccinialin", r"puccinialin/\S{0,200}?/?cargo/bin/(?:cargo|rustc)'.{0,80}exit status (?P<status>126|127)"),
        ("puccinialin", r"(?:No such file or directory|not found).{0,80}puccinialin/\S*cargo/bin/\w+"),
    )
    + patterns_for("musl-python", ("-linux-musl", r"SOABI: \S+-linux-musl")),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See the downloaded cargo not start."""
    for hit in log.find("rust-bootstrap")[:1]:
        names = {
            "alpine": ("cargo", "gcc", "musl-dev"),
            "debian": ("cargo", "gcc", "libc6-dev"),
            "rhel": ("cargo", "gcc"),
            "arch": ("rust", "gcc"),
            "suse": ("cargo", "gcc"),
        }
        musl = log.find("musl-python")
        if musl:
            line = f"apk add {' '.join(names['alpine'])}"
            install: tuple[Fix, ...] = (
                Fix(f"install Alpine's own Rust: {' '.join(names['alpine'])}", (Command(line, FixStage.PACKAGES),)),
            )
        else:
            install = install_by_family(log, hit.line, "install the distribution's own Rust", names)
        yield finding_from_hits(
            log,
            [*musl[:1], hit],
            "the package has no wheel for this system, and the Rust that was downloaded to build it cannot run here",
            "The package is not installed.",
            (
                *install,
                Fix(
                    "ask for a version that has a wheel for this system",
                    notes="--only-binary :all: lets pip and uv look for one.",
                ),
            ),
        )
