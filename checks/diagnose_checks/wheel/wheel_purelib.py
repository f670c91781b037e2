"""The wheel says that it is pure Python, but contains compiled code.

Two settings decide where the files of a wheel go. ``Root-Is-Purelib: true`` in WHEEL, and a ``.data/purelib`` folder,
send them to the folder for portable code. On distributions with a separate folder for compiled code (``lib64``), a
binary does not belong there, and auditwheel refuses to repair a wheel with a binary in ``.data/purelib``. The platform
tag ``any`` says that every machine can use the wheel, which is wrong for a wheel with extension modules.

A library that is only loaded by name does no harm below ``Root-Is-Purelib``; the finding is then a note. It is also a
note for an ``any`` wheel with libraries for several platforms, which is built like that on purpose.

How to fix: declare the binary to the build back end: for setuptools ``ext_modules``, or a ``Distribution`` whose
``has_ext_modules()`` is true. maturin and scikit-build do it themselves.

References:
    https://packaging.python.org/en/latest/specifications/binary-distribution-format/
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.authoring.wheel import bounded, count, has_linux_code, some, tagged_elves, wrong_arch_error
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Evidence, Finding, Fix, Severity
from diagnose.model.pattern import patterns_for
from diagnose.readers.wheel.platform_tag import arch_of
from diagnose.remedies.repack import inside, rename, repack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog
    from diagnose.readers.elf.elf_parser import Elf
    from diagnose.readers.wheel.reader import Wheel

#: Files of other operating systems: a wheel that has them and ELF files serves several platforms on purpose.
_FOREIGN = (".dll", ".dylib", ".pyd", ".exe")
CHECK = Check(
    since="0.1.0",
    applies=has_linux_code,
    patterns=patterns_for(
        "purelib",
        # of auditwheel before 2.1, which names one file
        ("in purelib folder", r"shared library \"(?P<file>[^\"\n]{1,200})\" in purelib folder"),
        ("in purelib folder", r"shared librar\S+ in purelib folder:?\s*(?P<file>[\w./+-]+\.so[\w.]*)?", 3),
    ),
)


def wheel(wheel: Wheel) -> Iterator[Finding]:
    """See ELF files in an ``any`` wheel, or where pure Python belongs."""
    if not wheel.elves:
        return
    if "any" in wheel.platforms:
        yield _any(wheel)
        return
    folder = f"{wheel.dist_info.removesuffix('.dist-info')}.data/"
    purelib = [elf for elf in wheel.elves if elf.path.startswith(folder + "purelib/")]
    root = [elf for elf in wheel.elves if not elf.path.startswith(folder)] if wheel.root_is_purelib else []
    if not (root or purelib):
        return
    lines, said = [], []
    if root:
        said.append("Root-Is-Purelib: true")
        where = inside(wheel, [f"{wheel.dist_info}/WHEEL"])
        lines.append(f"sed -i 's/^Root-Is-Purelib: *true/Root-Is-Purelib: false/I' {where}")
    if purelib:
        said.append(f"{folder}purelib")
        lines.append(rename(wheel, folder + "purelib", folder + "platlib"))
    yield Finding(
        f"puts {count(len(root) + len(purelib), 'compiled file')} where pure Python belongs ({' and '.join(said)})",
        Severity.WARNING if purelib or any(elf.is_extension for elf in root) else Severity.NOTE,
        bounded(Evidence(_what(elf), elf.path) for elf in (*purelib, *root)),
        "lands in lib/ instead of lib64/ on Fedora, RHEL and openSUSE"
        + ("; auditwheel: Invalid binary wheel, found shared libraries in purelib folder" if purelib else ""),
        (
            Fix(
                "declare the compiled code to the build back end",
                notes="setuptools: ext_modules=[…], or a Distribution class whose has_ext_modules() returns True.",
            ),
            repack(wheel, "correct the finished wheel", lines),
        ),
    )


def _any(wheel: Wheel) -> Finding:
    modules = [elf for elf in tagged_elves(wheel) if elf.is_extension]
    arches = sorted({arch_of(elf) or "other" for elf in wheel.elves})
    foreign = any(name.endswith(_FOREIGN) for name in wheel.files)
    data = not modules and (foreign or len(arches) > 1 or not any(elf.dynamic and arch_of(elf) for elf in wheel.elves))
    evidence = bounded(Evidence(_what(elf), elf.path) for elf in (modules or wheel.elves))
    fix = Fix(
        "make one wheel per platform, each with its own tag",
        notes=f"These files meet {wheel.verdict.lowest_tag}." if wheel.verdict.lowest_tag else "",
    )
    if data or len(arches) > 1:
        return Finding(
            f"is tagged any, and contains ELF files for {some(arches, 6)}"
            + (", and other systems' libraries" if foreign else ""),
            Severity.NOTE,
            evidence,
            "works if the code selects the right one and needs none elsewhere; every user downloads all of them",
            (fix,),
        )
    what = "extension modules" if modules else "ELF files"
    first = (modules or wheel.elves)[0]
    return Finding(
        f"is tagged any, but its {what} run on {arches[0]} only",
        Severity.ERROR if modules else Severity.WARNING,
        evidence,
        f"installs on every machine; on others: {wrong_arch_error(wheel, first)}",
        (fix,),
    )


def _what(elf: Elf) -> str:
    return "an extension module" if elf.is_extension else f"an ELF file for {arch_of(elf) or f'machine {elf.machine}'}"


def log(log: BuildLog) -> Iterator[Finding]:
    """See auditwheel reject compiled code in purelib."""
    for hit in log.find("purelib")[:1]:
        yield finding_from_hits(
            log,
            [hit],
            f"the wheel has compiled code in its folder for pure Python: {hit.groups['file']}".rstrip(": "),
            "auditwheel writes no wheel.",
            (
                Fix(
                    "declare the compiled code to the build back end",
                    notes="setuptools: ext_modules=[…], or a Distribution class whose has_ext_modules() returns True.",
                ),
            ),
        )
