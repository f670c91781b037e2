"""Runs on the target: plays a known tone through the wheel in two ways and prints, as JSON, what it found."""

import array
import json
import math
import platform
import sys

import alsastream

RATE = 48_000
tone = array.array("h", (round(8192 * math.sin(2 * math.pi * 440 * n / RATE)) for n in range(RATE)))
block, stream = sys.argv[1:]

alsastream.play(tone, pcm=f"file:{block},wav", channels=1, rate=RATE)

given = memoryview(tone.tobytes())
position = 0


def more(frames: int) -> memoryview:
    global position
    position += 2 * frames
    return given[position - 2 * frames : position]


with alsastream.Playback(more, pcm=f"file:{stream},wav", channels=1, rate=RATE) as playback:
    playback.join()

with open("/proc/self/maps") as maps:
    mapped = sorted({line.split()[5] for line in maps if "libasound" in line})
print(json.dumps({"machine": platform.machine(), "alsa": alsastream.alsa_version(), "mapped": mapped}))
