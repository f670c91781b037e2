"""A recipe of OpenEmbedded names what no layer has, or does not name what its files need.

``DEPENDS`` and ``RDEPENDS`` name recipes and packages that some layer provides, ``inherit`` classes (``NAME.bbclass``)
in a layer. bitbake stops where no layer has it: the layer is not in bblayers.conf, is of another release, or the name
has gone, as Python 2's. After packaging, do_package_qa looks for the packages that the files themselves need.

How to fix: add the layer, or correct the recipe for the release of the layers.

References:
    https://docs.yoctoproject.org/ref-manual/qa-checks.html
    https://docs.yoctoproject.org/ref-manual/variables.html#term-RDEPENDS
    https://layers.openembedded.org
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits, is_later
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit

leads_to = is_later
CHECK = Check(
    since="0.1.0",
    phase=Phase.START,
    of_linux=True,
    patterns=(
        *patterns_for(
            "bitbake-provider",
            (
                "Nothing PROVIDES ",
                r"ERROR: Nothing PROVIDES '(?P<name>[^']{1,100})'(?: \(but (?P<recipe>\S{1,400}?)(?:, \S{1,400})? "
                r"DEPENDS on)?",
            ),
            (
                "Nothing RPROVIDES ",
                r"ERROR: Nothing R(?P<runtime>)PROVIDES '(?P<name>[^']{1,100})'(?: \(but (?P<recipe>\S{1,400}?)"
                r"(?:, \S{1,400})? RDEPENDS on)?",
            ),
        ),
        *patterns_for(
            "bitbake-class",
            (
                ".bbclass",
                r"(?:ParseError )?(?:at |in )?(?P<recipe>/\S{1,400}\.(?:bb|inc|bbappend|bbclass))(?::\d+)?: Could not "
                r"inherit file (?P<name>\S{1,200}\.bbclass)",
            ),
        ),
        *patterns_for(
            "bitbake-file-need",
            (
                "do_package_qa",
                r"QA Issue:\s+(?P<file>/\S{1,400})\s+contained in package (?P<package>\S{1,100})\s+requires\s+"
                r"(?P<name>\S{1,200}), but no\s+providers found in (?P<variable>RDEPENDS\S{1,120}?)\?",
                4,
            ),
        ),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See bitbake miss a recipe, a class or a package."""
    for hit in log.find("bitbake-provider")[:1]:
        yield _provider(log, hit)
        return
    for hit in log.find("bitbake-class")[:1]:
        name = hit.groups["name"].rpartition("/")[2]
        yield finding_from_hits(
            log,
            [hit],
            f"no layer has the class {name}, which {_file(hit)} inherits",
            "bitbake stops before it builds anything.",
            (
                Fix(
                    "add the layer that has the class",
                    (Command("bitbake-layers add-layer PATH", FixStage.SOURCES),),
                    notes="setuptools3, python_setuptools_build_meta, cargo and pkgconfig are of openembedded-core; "
                    "others of meta-python, meta-rust or meta-oe. Isar, which builds Debian packages, has none of "
                    "them: there a Python package is built with dpkg and dh-python.",
                ),
                Fix(
                    "take a branch of the recipe for the release of the layers",
                    notes="Classes come and go: distutils3 went with kirkstone, python_pep517 came with it.",
                ),
            ),
        )
        return
    for hit in log.find("bitbake-file-need")[:1]:
        name, package = hit.groups["name"], hit.groups["package"]
        provider = next((one for part, one in _PROVIDERS.items() if name.endswith(part)), "")
        variable = f"RDEPENDS:{package}"
        yield finding_from_hits(
            log,
            [hit],
            f"{package} has a file that needs {name}, and its recipe names no package with it",
            "do_package_qa fails: on the target the file would not run.",
            (
                Fix(
                    f"name the package in the recipe, or in a .bbappend: {provider or 'the one that has it'}",
                    notes=f'{variable} += "{provider or "PACKAGE"}" (RDEPENDS_{package} before honister). '
                    f"`oe-pkgdata-util find-path '*{name}'` names it.",
                ),
                Fix(
                    "if the target does not need the file: leave it out",
                    notes="Delete it in do_install:append, or the test package with PTEST_ENABLED; "
                    f'INSANE_SKIP:{package} += "file-rdeps" only hides it.',
                ),
            ),
        )
        return


_PROVIDERS = {
    "/python3": "python3-core", "/python": "python3-core", "/bash": "bash", "/perl": "perl", "/env": "coreutils",
    "/ksh": "mksh", "/awk": "gawk", "/sed": "sed", "/tclsh": "tcl", "/ruby": "ruby",
}  # fmt: skip


def _file(hit: Hit) -> str:
    return hit.groups["recipe"].rpartition("/")[2]


def _provider(log: BuildLog, hit: Hit) -> Finding:
    """Return that no layer provides a recipe or a package."""
    name, recipe = hit.groups["name"], _file(hit)
    variable = "RDEPENDS" if "RPROVIDES" in hit.text else "DEPENDS"
    needed = f", which {recipe} names in {variable}" if recipe else ""
    python2 = name == "python" or name.startswith(("python-", "python2"))
    third = name.removeprefix("python2").removeprefix("python").removeprefix("3")
    old = Fix(
        f"name python3{third.removesuffix('-native') if third.startswith('-') else ''} in the recipe's {variable}",
        notes="Python 2 went from openembedded-core with dunfell (2020). `inherit setuptools3` or "
        "python_setuptools_build_meta brings python3 and python3-native by itself.",
    )
    return finding_from_hits(
        log,
        [hit],
        f"no layer provides {name}{needed}",
        "bitbake cannot build what needs it.",
        (
            *((old,) if python2 else ()),
            Fix(
                "add the layer that has the recipe",
                (Command("bitbake-layers add-layer PATH", FixStage.SOURCES),),
                notes=f"layers.openembedded.org searches for {name}; the layer's branch has to be that of the release. "
                "Packages of Python are in meta-python of meta-openembedded. bblayers.conf lists what there is.",
            ),
            Fix(
                "correct the name",
                notes="bitbake lists close matches. DEPENDS names recipes, RDEPENDS packages; a recipe may be skipped "
                "(COMPATIBLE_MACHINE, LICENSE_FLAGS_ACCEPTED, PACKAGECONFIG), which `bitbake -e NAME` says.",
            ),
        ),
    )
