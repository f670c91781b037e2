"""`diagnose env` in a container of each state, and of its saved image, says what it says of the root from outside."""

from __future__ import annotations

import shutil
from pathlib import Path

from conftest import need

from e2e import docker
from e2e.cache import say
from e2e.conftest import Walked, together
from e2e.ladder import Workshop, diagnose, subject, verdict
from e2e.targets import ARMV7


@together("armhf states")
def test_states_in_a_container(walked: Walked, workshop: Workshop, tmp_path: Path) -> None:
    reason = docker.reason_against()
    need(not reason, reason)
    places = walked(ARMV7)
    say("making a container …")
    with workshop.root() as root, docker.container(root) as container:
        count = 0
        for place in places:
            for layer in reversed(place.layers[: len(place.layers) - count]):
                container.add(layer)
            count = len(place.layers)
            assert verdict(container.inside(ARMV7)) == verdict(place.report), place.state.name
            image = container.saved(tmp_path / "saved")
            words = ("env", "--target", ARMV7.triple, "--image", image.name)
            assert verdict(subject(diagnose(*words, cwd=image.parent))) == verdict(place.report), place.state.name
            shutil.rmtree(image.parent)
            say(f"{ARMV7.debian} {place.state.name}: the same in a container, and of its image")
