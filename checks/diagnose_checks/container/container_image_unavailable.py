"""The container image does not exist under this name, or the registry denies access.

A registry answers ``manifest unknown`` for a missing tag, and ``denied`` both for a private image and for a name that
does not exist. Images of pypa/manylinux, rust-cross and cross-rs are named after architecture and policy; not every
combination exists, and old images were removed.

How to fix: check the name; log in for a private image; configure an image that exists.

References:
    https://github.com/pypa/manylinux#docker-images
    https://github.com/rust-cross/manylinux-cross
    https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits, is_later
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit

leads_to = is_later
CHECK = Check(
    since="0.1.0",
    phase=Phase.START,
    patterns=patterns_for(
        "no-image",
        ("manifest unknown", r"manifest for (?P<image>\S+) not found: manifest unknown"),
        ("manifests/", r"/v2/(?P<image>\S{1,200})/manifests/[^\s\"/]{1,100}\"?: (?:denied|unauthorized|unknown)"),
        (
            "unexpected status from",
            r"failed to resolve source metadata for (?P<image>[^\s:]+(?::[\w.-]+)?): unexpected status from \w{3,5} "
            r"request to "
            r"\S{1,300}: 40[134]\b",
        ),
        (
            "rror from registry: ",
            r"^(?:ERROR: |Error: )?Error response from daemon: error from registry: (?:denied|unauthorized)(?P<image>)",
        ),
        (
            "nvalid reference format",
            r"^(?:ERROR: |Error: )?(?:(?:\S.{0,200}[/\\])?docker(?:\.exe)?: |Error response from daemon: |"
            r"failed to build: |parsing reference \"[^\"]{0,200}\": "
            r"|invalid argument \".{0,200}\" for \"-t, --tag\" flag: "
            r"|invalid tag \"[^\"]{0,200}\": ){1,3}invalid reference format"
            r"(?:: repository name (?:\(library/)?\(?(?P<named>[^)]{1,200})\) must be lowercase)?(?P<image>)",
        ),
        (
            "did not resolve to an alias",
            r"short-name \"(?P<short>(?P<image>[^\"]{1,200}))\" did not resolve to an alias",
        ),
        ("pull access denied", r"pull access denied for (?P<image>[^\s,]+)"),
        ("pull access denied", r"pull access denied(?P<image>), repository does not exist"),
        ("manifest unknown", r"(?<!\S)(?P<image>[\w.-]{1,100}[/:][\w./:@-]{1,200}): (?:.{0,120}: )?manifest unknown"),
        ("manifest unknown", r"^(?:Error response from daemon: |Error: )?manifest unknown(?P<image>)"),
        (
            "failed to resolve source metadata",
            r"failed to resolve source metadata for (?P<image>[^\s:]+(?::[\w.-]+)?): "
            r"(?!.{0,400}no match for platform).{0,400}not found",
        ),
        (
            "failed to solve",
            r"failed to solve(?: with frontend \S+)?: (?:failed to create LLB definition: )?"
            r"(?P<image>[\w./-]+(?::[\w.-]+)?): not found",
        ),
        ("response from daemon", r"Error response from daemon: (?:unauthorized|denied): (?P<image>)"),
        ("does not exist or no pull access", r"(?<!\S)(?P<image>\S+) does not exist or no pull access"),
        (  # podman
            "reading manifest ",
            r"reading manifest \S{1,100} in (?P<image>[\w./:@-]{1,200}): (?:denied|unauthorized|manifest "
            r"unknown|name unknown)",
        ),
    )
    + patterns_for(
        "image-pulled",
        ("pull ", r"\b(?:docker|podman)\b.{0,200} pull (?:-\S{1,60} )*(?P<image>[\w./:@-]{1,200})$"),
        ("Pulling from ", r"^(?P<tag>[\w.-]{1,60}): Pulling from (?P<image>[\w./:-]{1,200})$"),
        ("Trying to pull ", r"^Trying to pull (?P<image>[\w./:@-]{1,200}?)\.{0,3}$"),
    ),
)
_BESIDE = 3  # lines


def log(log: BuildLog) -> Iterator[Finding]:
    """See the registry reject the image."""
    hits = log.find("no-image")
    named = [hit for hit in hits if hit.groups["image"]]
    for hit in [hit for hit in hits if "invalid reference format" in hit.text][:1]:
        name = hit.groups["named"]
        yield finding_from_hits(
            log,
            [hit],
            f"{name} cannot be an image's name: it has capital letters"
            if name
            else "docker gets a word for the image that cannot be an image's name",
            "The container does not start.",
            [
                Fix(
                    "write the name in lower case, and look what its variables hold",
                    notes="An empty variable leaves `:tag` or `name:`. An option's value with a blank needs quotation "
                    "marks: "
                    '-v "$PWD:/io". In GitHub Actions: ${GITHUB_REPOSITORY,,} is the name in lower case.',
                )
            ],
        )
        return
    for hit in (named or [hit for hit in hits if _is_last(log, hit)])[:1]:
        image = hit.groups["image"].strip("'\"`") or _pulled(log, hit)
        if hit.groups["short"]:
            yield finding_from_hits(
                log,
                [hit],
                f"Podman does not know in which registry {image} is",
                "The container does not start.",
                [
                    Fix(
                        "write the name with its registry",
                        notes=f"As in docker.io/library/{image} or quay.io/OWNER/{image}.",
                    )
                ],
            )
            return
        yield finding_from_hits(
            log,
            [hit],
            f"the registry does not have {image}, or denies access",
            "The container does not start.",
            [
                Fix(
                    "use an image that exists",
                    notes="`denied` is also the answer for a name that does not exist. Log in if the image is private.",
                )
            ],
        )


def _pulled(log: BuildLog, hit: Hit) -> str:
    """Return the image that a line shortly before *hit* pulls."""
    for note in reversed(log.near(hit.line, "image-pulled", before=10, after=0)):
        return f"{note.groups['image']}:{note.groups['tag']}" if note.groups["tag"] else note.groups["image"]
    return "the image"


def _is_last(log: BuildLog, hit: Hit) -> bool:
    """Whether nothing else fails later: a script may look whether an image is there before it builds it."""
    return all(event.line <= hit.line + _BESIDE for event in log.course.events if event.failure)
