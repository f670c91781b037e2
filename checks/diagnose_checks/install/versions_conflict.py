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
from diagnose.authoring.python_ranges import narrowed
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit

_RPM_MACHINE = r"(?:noarch|x86_64(?:_v\d)?|i[3-6]86|aarch64|armv\w{2,4}|ppc64le|s390x|riscv64|src)"
_SPEC = r"(?:(?!specifier=<).){1,800}specifier=<\w{1,30} [<>=!~]"
_PDM = rf"^\[ResolutionImpossible\]: (?P<pdm>{_SPEC}{_SPEC}.{{1,1000}})"
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
            ("ResolutionTooDeep", r"resolvers(?:\.\w{1,20})?\.ResolutionTooDeep: \d"),
            (
                "VersionConflict: (",
                r"pkg_resources\.(?:Contextual)?VersionConflict: \((?P<have>[\w.+ -]{1,100}) \([^)]{0,300}\), "
                r"Requirement\.parse\('(?P<pinned>[^']{1,100})'\)",
            ),
            # PDM, which wraps it
            ("ResolutionImpossible]: ", _PDM, 3),
            ("ResolutionImpossible]: ", r"^\[ResolutionImpossible\]: (?P<pdm>.{1,2000})"),
            ("RequirementsConflicted: ", r"RequirementsConflicted: Requirements conflict: (?P<pdm>.{1,2000})"),
            # Poetry
            (
                "required packages Python req",
                r"^The current project's (?P<poetry>Python requirement|supported Python range) "
                r"\((?P<range>[^)]{1,60})\) is not compatible with some of the required packages Python requirement",
            ),
            ("resolution-too-deep", r"^error: resolution-too-deep"),
            # uv's tree, which it wraps
            ("No solution found when", r"(?:[×✗x]|error:) No solution found when resolving (?P<tree>[\w ]{1,60})"),
            ("we can conclude that", r"we can conclude that (?:your|the) requirements are unsatisfiable", 2),
            (") not found.", r"^(?P<lost>Package \S{1,100} \([^)]{1,60}\)) not found\.$"),  # Poetry
            ("version solving failed", r"\bversion solving failed\.?$"),
            ("nable to find a resolution", r"Unable to find a resolution\b"),
            ("ResolvePackageNotFound", r"^ResolvePackageNotFound:"),
            (
                "PackagesNotFoundError: ",
                r"^PackagesNotFoundError: The following packages are (?:not available|missing)",
            ),
            (
                "nsatisfiable",
                r"^(?P<conda>LibMambaUnsatisfiableError|UnsatisfiableError|SpecsConfigurationConflictError)\b",
            ),
            ("problems while solving", r"^(?:- |\w{5,8} +libmamba )?Encountered problems while solving"),
            (
                "none of the providers can be",
                rf"^- package (?!\S{{1,200}}\.{_RPM_MACHINE} )(?P<conda>\S{{1,100}}-\d\S{{0,60}}-\S{{1,60}}) requires "
                r".{1,200}, but none of the providers can be",
            ),
            ("not solve for environment", r"(?:^|libmamba )Could not solve for environment specs"),
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
            ("there are no versions of", r"there are no versions of (?P<absent>\S{1,100})(?= and |, |$)"),
            ("ecause you require", r"ecause you require (?P<one>\S{1,100}) and (?P<two>\S{1,100}), we can conclude"),
            (
                "so it will not be",
                r"^-? ?(?P<needs>\S{1,100} requires Python (?P<pythons>[^;]{1,60})), so it will not be \w{9,11}\b",
            ),
            (
                "which requires Python",
                r"depends on (?P<needs>(?P<needing>\S{1,100}) .{0,300}which requires Python "
                r"(?P<pythons>[<>=!~][^;]{1,60}))"
                r", version solving failed",
            ),
            ("match any versions", r"depends on (?P<absent>\S{1,100} \([^)]{1,60}\)) which doesn't match any versions"),
            (
                "was not found in the",
                r"ecause (?P<unknown>\S{1,100}) was not found in the (?:package registry|provided)",
            ),
            (
                "nothing provides",
                r"nothing provides (?P<channels>requested )?"
                r"(?P<absent>[\w.-]{1,100}(?: [=<>!~]\S{1,60}| \d[\w.]{0,30}\*{0,2}$)?)"
                r"(?: (?P<build>\w{1,40}_\d{1,5})\b)?(?: needed by (?P<by>\S{1,200}))?",
            ),
            (
                "o candidates were found",
                r"(?P<channels>No candidates) were found for (?P<absent>[\w.-]{1,100}(?: [=<>!~]\S{1,60})?)",
            ),
            (
                "candidates were found",
                r"(?<![\w.-])(?P<absent>[\w.-]{1,100}) [^,]{0,60}(?:,[<>=!][^,]{0,30}){0,3}, "
                r"for which (?P<channels>no candidates) were found",
            ),
            # conda: NAME=VERSION=BUILD
            (
                "ResolvePackageNotFound",
                r"^ResolvePackageNotFound:\s+- (?P<absent>[\w.-]{1,100}(?:={1,2}[^\s=]{1,60})?)"
                r"(?P<channels>(?P<exact>=\w{1,40})?)",
                2,
            ),
            (
                "PackagesNotFoundError: ",
                r"^PackagesNotFoundError: .{1,120}:\s+- (?P<absent>[\w.-]{1,100}(?:={1,2}[^\s=]{1,60})?)(?P<channels>)",
                3,
            ),
            # libmamba's tree
            (
                "does not exist (perhaps",
                r"(?<![\w.-])(?P<absent>[A-Za-z_][\w.-]{0,100}(?: [=<>!~][^\s,]{0,60}| \d[\w.*]{0,30})?)"
                r"(?: (?P<build>\w{1,40}))?[ *]{0,5},? (?:which )?"
                r"does not exist \(perhaps a (?:typo or a )?(?P<channels>missing) channel\)",
            ),
            (
                "conflicts with any installable",
                r"(?<![\w.-])(?P<clash>[A-Za-z_][\w.-]{0,100} [^,]{1,60}?(?:,[<>=!~][^,]{0,30}){0,3}) ?,? (?:which )?"
                r"conflicts with any installable",
            ),
            (
                "is requested and can be inst",
                r"(?<![\w.-])(?P<asked>[A-Za-z_][\w.-]{0,100} [=<>!~]\S{1,60})[ *]{0,5} is requested and can be inst",
            ),
            (
                "none of the providers can be",
                r"requires (?P<unprovided>\S[^,]{0,100}(?:,[<>=!~][^,]{0,30}){0,3}), but none of the providers",
            ),
            (  # Poetry names the project itself without a version
                "no versions of",
                r"ecause no versions of (?P<own>\S{1,100}) match (?P<range>\S{1,60})\s+and (?P=own) depends on "
                r"(?P<circle>\S{1,100})",
                2,
            ),
            ("annot install both pin-", r"cannot install both (?P<pins>pin-\d{1,3})\b"),
            (
                "Currently pinned specs:",
                r"Currently pinned specs:\s+- (?P<pinned_to>[\w.-]{1,60} \S{1,40})(?: \(labeled as (?P<pins>'pin-\d))?",
                2,
            ),
            ("The user requested", r"^The user requested (?P<wish>.{1,200})"),
        ),
        *patterns_for(
            "conflict-excuse",
            ("network was disabled", r"the network was disabled"),
            ("could not be queried", r"[Ii]ndex (?:URL \([^)]{1,300}\) )?could not be queried"),
            ("returned a 40", r"hint: An index \([^)]{1,300}\) returned a 40[13]\b"),
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
        if log.near(hit.line, "virtual-missing", before=_CHAIN, after=_CHAIN):
            continue  # conda-system-unfit
        if log.near(hit.line, "outage", "certificate", before=60, after=_CHAIN):
            continue
        reasons = log.near(hit.line, "conflict-reason", before=_CHAIN, after=_CHAIN)
        message, fix = _told(hit, hits, reasons)
        yield finding_from_hits(log, [hit, *reasons[:3]], message[:200], "Nothing is installed.", (fix,))


def _told(hit: Hit, hits: list[Hit], reasons: list[Hit]) -> tuple[str, Fix]:
    """Return what the resolver says, and what to do about it."""

    def first(group: str) -> str:
        return next((one.groups[group] for one in reasons if one.groups[group]), "")

    if unknown := first("unknown"):
        return f"the index has no package {unknown}", Fix(
            "correct the name, or name the index that has it",
            notes="uv: [[tool.uv.index]], or --index URL. pip: --extra-index-url URL. Poetry: poetry source add.",
        )
    clash = " ".join(first("clash").partition(" is not ")[0].rstrip("* ").split())
    if clash and (asked := first("asked")).partition(" ")[0] == clash.partition(" ")[0]:
        return f"the requirements ask for {asked} and for {clash} at once", _LOOSEN
    if first("pins") and all(_label(one) for one in reasons if one.groups["absent"]):
        return _of_pins(first("pinned_to"))
    if any(
        one.groups["channels"] or one.groups["by"] or re.match("(?:Resolve)?Packages?NotFound", one.text)
        for one in reasons
    ):
        return _of_channels(reasons)
    if clash:
        return f"the packages ask for versions that exclude each other, one of them {clash}", _LOOSEN
    if unprovided := first("unprovided"):
        return f"a package needs {unprovided}, which cannot be installed beside the others", _LOOSEN
    if absent := first("absent"):
        message = f"the requirements ask for {absent}, which the index does not have"
        return message, _LOOSEN._replace(title="ask for a version that exists")
    if own := first("own"):
        return _of_circle(own, first("circle"), first("range"))
    if first("one"):
        return f"the requirements {first('one')} and {first('two')} exclude each other", _LOOSEN
    if hit.groups["poetry"]:
        needs = f": {first('needs')}" if first("needs") else ""
        return (
            f"the project allows more Pythons ({hit.groups['range']}) than a package that it needs{needs}",
            _narrow(hit.groups["range"], first("pythons")),
        )
    if pythons := first("pythons"):  # Poetry's, of a file or another source
        return (
            f"the project allows more Pythons than a package that it needs: {first('needing')} requires {pythons}",
            _narrow("", pythons),
        )
    if pinned := hit.groups["pinned"]:
        message = f"{hit.groups['have']} is installed, and an installed package needs {pinned}"
        command = Command(f"python3 -m pip install '{pinned}'", FixStage.BUILD)
        check = "`python3 -m pip check` lists what else does not fit."
        return message, Fix("install a release that it accepts", (command,), notes=check)
    if hit.groups["lost"]:
        message = f"the index has no {hit.groups['lost'].removeprefix('Package ')}, or not for these Pythons"
        return message, _LOOSEN._replace(title="ask for a version that exists")
    if hit.groups["pdm"]:
        return _of_pdm(hit.groups["pdm"])
    who = next((one.groups["who"] for one in hits if one.groups["who"]), "")
    tried = {re.split(r"[ =<>!~\[]", one, maxsplit=1)[0] for one in re.split(r", | and ", who) if one}
    if len(tried) == 1 and ("," in who or " and " in who):
        return f"no version of {tried.pop()} can be installed here: each needs what is not to be had", Fix(
            "look at what its versions need: the lines below the message",
            notes="One of those requirements has no version for this Python or platform, or another requirement "
            "excludes it: pip install of that one alone tells. Then take another Python, or a newer release.",
        )
    return f"no versions meet all requirements{f': {who}' if who else ''}", _LOOSEN


def _label(hit: Hit) -> bool:
    """Whether what is missing is what conda makes of the system, or puts before pre-releases."""
    return hit.groups["absent"].startswith("_python_rc") or hit.groups["absent"].startswith("__")


def _of_pins(spec: str) -> tuple[str, Fix]:
    """Return that the environment's pins exclude what is asked for; *spec* is one of them, if known."""
    python = spec.split(" ")[1] if spec.startswith("python ") else ""
    return (
        f"the environment is pinned to {spec or 'versions, mostly its Python'}, and the requested packages "
        "need another one",
        Fix(
            "make a new environment with a Python that the package supports",
            (Command("conda create --name NEW python=3.11 PACKAGE", FixStage.TOOLCHAIN),),
            notes=f"Replace the names, and "
            f"{'3.11 by another version than ' + python.rstrip('.*') if python else '3.11'}: "
            "conda search --info PACKAGE lists what each build needs. pinned_packages of .condarc and "
            "conda-meta/pinned of "
            "the environment set other pins. _python_rc only keeps pre-releases of Python away.",
        ),
    )


def _of_channels(reasons: list[Hit]) -> tuple[str, Fix]:
    """Return what conda's solvers miss in the channels."""
    said = (one.groups["absent"].strip().removesuffix("which").rstrip(", ") for one in reasons)
    absent = list(dict.fromkeys(filter(None, said)))
    absent = [name for name in absent if not name.startswith(("__", "_python_rc"))] or absent
    if absent and all(name.startswith("_python_rc") for name in absent):
        return "no released Python fits all requirements: only a pre-release is left", _OLDER_PYTHON
    system = next((name.partition(" ")[0].strip("_") for name in absent if name.startswith("__")), "")
    if system and len(absent) == 1:
        return f"a package needs a system with {system}, which this one is not, or an older one", Fix(
            "use a build of the package for this system",
            notes="`conda info` lists what conda knows of the system as virtual packages. CONDA_OVERRIDE_CUDA, "
            "CONDA_OVERRIDE_GLIBC and CONDA_OVERRIDE_OSX set their versions where the target is another machine.",
        )
    if any(one.groups["exact"] for one in reasons):
        return f"the channels have no {absent[0]} in the build that is asked for", _EXPORT
    if sum(bool(one.groups["build"] or "==" in one.groups["absent"] or "*" in one.text) for one in reasons) >= _MANY:
        return (
            f"the channels have neither {absent[0]} nor {len(absent) - 1} others in the form that is asked for",
            _EXPORT,
        )
    named = absent[0].partition(" ")[0] if absent else "NAME"
    return f"the channels have no {', '.join(absent[:3])}", Fix(
        "name the channel that has it, or correct the name or version",
        (Command(f"conda search --channel conda-forge {named}", FixStage.TOOLCHAIN),),
        notes="A package that only the Python index has: under pip: in environment.yml, pixi add --pypi.",
    )


def _narrow(project: str, package: str) -> Fix:
    """Return the fix for a project that allows more Pythons than a package, with the range if known."""
    wanted = narrowed(project or package, package)
    if not wanted:
        return _NARROW
    return _NARROW._replace(title=f'write requires-python = "{wanted}" in pyproject.toml', notes=_NARROW_NOTES)


def _of_circle(own: str, other: str, wanted: str) -> tuple[str, Fix]:
    """Return that the project *own* requires *other*, which requires the project itself in the range *wanted*."""
    return (
        f"the project {own} requires {other}, which requires {own} {wanted} itself: the project's own version is not "
        f"in it",
        Fix(
            f"raise the project's version into {wanted}, or ask for another {other}",
            notes=f"version in pyproject.toml. Or take {other} out of the dependencies, as of a group for "
            f"development: it is "
            "written for users of the project.",
        ),
    )


def _of_pdm(said: str) -> tuple[str, Fix]:
    """Return what PDM's resolver names: a requirement of the project, and one of a package."""
    ranges = re.findall(r"specifier=<\w{1,30}[ (]'?((?:[<>=!~]{1,3}[\d.*]{1,20},?){1,8})", said)
    parent = re.search(r"parent=<Candidate ([^>@\s]{1,100})", said)
    name = re.search(r"name='([^']{1,100})'", said)
    said = " ".join(said.split())
    if name is None or not ranges:
        return "no versions meet all requirements", _LOOSEN
    if name[1] == "python" and len(ranges) > 1:
        needs = f"{parent[1] if parent else 'a package'} needs {ranges[1]}"
        return f"the project allows more Pythons ({ranges[0]}) than a package that it needs: {needs}", _narrow(
            ranges[0], ranges[1]
        )
    return f"no version of {name[1]} meets {' and '.join(ranges[:3])}", _LOOSEN._replace(
        notes="Pre-releases count only where they are asked for: pdm add --prerelease, or a version such as >=1.0b1."
    )


_OLDER_PYTHON = Fix(
    "ask for a Python, in a new environment, that the package supports",
    (Command("conda create --name NEW python=3.11 PACKAGE", FixStage.TOOLCHAIN),),
    notes="conda search --info PACKAGE lists what each build needs. _python_rc is not a package to install: it keeps "
    "pre-releases of Python away.",
)
_EXPORT = Fix(
    "export the environment without builds, and name its channels",
    (Command("conda env export --from-history > environment.yml", FixStage.TOOLCHAIN),),
    notes="On the machine that has the environment. Versions with a build (h7f8727e_0) exist for one system and in one "
    "channel only, and many packages for Linux, macOS or Windows alone.",
)
_MANY = 3  # packages with a version or a build that an exported environment fixes
_NARROW_NOTES = (
    "In [project]; Poetry before 2: python in [tool.poetry.dependencies]. The resolver looks for versions for every "
    "Python "
    "of the project, not only for the one that runs. Or take a release of the package that supports them."
)
_NARROW = Fix(
    "let the project ask for no other Pythons than its packages",
    notes=f'As in requires-python = ">=3.10,<3.13". {_NARROW_NOTES}',
)
_LOOSEN = Fix(
    "loosen one of the versions that the message names",
    notes="Begin with those that the project fixes itself: == to >=, or none. A requirement of another package changes "
    "only with that package: take another version of it.",
)
