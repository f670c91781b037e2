"""A compiler gets options that are not for it: another family's, or a distribution's without the file they name.

GCC and clang take ``/W3`` or ``/O2`` for the name of a file, and do not find it. Visual C++ takes ``-Wno-cpp`` for its
own option ``/W`` with a number, and stops; other options it only ignores with a warning. A setup.py that takes every
Windows for Visual C++, a compiler of MSYS2, Strawberry Perl or conda that is first on ``PATH``, or ``CFLAGS`` of
another system lead there.

Python of Fedora and Enterprise Linux passes on the options that it was built with. They name spec files of
``redhat-rpm-config``, which the packages of Python and gcc do not bring.

How to fix: build with the compiler that the package is written for, or correct the options.

References:
    https://learn.microsoft.com/en-us/cpp/error-messages/tool-errors/command-line-error-d8021
    https://github.com/pygame/pygame/issues/2528
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit

_VISUAL = (
    r"/(?:W[0-4X]|Wall|O[12dxsti]|O[by]\d?-?|M[DT]d?|MP\d*|EH\w{1,3}-?|w[deo]\d{4,5}|G[LSRysFAT]\d?-?|bigobj|FS|utf-8|sdl|nologo"
    r"|Z[i7lI]|T[PC]|permissive-?|openmp\S{0,20}|(?:std|arch|fp|Zc|external|diagnostics|favor|guard|source-charset):\S{1,40}|LTCG)"
)
CHECK = Check(
    since="0.1.0",
    phase=Phase.COMPILE,
    patterns=patterns_for(
        "visual-options",
        (
            "o such file or directory",
            r"(?<!\S)(?P<compiler>(?:[\w.+-]{0,60}-)?(?:gcc|g\+\+|cc|c\+\+)(?:-\d+)?)(?:\.exe)?: (?:fatal )?error: "
            rf"(?P<option>{_VISUAL}): (?:linker input file not found: )?No such file or directory",
        ),
        (
            "o such file or directory",
            r"(?<!\S)(?P<compiler>clang(?:\+\+)?(?:-\d+)?)(?:\.exe)?: error: no such file or directory: "
            rf"'(?P<option>{_VISUAL})'",
        ),
    )
    + patterns_for(
        "no-spec-file",
        (
            "/usr/lib/rpm/redhat/",
            r"(?:fatal )?error: (?:cannot read spec file ['‘])?(?P<file>/usr/lib/rpm/redhat/redhat-[\w.-]{1,60})['’]?: "
            r"No such file",
        ),
    )
    + patterns_for(
        "link-options",
        (
            "input unused",
            r"clang(?:\+\+)?(?:-\d+)?(?:\.exe)?: error: (?P<option>-[lLW]\S{1,200}): 'linker' input unused "
            r"\[-Werror",
        ),
        (
            "argument unused during",
            r"clang(?:\+\+)?(?:-\d+)?(?:\.exe)?: error: argument unused during compilation: '(?P<option>[^']{1,200})' "
            r"\[-Werror",
        ),
    )
    + patterns_for(
        "sun-options",
        ("option with unknown program", r"\b(?:cc|CC): -W option with unknown program (?P<option>\w{1,40})"),
    )
    + patterns_for(
        "gnu-options",
        ("D8021", r"\bD8021 ?: .{0,80}'(?P<option>[/-]W(?!\d|X|all'|v:)[a-z][\w=+-]{1,60})'"),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See GCC not find a file that is an option of Visual C++, or Visual C++ not read a warning of GCC's."""
    for hit in log.find("no-spec-file")[:1]:
        yield finding_from_hits(
            log,
            [hit],
            f"the compiler's options name {hit.groups['file'].rpartition('/')[2]}, which is not installed",
            "Nothing is compiled: Python passes the options on that its distribution built it with.",
            (
                Fix(
                    "install the package that has it",
                    (Command("dnf install -y redhat-rpm-config", FixStage.PACKAGES),),
                    notes="With yum on old releases: the same name. In another distribution: use its own Python, and "
                    "not one that was copied from Fedora or Enterprise Linux.",
                ),
            ),
        )
    for hit in log.find("visual-options")[:1]:
        yield finding_from_hits(
            log,
            [hit],
            f"{hit.groups['compiler']} gets {hit.groups['option']}, an option of Visual C++, and takes it for a file",
            "Nothing is compiled: the build takes this compiler for Visual C++.",
            (
                Fix(
                    "build with Visual C++",
                    notes="In the Native Tools prompt, with python.org's Python; without --compiler=mingw32 and a "
                    '[build] compiler in setup.cfg or distutils.cfg. CMake: -G "Visual Studio 17 2022", or CC=cl, if '
                    "a gcc (MSYS2, Strawberry Perl, conda) comes first on PATH.",
                ),
                Fix(
                    "if MinGW's Python is meant: take MSYS2's package, or correct the options",
                    (Command("pacman -S mingw-w64-x86_64-python-NAME", FixStage.BUILD),),
                    notes="setup.py should ask for the compiler (build_ext.compiler.compiler_type == 'msvc'), not for "
                    "the system (sys.platform == 'win32').",
                ),
            ),
        )
        return
    for hit in log.find("link-options")[:1]:
        yield _unused(log, hit)
        return
    for hit in log.find("sun-options")[:1]:
        yield finding_from_hits(
            log,
            [hit],
            f"Sun's (Oracle's) cc gets -W{hit.groups['option']}, an option of GCC and clang",
            "Nothing is compiled: its own -W passes arguments to a program of the compiler.",
            (
                Fix(
                    "compile with GCC",
                    env=(("CC", "gcc"), ("CXX", "g++")),
                    notes="Of Solaris, illumos or OpenCSW (pkg install gcc, pkgutil -i gcc5core). A Ruby or a Python "
                    "that Sun's compiler built records cc in rbconfig or sysconfig, and options that fit it: take one "
                    "that GCC built, or make CC=gcc by hand in the build folder.",
                ),
                Fix(
                    f"take -W{hit.groups['option']} out of the options",
                    notes="extconf.rb, setup.py, Makefile, or CFLAGS.",
                ),
            ),
        )
        return
    for hit in log.find("gnu-options")[:1]:
        option = f"-{hit.groups['option'][1:]}"
        yield finding_from_hits(
            log,
            [hit],
            f"Visual C++ gets {option}, an option of GCC and clang",
            "Nothing is compiled: it takes the word for its own option /W.",
            (
                Fix(
                    f"take {option} out",
                    unset=("CFLAGS", "CXXFLAGS"),
                    notes="If no variable has it: extra_compile_args in setup.py, or add_compile_options in "
                    "CMakeLists.txt without if(NOT MSVC). Other options of GCC are ignored with a warning, and may be "
                    "needed.",
                ),
                Fix(
                    "if the package knows no Visual C++: take its wheel, another release, or WSL",
                    (Command("python -m pip install --only-binary :all: PACKAGE", FixStage.BUILD),),
                    notes="CMake projects: clang-cl, or clang with -T ClangCL, reads the options of both.",
                ),
            ),
        )


def _unused(log: BuildLog, hit: Hit) -> Finding:
    """Return that clang, with -Werror, refuses an option that it does not use when it compiles."""
    option = hit.groups["option"]
    place = "LDLIBS or LIBS" if option.startswith("-l") else "LDFLAGS"
    return finding_from_hits(
        log,
        [hit],
        f"clang gets {option}, which it does not use when it compiles, and -Werror makes its warning an error",
        "Nothing is compiled. GCC says nothing of such an option.",
        (
            Fix(
                f"take {option} out of CFLAGS and CXXFLAGS",
                notes=f"What the linker needs belongs into {place} (RUSTFLAGS='-C link-arg={option}' in Rust). Look in "
                "the environment, too: `env | grep FLAGS`.",
            ),
            Fix(
                "leave out -Werror, or this warning",
                env=(("CFLAGS", "-Wno-unused-command-line-argument"),),
                notes="A package that others build should not set -Werror: each compiler warns of other things.",
            ),
        ),
    )
