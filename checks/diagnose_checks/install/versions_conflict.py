"""No set of versions meets all requirements.

Two packages, or the project and a package, ask for versions of a third one that exclude each other, or for a version
that the index does not have. pip, uv, Poetry, PDM and conda name the requirements in a chain of sentences.

How to fix: change one requirement of the chain. Mostly that is a version that the project fixes itself (``==``). A
tool to try it: remove all versions, and look which ones the resolver takes.

References:
    https://pip.pypa.io/en/stable/topics/dependency-resolution/#dealing-with-dependency-conflicts
    https://docs.astral.sh/uv/concepts/resolution/
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
    patterns=(
        *patterns_for(
            "no-set-of-versions",
            (
                "have conflicting dependencies",
                r"Cannot install (?P<who>\S.{0,300}?) because these package versions have conflicting dependencies",
            ),
            ("ResolutionImpossible", r"ResolutionImpossible: for help visit"),
            ("resolution-too-deep", r"^error: resolution-too-deep"),
            # uv's tree, which it wraps
            ("No solution found when", r"(?:[×✗x]|error:) No solution found when resolving (?P<tree>[\w ]{1,60})"),
            ("version solving failed", r"\bversion solving failed\.?$"),
            ("nable to find a resolution", r"Unable to find a resolution\b"),
            (
                "nsatisfiable",
                r"^(?P<conda>LibMambaUnsatisfiableError|UnsatisfiableError|SpecsConfigurationConflictError)\b",
            ),
            ("not solve for environment", r"^Could not solve for environment specs"),
            ("annot solve the request", r"Cannot solve the request because of: (?P<who>.{1,300})"),
            ("nsatisfiable dependencies", r"Unsatisfiable dependencies for platform \S{1,40}: (?P<who>.{1,300})"),
        ),
        *patterns_for(
            "conflict-reason",
            ("there is no version", r"ecause there is no version of (?P<absent>\S.{0,100}?)(?: and |, |$)"),
            (
                "is available and you",
                r"ecause only \S.{0,100} (?:is|are) available and your? (?:project )?(?:require|depends on) "
                r"(?P<absent>[^,]{1,100})",
            ),
            ("match any versions", r"depends on (?P<absent>\S{1,100} \([^)]{1,60}\)) which doesn't match any versions"),
            (
                "was not found in the",
                r"ecause (?P<unknown>\S{1,100}) was not found in the (?:package registry|provided)",
            ),
            ("nothing provides", r"nothing provides (?:requested )?(?P<absent>[\w.-]{1,100}(?: [=<>!~]\S{1,60})?)"),
            ("The user requested", r"^The user requested (?P<wish>.{1,200})"),
        ),
        *patterns_for(
            "conflict-excuse",
            ("network was disabled", r"the network was disabled"),
            ("could not be queried", r"index could not be queried"),
            ("not satisfy Python", r"does\s+not\s+satisfy\s+Python[<>=!~]", 3),
            ("does not", r"does\s+not\s+satisfy\s+Python[<>=!~]", 3),
        ),
    ),
)
#: Lines of one explanation.
_CHAIN = 40


def log(log: BuildLog) -> Iterator[Finding]:
    """See a resolver give up."""
    hits = log.find("no-set-of-versions")
    for hit in hits[:1]:
        if log.near(hit.line, "conflict-excuse", "uv-platform", "uv-python", "python-refused", after=_CHAIN):
            continue
        if log.near(hit.line, "outage", "certificate", before=60, after=_CHAIN):
            continue
        reasons = log.near(hit.line, "conflict-reason", before=_CHAIN, after=_CHAIN)
        unknown = next((one.groups["unknown"] for one in reasons if one.groups["unknown"]), "")
        absent = next((one.groups["absent"] for one in reasons if one.groups["absent"]), "")
        who = next((one.groups["who"] for one in hits if one.groups["who"]), "")
        if unknown:
            message = f"the index has no package {unknown}"
            fix = Fix(
                "correct the name, or name the index that has it",
                notes="uv: [[tool.uv.index]], or --index URL. pip: --extra-index-url URL. Poetry: poetry source add.",
            )
        elif absent:
            message = f"the requirements ask for {absent}, which the index does not have"
            fix = _LOOSEN._replace(title="ask for a version that exists")
        else:
            message = f"no versions meet all requirements{f': {who}' if who else ''}"[:160]
            fix = _LOOSEN
        yield finding_from_hits(log, [hit, *reasons[:3]], message, "Nothing is installed.", (fix,))


_LOOSEN = Fix(
    "loosen one of the versions that the message names",
    notes="Begin with those that the project fixes itself: == to >=, or none. A requirement of another package changes "
    "only with that package: take another version of it.",
)
