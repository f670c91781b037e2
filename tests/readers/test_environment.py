"""The facts of an environment as a whole."""

from __future__ import annotations

import pytest

from diagnose.finding import InputError
from diagnose.readers import env


def test_the_guard_refuses_a_cross_build_without_any_setting():
    facts = env.read(target="armhf", libs=["alsa"], environ={})
    assert facts.cross == (facts.host.triple != "armv7-unknown-linux-gnueabihf")
    if facts.cross:
        assert [library.outcome for library in facts.libraries] == ["cross-refused"]


def test_an_unknown_target_is_named_with_what_was_meant():
    with pytest.raises(InputError, match=r"amd86: no architecture .* did you mean amd64"):
        env.read(target="amd86")


def test_a_root_that_is_no_folder(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        env.read(root=str(tmp_path / "nothing"))
