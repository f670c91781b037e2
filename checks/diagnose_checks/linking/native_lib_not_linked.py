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

import re

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit, LinkStep

#: Whose function a name is, for libraries that reserve a prefix of their own, by their public headers.
_OWNERS = (
    (
        "stdc++",
        r"std::(?:cout|cerr|terminate|basic_ostream)\b.*|__gxx_personality_v0|__cxa_(?:begin_catch|throw|pure_virtual)",
    ),
    ("asound", r"snd_(?:pcm|mixer|ctl|seq|card|rawmidi|hctl|timer|device|config)_\w+|snd_strerror"),
    ("sqlite3", r"sqlite3_(?:open|close|exec|prepare|step|finalize|bind|column|errmsg|libversion|initialize)\w*"),
    ("curl", r"curl_(?:easy|multi|global|slist|share|mime|url)_\w+"),
    ("git2", r"git_(?:libgit2|repository|remote|reference|commit|tree|oid|odb)_\w+"),
    ("usb-1.0", r"libusb_\w+"),
    ("udev", r"udev_(?:new|ref|unref|device|enumerate|monitor|list)\w*"),
    ("dbus-1", r"dbus_(?:bus|connection|message|error)_\w+"),
    ("zmq", r"zmq_(?:ctx|msg|socket|connect|bind|send|recv|close|errno|poll)\w*"),
    ("rdkafka", r"rd_kafka_\w+"),
    ("jack", r"jack_(?:client|port|activate|deactivate|set|get|connect)\w*"),
    ("gstreamer-1.0", r"gst_(?:init|element|object|bin|pipeline|bus|caps|pad|message|buffer)\w*"),
    ("pq", r"PQ(?:connect|exec|getvalue|ntuples|status|finish|clear|errorMessage|resultStatus)\w*"),
    ("zstd", r"ZSTD_(?:compress|decompress|create|free|getErrorName|isError)\w*"),
    ("lzma", r"lzma_(?:code|end|easy_\w+|stream_\w+|auto_decoder)"),
    ("bz2", r"BZ2_bz\w+"),
    ("z", r"(?:in|de)flate(?:Init2?_|End|Reset)?|zlibVersion"),
    ("X11", r"X(?:OpenDisplay|CloseDisplay|Flush|Sync|CreateWindow|MapWindow|InternAtom|DefaultScreen)"),
    ("xkbcommon", r"xkb_(?:context|keymap|state|keysym)_\w+"),
    ("wayland-client", r"wl_(?:proxy_\w+|display_(?:connect|disconnect|dispatch|roundtrip)\w*)"),
    ("archive", r"archive_(?:read|write|entry)_\w+"),
    ("xml2", r"xml(?:Read|FreeDoc|ParseFile|NewDoc|DocGet|CleanupParser)\w*"),
    ("freetype", r"FT_(?:Init_FreeType|Done_\w+|New_\w+|Load_\w+|Set_\w+)"),
    ("fontconfig", r"Fc(?:Init\w*|Pattern\w+|Config\w+|Font\w+)"),
    ("systemd", r"sd_(?:journal|bus|notify|event)\w*"),
    ("cairo", r"cairo_(?:create|destroy|surface|set|image|paint|fill|stroke)\w*"),
    ("harfbuzz", r"hb_(?:buffer|font|face|blob|shape)\w*"),
    ("opus", r"opus_(?:encode|decode|encoder|decoder)\w*"),
    ("FLAC", r"FLAC__\w+"),
    ("sndfile", r"sf_(?:open|close|read|write|strerror|seek)\w*"),
    ("portaudio", r"Pa_(?:Initialize|Terminate|OpenStream|StartStream|StopStream|GetErrorText|GetDevice\w+)"),
    ("pcap", r"pcap_(?:open|close|next|loop|compile|setfilter|geterr|findalldevs)\w*"),
    ("seccomp", r"seccomp_(?:init|load|rule|release)\w*"),
)
_NAMES = tuple((lib, re.compile(rf"(?:{pattern})$")) for lib, pattern in _OWNERS)
_SHARED = re.compile(r"\.so[\d.]*: undefined reference")
_ARCHIVE = re.compile(r"lib(?P<archive>[\w.+-]+)\.a\(")

CHECK = Check(
    since="0.1.0",
    phase=Phase.LINK,
    patterns=patterns_for("linked-lib", *((f'"-l{lib}"', rf'"-l(?P<lib>{re.escape(lib)})"') for lib, _ in _OWNERS)),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See a function of a well-known library undefined in a link whose command does not name the library."""
    for link in log.links:
        found: dict[str, list[Hit]] = {}
        for hit in [] if link.of("ld-needed") or not link.program else link.of("ld-undefined"):
            symbol = hit.groups["symbol"].rstrip("'`\"")
            lib = next((lib for lib, name in _NAMES if name.match(symbol)), "")
            if lib and not _SHARED.search(hit.text) and not _named(log, link, lib):
                found.setdefault(lib, []).append(hit)
        for lib, hits in found.items():
            archive = next((match["archive"] for hit in hits if (match := _ARCHIVE.search(hit.text))), "")
            symbol = hits[0].groups["symbol"].rstrip("'`\"")
            yield finding_from_hits(
                log,
                [*log.near(link.line, "link-failed"), *hits],
                f"{symbol} is a function of lib{lib}, which is not linked",
                f"Linking fails: undefined symbol {symbol}.",
                _fixes(lib, archive),
            )
        if found:
            return


def _named(log: BuildLog, link: LinkStep, lib: str) -> bool:
    """Whether the command line names the library, or the linker missed or skipped it: then others know the cause."""
    if lib in link.missing or any(lib == skipped for skipped, _ in link.skipped) or link.wrong:
        return True
    return any(hit.groups["lib"] == lib for hit in log.near(link.line, "linked-lib", before=1, after=12))


def _fixes(lib: str, archive: str) -> list[Fix]:
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
    if archive:
        static = Fix(
            f"ask pkg-config for the libraries that lib{archive}.a uses",
            env=(("PKG_CONFIG_ALL_STATIC", "1"),),
        )
        fixes.insert(0, static)
    return fixes
