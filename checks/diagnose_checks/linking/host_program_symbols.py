"""An extension for a program that loads it is linked as if it had to be complete.

NIFs of Erlang, addons of Node.js, modules of Ruby, Perl, PostgreSQL and PHP take functions (``enif_…``, ``napi_…``,
``rb_…``) from the program that loads them: no library has these for the linker. On Linux a shared library may leave
them open. Apple's linker does so with an option; no link for Windows does.

How to fix: on macOS, ``-undefined dynamic_lookup`` for the linker. On Linux take ``--no-undefined`` out. On Windows
link the program's import library.

References:
    https://github.com/rusterlium/rustler#supported-os
    https://napi.rs/docs/introduction/getting-started
    https://keith.github.io/xcode-man-pages/ld.1.html
"""

from __future__ import annotations

from diagnose.authoring.log import builds_rust, finding_from_hits, other_system
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit

CHECK = Check(since="0.1.0", phase=Phase.LINK, log_kinds=("ld-undefined",))
#: Functions by their first letters, and the program that has them.
_HOSTS = (
    (r"enif_\w+$", "Erlang's virtual machine"),
    (r"(?:napi|node_api)_\w+$", "Node.js"),
    (r"(?:rb_(?:define|str|ary|hash|eval|funcall|intern|raise|const|gc|cObject|eStandardError)\w*|ruby_x\w+)$", "Ruby"),
    (r"(?:Perl|PL)_\w+$", "Perl"),
    (r"(?:palloc\w*|pfree|errstart\w*|errfinish|SPI_\w+|CurrentMemoryContext|pg_detoast_datum\w*)$", "PostgreSQL"),
    (r"(?:zend|php)_\w+$", "PHP"),
)


def _host(symbol: str) -> str:
    name = symbol.strip("`'\"").removeprefix("_")
    return next((host for pattern, host in _HOSTS if re.match(pattern, name)), "")


def log(log: BuildLog) -> Iterator[Finding]:
    """See a linker not find functions of a program that loads extensions."""
    for link in log.links:
        found: dict[str, list[Hit]] = {}
        undefined = link.of("ld-undefined")
        for hit in undefined:
            if host := _host(hit.groups["symbol"]):
                found.setdefault(host, []).append(hit)
        for host, hits in found.items():
            if len(hits) * 2 < len(undefined) or link.missing:
                continue  # the library of a program that embeds it is missed
            symbol = hits[0].groups["symbol"].strip("`'\"")
            mac = other_system(log) == "macOS" or "referenced from:" in hits[0].text
            yield finding_from_hits(
                log,
                hits,
                f"{symbol} is a function of {host}, which the extension gets when it is loaded, and the link leaves "
                "nothing open",
                "Linking fails.",
                _fixes(host, mac, builds_rust(log)),
            )
            return


_MAC_RUST = Fix(
    "let Apple's linker leave these functions open",
    env=(("RUSTFLAGS", "-C link-arg=-undefined -C link-arg=dynamic_lookup"),),
    notes='To keep it, in .cargo/config.toml: [target.\'cfg(target_os = "macos")\'] rustflags = ["-C", '
    '"link-arg=-undefined", "-C", "link-arg=dynamic_lookup"]. It has to be the config.toml of the crate or the '
    "workspace from whose folder cargo runs, and the crate type cdylib.",
)
_MAC = Fix(
    "let Apple's linker leave these functions open",
    env=(("LDFLAGS", "-bundle -undefined dynamic_lookup"),),
    notes="CMake: add_library(NAME MODULE …) and target_link_options(NAME PRIVATE -undefined dynamic_lookup).",
)


def _fixes(host: str, mac: bool, rust: bool) -> tuple[Fix, ...]:
    embeds = Fix(
        f"if it is a program that embeds {host}: link its library",
        notes="Its -config program or .pc file names it.",
    )
    if mac:
        return (_MAC_RUST if rust else _MAC, embeds)
    return (
        Fix(
            "link a shared library, and let it leave functions open",
            notes="gcc -shared, crate type cdylib, add_library(NAME MODULE …); without -Wl,--no-undefined and "
            "-Wl,-z,defs. An executable, as the tests of a crate are, gets them from no program.",
        ),
        embeds,
    )
