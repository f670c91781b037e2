"""Bazel refuses a header that no rule and no toolchain declares.

Bazel checks what each compiler run has read. Headers of the compiler and the system count if they are in the folders
that Bazel found when it looked at the compiler. If another compiler answers now (an update, another ``CC``, conda's,
a remote cache of another machine), it reads from other folders. A header of the project has to be in ``hdrs`` of a
rule that the target depends on.

How to fix: let Bazel look at the compiler again; or declare the header.

References:
    https://bazel.build/docs/cc-toolchain-config-reference (``cxx_builtin_include_directories``)
    https://bazel.build/reference/be/c-cpp#hdrs
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(
    since="0.1.0",
    phase=Phase.COMPILE,
    patterns=patterns_for(
        "bazel-undeclared",
        ("undeclared inclusion(s)", r"undeclared inclusion\(s\) in rule ['\"](?P<rule>[^'\"]{1,300})['\"]"),
        (
            "missing dependency declarations",
            r"this rule is missing dependency declarations for the following files(?P<rule>)",
        ),
    )
    + patterns_for(
        "bazel-undeclared-file",
        (
            "missing dependency declarations",
            r"declarations for the following files included by ['\"][^'\"]{1,300}['\"]:\s+"
            r"['\"](?P<file>[^'\"]{1,300})['\"]",
            2,
        ),
        ("/include", r"^['\"](?P<file>/[^'\"]{1,300})['\"]\.?$"),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See Bazel refuse the headers that a compiler read."""
    hits = log.find("bazel-undeclared")
    if not hits:
        return
    rule = next((hit.groups["rule"] for hit in hits if hit.groups["rule"]), "")
    files = log.near(hits[0].line, "bazel-undeclared-file", after=6)
    name = files[0].groups["file"] if files else ""
    system = name.startswith("/") and not re.search(r"/(?:execroot|external|bazel-out)/", name)
    again = Fix(
        "let Bazel look at the compiler again",
        (Command("bazel clean --expunge", FixStage.BUILD),),
        notes="It keeps what it found in @local_config_cc. Set CC before, to the compiler that is to be used; a path "
        "through symbolic links counts as another folder. A remote cache has to be of machines with the same compiler.",
    )
    declare = Fix(
        "declare the header",
        notes=f"Name it in hdrs or textual_hdrs of a cc_library, and that in deps of {rule or 'the rule'}.",
    )
    where = f": {name}" if name else ""
    message = (
        f"Bazel did not find the compiler's folder of a header{where}"
        if system
        else f"no rule declares a header{where}"
    )
    yield finding_from_hits(
        log,
        [*hits[:2], *files[:2]],
        message,
        f"Bazel stops in {rule}." if rule else "Bazel stops.",
        (again, declare) if system or not name else (declare, again),
    )
