"""The margins that runners put before every line of a log, and near misses: lines of tools that begin alike."""

from __future__ import annotations

import pytest

from diagnose.readers.buildlog import margin

LINES = ("+ pip wheel .", "Collecting demo", "   Compiling libc v0.2.1", "error: linker `cc` not found", "Done in 3 s")
MARGINS = [
    "[19:26:5{}] :\t [Step 1/3] ",
    "build\t26-Nov-2024 19:26:5{}\t",
    "2024-11-26T19:26:5{}.123Z stderr F ",
    "2024-11-26T19:26:5{}.12+00:00 app[web.1]: ",
    "2024-11-26T19:26:5{}.123Z [INFO]: ",
    "2024-11-26 19:26:5{},123 - INFO - ",
    "[2024-11-26T19:26:5{}Z INFO  build] ",
    "[build:L{}:34s] ",
    "[linux-armv7] ",
]


@pytest.mark.parametrize("form", MARGINS)
def test_a_margin_is_learned_and_removed(form: str) -> None:
    lines = LINES * 2
    block = "\n".join(form.format(number % 10) + line for number, line in enumerate(lines)).encode()
    removed = margin.Margin().removed(block).decode().split("\n")
    assert [line.strip() for line in removed] == [line.strip() for line in lines]


def test_later_blocks_have_the_margin_of_the_first() -> None:
    read = margin.Margin()
    assert read.removed("\n".join(f"{number} | [a] {line}" for number, line in enumerate(LINES * 2, 7)).encode())
    assert read.removed(b"17 | [a] error: no\nwithout it\n") == b"error: no\nwithout it\n"


@pytest.mark.parametrize(
    "lines",
    [
        LINES,  # no margin
        *([f"2024-11-26T19:26:5{number}.123Z {line}" for number, line in enumerate(LINES)],),  # removed in any case
        [f"[{number}/120] Building C object demo.dir/{number}.c.o" for number in range(1, 20)],  # ninja
        [f"[ {number}%] Building C object demo.dir/{number}.c.o" for number in range(10, 30)],  # make
        [f"[alsa-sys 0.3.1] cargo:rustc-link-lib=n{number}" for number in range(20)],  # cargo -vv
        [f"E: Unable to locate package lib{name}-dev" for name in "abcdefgh"],
        [f"/usr/bin/ld: skipping incompatible /usr/lib/lib{name}.so" for name in "abcdefgh"],
        [f"make[1]: Entering directory '/w/{name}'" for name in "abcdefgh"],
        [f"19:26:50 ERROR: no matching distribution for {name}" for name in "abcdefgh"],  # pip's own word
        [f"19:26:50 E: Unable to locate package lib{name}-dev" for name in "abcdefgh"],
        [f"19:26:50 -- Looking for {name}" for name in "abcdefgh"],
        [f"19:26:50 [{number}/120] Building demo.dir/{number}.c.o" for number in range(1, 20)],
        [f"Nov 26 19:26:50 builder dockerd[412]: {line}" for line in LINES],  # journald: another rule removes more
        [f"build\tRun\t2024-11-26T19:26:50.1Z {line}" for line in LINES],  # the job tells something
        [f"#12 3.456 [builder] {line}" for line in LINES],
    ],
)
def test_what_tools_begin_their_lines_with_stays(lines: list[str]) -> None:
    assert margin.learned("\n".join(lines).encode()) is None
