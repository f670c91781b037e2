"""An index answers, but not with a list of files.

pip and uv read the lists of an index as HTML or JSON, and know which one by the header Content-Type. A proxy, a page
for logging in, a mirror in trouble, or an address that is not one of an index gives something else. pip then leaves the
page out with a warning, and its last words are that no version exists.

How to fix: look at the answer with ``curl -sI``. Correct the address, which mostly ends in ``/simple/``, or the server;
after a broken answer, run it again without the cache.

References:
    https://packaging.python.org/en/latest/specifications/simple-repository-api/
    https://pip.pypa.io/en/stable/cli/pip_install/#finding-packages
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
    phase=Phase.START,
    log_kinds=("no-versions", "no-distribution"),
    patterns=patterns_for(
        "index-page-skipped",
        (
            "request got Content-Type",
            r"Skipping page (?P<url>\S{1,400}) because the \w{3,6} request got Content-Type: ?(?P<type>[\w/+.-]{0,80})",
        ),
        (
            "it looks like an archive",
            r"Skipping page (?P<url>\S{1,400}) because it looks like an archive, and "
            r"cannot be",
        ),
        (
            "is ignored",
            r"^(?:WARNING: )?(?:Location|Url) '(?P<place>[^']{1,300})' is ignored[:.] [Ii]t is (?:either a "
            r"non-existing|neither)",
        ),
        ("seems invalid, please", r"^(?:WARNING: )?The index url \"(?P<bare>[^\"]{1,300})\" seems invalid"),
    )
    + patterns_for(
        "index-unreadable",
        # uv
        ("Content-Type", r"^error: Missing `Content-Type` header for `(?P<url>[^`]{1,400})`"),
        ("Content-Type", r"^error: Unsupported `Content-Type` \"(?P<type>[^\"]{1,80})\" for `(?P<url>[^`]{1,400})`"),
        ("unexpected JSON", r"Received some unexpected (?P<type>JSON|HTML) from `?(?P<url>[^`\s]{1,400})"),
    ),
)
_ABOVE = 60  # lines


def log(log: BuildLog) -> Iterator[Finding]:
    """See pip leave a page of an index out and then find nothing, or uv refuse one."""
    for hit in log.find("index-unreadable")[:1]:
        yield _of_answer(log, [hit])
        return
    for last in [*log.find("no-versions"), *log.find("no-distribution")]:
        if last.groups["others"]:
            continue
        skipped = log.near(last.line, "index-page-skipped", before=_ABOVE)
        of_package = [hit for hit in skipped if _is_of(hit, last.groups["package"])] or [
            hit for hit in skipped if not hit.groups["url"]
        ]
        if of_package:
            first = of_package[0]
            yield _of_place(log, first, last) if not first.groups["url"] else _of_answer(log, [of_package[-1], last])
            return


def _is_of(hit: Hit, package: str) -> bool:
    """Whether the page that *hit* names lists the files of *package*."""
    name = re.sub(r"[-_.]+", "-", package.partition("[")[0]).lower()
    return re.sub(r"[-_.]+", "-", hit.groups["url"].rstrip("/").rpartition("/")[2]).lower() == name


def _of_answer(log: BuildLog, hits: list[Hit]) -> Finding:
    said = hits[0].groups
    url = re.sub(r"//[^/@\s]{1,300}@", "//", said["url"])
    kind = said["type"].strip(".")
    what = f"has the Content-Type {kind}" if "/" in kind else "does not say that it is HTML or JSON"
    if kind in ("JSON", "HTML"):
        what = f"is not valid {kind}"
    package = next((hit.groups["package"] for hit in hits if "package" in hit.groups), "") or "PACKAGE"
    return finding_from_hits(
        log,
        hits,
        f"the index answers, but not with a list of files: the answer {what}: {url}",
        "Nothing is installed: whether the package exists there is not known.",
        [
            Fix(
                "run it again, without the cache",
                (Command(f"python3 -m pip install --no-cache-dir {package}", FixStage.BUILD),),
                notes="With uv: --refresh. A mirror or proxy that is busy gives such "
                "answers now and then, and several pips that share one cache at the same time (tox -p) damage each "
                "other's.",
            ),
            Fix(
                "if it stays so: look at the answer, and correct the address or the server",
                (Command(f"curl -sIL {url}", FixStage.BUILD),),
                notes="text/html or application/vnd.pypi.simple.v1+json is right. The address of an index mostly "
                "ends in "
                "/simple/; a page for logging in, or of a proxy, is HTML without files.",
            ),
        ],
    )


def _of_place(log: BuildLog, hit: Hit, last: Hit) -> Finding:
    """Return that a folder or address that pip was given does not exist."""
    place = hit.groups["place"] or hit.groups["bare"]
    return finding_from_hits(
        log,
        [hit, last],
        f"pip ignores {place}: there is no such folder, or it is an address without https://",
        "Nothing is installed: pip did not look there.",
        [
            Fix(
                "correct --find-links or --index-url, also in pip's configuration and in PIP_ variables",
                (Command("python3 -m pip config list", FixStage.TOOLCHAIN),),
                notes="A folder is relative to where the command runs; in a container it has to be mounted or "
                "copied. An "
                "address begins with https:// or file://.",
            )
        ],
    )
