"""The linked library lacks a function that the code calls: it is older than the code expects.

The linker finds the library, and a function that later versions added is not in it. Bindings declare the functions of
one version of a library, and the system may have an older one: ``sqlite3_prepare_v3`` came with SQLite 3.20,
``snd_pcm_hw_params_set_drain_silence`` with alsa-lib 1.2.9. A copy in ``/usr/local/lib``, or of another SDK, can be
found before the system's. A library that was built without an option lacks functions, too.

How to fix: link a newer library, let the crate build its own copy (a feature such as ``bundled`` or ``vendored``), or
use a version of the crate for this library.

References:
    https://doc.rust-lang.org/cargo/reference/build-scripts.html#rustc-link-lib
    https://sourceware.org/binutils/docs/ld/Options.html (``-l``, ``--trace``)
"""

from __future__ import annotations

from diagnose.authoring.link_step import names_library
from diagnose.authoring.log import finding_from_hits
from diagnose.authoring.symbol_owners import owner
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit, LinkStep

CHECK = Check(since="0.1.0", phase=Phase.LINK, log_kinds=("ld-undefined",))

#: References from Rust code, which the linker reads before the libraries: their order is not the cause.
_RUST = r"\.rlib\(|\.rcgu\.o\b|\.rs:\d+|>>> referenced by"
#: Crates that build the library themselves, and the feature for that: their Cargo.toml, as of November 2026.
_OWN_COPY = {
    "sqlite3": "libsqlite3-sys/bundled (rusqlite/bundled)",
    "git2": "libgit2-sys/vendored (git2/vendored-libgit2)",
    "curl": "curl-sys/static-curl (curl/static-curl)",
    "rdkafka": "rdkafka-sys, without dynamic-linking",
    "pq": "pq-sys/bundled",
    "usb-1.0": "libusb1-sys/vendored (rusb/vendored)",
    "dbus-1": "libdbus-sys/vendored (dbus/vendored)",
}


def log(log: BuildLog) -> Iterator[Finding]:
    """See a function of a well-known library undefined in a link whose command names the library."""
    for link in log.links:
        found: dict[str, list[Hit]] = {}
        for hit in link.of("ld-undefined") if link.program else []:
            lib = owner(hit.groups["symbol"].rstrip("'`\""))
            if lib and lib != "stdc++" and _is_linked(log, link, lib):
                found.setdefault(lib, []).append(hit)
        for lib, hits in found.items():
            rust = [hit for hit in hits if re.search(_RUST, hit.text)] or link.of("ld-referenced")
            if not rust:
                continue
            symbol = hits[0].groups["symbol"].rstrip("'`\"")
            yield finding_from_hits(
                log,
                [*log.near(link.line, "link-failed"), *hits],
                f"the lib{lib} that is linked has no {symbol}",
                f"Linking fails: undefined symbol {symbol}. The library is older than the code expects, or was built "
                "without that part.",
                _fixes(lib),
            )


def _is_linked(log: BuildLog, link: LinkStep, lib: str) -> bool:
    """Whether the command line names *lib* and the linker found it."""
    missed = lib in link.missing or any(lib == skipped for skipped, _ in link.skipped) or link.wrong
    return names_library(log, link, lib) and not missed


def _fixes(lib: str) -> list[Fix]:
    fixes = [
        Fix(
            f"link a newer lib{lib}",
            notes="Take it from a newer release of the distribution or from source. An older copy may be found before "
            "it,  for example in /usr/local/lib: RUSTFLAGS='-C link-arg=-Wl,--trace' shows the file that is linked.",
        ),
        Fix("use a version of the crate for this version of the library"),
    ]
    if lib in _OWN_COPY:
        fixes.insert(0, Fix(f"let the crate build its own lib{lib}", notes=f"Feature: {_OWN_COPY[lib]}."))
    return fixes
