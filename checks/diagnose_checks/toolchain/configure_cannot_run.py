"""A configure script runs a program that it compiled, and cannot, or would have to in a cross build.

Some questions of configure are answered only by running a small program. It cannot run if it was compiled for another
processor or system, or if the loader does not find a library that LDFLAGS or LIBS name. In a cross build configure does
not try: it takes the answer from a variable, or gives up.

How to fix: say that it is a cross build with ``--host``, and give the answers as ``ac_cv_…`` variables; in a native
build take out what keeps the program from running.

References:
    https://www.gnu.org/software/autoconf/manual/autoconf-2.72/html_node/Specifying-Target-Triplets.html
    https://www.gnu.org/software/autoconf/manual/autoconf-2.72/html_node/Cache-Variable-Names.html
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit

CHECK = Check(
    since="0.1.0",
    phase=Phase.SEARCH,
    patterns=patterns_for(
        "configure-no-run",
        ("cannot run C", r"configure: error: cannot run C(?:\+\+)? compiled programs"),
        (
            "are not runnable.",
            r"ERROR: Executables created by (?P<language>\S{1,12}) compiler (?P<meson>\S{1,200}) are not",
        ),
        (
            "not run test applications",
            r"ERROR: (?:Problem encountered: )?Can ?not run test applications in this (?P<wrapper>cross) environment",
        ),
        ("not invoke sanity test exec", r"ERROR: Could not invoke sanity test executable: (?P<why>.{1,300})"),
        ("cannot run test program whil", r"configure: error: cannot run test program while (?P<cross>cross compiling)"),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See configure give up because it cannot run what it compiled."""
    for hit in log.find("configure-no-run")[:1]:
        if hit.groups["cross"]:
            yield finding_from_hits(
                log,
                [hit],
                "configure asks a question that only a program on the target can answer",
                "Nothing is configured: in a cross build it cannot run.",
                (
                    Fix(
                        "give the answer in a variable",
                        notes="config.log names it above the error, as ac_cv_func_NAME=yes: ./configure --host=TRIPLE "
                        "ac_cv_func_NAME=yes. Distributions' recipes for the package (Buildroot, OpenWrt, Yocto) list "
                        "them.",
                    ),
                    Fix("build natively, or under emulation", notes="As in an image of the target's processor."),
                ),
            )
            return
        if hit.groups["wrapper"]:
            yield _without_wrapper(log, hit)
            return
        if hit.groups["meson"] or hit.groups["why"]:
            yield _of_meson(log, hit)
            return
        yield finding_from_hits(
            log,
            [hit],
            "a program that configure compiled does not run here",
            "Nothing is configured. It is for another processor or system, or misses a library when it starts.",
            (
                Fix(
                    "look why it does not start",
                    (Command("grep -B 3 -A 12 'cannot run C' config.log", FixStage.BUILD),),
                    notes='"error while loading shared libraries": LD_LIBRARY_PATH, or take the library out '
                    "of LIBS and "
                    'LDFLAGS. "Exec format error": it is a cross build. A sanitizer or -march=native in CFLAGS stops '
                    "it, too.",
                ),
                Fix(
                    "of a cross build: say so",
                    (Command("./configure --host=TRIPLE", FixStage.BUILD),),
                    notes="TRIPLE is what the compiler's name begins with, such as aarch64-linux-gnu.",
                ),
            ),
        )


def _of_meson(log: BuildLog, hit: Hit) -> Finding:
    """Return that Meson cannot run the first program that it compiled."""
    compiler = hit.groups["meson"]
    other = re.search(r"(?i)exec format error|Errno 8\b|WinError (?:193|216)", hit.groups["why"])
    message = f"a program that Meson compiled with {compiler or 'CC'} does not run here"
    why = " It is for another processor or system, or misses a library when it starts."
    if other:
        message = (
            "Meson makes a native build with a cross compiler: its first program is not for this machine's processor"
        )
        why = ""
    return finding_from_hits(
        log,
        [hit],
        message,
        f"Nothing is configured.{why}",
        (
            Fix(
                "of a cross build: name the compiler in a cross file",
                (Command("meson setup --cross-file FILE build", FixStage.BUILD),),
                notes="CC and CXX are those of a native build. In FILE: [binaries] c = "
                f"'{compiler or 'TRIPLE-gcc'}'; [host_machine] system, cpu_family, cpu, endian; [properties] "
                "needs_exe_wrapper = true. `meson env2mfile --cross --system linux --cpu-family CPU --cpu CPU --endian "
                "little -o FILE` writes it from CC and CXX. Under pip: `pip install . "
                "-Csetup-args=--cross-file=$PWD/FILE`, or crossenv.",
            ),
            Fix(
                "of a native build: take the compiler of this machine"
                if other
                else "of a native build: look why it does not start",
                () if other else (Command("tail -n 40 build/meson-logs/meson-log.txt", FixStage.BUILD),),
                unset=("CC", "CXX") if other else (),
                notes=""
                if other
                else "A sanitizer, -march=native or a library outside the loader's folders in CFLAGS and LDFLAGS; a "
                "file system mounted with noexec.",
            ),
        ),
    )


def _without_wrapper(log: BuildLog, hit: Hit) -> Finding:
    """Return that a Meson project asks, in a cross build, what only a program on the target can answer."""
    return finding_from_hits(
        log,
        [hit],
        "Meson has to run a program of the target for an answer, and the cross file names nothing that runs it",
        "Nothing is configured: this is a cross build.",
        (
            Fix(
                "give the answer as a property in the cross file",
                notes="In [properties]; the line of meson.build that the error names says which. numpy: "
                "longdouble_format = 'IEEE_QUAD_LE' on AArch64, 'INTEL_EXTENDED_16_BYTES_LE' on x86-64, "
                "'IEEE_DOUBLE_LE' on 32-bit Arm. A recipe has to write that file itself (Yocto: MESON_CROSS_FILE), and "
                "needs_exe_wrapper = true then lets Meson skip the rest.",
            ),
            Fix(
                "let an emulator run it",
                notes="In [binaries]: exe_wrapper = ['qemu-aarch64-static', '-L', '/path/to/sysroot'].",
            ),
        ),
    )
