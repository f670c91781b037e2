"""What shells offer at the press of Tab, in the shells themselves."""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import need

from diagnose.cli import completion, options

PATIENCE = 60  # seconds that only a failure waits
SHELLS = ("bash", "zsh", "fish")
INTERACTIVE = {"bash": ["bash", "--norc", "--noprofile", "-i"], "zsh": ["zsh", "-f", "-i"]}
SETUP = {
    "bash": "bind 'set enable-bracketed-paste off'; source ./script.bash",
    "zsh": "unset zle_bracketed_paste; unsetopt beep prompt_sp; autoload compinit; compinit -uD; source ./script.zsh",
}
WORDS = [
    ("diagnose wh", "diagnose wheel "),
    ("diagnose wheel --fix-f", "--fix-format"),
    ("diagnose wheel --fail-on nev", "--fail-on never"),
    ("diagnose wheel --fail-on=nev", "--fail-on=never"),
    ("diagnose wheel --select wheel-abi", "--select wheel-abi3-violation"),
    ("diagnose wheel --select=wheel-textrel,wheel-abi", "--select=wheel-textrel,wheel-abi3-violation"),
    ("crosslink-diagnose env --target riscv64-linux-g", "--target riscv64-linux-gnu"),
    ("diagnose wheel wheel-in-this", "wheel-in-this-folder"),
    ("diagnose wheel -q wheel-in-this", "wheel-in-this-folder"),
    ("diagnose env --root folder-in", "--root folder-in-this-one/"),
    ("diagnose explain apt-lists-m", "explain apt-lists-missing"),
    ("diagnose completion fi", "completion fish"),
    ("diagnose run program-of-th", "run program-of-this-test"),
    ("diagnose run --tty -- program-of-this-test wheel-in-this", "wheel-in-this-folder"),
]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the scripts of all shells, a wheel, a folder, and a program on the search path."""
    folder = tmp_path_factory.mktemp("completion")
    for shell in SHELLS:
        (folder / f"script.{shell}").write_text(completion.script(shell), encoding="utf-8")
    (folder / "wheel-in-this-folder-1-py3-none-any.whl").touch()
    (folder / "folder-in-this-one").mkdir()
    (folder / "bin").mkdir()
    program = folder / "bin" / "program-of-this-test"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    return folder


def environment(place: Path) -> dict[str, str]:
    path = f"{place / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return {"PATH": path, "HOME": str(place), "TERM": "dumb", "PS1": "> ", "COLUMNS": "200", "LC_ALL": "C.UTF-8"}


class Terminal:
    """An interactive shell, which has read its script."""

    def __init__(self, shell: str, place: Path) -> None:
        import pty

        self.child, self.terminal = pty.fork()
        if not self.child:
            os.chdir(place)
            os.execvpe(INTERACTIVE[shell][0], INTERACTIVE[shell], environment(place))
        self.type(f"{SETUP[shell]}; echo rea''dy\n", "ready\r\n")

    def type(self, keys: str, wanted: str) -> str:
        """Press *keys*, and return what the terminal shows until *wanted* is there, or nothing comes any more."""
        os.write(self.terminal, keys.encode())
        shown = ""
        deadline = time.monotonic() + PATIENCE
        while wanted not in shown and time.monotonic() < deadline:
            if select.select([self.terminal], [], [], 0.2)[0]:
                shown += os.read(self.terminal, 1 << 16).decode(errors="replace").replace("\a", "")
        return shown

    def close(self) -> None:
        os.kill(self.child, signal.SIGKILL)
        os.waitpid(self.child, 0)
        os.close(self.terminal)


@pytest.mark.parametrize(("line", "wanted"), WORDS)
def test_fish_offers(line: str, wanted: str, place: Path) -> None:
    need(shutil.which("fish"), "fish is not installed")
    command = ["fish", "-N", "-c", f"source script.fish; complete -C {line!r}"]
    done = subprocess.run(command, cwd=place, env=environment(place), capture_output=True, text=True)
    assert done.stderr == ""
    word = wanted.split()[-1].removesuffix("/")
    offers = [row.partition("\t")[0] for row in done.stdout.splitlines()]
    assert any(offer.startswith(word) for offer in offers)


@pytest.mark.parametrize("shell", INTERACTIVE)
def test_a_terminal_offers(shell: str, place: Path) -> None:
    need(sys.platform != "win32", "Windows has no pseudo-terminals")
    need(shutil.which(shell), f"{shell} is not installed")
    terminal = Terminal(shell, place)
    try:
        for line, wanted in WORDS:
            assert wanted in terminal.type(f"\x15{line}\t", wanted)  # Ctrl-U removes the line before
    finally:
        terminal.close()


@pytest.mark.parametrize("shell", SHELLS)
def test_every_command_and_option_is_offered(shell: str) -> None:
    text = completion.script(shell)
    for command in options.COMMANDS.values():
        assert command.name in text
        for option in command.options:
            name = f"-l {option.name[2:]} " if shell == "fish" else option.name
            assert option.positional or name in text


def test_a_script_is_printed() -> None:
    done = subprocess.run([sys.executable, "-m", "diagnose", "completion", "bash"], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, completion.script("bash"), "")
    done = subprocess.run([sys.executable, "-m", "diagnose", "completion", "csh"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "diagnose: shell: 'csh' is not one of 'bash', 'zsh', 'fish'\n"
