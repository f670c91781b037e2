"""The short form of the campaign of kills and failures; `python -m tests.hostile.kills` is the long one."""

from __future__ import annotations

import sys
import tempfile

from conftest import need

from hostile import kills


def test_no_kill_and_no_failure_loses_a_byte() -> None:
    need(sys.platform == "linux", "the campaign compares what Linux keeps of a file")
    with tempfile.TemporaryDirectory(dir=kills.memory()) as folder:
        tally = kills.campaign(folder, short=True)
    assert not tally.faults, "\n".join(tally.faults[:10])
    assert tally.counts["points"] > 700 and tally.counts["runs"] > 400
