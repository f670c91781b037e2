"""Code calls a function of a system library that the linker is not given.

A ``-sys`` crate only declares the functions. Its build script has to name the library for the linker
(``cargo:rustc-link-lib``). It does not where a ``[target.<triple>.<links>]`` table replaces the script, where a
variable such as ``ALSA_NO_PKG_CONFIG`` turns its search off, or where the crate has no such script. A static library
needs the libraries that it uses itself named as well: its archive does not contain their names.

How to fix: name the library for the linker. If it is an archive that calls the function, ask pkg-config with
``--static``.

References:
    https://doc.rust-lang.org/cargo/reference/build-scripts.html#rustc-link-lib
    https://doc.rust-lang.org/cargo/reference/build-scripts.html#overriding-build-scripts
"""

from __future__ import annotations

from diagnose.authoring.link_step import names_library
from diagnose.authoring.log import builds_rust, finding_from_hits
from diagnose.authoring.symbol_owners import OWNERS, owner
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit, LinkStep

_SHARED = r"\.so[\d.]*: undefined reference"
_ARCHIVE = r"lib(?P<archive>[\w.+-]+)\.a\("

CHECK = Check(
    since="0.1.0",
    phase=Phase.LINK,
    log_kinds=("ld-undefined",),
    patterns=(
        *patterns_for("linked-lib", *((f'"-l{lib}"', rf'"-l(?P<lib>{re.escape(lib)})"') for lib, _ in OWNERS)),
        *patterns_for(
            "dso-missing",
            (
                "undefined reference to symbol",
                r"undefined reference to symbol '(?P<symbol>[^'@\s]{1,300})(?:@[^'\s]{1,100})?'\s+"
                r"(?:\S{1,100}: )?(?P<file>\S{1,300}): error adding symbols: DSO missing from command line",
                2,
            ),
            (
                "DSO missing from command line",
                r"(?:^|\s)(?P<file>\S{1,300}): error adding symbols: DSO missing from command line(?P<symbol>)",
            ),
        ),
        *patterns_for("link-command", ('"-lc"', '"-lc"'), ('"-lgcc_s"', '"-lgcc_s"')),  # rustc's is complete
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See a function of a well-known library undefined in a link whose command does not name the library."""
    for hit in log.find("dso-missing")[:1]:
        file = hit.groups["file"].rpartition("/")[2]
        lib = re.split(r"\.(?:so|a)\b", file.removeprefix("lib"))[0]
        yield finding_from_hits(
            log,
            [hit],
            f"{hit.groups['symbol']} is a function of {file}, which is not linked"
            if hit.groups["symbol"]
            else f"a function of {file} is used, which is not linked",
            "Linking fails: the linker finds it through another library, and does not use it without being asked.",
            _fixes(lib, "", True)[:1] if builds_rust(log) else _by_make(lib),
        )
        return
    for link in log.links:
        found: dict[str, list[Hit]] = {}
        for hit in [] if link.of("ld-needed") else link.of("ld-undefined"):
            lib = owner(hit.groups["symbol"].rstrip("'`\""))
            if lib and not re.search(_SHARED, hit.text) and not _known(log, link, lib):
                found.setdefault(lib, []).append(hit)
        for lib, hits in found.items():
            archive = next((match["archive"] for hit in hits if (match := re.search(_ARCHIVE, hit.text))), "")
            symbol = hits[0].groups["symbol"].rstrip("'`\"").partition("(")[0]
            complete = bool(log.near(link.line, "link-command", before=1, after=12))
            state = "which is not linked" if complete else "and no file that is linked has it"
            yield finding_from_hits(
                log,
                [*log.near(link.line, "link-failed"), *hits],
                f"{symbol} is a function of lib{lib}, {state}",
                f"Linking fails: undefined symbol {symbol}.",
                _fixes(lib, archive, complete) if builds_rust(log) else _by_make(lib),
            )
        if found:
            return


def _by_make(lib: str) -> list[Fix]:
    return [
        Fix(
            f"link lib{lib}",
            notes=f"-l{lib} behind the objects and libraries that use it. make, configure: LDLIBS=-l{lib} or "
            f"LIBS=-l{lib}; CMake: target_link_libraries(NAME PRIVATE {lib}); Extension of setuptools: "
            f'libraries=["{lib}"].',
        )
    ]


def _known(log: BuildLog, link: LinkStep, lib: str) -> bool:
    """Whether the command line names the library, or the linker missed or skipped it: then others know the cause."""
    if lib in link.missing or any(lib == skipped for skipped, _ in link.skipped) or link.wrong:
        return True
    return names_library(log, link, lib)


def _fixes(lib: str, archive: str, complete: bool) -> list[Fix]:
    fixes = [
        Fix(
            f"link lib{lib}",
            env=(("RUSTFLAGS", f"-l {lib}"),),
            notes=f'To keep it: println!("cargo:rustc-link-lib={lib}"); in build.rs. This variable replaces the '
            "rustflags of .cargo/config.toml.",
        ),
        Fix(
            "let the -sys crate's build script run",
            notes="Remove a [target.<triple>.<links>] table for it from .cargo/config.toml, and a variable such as "
            "ALSA_NO_PKG_CONFIG.",
        ),
    ]
    if not complete:  # the excerpt does not show the linker's command
        older = Fix(
            f"if the linker's command names it (-l{lib}): use a newer lib{lib}",
            notes="A library that is older than the code lacks its newer functions. The log does not show the command.",
        )
        fixes.insert(1, older)
    if archive:
        static = Fix(
            f"ask pkg-config for the libraries that lib{archive}.a uses",
            env=(("PKG_CONFIG_ALL_STATIC", "1"),),
        )
        fixes.insert(0, static)
    return fixes
