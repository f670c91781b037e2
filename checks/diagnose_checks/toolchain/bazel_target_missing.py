"""Bazel finds no package or target of a name, or no workspace.

A label such as ``//llama:app`` names the folder ``llama``, which needs a file ``BUILD`` or ``BUILD.bazel``, and a
rule ``app`` in it. ``@name//…`` names another repository, which MODULE.bazel or WORKSPACE has to declare: Bazel 8
reads only MODULE.bazel unless --enable_workspace is set.

How to fix: correct the label, or declare the repository.

References:
    https://bazel.build/concepts/labels
    https://bazel.build/external/migration
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
        "bazel-no-target",
        (
            "no such package '",
            r"no such package '(?P<package>[^']{1,300})': (?P<why>BUILD file not "
            r"found|The repository '[^']{1,200}' could not be "
            r"resolved|Package is considered deleted)",
        ),
        ("no such target '", r"no such target '(?P<target>[^']{1,300})'"),
        (
            "only supported from within a",
            r"The '(?P<command>\w{1,20})' command is only supported from within a workspace",
        ),
        (
            "Invoking Bazel in batch mode",
            r"Invoking Bazel in batch mode since it is not invoked from within a workspace(?P<batch>)",
        ),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See Bazel not find what a label names."""
    for hit in log.find("bazel-no-target")[:1]:
        package, target, why = hit.groups["package"], hit.groups["target"], hit.groups["why"]
        if "batch" in hit.groups:
            continue
        if hit.groups["command"]:
            message = "bazel runs outside of a workspace: no folder above has MODULE.bazel or WORKSPACE"
            fix = Fix("change into the project's folder", notes="A source distribution may lack the file.")
        elif target:
            message = f"Bazel finds no target {target}"
            fix = Fix(
                "look which there are",
                notes="`bazel query 'PACKAGE:*'` lists those of a package; another release may have renamed it.",
            )
        elif "could not be resolved" in why or package.startswith("@"):
            name = package.partition("//")[0]
            message = f"Bazel knows no repository {name}, or the package in it"
            fix = Fix(
                "declare the repository, or build with the Bazel that the project names",
                notes="In MODULE.bazel: bazel_dep(…) or use_repo(…). Projects "
                "with a WORKSPACE need --enable_workspace in "
                "Bazel 8, and a Bazel before 9; bazelisk takes the version of "
                ".bazelversion. @local_config_… are made by a "
                "configure script of the project: run it first.",
            )
        else:
            message = f"Bazel finds no BUILD file in {package or 'the folder'}"
            fix = Fix(
                "correct the label, or run bazel in the project's own workspace",
                notes="Labels count from the folder with MODULE.bazel or WORKSPACE. Submodules have to be there; "
                ".bazelignore hides folders.",
            )
        yield finding_from_hits(log, [hit], message, "Bazel stops.", (fix,))
        return
