"""apt does not install a package, because it cannot install what that one depends on.

"It is not going to be installed" names the next package, not the reason. The reason is deeper: a conflict with
something that is installed, a package that is held back, or one that only another release has.

``dpkg -i`` installs the files that it is given and nothing else: it stops at a dependency that is not installed.

How to fix: ask apt for the dependency itself, until it names a version or a conflict. Let apt, not dpkg, install files.

References:
    https://manpages.debian.org/apt-get
    https://packages.debian.org/sid/gcc-multilib
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit

CHECK = Check(
    since="0.1.0",
    phase=Phase.PACKAGES,
    fallback=True,
    log_kinds=("apt-unmet",),
    patterns=patterns_for(
        "dpkg-unmet",
        (
            "depends on ",
            r"^(?P<package>[\w.+:-]{1,100}) depends on (?P<needs>[\w.+-]{1,100})(?: \([^)]{1,80}\))?; however:\s{1,20}"
            r"Package (?P=needs)(?::\w{1,20})? is not installed\.",
            2,
        ),
    )
    # `apt-get -f install` after `dpkg -i`, a usual pair, installs them
    + patterns_for("apt-corrects", ("Correcting dependencies", r"^Correcting dependencies")),
)
_CROSS = (
    r"(?:gcc|g\+\+|cpp|gfortran)(?:-[\d.]+)?"
    r"-(?:aarch64|arm|powerpc\w*|s390x|riscv64|mips\w*|i686|x86-64)-linux-gnu\w*$"
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See dpkg miss a dependency, or apt refuse one without saying why."""
    unmet = log.find("dpkg-unmet")
    if unmet and not any(hit.line > unmet[-1].line for hit in log.find("apt-corrects")):
        yield _by_dpkg(log, unmet)
        return
    hits = [hit for hit in log.find("apt-unmet") if hit.groups["needs"]]
    if not hits:
        return
    package, needs = hits[0].groups["package"], hits[0].groups["needs"]
    arch = hits[0].groups["needs_arch"]
    name = f"{needs}:{arch}" if arch else needs
    fixes = [
        Fix(
            f"let apt say what is against {name}",
            (Command(f"apt-get install --simulate {name}", FixStage.PACKAGES),),
            notes="Go on with the package that it names, until it names a conflict or a version. `apt-mark showhold` "
            f"lists packages that are held, and `apt-cache policy {name}` where each version comes from.",
        ),
        Fix(
            "bring what is installed to the release's newest versions",
            (Command("apt-get dist-upgrade -y", FixStage.UPDATE),),
        ),
    ]
    if any(re.match(_CROSS, hit.groups["needs"]) for hit in hits):
        fixes.insert(
            0,
            Fix(
                "remove gcc-multilib, which older releases do not install beside cross compilers",
                (Command("apt-get remove -y gcc-multilib g++-multilib", FixStage.PACKAGES),),
                notes="If `dpkg -l gcc-multilib` shows it. 32-bit code for x86 can be compiled by gcc-i686-linux-gnu.",
            ),
        )
    yield finding_from_hits(
        log,
        hits,
        f"{package or 'the package'} needs {name}, which apt does not install",
        "Nothing is installed.",
        fixes,
    )


def _by_dpkg(log: BuildLog, unmet: list[Hit]) -> Finding:
    needs = list(dict.fromkeys(hit.groups["needs"] for hit in unmet))
    return finding_from_hits(
        log,
        unmet,
        f"{unmet[0].groups['package']} needs {', '.join(needs[:5])}, which dpkg does not install",
        "The package is unpacked, and not configured.",
        (
            Fix(
                "let apt install what is missing",
                (
                    Command("apt-get update", FixStage.UPDATE),
                    Command("apt-get install -y --fix-broken", FixStage.PACKAGES),
                ),
                notes="`apt-get install ./FILE.deb` installs a file with its dependencies. apt removes the package if "
                "no source has them: it is then made for another release, or names a wrong one. Take another build "
                "of it, or its archive without a package.",
            ),
        ),
    )
