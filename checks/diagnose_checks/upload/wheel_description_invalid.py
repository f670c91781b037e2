"""The project's description is not valid reStructuredText, so the package index refuses the wheel.

The index renders the description of every upload. Markdown and plain text always render. reStructuredText does not: the
first warning of docutils is a refusal, and Sphinx's own directives and roles (``:ref:``, ``.. toctree::``) are unknown
to docutils. A description without ``Description-Content-Type`` is rendered as reStructuredText, which is how a Markdown
readme fails. Installers do not read descriptions.

Only what stands at the left margin is examined, and only flaws that are certain; ``twine check`` renders all of it.

How to fix: declare the format of the readme (``readme = "README.md"`` in pyproject.toml, or
``long_description_content_type="text/markdown"`` in setup.py); or correct the readme. Then build the wheel again.

References:
    https://packaging.python.org/en/latest/specifications/core-metadata/#description-content-type
    https://packaging.python.org/en/latest/guides/making-a-pypi-friendly-readme/
    https://github.com/pypa/readme_renderer
"""

from __future__ import annotations

from diagnose.authoring.wheel import bounded, shorten
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Evidence, Finding, Fix, Severity
from diagnose.readers.wheel.metadata import values

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.wheel.reader import Wheel


def _type(wheel: Wheel) -> str:
    """Return the declared content type without parameters; empty if there is no declaration."""
    found = values(wheel.metadata.core, "description-content-type")
    return found[0].partition(";")[0].strip().lower() if found else ""


def _is_restructured(wheel: Wheel) -> bool:
    return wheel.metadata.description.strip() not in ("", "UNKNOWN") and _type(wheel) in ("", "text/x-rst")


CHECK = Check(since="0.1.0", applies=_is_restructured)


def wheel(wheel: Wheel) -> Iterator[Finding]:
    """See markup at which docutils stops."""
    if not _is_restructured(wheel):
        return
    from diagnose.readers.wheel import markup

    flaws = markup.flaws(wheel.metadata.description)
    if not flaws:
        return
    kind, path = _type(wheel), f"{wheel.dist_info}/METADATA"
    declared = "Description-Content-Type: text/x-rst" if kind else "no Description-Content-Type, so reStructuredText"
    places = [Evidence(shorten(f"line {flaw.line} of the description: {flaw.says}"), path) for flaw in flaws]
    message = f"The description failed to render for '{kind}'" if kind else "The description failed to render"
    yield Finding(
        "has a description that does not render",
        Severity.WARNING,
        bounded([Evidence(declared, path), *places], "places"),
        f"the package index refuses the upload: {message}",
        (
            *(() if kind else (_declare(),)),
            Fix(
                "correct the readme, and build the wheel again",
                notes="`twine check` renders it as the index does; it stops at the first error.",
            ),
        ),
    )


def _declare() -> Fix:
    return Fix(
        "declare the readme's format, and build the wheel again",
        notes='In pyproject.toml: readme = "README.md". Its suffix declares the format; with another name: '
        'readme = {file = "README", content-type = "text/markdown"}.',
    )
