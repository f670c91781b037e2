"""An SBOM in the wheel cannot be read, or describes something else than the wheel.

Build back ends and repair tools put software bills of materials into ``.dist-info/sboms`` (PEP 770): maturin lists the
crates, auditwheel the distribution packages whose libraries it bundled. Scanners go by them to report vulnerable
libraries. Installers and the package index do not read them, so nothing else notices when one is cut off, is from an
earlier build, or lists packages whose libraries were removed.

How to fix: build and repair the wheel again. A script that edits a wheel after ``auditwheel repair`` has to keep the
SBOM true.

References:
    https://peps.python.org/pep-0770/
    https://github.com/pypa/auditwheel/blob/main/src/auditwheel/sboms.py
    https://cyclonedx.org/docs/1.4/json/
"""

from __future__ import annotations

from diagnose.authoring.wheel import bounded, same_project, same_version, some
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Evidence, Finding, Fix, Severity
from diagnose.readers.wheel.reader import Wheel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.wheel.metadata import Sbom

#: Package URLs of packages whose libraries auditwheel bundles.
_DISTRIBUTIONS = ("pkg:rpm/", "pkg:deb/", "pkg:apk/")
CHECK = Check(since="0.1.0", applies=lambda wheel: bool(wheel.metadata.sboms))


def wheel(wheel: Wheel) -> Iterator[Finding]:
    """See SBOMs that are not JSON, are about another wheel, or list libraries that are absent."""
    wrong = [(sbom, reason) for sbom in wheel.metadata.sboms if (reason := _reason(wheel, sbom))]
    if wrong:
        yield Finding(
            f"has an SBOM that is not valid: {some([sbom.path.rpartition('/')[2] for sbom, _ in wrong])}",
            Severity.WARNING,
            bounded(Evidence(reason, sbom.path) for sbom, reason in wrong),
            "scanners do not see the bundled libraries, or see wrong ones; installers and the index do not read SBOMs",
            (Fix("build and repair the wheel again, which writes the SBOM again"),),
        )


def _reason(wheel: Wheel, sbom: Sbom) -> str:
    """Return what is wrong with the SBOM; empty if nothing is."""
    if sbom.flaw:
        return sbom.flaw
    if sbom.subject.startswith("pkg:pypi/"):
        name, _, version = sbom.subject[len("pkg:pypi/") :].partition("?")[0].partition("@")
        version = version.replace("%2B", "+").replace("%2b", "+")
        if not same_project(name, wheel.name) or (version and not same_version(version, wheel.version)):
            return f"is about {name} {version}, not {wheel.name} {wheel.version}"
    packages = [purl for _, _, purl in sbom.components if purl.startswith(_DISTRIBUTIONS)]
    if packages and sbom.path.endswith("/auditwheel.cdx.json") and all(elf.is_extension for elf in wheel.elves):
        return f"lists {some(packages, 2)}, and the wheel has no bundled library"
    return ""
