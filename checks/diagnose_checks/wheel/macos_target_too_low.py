"""A library in a macOS wheel needs a newer macOS than the wheel's tag.

The tag ``macosx_11_0`` promises macOS 11. Homebrew's libraries are built for the macOS of the machine, and a wheel
that bundles one needs that, too.

How to fix: raise ``MACOSX_DEPLOYMENT_TARGET`` to the version of the libraries, or build the libraries for the older
macOS.

References:
    https://github.com/matthew-brett/delocate
    https://cibuildwheel.pypa.io/en/stable/faq/#macos-library-dependencies-do-not-satisfy-target-macos
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(
    since="0.1.0",
    phase=Phase.AUDIT,
    patterns=patterns_for(
        "macos-target-too-low",
        ("do not satisfy target MacOS", r"Library dependencies do not satisfy target MacOS version (?P<target>[\d.]+)"),
        ("has a minimum target of", r"(?<!\S)(?P<library>\S{1,300}) has a minimum target of (?P<needs>[\d.]+)"),
    )
    + patterns_for(
        "macos-target-raised",
        (
            "MACOSX_DEPLOYMENT_TARGET to at least",
            r"set MACOSX_DEPLOYMENT_TARGET to at least (?P<needs>\d{1,2}(?:[._]\d{1,2}){0,2})\b",
        ),
    )
    + patterns_for(
        "delocate-stopped",
        ("delocate-wheel", r"Command (?:\[?')?delocate-wheel\b"),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See delocate compare minimum systems."""
    hits = log.find("macos-target-too-low")
    if hits:
        needs = next((hit.groups["needs"] for hit in hits if hit.groups["needs"]), "")
        library = next((hit.groups["library"].rpartition("/")[2] for hit in hits if hit.groups["library"]), "a library")
        yield finding_from_hits(
            log,
            hits,
            f"{library} needs macOS {needs}, and the wheel promises an older one"
            if needs
            else "a bundled library needs a newer macOS",
            "delocate writes no wheel.",
            _promise(needs),
        )
        return
    for stopped in log.find("delocate-stopped")[:1]:
        raised = log.near(stopped.line, "macos-target-raised", before=_BEFORE)
        if raised:
            needs = raised[-1].groups["needs"].replace("_", ".")
            yield finding_from_hits(
                log,
                [raised[-1], stopped],
                f"code in the wheel needs macOS {needs}, and MACOSX_DEPLOYMENT_TARGET names an older one",
                "The wheel gets the tag of the newer macOS, and delocate compares it with that variable and stops.",
                _promise(needs),
            )


_BEFORE = 40  # lines from bdist_wheel's warning to delocate's end
_LIBRARY = Fix("build the library for the older macOS", notes="From source, with that variable.")


def _promise(needs: str) -> tuple[Fix, ...]:
    """Return the fixes for a wheel that needs macOS *needs*; empty if the log does not say which."""
    return (
        Fix(
            "promise only that macOS",
            env=(("MACOSX_DEPLOYMENT_TARGET", needs),) if needs else (),
            notes="cibuildwheel: in CIBW_ENVIRONMENT_MACOS. The wheel then installs on this macOS or newer only.",
        ),
        _LIBRARY,
    )
