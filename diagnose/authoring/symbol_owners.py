"""Which system library a function belongs to, for libraries that reserve a prefix of their own.

Source: the public headers of each library, as of November 2026.
"""

from __future__ import annotations

from diagnose.model._lazy_stdlib import cache, re

#: Library, as ``-l`` takes it → the names of its functions, as a pattern.
OWNERS = (
    (
        "stdc++",
        r"std::(?:cout|cerr|terminate|basic_ostream|ios_base)\b.*|__gxx_personality_v0"
        r"|__cxa_(?:begin_catch|throw|pure_virtual)|operator (?:new|delete)(?:\[\])?\(.*|vtable for __cxxabiv1::.*",
    ),
    ("asound", r"snd_(?:pcm|mixer|ctl|seq|card|rawmidi|hctl|timer|device|config)_\w+|snd_strerror"),
    ("sqlite3", r"sqlite3_[a-z]\w*"),
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
    ("xcb-errors", r"xcb_errors_\w+"),
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
    ("gsl", r"gsl_[a-z]\w+"),
    ("hidapi-hidraw", r"hid_(?:init|exit|open|close|enumerate|read|write|free_enumeration)\w*"),
)


@cache
def _names() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((lib, re.compile(rf"(?:{pattern})$")) for lib, pattern in OWNERS)


def owner(symbol: str) -> str:
    """Return the library, as ``-l`` takes it, whose function *symbol* is; empty if unknown."""
    return next((lib for lib, name in _names() if name.match(symbol)), "")
