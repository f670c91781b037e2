"""git has no access to a repository that the build needs.

Dependencies from git (``git+https://…``, ``git = "…"`` in Cargo.toml, submodules) are fetched where the build runs. A
private repository asks for a name and password, which a build cannot type; by ssh, the machine needs a key, and has
to know the server's.

How to fix: give the build a token or a key for that repository; in CI, name it in the step that checks out, and pass
it into the container. Public repositories: use https, not ssh.

References:
    https://doc.rust-lang.org/cargo/appendix/git-authentication.html
    https://docs.github.com/actions/checkout
"""

from __future__ import annotations

from diagnose.authoring.log import builds_rust, finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(
    since="0.1.0",
    phase=Phase.START,
    patterns=patterns_for(
        "git-denied",
        ("could not read Username", r"fatal: could not read Username for '(?P<url>[^']{1,300})'"),
        ("could not read Password", r"fatal: could not read Password for '(?P<url>[^']{1,300})'"),
        ("Authentication failed for", r"fatal: Authentication failed for '(?P<url>[^']{1,300})'"),
        ("ermission denied (publickey", r"(?P<ssh>[Pp]ermission denied \(publickey)"),
        ("ost key verification failed", r"(?P<ssh>Host key verification failed)"),
        ("failed to authenticate when", r"failed to authenticate when downloading repository"),
        ("no authentication methods suc", r"no authentication methods succeeded"),
        (
            "' not found",
            r"^(?:stderr: )?fatal: repository "
            r"'(?P<url>(?:https?|ssh)://[^'/]{0,60}(?:github|gitlab|bitbucket)[^']{1,300})' not found",
        ),
        (
            "epository not found.",
            r"^(?:stderr: )?remote: Repository not found\.|^ERROR: (?P<ssh>Repository) not found\.",
        ),
        ("ccess denied", r"^(?:stderr: )?remote: HTTP Basic: Access denied"),
        ("password authentication was", r"Support for password authentication was removed"),
        (
            "unknown SSH host key",
            r"^(?:error|Caused by): (?:error: )?(?P<ssh>unknown SSH host key)|^error: unknown SSH host key",
        ),
        ("ould not read from remote rep", r"^(?:stderr: )?fatal: (?P<ssh>Could not read from remote repository)"),
        ("acquire username/password", r"failed to acquire username/password from local configuration"),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See a server refuse git the access to a repository."""
    hits = log.find("git-denied")
    if not hits:
        return
    url = next((hit.groups["url"] for hit in hits if hit.groups["url"]), "")
    ssh = any(hit.groups["ssh"] for hit in hits)
    fixes = [
        Fix(
            "give the build access: a token for https, or a key for ssh",
            notes="GitHub Actions: actions/checkout with a token of its own and submodules: recursive. In a "
            "Dockerfile: "
            "RUN --mount=type=ssh, and `docker build --ssh default`.",
        )
    ]
    if ssh:
        fixes.insert(
            0,
            Fix(
                "if the repository is public: fetch it by https",
                (
                    Command(
                        "git config --global url.https://github.com/.insteadOf ssh://git@github.com/",
                        FixStage.TOOLCHAIN,
                    ),
                    Command(
                        "git config --global --add url.https://github.com/.insteadOf git@github.com:",
                        FixStage.TOOLCHAIN,
                    ),
                ),
            ),
        )
    if builds_rust(log) or any("authenticate" in hit.text for hit in hits):
        fixes.append(
            Fix(
                "let cargo use the git program, with its own settings for access",
                env=(("CARGO_NET_GIT_FETCH_WITH_CLI", "true"),),
            )
        )
    yield finding_from_hits(
        log,
        hits,
        f"git has no access to {url}" if url else "git has no access to a repository that the build needs",
        "The sources are missing. GitHub asks for a login also where a repository does not exist, or no longer.",
        fixes,
    )
