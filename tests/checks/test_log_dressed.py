"""The same log from a terminal, a container or a service of continuous integration has the same causes."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from logs import CAUSES, FOLDER, labels, patterns

from diagnose.engine.run import run_checks
from diagnose.readers import buildlog


def _marked(line: str) -> str:
    harmless = "Can not write log" in line  # apt says so without a terminal, and goes on: no runner marks it
    return f"##[error]{line}" if line.startswith(("error", "Error", "E: ")) and not harmless else line


DRESSES: dict[str, Callable[[str], str]] = {
    "netlify": lambda line: f"7:26:50 PM: {line}",
    "journald": lambda line: f"Nov 26 19:26:50 builder dockerd[412]: {line}",
    "obs": lambda line: f"[  123s] {line}",
    "cloudbuild": lambda line: f'Step #0 - "build": {line}',
    "codebuild": lambda line: f"[Container] 2024/11/26 19:26:50.123456 {line}",
    "stage": lambda line: f"[builder 3/5] {line}",
    "viewer": lambda line: line,  # numbered below
    "nix": lambda line: f"       > {line}",
    "github": lambda line: f"2024-11-26T19:26:50.1234567Z {_marked(line)}",
    "gh": lambda line: f"build (armv7)\tRun build\t2024-11-26T19:26:50.1234567Z {line}",
    "buildkit": lambda line: f"#12 3.456 {line}",
    "buildkit-summary": lambda line: f"3.456 {line}",
    "cibuildwheel": lambda line: f"    {line}",
    "pip": lambda line: f"      {line}",
    "compose": lambda line: f"builder-1  | {line}",
    "gitlab": lambda line: f"2024-11-26T19:26:50.123456Z 01O {line}",
    "coloured": lambda line: f"\x1b[0m\x1b[1m\x1b[38;5;9m{line}\x1b[0m",
    "buildkite": lambda line: f"\x1b_bk;t=1732649210123\x07{line}",
    "windows": lambda line: f"{line}\r",
    "teamcity": lambda line: f"[19:26:50]W:\t     [Step 1/3] {line}",
    "bamboo": lambda line: f"build\t26-Nov-2024 19:26:50\t{line}",
    "kubernetes": lambda line: f"2024-11-26T19:26:50.123456789Z stderr F {line}",
    "heroku": lambda line: f"2024-11-26T19:26:50.123456+00:00 app[web.1]: {line}",
    "amplify": lambda line: f"2024-11-26T19:26:50.123Z [{'WARNING' if 'arn' in line else 'INFO'}]: {line}",
    "logger": lambda line: f"2024-11-26 19:26:50,123 - {'ERROR' if 'rror' in line else 'INFO'} - {line}",
    "env_logger": lambda line: f"[2024-11-26T19:26:50Z INFO  build] {line}",
    "woodpecker": lambda line: f"[build:L12:34s] {line}",
    "jenkins": lambda line: f"[linux-armv7] {line}",
    "dated": lambda line: f"[2024-11-26 19:26:50] {line}",
}
#: Learned from the lines themselves, so from that many at least.
LEARNED = frozenset(list(DRESSES)[list(DRESSES).index("teamcity") : list(DRESSES).index("dated")])
FEWEST = 6
# Every log in one of the dresses, which its name decides: a new log leaves the others in theirs.
WORN = [(name, list(DRESSES)[zlib.crc32(name.encode()) % len(DRESSES)]) for name in labels()]


@pytest.mark.parametrize(("name", "dress"), WORN)
def test_text_around_the_lines_changes_nothing(name: str, dress: str, tmp_path: Path) -> None:
    label = labels()[name]
    text = (FOLDER / name).read_bytes().decode(errors="replace")
    if dress in LEARNED and sum(bool(line.strip()) for line in text.split("\n")) < FEWEST:
        dress = "dated"
    dressed = tmp_path / Path(name).name
    lines = [DRESSES[dress](line) for line in text.split("\n")]
    if dress == "viewer" and text.count("\n") > 3:
        lines = [f"{number} | {line}" for number, line in enumerate(lines, 376)]
    dressed.write_bytes("\n".join(lines).encode())
    seen = run_checks("log", name, lambda: buildlog.read(str(dressed), patterns), buildlog.facts, CAUSES)
    assert [finding.check for finding in seen.findings] == ([label.cause, *label.others] if label.cause else [])
