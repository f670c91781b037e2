"""A configure script cannot compile and link the smallest program.

``configure`` first compiles and links an empty program. The compiler is there, and this fails: a flag in ``CFLAGS``
or ``LDFLAGS`` that it does not know, a library in ``LIBS`` or ``LDFLAGS`` that is not there, no C library for the
target, or no linker. Only config.log has the compiler's own words.

How to fix: read them in config.log; take the flag out, or install what is missing.

References:
    https://www.gnu.org/software/autoconf/manual/autoconf-2.72/html_node/Running-the-Compiler.html
    https://www.gnu.org/software/autoconf/manual/autoconf-2.72/html_node/config_002elog.html
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits, install_by_family, is_later
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit

CHECK = Check(
    since="0.1.0",
    phase=Phase.START,
    patterns=patterns_for(
        "configure-no-program",
        (
            "compiler cannot create exec",
            r"configure: error: (?P<language>C|C\+\+|Fortran|Fortran "
            r"77|Objective C) compiler cannot create executables",
        ),
    )
    # Ruby's way to configure
    + patterns_for("mkmf-no-program", ("compiler failed to generate", r"The compiler failed to generate an exec"))
    + patterns_for(
        "configure-asked",
        (
            "checking for ",
            r"^checking for (?:\S{0,40}(?:gcc|cc|clang|g\+\+|c\+\+|gfortran|f77|f95))\.\.\. (?P<found>.{1,100})$",
        ),
        ("checking whether the C", r"^checking whether the C(?:\+\+)? compiler works\.\.\. (?P<found>no)$"),
    )
    + patterns_for(
        "configure-flags",
        ("FLAGS=", r"(?<![\w])(?P<name>C|CXX|LD|F|FC|CPP)FLAGS=(?P<value>\"[^\"]{1,300}\"|'[^']{1,300}'|\S{1,300})"),
        ("--host=", r"--host=(?P<host>[\w.-]{1,80})"),
    ),
)


def leads_to(finding: Finding, other: Finding, log: BuildLog) -> bool:
    """Whether *other* is that make then finds no Makefile."""
    return other.check == "project-file-missing" and is_later(finding, other, log)


def log(log: BuildLog) -> Iterator[Finding]:
    """See configure give up before it looks for anything."""
    for hit in log.find("mkmf-no-program")[:1]:
        yield finding_from_hits(
            log,
            [hit],
            "mkmf, which configures Ruby's extensions, cannot compile and link the smallest program",
            "Nothing is compiled.",
            (
                Fix(
                    "read the compiler's own words",
                    (Command("cat mkmf.log", FixStage.BUILD),),
                    notes="In the extension's folder, or in extensions/…/NAME below Ruby's gems: the error names one. "
                    '"not found": no compiler; "unrecognized option": an option of the compiler that built Ruby.',
                ),
                Fix(
                    "install a compiler, make, and the C library's headers",
                    notes="Debian: build-essential and ruby-dev; Fedora: gcc make ruby-devel; Alpine: build-base "
                    "ruby-dev; SmartOS: pkgin install build-essential; macOS: xcode-select --install; Windows: "
                    "RubyInstaller with its Devkit.",
                ),
            ),
        )
        return
    for hit in log.find("configure-no-program")[:1]:
        above = log.near(hit.line, "configure-asked", before=40)
        found = [one.groups["found"] for one in above if one.groups["found"] not in ("no", "yes")]
        compiler = {"C": "CC", "C++": "CXX"}.get(hit.groups["language"], "FC")
        absent = bool(above) and not found and all(one.groups["found"] == "no" for one in above) and len(above) > 1
        flags = [
            one for one in log.near(hit.line, "configure-flags", before=60) if one.groups["name"] or one.groups["host"]
        ]
        name = found[-1] if found else compiler
        if absent:
            families = dict.fromkeys(("debian", "rhel", "alpine", "arch", "suse"), _PACKAGES[compiler])
            packages = {family: names[at] for at, (family, names) in enumerate(families.items())}
            yield finding_from_hits(
                log,
                [*above[-2:], hit],
                f"configure finds no {hit.groups['language']} compiler",
                "Nothing is configured.",
                install_by_family(log, hit.line, "install the compiler", packages),
            )
            return
        yield finding_from_hits(
            log,
            [*flags[-2:], hit],
            f"{name} cannot compile and link the empty program with which configure begins",
            "Nothing is configured.",
            (*_fixes(flags, compiler), *_install(log, hit)),
        )


#: Packages of each compiler, by family: Debian, Enterprise Linux and Fedora, Alpine, Arch, openSUSE.
_PACKAGES = {
    "CC": (("gcc", "libc6-dev"), ("gcc",), ("gcc", "musl-dev"), ("gcc",), ("gcc",)),
    "CXX": (("g++",), ("gcc-c++",), ("g++",), ("gcc",), ("gcc-c++",)),
    "FC": (("gfortran",), ("gcc-gfortran",), ("gfortran",), ("gcc-fortran",), ("gcc-fortran",)),
}


def _fixes(flags: list[Hit], compiler: str) -> tuple[Fix, ...]:
    named = [f"{one.groups['name']}FLAGS" for one in flags if one.groups["name"]]
    hosts = [one.groups["host"] for one in flags if one.groups["host"]]
    why = Fix(
        "read the compiler's own words",
        (Command("grep -n -B 2 -A 12 'compiler works' config.log", FixStage.BUILD),),
        notes='In the folder that the error names. "unrecognized option" or "cannot find -l…": a flag, as below; '
        '"cannot find crt1.o" or "stdio.h": the C library\'s development files.',
    )
    without = Fix(
        f"build without {' and '.join(dict.fromkeys(named)) or 'CFLAGS, CPPFLAGS, LDFLAGS and LIBS'}",
        unset=tuple(dict.fromkeys(named)) or ("CFLAGS", "CPPFLAGS", "CXXFLAGS", "LDFLAGS", "LIBS"),
        notes="As a test: if it passes, one of the flags is not for this compiler, or names what is not there.",
    )
    cross = [
        Fix(
            f"name the compiler for {host}",
            env=((compiler, f"{host}-gcc"),),
            notes=f"--host={host} is for a cross build; leave it out in a native one.",
        )
        for host in hosts[-1:]
    ]
    return (why, *cross, without)


def _install(log: BuildLog, hit: Hit) -> tuple[Fix, ...]:
    families = {
        "debian": ("gcc", "libc6-dev"), "rhel": ("gcc", "glibc-devel"), "alpine": ("gcc", "musl-dev"), "arch": ("gcc",),
        "suse": ("gcc", "glibc-devel"),
    }  # fmt: skip
    return install_by_family(log, hit.line, "if the C library's files are missing: install them", families)
