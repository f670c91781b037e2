"""cargo has no token for a registry.

A private registry wants a token for every download, and each registry one for ``cargo publish``. cargo reads it from
``CARGO_REGISTRIES_NAME_TOKEN``, from what ``cargo login`` wrote into its home folder, or asks a credential provider.
A container has neither the home folder nor the variables of the machine that starts it.

How to fix: hand the variable to where cargo runs.

References:
    https://doc.rust-lang.org/cargo/reference/registry-authentication.html
    https://doc.rust-lang.org/cargo/reference/config.html#credentials
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(
    since="0.1.0",
    phase=Phase.RUST,
    patterns=patterns_for(
        "no-cargo-token",
        ("no token found for `", r"no token found for `(?P<registry>[^`]{1,100})`, please run `cargo login"),
        ("no token found, please run", r"no token found, please run `cargo login(?P<registry>)"),
        (
            "authenticated registries require",
            r"authenticated registries require a credential-provider to be configured(?P<registry>)",
        ),
        ("token rejected for `", r"token rejected for `(?P<registry>[^`]{1,100})`(?P<rejected>)"),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See cargo ask for a token."""
    for hit in log.find("no-cargo-token")[-1:]:
        name = hit.groups["registry"].strip()
        own = "" if name in ("", "crates-io") else name
        variable = f"CARGO_REGISTRIES_{own.upper().replace('-', '_')}_TOKEN" if own else "CARGO_REGISTRY_TOKEN"
        provider = "credential-provider" in hit.text
        rejected = "rejected" in hit.groups
        yield finding_from_hits(
            log,
            [hit],
            f"the registry {own or 'of the crate'} rejects cargo's token"
            if rejected
            else f"cargo has no token for the registry {own or 'of the crate'}"
            if not provider
            else "cargo has no credential provider for a registry that wants a token",
            "Its crates are neither downloaded nor published.",
            (
                Fix(
                    "hand the token to where cargo runs",
                    env=(
                        (variable, "TOKEN"),
                        *((("CARGO_REGISTRY_GLOBAL_CREDENTIAL_PROVIDERS", "cargo:token"),) if provider else ()),
                    ),
                    notes="Into a container: docker run -e NAME; cibuildwheel: CIBW_ENVIRONMENT_PASS_LINUX; "
                    "maturin-action: docker-options: -e NAME. In CI it comes from a secret, which forks do not get. "
                    'Some registries want the word before it: "Bearer TOKEN".',
                ),
                Fix(
                    "on a machine of your own: log in once",
                    (Command(f"cargo login{f' --registry {own}' if own else ''}", FixStage.BUILD),),
                ),
            ),
        )
