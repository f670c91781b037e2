"""A package of an embedded system holds a file for another processor than the system's.

Yocto (``package_qa``) and Buildroot (``check-bin-arch``) look into every file before they pack it. A recipe that calls
``gcc`` by name, or a Makefile that sets ``CC``, compiles for the build machine; so does a build script of Python that
does not know the cross compiler. Other files were compiled by somebody else, and are only copied.

How to fix: hand the cross compiler to the build, or leave the foreign file out of the package.

References:
    https://docs.yoctoproject.org/ref-manual/qa-checks.html#qa-check-arch
    https://buildroot.org/downloads/manual/manual.html#_infrastructure_for_packages
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
    phase=Phase.LATER,
    patterns=patterns_for(
        "package-other-machine",
        (
            "rchitecture did not match",
            r"\bERROR: .{0,200}QA Issue: Architecture did not match \((?P<made>[^,()]{1,60}), expected "
            r"(?P<wanted>[^()]{1,60})\) (?:on|in) (?P<file>\S{1,400})",
        ),
        (
            "it size did not match",
            r"\bERROR: .{0,200}QA Issue: Bit size did not match \((?P<made>[^,()]{1,60}), expected "
            r"(?P<wanted>[^()]{1,60})\) (?:on|in|\S{1,100} on) (?P<file>\S{1,400})",
        ),
        (
            "ndiannes",
            r"\bERROR: .{0,200}QA Issue: Endianness? did not match \((?P<made>[^,()]{1,60}), expected "
            r"(?P<wanted>[^()]{1,60})\) (?:on|in) (?P<file>\S{1,400})",
        ),
        (
            "ERROR: architecture for",
            r"^ERROR: architecture for \"(?P<file>[^\"]{1,300})\" is \"(?P<made>[^\"]{1,60})\", should be "
            r"\"(?P<wanted>[^\"]{1,60})\"",
        ),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See the check of packages refuse a file."""
    hits = log.find("package-other-machine")
    for hit in hits[:1]:
        said = hit.groups
        recipe = "QA Issue" in hit.text
        yield finding_from_hits(
            log,
            hits,
            f"{said['file'].rpartition('/')[2]} is for another machine than the package: {said['made']}, and not "
            f"{said['wanted']}",
            "The package is not made.",
            [
                Fix(
                    "hand the cross compiler to the build",
                    notes="In the recipe: EXTRA_OEMAKE = \"CC='${CC}' AR='${AR}'\", or oe_runmake CC=\"${CC}\"; a "
                    "Makefile that sets CC = gcc, or calls gcc, ignores the variable of the environment. Clean then: "
                    "bitbake -c cleansstate RECIPE."
                    if recipe
                    else "In the package's .mk: $(TARGET_CONFIGURE_OPTS) in front of $(MAKE), or as its arguments. "
                    "Clean then: make PACKAGE-dirclean.",
                ),
                Fix(
                    "if somebody else compiled the file: leave it out, or say that it is meant so",
                    notes='INSANE_SKIP:${PN} += "arch" in the recipe.'
                    if recipe
                    else "PACKAGE_BIN_ARCH_EXCLUDE in the package's .mk.",
                ),
            ],
        )
