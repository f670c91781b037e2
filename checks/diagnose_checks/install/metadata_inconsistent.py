"""What is installed calls itself otherwise than the requirement, or than its file.

pip and uv compare the name and version of a requirement, or of a file, with the metadata that the build gives. They
refuse a project of another name: after ``#egg=`` or before ``@`` stands another name than its own, or a dependency was
renamed. They refuse a source distribution whose metadata has another version than its file name, as one that was made
with a version in two places.

How to fix: write the project's own name. A release with a wrong version: take another one.

References:
    https://pip.pypa.io/en/stable/topics/vcs-support/
    https://packaging.python.org/en/latest/specifications/dependency-specifiers/
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
    phase=Phase.START,
    patterns=patterns_for(
        "metadata-inconsistent",
        (
            "has inconsistent ",
            r"has inconsistent (?P<what>name|version): (?:filename has|expected) '(?P<given>[^']{1,200})', but "
            r"metadata has '(?P<own>[^']{1,200})'",
        ),
        (
            "has different ",
            r"Requested (?P<asked>\S{1,200}) from (?P<given>\S{1,300}) has different (?P<what>name|version) in "
            r"metadata: '(?P<own>[^']{1,200})'",
        ),
        (
            "does not match given",
            r"[Pp]ackage metadata (?P<what>name|version) `(?P<own>[^`]{1,200})` does not match given "
            r"(?:name|version) `(?P<given>[^`]{1,200})`",
        ),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See pip or uv compare a name, or a version."""
    for hit in log.find("metadata-inconsistent")[-1:]:
        what, own = hit.groups["what"], hit.groups["own"]
        given = hit.groups["given"].rpartition("#egg=")[2]
        if what == "name":
            message = f"the requirement says {given}, and the project's own name is {own}"
            fix = Fix(
                f"write {own}",
                notes=f"As in `{own} @ git+https://…`, or #egg={own}. A dependency that asks for the old name: a newer "
                "release of what asks for it.",
            )
        else:
            message = f"the file says version {given}, and its metadata {own}"
            fix = Fix(
                "take another release",
                notes="Its authors built it with the version in two places; tell them. In a project of your own: build "
                "the source distribution again.",
            )
        yield finding_from_hits(log, [hit], message, "Nothing is installed.", (fix,))
