"""The keyring has no store for passwords that can be used here.

twine, pip, Poetry, uv and others ask Python's ``keyring`` for passwords. On a machine without a desktop there is no
store: no D-Bus session, no Secret Service, or one that is locked. The tool then stops, or waits for an answer
to a question on no screen.

How to fix: give the password in a variable, and turn the keyring off.

References:
    https://keyring.readthedocs.io/en/latest/#disabling-keyring
    https://python-poetry.org/docs/repositories/#configuring-credentials
    https://pip.pypa.io/en/stable/topics/authentication/#keyring-support
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
    patterns=patterns_for(
        "keyring-unusable",
        ("No recommended backend was av", r"NoKeyringError: No recommended backend was available"),
        ("keyring.errors.", r"^keyring\.errors\.(?:InitError|KeyringLocked|NoKeyringError|PasswordSetError)\b"),
        (
            "secretstorage.exceptions.",
            r"^secretstorage\.exceptions\.(?:LockedException|SecretServiceNotAvailableException|PromptDismissedException)\b",
        ),
        ("SecretServiceNotAvailableExc", r"^SecretServiceNotAvailableException$"),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See keyring or the Secret Service give no password."""
    hits = log.find("keyring-unusable")
    if not hits:
        return
    locked = any("ocked" in hit.text or "unlock" in hit.text for hit in hits)
    yield finding_from_hits(
        log,
        hits,
        "the keyring is locked, and nothing here can unlock it"
        if locked
        else "the keyring has no store on this machine",
        "The tool gets no password, and stops.",
        (
            Fix(
                "turn the keyring off",
                env=(("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring"),),
                notes="pip: --keyring-provider disabled. Poetry: poetry config keyring.enabled false. uv asks none "
                "without --keyring-provider.",
            ),
            Fix(
                "give the password in variables",
                notes="twine: TWINE_USERNAME, TWINE_PASSWORD. Poetry: POETRY_PYPI_TOKEN_PYPI, "
                "POETRY_HTTP_BASIC_NAME_USERNAME and …_PASSWORD. maturin: MATURIN_PYPI_TOKEN. uv: UV_PUBLISH_TOKEN.",
            ),
        ),
    )
