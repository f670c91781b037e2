"""``diagnose env --apply --yes`` takes a bare root to a built wheel, and ``diagnose undo`` takes its files back."""

from __future__ import annotations

import pytest

from e2e.ladder import AARCH64, ARMV7, CONFIG, Target, Workshop, causes
from e2e.roots import PROJECT


@pytest.mark.parametrize("target", [ARMV7, AARCH64], ids=lambda target: target.debian)
def test_from_bare_to_a_wheel(workshop: Workshop, target: Target) -> None:
    with workshop.root() as root:
        command = f"diagnose env --target {target.triple} --apply"
        refused = root.run(command, cwd=PROJECT)
        assert refused.code == 2 and "--yes" in refused.output
        assert not root.file(CONFIG).exists()

        done = root.run(f"{command} --yes", cwd=PROJECT)
        assert done.code == 0, done.output
        assert causes(root.inside(target)) == causes(root.outside(target)) == []
        config = root.file(CONFIG).read_text()

        again = root.run(f"{command} --yes", cwd=PROJECT)
        assert again.code == 0 and "run   " not in again.output and "write " not in again.output
        assert root.file(CONFIG).read_text() == config

        built = root.build(target)
        assert built.code == 0, built.output
        assert root.wheel().name.endswith(f"{target.tag}.whl")

        root.check("diagnose undo", cwd=PROJECT)
        assert not root.file(CONFIG).exists()


def test_the_script_alone_does_the_same(workshop: Workshop) -> None:
    with workshop.root() as root:
        env = f"diagnose env --target {ARMV7.triple} --fix-format sh --fail-on never"
        root.check(f"{env} > /tmp/ready.sh && sh /tmp/ready.sh && sh /tmp/ready.sh", cwd=PROJECT)
        assert root.inside(ARMV7)["findings"] == []
