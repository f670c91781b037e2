"""C, C++ or Fortran code is refused by a newer compiler that older ones accepted.

GCC 14 and Clang 16 make errors of what C has not allowed since 1999 and compilers only warned about: functions
without a declaration, types left out, pointers and numbers taken for each other. GCC 10 and Clang 11 no longer merge
variables that several files define, so that the linker reports "multiple definition". The C++ headers of GCC 13 and
later no longer include ``<cstdint>`` and others by the way: code that does not include them itself lacks ``uint32_t``.
gfortran 10 and later refuse a
procedure that is called with a number in one place and an array, or another type, in the next, as old MPI and BLAS code
does. Old releases of packages have such code.

How to fix: use a newer release of the package. Until there is one, ask the compiler for the old rules by ``CFLAGS``,
let it include the header (``CXXFLAGS="-include cstdint"``), or use an older compiler.

References:
    https://gcc.gnu.org/gcc-14/porting_to.html
    https://gcc.gnu.org/gcc-13/porting_to.html#header-dep-changes
    https://gcc.gnu.org/gcc-10/porting_to.html
    https://wiki.gentoo.org/wiki/Modern_C_porting
"""

from __future__ import annotations

from diagnose.authoring.log import builds_rust, finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit

#: What GCC 14 makes errors of: https://gcc.gnu.org/gcc-14/porting_to.html
_RULES = (
    "implicit-function-declaration",
    "implicit-int",
    "int-conversion",
    "incompatible-pointer-types",
    "incompatible-function-pointer-types",
    "return-mismatch",
    "declaration-missing-parameter-type",
)
CHECK = Check(
    since="0.1.0",
    phase=Phase.COMPILE,
    patterns=(
        *patterns_for(
            "c-refused",
            *(
                (
                    f"-W{rule}]",
                    rf"\.(?:c|h|C|H|pyx)\S{{0,40}}: error: (?P<said>.{{1,300}}) \[(?:-Werror,)?-W(?P<rule>{rule})\]$",
                )
                for rule in _RULES
            ),
        ),
        *patterns_for(
            "c-defined-twice",
            (
                "multiple definition of",
                r"\(\.(?:bss|data)\b[^)]{0,60}\): multiple definition of [`'](?P<symbol>\w{1,200})'",
            ),
            # with debug information the linker names the line; of a function it says so in a line of its own before
            (
                "multiple definition of",
                r"\.o:[^\s:]{1,300}\.(?:h|hh|hpp):\d{1,7}: multiple definition of [`'](?P<symbol>\w{1,200})';"
                r" \S{1,300}\.o:\S{1,300}:\d{1,7}: first",
            ),
            # lld: of a function it names the section .text
            (
                "uplicate symbol: ",
                r"duplicate symbol: (?P<symbol>\w{1,200})\s+(?:>>> )?defined at [^>]{1,400}\s+>>> +\S{1,300}:"
                r"\((?:\.(?:bss|data)\b|(?P=symbol)\))[^>]{0,100}\s+(?:>>> )?defined at [^>]{1,400}\s+>>> +\S{1,300}:"
                r"\(\.?(?:bss|data)\b",
                5,
            ),
        ),
        # between two calls; one that contradicts a declaration stays an error
        *patterns_for(
            "fortran-calls-differ",
            (
                "mismatch between actual arg",
                r"^Error: (?:Rank|Type) mismatch between actual argument at \(1\) and actual argument at \(2\)",
            ),
        ),
        *patterns_for(
            "cxx-header-left-out",
            (
                "is defined in header",
                r": note: '(?P<name>[\w:]{1,80})' is defined in header '<(?P<header>cstdint|stdexcept|algorithm)>'",
            ),
            # an excerpt without gcc's note
            (
                "does not name a type",
                r"\.(?:cc|cpp|cxx|h|hpp|hh|hxx):\d+:\d+: error: '(?P<name>u?int(?:8|16|32|64)_t)' does not name a type",
            ),
            (
                "was not declared in",
                r"\.(?:cc|cpp|cxx|hpp|hh|hxx):\d+:\d+: error: '(?P<name>u?int(?:8|16|32|64)_t)' was not declared in",
            ),
        ),
    ),
)
#: Functions of the C library and POSIX that old code calls without their header: any other one may be missing from the
#: library that the code is compiled with, and then no compiler helps.
_OF_C = re.compile(
    r"_?(?:exit|abort|atoi|atof|atol|abs|rand|srand|system|getenv|qsort|malloc|calloc|realloc|free|alloca"
    r"|mem(?:cpy|set|cmp|move|chr)|str(?:len|n?cpy|n?cat|n?cmp|n?casecmp|r?chr|str|n?dup|tok|tok_r"
    r"|tol|toul|tod|error|sep)"
    r"|b(?:zero|copy)|index|rindex|v?s?n?printf|f(?:printf|open|close|read|write|puts|gets|flush|ileno|dopen|sync)|puts"
    r"|putchar|getchar|gets|s?scanf|perror|remove|rename|is(?:digit|alpha|alnum|space|upper|lower"
    r"|print|xdigit)|to(?:upper|"
    r"lower)|close|read|write|open|lseek|unlink|access|chdir|mkdir|rmdir|getcwd|chmod|stat|fstat|pipe"
    r"|dup2?|fork|exec[lv]p?e?"
    r"|wait(?:pid)?|kill|signal|raise|getpid|getppid|getuid|geteuid|getgid|u?sleep|alarm|time"
    r"|gettimeofday|localtime|mktime"
    r"|ioctl|fcntl|select|poll|socket|bind|listen|accept|connect|send|recv|gethostbyname|inet_(?:addr"
    r"|ntoa|aton)|htons|ntohs"
    r"|isatty|ttyname|mmap|munmap|msync|mprotect|pthread_\w+|readlink|symlink|link|realpath|f?chown|f?truncate|umask"
    r"|mkstemp|mkfifo|opendir|readdir|closedir|setenv|putenv|unsetenv|set[eg]?[ug]id|setsid|nanosleep"
    r"|clock_gettime|times|getrusage|uname"
    r"|gethostname|getpw(?:nam|uid)|daemon|syslog|popen|pclose|random|srandom|drand48|strsignal|basename|dirname"
    r"|sin|cos|tan|sqrt|pow|floor|ceil|fabs|log|exp|asprintf|getopt|sysconf|main)$"
)
_CALLED = re.compile(r"(?:implicit declaration of|undeclared(?: library)?) function '(\w+)'")


def log(log: BuildLog) -> Iterator[Finding]:
    """See GCC 14 or Clang 16 refuse C code, gfortran Fortran code, the linker variables defined twice."""
    hits = _of_old_code(log.find("c-refused"))
    if hits:
        rules = list(dict.fromkeys(hit.groups["rule"] for hit in hits))
        options = " ".join(f"-Wno-error={rule}" for rule in rules)
        yield finding_from_hits(
            log,
            hits,
            "this C code is older than the rules of GCC 14 and Clang 16",
            "What older compilers warned about is an error, and nothing is built.",
            (
                _NEWER,
                Fix(
                    "let the compiler only warn",
                    env=(("CFLAGS", options),),
                    notes="What it warns about may be wrong on 64-bit machines.",
                ),
                Fix("compile with an older compiler", env=(("CC", "gcc-13"),), notes="Debian, Ubuntu: gcc-13."),
            ),
        )
        return
    if hits := log.find("cxx-header-left-out"):
        headers = list(dict.fromkeys(hit.groups["header"] or "cstdint" for hit in hits))
        named = " and ".join(f"<{header}>" for header in headers)
        yield finding_from_hits(
            log,
            hits,
            f"this C++ code uses {hits[0].groups['name']} and does not include {named}",
            "Headers of GCC 12 and older included it by the way; those of newer ones do not.",
            (
                _NEWER,
                Fix(
                    "let the compiler include it everywhere",
                    env=(("CXXFLAGS", " ".join(f"-include {header}" for header in headers)),),
                    notes="In code of your own, add the line to the file.",
                ),
                Fix("compile with an older compiler", env=(("CXX", "g++-12"),), notes="Debian, Ubuntu: g++-12."),
            ),
        )
        return
    if hits := log.find("fortran-calls-differ"):
        option = "-fallow-argument-mismatch"
        yield finding_from_hits(
            log,
            hits,
            "this Fortran code calls one procedure with different arguments, which gfortran 10 and later refuse",
            "Older ones only warned. Nothing is built.",
            (
                Fix(
                    "let the compiler only warn",
                    env=(("FFLAGS", option), ("FCFLAGS", option)),
                    notes=f"CMake reads FFLAGS in a new build folder only, or take -DCMAKE_Fortran_FLAGS={option}.",
                ),
                _NEWER,
            ),
        )
        return
    twice = log.find("c-defined-twice")
    if twice and not builds_rust(log):
        yield finding_from_hits(
            log,
            twice,
            f"several files define {twice[0].groups['symbol']}, which GCC 10 and Clang 11 no longer merge",
            "Linking fails: multiple definition.",
            (
                _NEWER,
                Fix("let the compiler merge such variables", env=(("CFLAGS", "-fcommon"),)),
            ),
        )


_NEWER = Fix("use a newer release of the package", notes="Distributions have patches for some old ones.")


def _of_old_code(refused: list[Hit]) -> list[Hit]:
    """Return those of *refused* that are about old code.

    A function of a library that no header declares is taken to return int: types that do not fit after it in the same
    file only follow from that, and do not show old code.
    """
    undeclared: set[str] = set()
    found = []
    for hit in refused:
        file = hit.text.partition(":")[0]
        if not _is_old(hit.groups["said"]):
            undeclared.add(file)
        elif file not in undeclared or hit.groups["rule"] not in _FOLLOWING:
            found.append(hit)
    return found


#: What a call to an undeclared function leads to.
_FOLLOWING = ("int-conversion", "incompatible-pointer-types")


def _is_old(said: str) -> bool:
    """Whether older compilers accept what *said* refuses, and the result works."""
    called = _CALLED.search(said)
    return called is None or bool(_OF_C.match(called[1]))
