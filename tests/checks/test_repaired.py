"""The names that repair tools make up, as they occur in published wheels."""

from __future__ import annotations

import pytest

from diagnose.tables.repaired_names import is_hashed, plain


@pytest.mark.parametrize(
    ("name", "before"),
    [
        ("libasound-b9128502.so.2.0.0", "libasound.so.2.0.0"),  # auditwheel, maturin
        ("libcusparseLt-f80c68d1.so.0", "libcusparseLt.so.0"),  # torch
        ("libjpeg.d33e0c76.so.8", "libjpeg.so.8"),  # torchvision
        ("libpng16.86585de4.so.16", "libpng16.so.16"),
        # The digits come before the first dot, wherever that is.
        ("libopenblasp-r0-39a31c03.2.18.so", "libopenblasp-r0.2.18.so"),
        ("libSDL2_mixer-2-0a1b2c3d.0.so.0.600.3", "libSDL2_mixer-2.0.so.0.600.3"),
        ("libdbus-1-89d7a6c5.so.3.7.4", "libdbus-1.so.3.7.4"),
        ("libstdc++-a1b2c3d4.so.6", "libstdc++.so.6"),
        ("libz-1a2b3c4d-5e6f7a8b.so.1", "libz.so.1"),  # repaired twice
    ],
)
def test_a_made_up_name_gives_the_one_before(name: str, before: str) -> None:
    assert is_hashed(name)
    assert plain(name) == before


@pytest.mark.parametrize(
    "name",
    [
        "libasound.so.2",
        "libfoo-20240131.so",
        "libabsl.20230802.so.1",
        "libfoo.so.20240131",
        "libfoo-0a1b2c3.so",
        "libfoo-0a1b2c3d4.so",
        "libicudata-12345678",
        "demo.cpython-312-x86_64-linux-gnu.so",
        "demo.abi3.so",
        "libpyo3_macros-3f7bd2f8e3a7c1d5.so",
    ],
)
def test_other_names_are_left_alone(name: str) -> None:
    assert not is_hashed(name)
    assert plain(name) == name
