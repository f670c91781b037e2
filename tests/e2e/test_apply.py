"""``diagnose env --apply --yes`` takes a bare root to a built wheel, and ``diagnose undo`` takes its files back."""

from __future__ import annotations

from e2e.ladder import ARMV7, CONFIG, Workshop, causes
from e2e.roots import PROJECT


def test_from_bare_to_a_wheel(workshop: Workshop) -> None:
    with workshop.root() as root:
        command = f"diagnose env --target {ARMV7.triple} --apply"
        refused = root.run(command, cwd=PROJECT)
        assert refused.code == 2 and "--yes" in refused.output
        assert not root.file(CONFIG).exists()

        done = root.run(f"{command} --yes", cwd=PROJECT)
        assert done.code == 0, done.output
        assert causes(root.inside(ARMV7)) == causes(root.outside(ARMV7)) == []
        config = root.file(CONFIG).read_text()

        again = root.run(f"{command} --yes", cwd=PROJECT)
        assert again.code == 0 and "run   " not in again.output and "write " not in again.output
        assert root.file(CONFIG).read_text() == config

        built = root.build(ARMV7)
        assert built.code == 0, built.output
        (wheel,) = root.file(f"{PROJECT}/target/wheels").glob("*.whl")
        assert wheel.name.endswith(f"{ARMV7.tag}.whl")

        root.check("diagnose undo", cwd=PROJECT)
        assert not root.file(CONFIG).exists()


def test_the_script_alone_does_the_same(workshop: Workshop) -> None:
    with workshop.root() as root:
        env = f"diagnose env --target {ARMV7.triple} --fix-format sh --fail-on never"
        root.check(f"{env} > /tmp/ready.sh && sh /tmp/ready.sh && sh /tmp/ready.sh", cwd=PROJECT)
        assert root.inside(ARMV7)["findings"] == []
