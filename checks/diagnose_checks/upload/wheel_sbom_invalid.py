"""An SBOM in the wheel cannot be read, is incomplete, or describes something else than the wheel.

Build back ends and repair tools put software bills of materials into ``.dist-info/sboms`` (PEP 770): maturin lists the
crates, auditwheel the distribution packages whose libraries it bundled. Scanners go by them to report vulnerable
libraries. Installers and the package index do not read them, so nothing else notices when one is cut off, is from an
earlier build, or lists packages whose libraries were removed.

auditwheel and maturin list a library only if the package manager of the build image records it under the path that it
was found by: not what was compiled there, and on systems that merged ``/lib`` into ``/usr/lib`` not what is recorded
below ``/lib``. Where the wheel has more bundled libraries than its SBOMs have packages, the finding is a note. An SBOM
that a project writes itself, by names of its own, is not compared.

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
from diagnose.tables.repaired_names import is_hashed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.wheel.metadata import Sbom
    from diagnose.readers.wheel.reader import Wheel

#: Package URLs of packages whose libraries auditwheel bundles.
_DISTRIBUTIONS = ("pkg:rpm/", "pkg:deb/", "pkg:apk/")
#: Those of components that are compiled into the extension, not bundled.
_LANGUAGES = ("pkg:cargo/", "pkg:pypi/", "pkg:npm/", "pkg:golang/")
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
    else:
        yield from _incomplete(wheel)


def _incomplete(wheel: Wheel) -> Iterator[Finding]:
    """See fewer packages in the SBOMs than a repair tool has bundled libraries; such a tool lists one for each."""
    sboms = wheel.metadata.sboms
    files = [name for name in wheel.files if name.startswith(f"{wheel.dist_info}/sboms/")]
    purls = [purl for sbom in sboms for _, _, purl in sbom.components]
    if not sboms or len(files) > len(sboms) or not all(sbom.format for sbom in sboms):
        return
    if not all(purl.startswith((*_DISTRIBUTIONS, *_LANGUAGES)) for purl in purls):
        return
    packages = [purl for purl in purls if purl.startswith(_DISTRIBUTIONS)]
    libraries = [elf for elf in wheel.elves if is_hashed(elf.name) and ".libs/" in elf.path]
    if len(packages) >= len(libraries):
        return
    yield Finding(
        f"has SBOMs that leave out {len(libraries) - len(packages)} of {len(libraries)} bundled libraries",
        Severity.NOTE,
        bounded(
            [Evidence(f"names {some(packages, 6) or 'no package of a distribution'}", sbom.path) for sbom in sboms[:1]]
            + [Evidence("a bundled library", elf.path) for elf in libraries]
        ),
        "scanners do not know that the wheel contains these libraries; installers and the index do not read SBOMs",
        (
            Fix(
                "add the libraries to an SBOM of the project",
                notes="PEP 770: any file below .dist-info/sboms; maturin: [tool.maturin.sbom] include.",
            ),
        ),
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
