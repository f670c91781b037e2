"""A build back end refuses pyproject.toml.

pip, uv, maturin and the other back ends read pyproject.toml before they build anything. They refuse it where it is not
TOML, where a key of ``[project]`` is missing or has a form that its specification does not allow, and, some of them,
where a key is not known. setuptools checks so since version 61, and knows a licence as text since 77.

How to fix: correct the key that the message names.

References:
    https://packaging.python.org/en/latest/specifications/pyproject-toml/
    https://packaging.python.org/en/latest/specifications/version-specifiers/
    https://www.maturin.rs/metadata
"""

from __future__ import annotations

from diagnose.authoring.environment import refused
from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import Pattern, patterns_for
from diagnose.model.versions import version_key
from diagnose.remedies.build_constraint import build_with

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit
    from diagnose.readers.env import Environment

_VENDORED = r"(?:[\w.]{1,80}\.)?"
_REASON = r"(?P<reason>\S(?:.{0,300}\S)?)\s*$"
#: Keys whose values readers refuse.
_KEYS = (
    *("license-files", "license", "authors", "maintainers", "readme", "version", "requires-python", "dependencies"),
    *("dynamic", "classifiers", "keywords", "urls", "scripts", "name", "description", "requires", "build-backend"),
)
CHECK = Check(
    since="0.1.0",
    phase=Phase.START,
    env_facts=("refusals",),
    patterns=(
        *patterns_for(
            "pyproject-toml-error",
            (
                "TOML parse error at line",
                r"TOML parse error at line (?P<row>\d+), column \d+[\s|]+\^+\s+" + _REASON,
                3,
            ),
            ("TOML parse error at line", r"TOML parse error at line (?P<row>\d+), column \d+"),
        ),
        *patterns_for(
            "toml-reason",  # where another stream's lines stand between them
            ("missing field", r"^(?P<reason>(?:missing|unknown|duplicate) field `[^`]{1,80}`.{0,200})"),
            ("invalid type", r"^(?P<reason>invalid type: .{1,200}, expected .{1,100})"),
            ("a table with", r"^(?P<reason>a table with '.{1,60}' keys?\b.{0,100})"),
            ("duplicate key", r"^(?P<reason>duplicate key\b.{0,100})"),
        ),
        *(  # in the source line that the reader quotes
            Pattern("toml-key", f"| {key}", rf"(?<!\S)(?P<row>\d+) \| (?P<key>{key})\s{{0,20}}=", raw=True)
            for key in _KEYS
        ),
        *patterns_for(
            "pyproject-named",
            ("pyproject.toml", r"pyproject\.toml at \S{1,300} is invalid"),
            ("pyproject.toml", r"^(?:Error: )?Invalid metadata format in: pyproject\.toml"),
            (
                "pyproject.toml",
                r"Failed to parse(?: metadata from)?:? (?:\w+ )?`?\S{0,300}pyproject\.toml(?!.{0,3} during settings)",
            ),
        ),
        *patterns_for(  # the other lines of Poetry's list
            "poetry-reason",
            (
                "Additional properties are not",
                r"^- (?P<reason>(?:\[[\w.]{1,40}\] )?Additional properties are not "
                r".{1,200})",
            ),
        ),
        *patterns_for(
            "pyproject-refused",
            ("configuration error: `", r"^configuration error: (?P<reason>`(?:project|build-system|tool)\b.{0,300})"),
            (
                "TOMLDecodeError: ",
                rf"^{_VENDORED}TOMLDecodeError: (?P<reason>.{{0,200}}?)(?: \(at line (?P<row>\d+), column \d+\))?$",
            ),
            (
                "Error: Field ",
                r"^(?:ValueError|TypeError): (?P<reason>Field `(?:project|tool)\.[\w.-]{1,80}` "
                r".{0,300})",
            ),
            (
                "Unknown classifier in",
                r"^ValueError: (?P<reason>Unknown classifier in field `project\.\S{1,40}`: .{1,150})",
            ),
            (
                "from field `project.version",
                r"^ValueError: (?P<reason>Invalid version .{1,100} from field "
                r"`project\.version`)",
            ),
            (
                "field `project.",
                r"^ValueError: (?P<reason>(?:Missing required|Error parsing|Dependency #\d+ of) field "
                r"`project\..{0,300})",
            ),
            ("rror: Field ", rf"^{_VENDORED}Configuration(?:Type)?Error: (?P<reason>Field \"project\..{{0,300}})"),
            (
                "Extra keys present in",
                rf"^{_VENDORED}ConfigurationError: (?P<reason>Extra keys present in "
                rf"\"project\".{{0,200}})",
            ),
            (
                "flit_core.config.ConfigError",
                r"^flit_core\.config\.ConfigError: (?P<reason>(?!Description "
                r"file|license field should be).{0,300})",
            ),
            ("does not match PEP 440 rules", r"^flit_core\.\w+\.InvalidVersion: (?P<reason>Version number .{0,200})"),
            (
                "The Poetry configuration is",
                r"^(?:\w{1,30}: )?The Poetry configuration is invalid:\s+- " + _REASON,
                2,
            ),
            (
                "Additional properties are not",
                r"^Error: (?P<reason>(?:\[[\w.]{1,40}\] )?Additional properties are "
                r"not .{1,200})",
            ),
            ("[tool.poetry] section not", r"^(?P<reason>\[tool\.poetry\] section not found) in \S.{0,300}$"),
            # maturin before 1.0
            ("not PEP 517 compliant: ", r"pyproject\.toml is not PEP 517 compliant: " + _REASON),
            (
                "The requirement is invalid: ",
                r"^\S*InvalidRequirementError: (?P<reason>The requirement is invalid: "
                r".{0,200})",
            ),
            (
                "InvalidLicenseExpression: ",
                r"^\S*InvalidLicenseExpression: (?P<reason>Invalid license "
                r"expression.{0,200})",
            ),
            ("valid SPDX expression", r"(?P<reason>`project\.license` is not a valid SPDX expression: .{0,200})"),
            (
                "parse version constraint:",
                r"^\S*ParseConstraintError: (?P<reason>Could not parse version constraint: "
                r".{0,200})",
            ),
            (
                "expected struct License",
                r"(?P<reason>invalid type: string .{1,200}, expected struct License\b.{0,120})",
            ),
            (
                "license field should be",
                r"^flit_core\.config\.ConfigError: (?P<reason>license field should be .{1,100})",
            ),
            ("Missing `build-backend`", r"(?P<reason>Missing `build-backend` in the `build-system` table)"),
        ),
    ),
)

#: The first releases with PEP 639's forms, by their changelogs and pull requests, November 2026.
_NEWER = (
    "build with a newer back end: raise it in [build-system] requires",
    "setuptools>=77, maturin>=1.9, hatchling>=1.27, flit-core>=3.11, meson-python>=0.18, pdm-backend>=2.4. With "
    "--no-build-isolation, and in a distribution's package, it is the installed one. For older ones: license = "
    '{ text = "MIT" }, and no license-files.',
)
#: What a reason means: (pattern, the message, fix, its notes).
_MEANINGS = (
    (
        r"missing field `build-system`",
        "has no table [build-system]",
        "add the table to pyproject.toml",
        'With maturin: [build-system], then requires = ["maturin>=1.0,<2.0"] and build-backend = "maturin".',
    ),
    (
        r"missing field `(?:requires|build-backend)`|`build-system` must contain|Missing `build-backend`",
        "lacks a key in [build-system]",
        "write requires and build-backend",
        'With maturin: requires = ["maturin>=1.0,<2.0"] and build-backend = "maturin".',
    ),
    (
        r"missing field `name`|\['name'\]|project\.name|^name must be specified",
        "has no name in [project]",
        "write name in [project]",
        'name = "NAME" is required wherever there is a table [project].',
    ),
    (
        r"\['version'\]|^Either \[project\.version\]|field is neither set nor"
        r"|project\.version\W? (?:missing|can only be resolved)|version must be specified"
        r"|missing field `version`|neither a static version",
        "has neither a version nor lets the back end find one",
        "write the version, or name it in dynamic",
        'version = "1.2.3" in [project]; or dynamic = ["version"], where the back end has a source for it: maturin '
        "takes it from Cargo.toml, setuptools from [tool.setuptools.dynamic].",
    ),
    (
        r"expected version to start|pep440|project\.version|does not match PEP 440|Version number"
        r"|part of a valid version",
        "has a version that is not one of Python's (PEP 440)",
        "write the version as PEP 440 does",
        "1.2.3, 1.2.3rc1, 1.2.3.post1, 1.2.3.dev4, 1.2.3+local are versions; 1.2.3-beta.x is not.",
    ),
    (
        r"requires-python|version specifier, expected operator|pep508-versionspec|parse version constraint",
        "has a requires-python that is not a version specifier",
        "write an operator before the version",
        'As in requires-python = ">=3.9". "3.9+" and "3.9" have no operator.',
    ),
    (
        r"dependencies\b.{0,60}(?:pep508|PEP 508|invalid)|Dependency #\d+|comparison operator|Expected package name"
        r"|PEP 508|Expected one of `@`|URL requirement|requirement is invalid",
        "has a requirement that PEP 508 does not allow",
        "correct the requirement",
        'As in "numpy>=1.26" or "tomli; python_version < \'3.11\'". A link needs a name before it: "NAME @ https://…".',
    ),
    (
        r"license-files\W{0,4}(?:properties|must be a table)|^Extra keys .{0,100}license-files"
        r"|^Field .project\.license-files. (?:has an invalid type|must be a table)",
        "has license-files in a form that only newer back ends take (PEP 639)",
        *_NEWER,
    ),
    (
        r"expected struct License\b|expected a table with 'file' or 'text' key"
        r"|license field should be .{0,20}dict|^Field .project\.license. has an invalid type"
        r"|^Field `project\.license` must be a table",
        "has a license as text, which only newer back ends take (PEP 639)",
        *_NEWER,
    ),
    (
        r"^`project\.license\b.{0,60}(?:exactly by one|must be valid)",
        "has a license in a form that this setuptools does not take",
        "write the license as text, and build with setuptools 77 or later",
        'license = "MIT" in [project], requires = ["setuptools>=77"] in [build-system]. Older ones take a table: '
        'license = { text = "MIT" }. None takes a list.',
    ),
    (
        r"^Unknown classifier",
        "has a classifier that hatchling's list does not have",
        "correct the classifier, or build with a list that has it",
        "The package trove-classifiers has the list: a newer one knows newer classifiers. Where a distribution's is "
        "used (--no-build-isolation): HATCH_METADATA_CLASSIFIERS_NO_VERIFY=1 leaves the look out.",
    ),
    (
        r"table with 'name' and/or 'email'",
        "has an author or maintainer with other keys than name and email",
        "write them with name and email only",
        'As in authors = [{ name = "NAME", email = "NAME@mirror.example" }]. No other keys, such as orcid.',
    ),
    (
        r"[Ll]icense",
        "has a license in a form that is not allowed",
        "write an SPDX expression",
        'As in license = "MIT OR Apache-2.0"; the files in license-files = ["LICENSE*"].',
    ),
    (
        r"must not contain|[Uu]nrecognised key|Extra keys|unknown field|Additional properties",
        "has a key that the specification does not have",
        "correct the key's name, or remove it",
        "[project] knows authors, not author; urls, not homepage. A tool's own keys go into [tool.NAME].",
    ),
    (
        r"^wanted string or table",
        "has a list, or another value, where this reader takes text or a table",
        "if it is license-files: build with maturin 1.9 or later",
        'The list is right (PEP 639), and older releases do not know it: requires = ["maturin>=1.9,<2.0"], or a newer '
        "maturin where the installed one builds. For another key: write text or a table.",
    ),
    (
        r"invalid type|invalid value|must be|should be|wanted string|does not match any of|missing "
        r"field|data did not match",
        "has a value of the wrong type",
        "write the value as the message says",
        'A sequence is a list: ["a"]. A table is { key = "value" }, or has a line [table] of its own.',
    ),
    (
        # words of TOML's readers: toml, toml_edit, tomli, tomlkit
        r"(?i)duplicate|unexpected|missing comma|must be quoted|literal string|newline|unterminated|unclosed|not closed"
        r"|unescaped|escape|bare key|empty key|key with no value|cannot (?:over|re)|cannot (?:declare|define)|redefin"
        r"|invalid (?:statement|value$|initial|character|basic|inline|array|table|key|string|number|date|escape)"
        r"|control character|end of (?:file|input|document)|eof|already|expected|unbalanced|illegal|extra",
        "is not valid TOML",
        "correct the place that is named",
        "Often a quotation mark or bracket that is not closed, a key that is there twice, or the marks of a merge.",
    ),
    (
        r"",
        "is refused",
        "correct what the message names",
        "The lines after it say what the reader expects there.",
    ),
)
#: Row of :data:`_MEANINGS` for a value that a newer form may have: ``license-files`` is a list since PEP 639.
_LISTED = r"^wanted string or table"


def env(env: Environment) -> Iterator[Finding]:
    """See that maturin cannot read a value in pyproject.toml."""
    yield from refused(env, "pyproject-invalid", "maturin stops before it compiles.")


def log(log: BuildLog) -> Iterator[Finding]:
    """See a reader of pyproject.toml refuse it."""
    found = [
        hit
        for hit in log.find("pyproject-toml-error", "pyproject-refused")
        if hit.kind == "pyproject-refused" or log.near(hit.line, "pyproject-named", before=4, after=1)
    ]
    for hit in found[:1]:
        named = log.near(hit.line, "pyproject-named", before=4, after=1)[:1]
        told = [] if hit.groups["reason"] else log.near(hit.line, "toml-reason", before=0, after=_APART)[:1]
        reason = hit.groups["reason"] or (told[0].groups["reason"] if told else "")
        reason = _newest(log, hit, reason)
        if newer := _of_old_poetry(reason):
            message, fixes = newer
            yield finding_from_hits(log, [hit], message, f"Poetry stops before it does anything: {reason}"[:200], fixes)
            continue
        key = next((one.groups["key"] for one in log.near(hit.line, "toml-key", before=0, after=_APART)), "")
        state, title, notes = _meaning(reason, key, syntax="TOMLDecodeError" in hit.text)
        where = [f"line {hit.groups['row']}"] if hit.groups["row"] else []
        place = f" ({', '.join([*where, *([key] if key and key not in state else [])])})" if where or key else ""
        yield finding_from_hits(
            log,
            sorted([*named, hit, *told], key=lambda one: one.line),
            f"pyproject.toml {state}{place}",
            f"The build stops before anything is built{f': {reason}' if reason else '.'}",
            (Fix(title, notes=notes), *_of_another(log, hit)),
        )


#: Keys of [tool.poetry], and the first Poetry that knows each (its release notes; seen with 1.1.15, 1.4.2, 1.8.5 and
#: 2.5).
_POETRYS = {
    "group": "1.2",
    "priority": "1.5",
    "package-mode": "1.8",
    "requires-poetry": "2.0",
    "requires-plugins": "2.0",
}
_UNEXPECTED = re.compile(
    r"^(?:\[source\.\d+\] )?Additional properties are not allowed \((?P<keys>.{1,200}?) "
    r"(?:was|were) unexpected"
)


def _newest(log: BuildLog, hit: Hit, reason: str) -> str:
    """Return that line of Poetry's list which tells that Poetry is too old, else *reason*."""
    if "Poetry" not in hit.text:
        return reason
    others = (one.groups["reason"] for one in log.near(hit.line, "poetry-reason", after=_APART))
    return next((other for other in others if _unknown_to_poetry(other)), reason)


def _unknown_to_poetry(reason: str) -> list[str]:
    """Return the keys in *reason* that a newer Poetry knows."""
    match = _UNEXPECTED.match(reason)
    return [key for key in re.findall(r"'([\w-]{1,40})'", match["keys"]) if key in _POETRYS] if match else []


def _of_old_poetry(reason: str) -> tuple[str, tuple[Fix, ...]] | None:
    """Return the message and the fixes for a *reason* that is mostly Poetry's age, if it is one."""
    if keys := _unknown_to_poetry(reason):
        version = max((_POETRYS[key] for key in keys), key=version_key)
        return (
            f"this Poetry is too old for pyproject.toml: it knows {', '.join(keys)} from {version} on",
            (_update_poetry(version, ""),),
        )
    if "[tool.poetry] section not found" in reason or re.match(r"'\w{1,20}' is a required property", reason):
        return (
            "Poetry finds no project in [tool.poetry]; a Poetry before 2 does not read [project]",
            (
                _update_poetry("2.0", "If pyproject.toml has a table [project] with name and version, that is all."),
                Fix(
                    "else write name, version, description and authors",
                    notes="In [project], or in [tool.poetry] for an older Poetry. A project without [tool.poetry] is "
                    "often "
                    "another tool's: [build-system] names it.",
                ),
            ),
        )
    return None


def _update_poetry(version: str, notes: str) -> Fix:
    return Fix(
        f"update Poetry to {version} or later",
        (Command(f"python3 -m pip install --upgrade 'poetry>={version}'", FixStage.TOOLCHAIN),),
        notes=f"{notes} As it was installed: pipx upgrade poetry, poetry self update, poetry-version of an action, a "
        f"newer "
        "image. Poetry 1.2 needs Python 3.7, 2 needs 3.9.".strip(),
    )


_APART = 12  # lines from the place of an error to its reason, where another stream's are between them


def _meaning(reason: str, key: str, *, syntax: bool) -> tuple[str, str, str]:
    """Return what *reason*, which may be about the value of *key*, means: the message, the fix and its notes.

    With *syntax* the reader says that it is no TOML.
    """
    if syntax:
        row = next(row for row in _MEANINGS if row[1] == "is not valid TOML")
    elif reason and re.search(_LISTED, reason) and key == "license-files":
        return "has license-files in a form that only newer back ends take (PEP 639)", *_NEWER
    else:
        row = next(row for row in _MEANINGS if re.search(row[0], reason) or not row[0])
    return row[1], row[2], row[3]


def _of_another(log: BuildLog, hit: Hit) -> tuple[Fix, ...]:
    """Return the fix for a package that pip has downloaded: its file cannot be corrected."""
    if not [one for one in log.find("sdist-note") if one.line < hit.line]:
        return ()
    old = "configuration error" in hit.text
    return (
        Fix(
            "if it is another project's: build it with the back end that it was written for"
            if old
            else "if it is another project's: take a release that this back end accepts",
            build_with("setuptools<77", "PACKAGE") if old else (),
            notes="Or take a release that the newer one accepts."
            if old
            else "A newer or older one; report it to the project.",
        ),
    )
