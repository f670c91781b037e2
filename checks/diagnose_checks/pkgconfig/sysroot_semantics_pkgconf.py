"""The sysroot leads pkg-config's answer to folders that do not exist.

pkg-config prepends ``PKG_CONFIG_SYSROOT_DIR`` to every ``-I`` and ``-L`` of the answer, whether or not the library is
in that sysroot. With the ``.pc`` files of Debian's multiarch folders, a sysroot such as ``/usr/arm-linux-gnueabihf``
results in ``-L/usr/arm-linux-gnueabihf/usr/lib/...``, which does not exist. The build may pass by accident, if the
linker finds the library, or a different copy of it, in a default folder.

How to fix: use no sysroot (``/``) for libraries that are installed in the system's own folders.

References:
    https://github.com/pkgconf/pkgconf/blob/master/man/pkg-config.1 (PKG_CONFIG_SYSROOT_DIR)
"""

from __future__ import annotations

from diagnose.authoring.environment import setting_evidence
from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Evidence, Finding, Fix, Phase, Severity
from diagnose.model.pattern import LINKER_KINDS, patterns_for
from diagnose.remedies.configuration import no_sysroot
from diagnose.remedies.fix import fix

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog
    from diagnose.readers.env import Environment

CHECK = Check(
    since="0.1.0",
    phase=Phase.LINK,
    log_kinds=LINKER_KINDS,
    patterns=(
        *patterns_for(
            "sysroot-note", ("PKG_CONFIG_SYSROOT_DIR", r"(?P<name>PKG_CONFIG_SYSROOT_DIR\w{0,60})=(?P<sysroot>\S+)")
        ),
        # Debian's cross sysroots, /usr/TRIPLET, contain the C library and no multiarch folder
        *patterns_for(
            "sysroot-lost",
            ("/usr/lib/", r"[\"'=](?P<folder>(?P<sysroot>/usr/[\w.-]+-linux-\w+)/usr/lib/[\w.-]+-linux-\w+)[\"']?"),
        ),
        *patterns_for(
            "search-note", ("link-search=", r"rustc-link-search=(?:native=)?(?P<folder>/usr/lib/[\w.-]+-linux-\w+)")
        ),
    ),
    env_facts=("pkgconfig.sysroot",),
)


def env(env: Environment) -> Iterator[Finding]:
    """See whether a sysroot sends the linker to a folder without the library."""
    sysroot = env.pkgconfig.sysroot
    if sysroot is None or not sysroot.value.rstrip("/"):
        return
    for library, file in env.link_files():
        lost = [folder for folder in library.link_dirs if folder.startswith(sysroot.value.rstrip("/") + "/")]
        if library.alone or not lost or not file.default or file.kind == "missing":
            continue
        yield Finding(
            message=f"pkg-config answers {library.module} with {lost[0]}, which does not contain lib{file.name}",
            severity=Severity.WARNING,
            evidence=(
                setting_evidence(sysroot),
                Evidence(" ".join(library.libs), where=f"`{library.command}`"),
                Evidence("found in the linker's default folder instead", file.path),
            ),
            consequence="The build passes by accident. Another linker, or maturin's search for the library, fails.",
            fixes=(fix(env, "use no sysroot for this target", configuration=no_sysroot(env)),),
        )


def log(log: BuildLog) -> Iterator[Finding]:
    """See host folders in the answer although a sysroot is set, or folders below it that do not exist."""
    notes = [hit for hit in log.find("sysroot-note") if hit.groups["sysroot"].strip("'\"").rstrip("/")]
    for link in log.links:
        missed = link.of("ld-no-lib")
        lost = [hit for hit in log.find("sysroot-lost") if link.line - _BEFORE <= hit.line <= link.line + _AFTER]
        if missed and lost:
            own = [hit for hit in notes if hit.groups["sysroot"].strip("'\"").rstrip("/") == lost[0].groups["sysroot"]]
            names = tuple(dict.fromkeys(hit.groups["name"] for hit in own)) or ("PKG_CONFIG_SYSROOT_DIR",)
            yield finding_from_hits(
                log,
                [*own[:1], lost[0], *missed],
                f"a sysroot leads pkg-config's answer to {lost[0].groups['folder']}, which does not exist",
                "The linker does not find the library, even if it is installed.",
                [Fix("use no sysroot for this target", unset=names)],
            )
            return
    answers = [hit for hit in log.find("search-note") if notes and hit.line > notes[0].line]
    wrong = [hit for hit in answers if not hit.groups["folder"].startswith(notes[0].groups["sysroot"].rstrip("/"))]
    hits = [hit for link in log.links if link.skipped or link.wrong for hit in link.of("ld-skipping", "ld-wrong-file")]
    if wrong and hits:
        yield finding_from_hits(
            log,
            [notes[0], wrong[0], *hits],
            f"pkg-config answers with {wrong[0].groups['folder']}, not below {notes[0].groups['sysroot']}",
            "The linker searches the host's folders.",
            [
                Fix("use no sysroot for this target", unset=(notes[0].groups["name"],)),
                Fix(
                    "use pkgconf 1.9 or later, and a sysroot in its shortest form",
                    notes="Write it without a slash at the end and without `..`.",
                ),
            ],
            Severity.WARNING,
        )


_BEFORE, _AFTER = 4, 4  # lines around a link's first


def leads_to(finding: Finding, other: Finding, log: BuildLog) -> bool:
    """Whether the library is not found because of that folder."""
    return finding.severity is Severity.ERROR and other.check == "linker-lib-missing-for-target"
