"""The service refuses to keep or to give a build's files between jobs.

The build is done. Since version 4 of GitHub's ``upload-artifact``, the artifact of each job needs a name of its own; a
job that downloads it must use the version that uploaded it, and the same name.

How to fix: give the artifacts of a matrix different names, and download them with a pattern.

References:
    https://github.com/actions/upload-artifact/blob/main/docs/MIGRATION.md
    https://github.com/actions/download-artifact
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase
from diagnose.model.pattern import Pattern, patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(
    since="0.1.0",
    phase=Phase.LATER,
    patterns=(
        # raw: the same words are a warning by default
        Pattern(
            "artifact-refused",
            "files were found with",
            r"##\[error\]No files were found with the provided path: (?P<none>\S.{0,200}?)\. No",
            raw=True,
        ),
        *patterns_for(
            "artifact-refused",
            ("artifact with this name", r"\(409\) Conflict: an artifact with this name already exists(?P<twice>)"),
            (
                "files were found with",
                r"^Error: No files were found with the provided path: (?P<none>\S.{0,200}?)\. No",
            ),
            ("Artifact not found", r"Artifact not found for name: (?P<absent>\S.{0,100})"),
            (
                "ind any artifact",
                r"Unable to find any? ?artifacts? (?:for the associated workflow|with name)(?P<absent>)",
            ),
            (
                "artifact name is not",
                r"[Tt]he artifact name is not valid(?P<name>)|The artifact name (?P<bad>\S{1,100}) is not valid",
            ),
            (
                "413 Request Entity Too Large",
                r"^ERROR: Uploading artifacts (?:as \S{1,60} )?to coordinator\.\.\. (?P<large>413) Request Entity "
                r"Too Large",
            ),
            ("torage quota has been", r"Artifact storage quota has been hit(?P<quota>)"),
            (
                "deprecated version of",
                r"automatically failed because it uses a deprecated version of .(?P<old>actions/\S{1,60}: v\d)",
            ),
        ),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See an action for artifacts give up."""
    for hit in log.find("artifact-refused")[:1]:
        message, fixes = _said(hit.text, {name: hit.groups[name] for name in ("none", "absent", "old", "bad")})
        yield finding_from_hits(log, [hit], message, "The files of this job do not reach the next one.", fixes)


def _said(text: str, groups: dict[str, str]) -> tuple[str, list[Fix]]:
    """Return the message for *text*, and the fixes."""
    if "(409)" in text:
        return "another job of this run has uploaded an artifact of the same name", [
            Fix(
                "give each job's artifact a name of its own",
                notes="upload-artifact: name: wheels-${{ matrix.os }}-${{ matrix.target }}. download-artifact: "
                "pattern: wheels-*, merge-multiple: true, path: dist. Two steps of one job: overwrite: true.",
            )
        ]
    if groups["none"]:
        return f"there is nothing to upload at {groups['none']}", [
            Fix(
                "look what the build wrote, and where",
                notes="ls -R before the step. Paths are relative to the workspace, not to working-directory; files in "
                "a container or a target folder have to be copied there; cibuildwheel writes to wheelhouse, maturin to "
                "target/wheels or --out.",
            )
        ]
    if groups["old"]:
        return f"GitHub no longer runs {groups['old']}", [
            Fix("use the newest version", notes="v4 needs a name of its own for each job: see its migration guide.")
        ]
    if "413" in text:
        return "the artifacts are larger than the server takes", [
            Fix(
                "keep fewer files, and only what the next job needs",
                notes="artifacts: paths and exclude in .gitlab-ci.yml: the wheels instead of target or build. "
                "`du -ah DIR | sort -h | tail` shows what is large.",
            ),
            Fix(
                "on a server of your own: raise the limit",
                notes="GitLab: Admin, CI/CD, Maximum artifacts size; of a project or group in its CI/CD settings. A "
                "proxy before it has its own: client_max_body_size of nginx.",
            ),
        ]
    if "quota" in text:
        return "the storage for artifacts is used up", [
            Fix("delete old artifacts, or keep them for fewer days", notes="retention-days of upload-artifact.")
        ]
    if "not valid" in text:
        return f"the artifact's name {groups['bad']} has a character that is not allowed".replace("  ", " "), [
            Fix("replace / \\ : and * in the name", notes="${{ matrix.image }} and branch names often have a slash.")
        ]
    return f"no artifact {groups['absent']} was uploaded in this run".replace("  ", " "), [
        Fix(
            "use the name of the upload, and the same version of both actions",
            notes="v4 does not see what v3 uploaded. Several: pattern: instead of name:. needs: must name the job "
            "that uploads, and that one must not have been skipped.",
        )
    ]
