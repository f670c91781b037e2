"""The table of headers: the packages that programs are compiled with."""

from __future__ import annotations

import pytest

from diagnose.tables import debian_headers


@pytest.mark.parametrize(
    ("header", "codename", "package"),
    [
        ("alsa/asoundlib.h", "", "libasound2-dev"),
        ("curl/curl.h", "trixie", "libcurl4-openssl-dev"),
        ("dbus/dbus.h", "bookworm", "libdbus-1-dev"),
        ("ffi.h", "", "libffi-dev"),
        ("glib.h", "bookworm", "libglib2.0-dev"),
        ("libpq-fe.h", "", "libpq-dev"),
        ("libudev.h", "jammy", "libudev-dev"),
        ("libusb.h", "", "libusb-1.0-0-dev"),
        ("openssl/ssl.h", "noble", "libssl-dev"),
        ("zlib.h", "", "zlib1g-dev"),
        ("X11/Xlib.h", "", "libx11-dev"),
        ("X11/extensions/XTest.h", "jammy", "libxtst-dev"),
        ("X11/X.h", "trixie", "x11proto-dev"),
        ("opencv2/core.hpp", "trixie", "libopencv-core-dev"),
        ("git2.h", "", "libgit2-dev"),
        ("event.h", "bookworm", "libevent-dev"),
        ("lua.h", "", "liblua5.4-dev"),
        ("error.h", "", ""),  # the C library's, and many projects' own
        ("config.h", "bookworm", ""),
        ("no/such/header.h", "", ""),
        ("", "", ""),
    ],
)
def test_the_package_that_ships_a_header(header: str, codename: str, package: str) -> None:
    assert debian_headers.package(header, codename) == package


def test_every_row_is_a_header_or_folder_a_development_package_and_known_suites() -> None:
    with open(debian_headers.TABLE, encoding="utf-8") as file:
        rows = [line.rstrip("\n").split("\t") for line in file if not line.startswith("#")]
    assert len(rows) > 10_000
    for name, package, *suites in rows:
        assert name.endswith((".h", ".hpp", ".hh", ".hxx", "/")) and package.endswith("-dev")
        assert not suites or set(suites[0].split(",")) < set(debian_headers.SUITES)
