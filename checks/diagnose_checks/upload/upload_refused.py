"""The package index refuses the upload for a reason outside the file.

A file name can be used once, even after the file was deleted. Releases that are older than 14 days accept no new files
(since July 2026). A token may be for another project. A description may not render. The metadata may have a version
that the index does not know yet.

How to fix: raise the version for a new release. For an existing release, skip uploaded files with ``--skip-existing``.
Upload all wheels of a release within its first 14 days.

References:
    https://github.com/pypi/warehouse/blob/main/warehouse/forklift/legacy.py
    https://github.com/pypi/warehouse/pull/19727
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
    phase=Phase.LATER,
    log_kinds=("tag-rejected",),
    patterns=patterns_for(
        "upload-refused",
        ("entity already exists", r"Requested entity already exists"),
        ("already exists", r"\b400 .{0,200}[Ff]ile already exists"),
        ("already exists for", r"HTTPError: 400 .{0,60}A file named \"[^\"]{1,300}\" already exists"),
        ("ile already exists", r"File already exists\.?\s+\(?['\"]?\S+\.(?:whl|tar\.gz)", 3),
        ("HTTPError: 409 ", r"HTTPError: 409 (?:Client Error: )?Conflict"),
        ("cannot be updated", r"(?<![\w.+-])[\w.+-]{1,300}\.(?:whl|tar\.gz|zip) cannot be updated"),  # Nexus
        ("not allow updating assets", r"Repository does not allow updating assets"),
        ("lready been used", r"(?P<used>filename has already been used|This filename has already been used)"),
        ("14 days", r"(?P<old>older than 14 days|more than 14 days|14 days (?:old|ago))"),
        ("nvalid or non-existent", r"(?P<unknown>Invalid or non-existent authentication)"),
        ("Credential not found for", r"NonInteractive: (?P<unknown>Credential not found for (?:password|username))"),
        ("sername and/or password are", r"(?P<unknown>Username and/or password are (?:possibly )?wrong)"),  # maturin
        ("allowed to upload to project", r"(?P<owner>isn't allowed to upload to project '(?P<project>[^']{1,100})')"),
        ("authentication is no longer", r"(?P<unknown>Username/Password authentication is no longer) supported"),
        ("403 ", r"HTTPError: 403 (?:Client Error: )?(?P<token>Forbidden|Invalid).{0,200}/legacy/"),
        (
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
            r"(?P<permission>ACTIONS_ID_TOKEN_REQUEST_TOKEN) environment variable was unset",
        ),
        ("rusted publishing exchange", r"(?P<trusted>Trusted publishing exchange failure)"),
        ("oken for trusted publishing", r"(?P<trusted>Failed to obtain token for trusted publishing)"),  # uv
        (
            "ACTIONS_ID_TOKEN_REQUEST_",
            r"[Ee]nvironment variable `?(?P<permission>ACTIONS_ID_TOKEN_REQUEST_\w{1,10})`? (?:is )?not set",
        ),
        ("invalid-publisher", r"(?:^|`)(?P<trusted>invalid-publisher)(?:`|: )"),
        ("invalid-pending-publisher", r"(?:^|`)(?P<pending>invalid-pending-publisher)(?:`|: )"),
        ("invalid-payload", r"(?:^|`)(?P<trusted>invalid-payload)(?:`|: )"),
        ("Token request failed: ", r"^(?P<trusted>Token request failed): the (?:server refused|index produced)"),
        ("OpenID Connect token retriev", r"(?P<trusted>OpenID Connect token) retrieval failed"),
        ("HTTPError: 400", r"HTTPError: (?P<silent>400) (?:Client Error: )?Bad Request (?:for url:|from) \S{1,200}"),
    )
    + patterns_for(
        "upload-answer",
        # twine and its verbose form, older twine, uv, maturin
        ("HTTPError: 40", r"HTTPError: 4[01]\d [\w ]{3,30} from \S+\s+(?P<why>\S.{0,300})", 4),
        ("Response from", r"Response from \w{1,9}://\S{1,200}:\s{1,9}(?P<why>40\d (?:(?! INFO |<).){1,300})", 4),
        ("Client Error: ", r"HTTPError: 4[01]\d Client Error: (?P<why>.{1,600}?) for url: \S+/(?:legacy|pypi)\b"),
        ("Server says: ", r"Server says: (?P<why>.{1,300})"),
        ("<title>40", r"<title>(?P<why>40\d .{1,300}?)</title>"),
    ),
)
#: Words of the index about the file itself, and the field or rule that they are about.
_METADATA = (
    r"[Cc]lassifier|[Ee]-?mail|not a valid (?:url|SPDX|dynamic|name|PEP)|is an invalid value for|Invalid (?:value|URI)"
    r"|[Rr]equires[-_][Pp]ython|[Rr]equires[-_][Dd]ist|[Mm]etadata|License-(?:Expression|File)|[Ss]ummary|home_page|"
    r"project_url"
)
#: Reasons that other checks know.
_KNOWN = (
    r"Binary\s*wheel|unsupported\s*plat|File already exists|authentication|Forbidden"
    r"|compression|File too large|^(?:Bad Request|Client Error)?[.\s]*$|<[ht]"
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See the index reject a file."""
    hits = log.find("upload-refused")
    if log.find("upload-too-large"):
        return  # wheel-too-large
    if not hits:
        yield from _answers(log)
        return
    hit = hits[0]
    if any(one.groups["old"] for one in hits):
        message = "the release is older than 14 days and accepts no new files"
        fixes: tuple[Fix, ...] = (Fix("publish a new version, with all its wheels at once"),)
    elif any(one.groups["pending"] for one in hits):
        message = "the index has a pending publisher for this job, and the project exists already"
        fixes = (
            Fix(
                "let an owner of the project register this job as its publisher",
                notes="In the project's own settings; a pending publisher only makes a new project. If the project is "
                "another's: take another name.",
            ),
        )
    elif any(one.groups["trusted"] or one.groups["permission"] for one in hits):
        message, fixes = _trusted(hits)
    elif all(one.groups["silent"] for one in hits):
        yield from _silent(log, hits)
        return
    elif owned := next((one.groups["project"] for one in hits if one.groups["owner"]), ""):
        message = f"the account may not upload to the project {owned}"
        fixes = (
            Fix(
                "take another name, or let an owner of the project add the account",
                notes="The name is another's project, or the token is another account's. Names that differ in case, "
                "hyphens, dots and underscores are one.",
            ),
        )
    elif any(one.groups["unknown"] for one in hits):
        message = "the index does not know the user name and password, or the token"
        fixes = (
            Fix(
                "pass a token of the index that is uploaded to",
                env=(("TWINE_USERNAME", "__token__"),),
                notes="Put the token into TWINE_PASSWORD (uv: UV_PUBLISH_TOKEN, maturin: MATURIN_PYPI_TOKEN), with "
                "its prefix "
                "pypi-, and without quotes or a line end. Passwords are not accepted, and the test index has its own "
                "tokens. "
                "In CI an empty secret looks like this, too: pull requests of forks get none.",
            ),
        )
    elif hit.groups["token"]:
        message = "the index does not accept the token for this project"
        fixes = (
            Fix(
                "check the scope of the token",
                notes="The user name is __token__. A token of one project uploads to that project only. Trusted "
                "publishing needs `id-token: write`, and the workflow and environment that are registered.",
            ),
        )
    else:
        message = "a file of this name was uploaded before"
        fixes = (
            Fix("raise the version", notes="A file name cannot be reused, even after the file was deleted."),
            Fix(
                "skip files that were uploaded before",
                (Command("twine upload --skip-existing dist/*", FixStage.BUILD),),
                notes="maturin upload has the same option. With uv: uv publish --check-url URL.",
            ),
        )
    yield finding_from_hits(log, hits, message, "The file is not uploaded.", fixes)


def _trusted(hits: list[Hit]) -> tuple[str, tuple[Fix, ...]]:
    """Return the message and the fix of a refused trusted publisher."""
    if any(one.groups["permission"] for one in hits):
        return "the job may not ask for the token of trusted publishing", (
            Fix(
                "give the job the permission",
                notes="permissions: id-token: write, at the job that publishes. A reusable workflow needs it in its "
                "caller, "
                "too; pull requests of forks never have it. To publish with a token instead: set `password`.",
            ),
        )
    return "the index knows no trusted publisher that fits this job", (
        Fix(
            "register what the job says of itself",
            notes="Owner, repository, file name of the workflow and environment must be the same on the index; the "
            "log lists "
            "them as claims. A reusable workflow cannot be the publisher: call the action in the workflow itself.",
        ),
    )


def _silent(log: BuildLog, hits: list[Hit]) -> Iterator[Finding]:
    """Yield that the index gave no reason, unless the log has one in other words."""
    answers = list(_answers(log))
    if answers or log.find("tag-rejected", "description-rejected"):
        yield from answers
        return
    yield finding_from_hits(
        log,
        hits,
        "the index refuses the upload, and twine does not show why",
        "The file is not uploaded.",
        (
            Fix(
                "let twine show the answer",
                (Command("twine upload --verbose dist/*", FixStage.BUILD),),
                notes="In pypa/gh-action-pypi-publish: verbose: true. The usual reason is a file of this name that "
                "was uploaded "
                "before: skip-existing: true.",
            ),
        ),
    )


def _answers(log: BuildLog) -> Iterator[Finding]:
    """Yield the index's own reason, where no other check knows it."""
    for hit in log.find("upload-answer"):
        why = re.sub(r"^40\d (?:Bad Request )?|\s*See https?://.*", "", re.sub(r"\s+", " ", hit.groups["why"])).strip()
        if log.find("tag-rejected") or re.search(_KNOWN, why):
            continue
        if started := re.match(r"Start filename for '?([\w.-]{1,100}?)'? with ", why):
            # warehouse compares the start of the file's name with the name in its metadata
            yield finding_from_hits(
                log,
                [hit],
                f"the file's name does not begin with {started[1]}, the name that is in its metadata",
                "The file is not uploaded.",
                (
                    Fix(
                        "build the file again, and let its tool name it",
                        notes="name of [project] and the file's name have to be the same project. A file that was "
                        "renamed differs, or one that holds the metadata (*.egg-info, PKG-INFO) of another project.",
                    ),
                    Fix(
                        "upload several projects one by one",
                        (Command("twine upload FILE", FixStage.BUILD),),
                        notes="With a current twine: `python3 -m pip install --upgrade twine`.",
                    ),
                ),
            )
            return
        if ("not found at" in why or "does not contain the required" in why) and ".dist-info" in why:
            fix = Fix(
                "build the wheel again with the name and version of its metadata",
                notes="The index looks for the file in NAME-VERSION.dist-info, with NAME and VERSION as in the wheel's "
                "file name. A wheel that was renamed, or whose version is written in another way, has another folder. "
                "A name with capitals or a dot: build with a current setuptools, which writes both in lower case.",
            )
        elif re.search("(?i)'?summary'? has invalid data", why):
            fix = Fix(
                "write the description in one line, of at most 512 characters",
                notes="description of [project] in pyproject.toml, or of [package] in Cargo.toml.",
            )
        elif why.startswith("Gone"):
            fix = Fix(
                "upload to the address of today",
                (Command("twine upload -r pypi dist/*", FixStage.BUILD),),
                notes="Remove the old `repository` from ~/.pypirc: twine knows the index's address by that name.",
            )
        elif "failed to render" in why:
            fix = Fix(
                "correct the description",
                (Command("twine check --strict dist/*", FixStage.BUILD),),
                notes='It names the line. Name the format: readme = { file = …, content-type = "text/markdown" }.',
            )
        elif re.search(_METADATA, why):
            fix = Fix(
                "correct the metadata in pyproject.toml, and build again",
                notes="`diagnose wheel dist/*` shows such errors before an upload.",
            )
        else:
            fix = Fix("follow the index's reason", notes="`twine upload --verbose` shows its whole answer.")
        yield finding_from_hits(
            log, [hit], f"the index refuses the file: {why[:160]}", "The file is not uploaded.", (fix,)
        )
        return
