"""Draws ``docs/diagnose.svg`` from the output of the tool: ``python docs/picture.py``."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

HERE = Path(__file__).resolve().parent
WIDTH = 110
LINES = 24
"""Of each session; a picture shows what the output is like, not all of it."""

SESSIONS = (
    (
        "wheel",
        "fixtures/wheels/wheel_glibc_too_new-1-cp312-cp312-manylinux2014_x86_64.manylinux_2_17_x86_64.whl",
    ),
    ("env", "--target", "armv7-unknown-linux-gnueabihf", "--lib", "alsa"),
)


def on_terminal(*args: str) -> str:
    """Return what ``diagnose`` prints on a terminal that is ``WIDTH`` columns wide."""
    leader, follower = pty.openpty()
    subprocess.run(["stty", "cols", str(WIDTH), "rows", "60"], stdin=follower, check=True)
    process = subprocess.Popen([sys.executable, "-m", "diagnose", *args], cwd=HERE.parent, stdout=follower)
    os.close(follower)
    output = b""
    while True:
        try:
            block = os.read(leader, 65536)
        except OSError:  # the end of a pseudo-terminal
            break
        if not block:
            break
        output += block
    process.wait()
    return output.decode().replace("\r\n", "\n")


def main() -> None:
    """Write the picture."""
    console = Console(record=True, width=WIDTH, file=open(os.devnull, "w"), force_terminal=True)  # noqa: SIM115
    for args in SESSIONS:
        console.print(Text(f"$ diagnose {' '.join(args)}", style="bold"))
        lines = on_terminal(*args).splitlines()
        console.print(Text.from_ansi("\n".join(lines[:LINES] + ["  …"] * (len(lines) > LINES) + [""])))
    drawing = console.export_svg(title="diagnose", unique_id="diagnose")
    # rich's drawing loads its font from elsewhere; the reader's own fixed-width font serves.
    drawing = re.sub(r"@font-face \{.*?\}\s*", "", drawing, flags=re.DOTALL).replace("Fira Code, ", "")
    (HERE / "diagnose.svg").write_text(drawing, encoding="utf-8")


if __name__ == "__main__":
    main()
