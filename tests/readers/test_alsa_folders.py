"""The folders that are compiled into libasound."""

from __future__ import annotations

import pytest

from diagnose.readers.wheel.sampling import _alsa_folders

PLAIN = b"x\0/usr/share/alsa\0%s/alsa.conf\0/usr/lib64/alsa-lib\0/usr/share/alsa/ucm2\0"


@pytest.mark.parametrize(
    ("content", "folders"),
    [
        (PLAIN, ("/usr/share/alsa", "/usr/lib64/alsa-lib")),
        (PLAIN.replace(b"/usr", b"/tmp/vendor"), ("/tmp/vendor/share/alsa", "/tmp/vendor/lib64/alsa-lib")),
        (PLAIN + b"/opt/share/alsa\0", ("", "/usr/lib64/alsa-lib")),  # which one is used cannot be seen
        (PLAIN + b"/usr/share/alsa\0", ("/usr/share/alsa", "/usr/lib64/alsa-lib")),
        (b"/usr/share/alsa", ("", "")),
        (b"\0/" + b"a" * 10_000_000, ("", "")),
        (b"\0/a" * 1_000_000, ("", "")),
    ],
)
def test_the_two_folders_are_read(content: bytes, folders: tuple[str, str]) -> None:
    assert _alsa_folders(content) == folders
