"""`diagnose env` in a container of each state says what it says of the same root from outside."""

from __future__ import annotations

from conftest import need

from e2e import docker
from e2e.cache import say
from e2e.conftest import Walked, together
from e2e.ladder import Workshop, verdict
from e2e.targets import ARMV7


@together("armhf states")
def test_states_in_a_container(walked: Walked, workshop: Workshop) -> None:
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
            say(f"{ARMV7.debian} {place.state.name}: the same in a container")
