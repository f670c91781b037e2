"""Which checks run: ids as people type them; a choice that checks nothing is refused, never a tick."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from diagnose.engine import registry

WHEELS = Path(__file__).parents[2] / "fixtures" / "wheels"
BROKEN = str(next(WHEELS.glob("wheel_glibc_too_new-1-*.whl")))
HEALTHY = str(next(WHEELS.glob("healthy_abi3-*.whl")))


def run(*args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "diagnose", *args], capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ("wheel --select pc-missing", "--select: 'pc-missing' is a check of `env`, `log` and `workflow`, not"),
        ("wheel --ignore pc-missing", "--ignore: 'pc-missing' is a check of `env`, `log` and `workflow`, not"),
        ("wheel --select pkgconfig", "--select: 'pkgconfig' selects checks of `env` and `log`, not of `wheel`"),
        ("wheel --select wheel-rpath,pc-missing", "--select: 'pc-missing' is a check of"),
        ("wheel --select wheel-rpaht", "--select: no check is named 'wheel-rpaht'; did you mean wheel-rpath"),
        (f"wheel --ignore {','.join(check.id for check in registry.load('wheel'))}", "--ignore leaves no check to run"),
        ("wheel --select wheel-rpath --ignore wheel", "--select and --ignore leave no check to run"),
        ("wheel --select=", "--select: no check is named ''"),
        ("wheel --select ,,", "--select: no check is named ''"),
        ("env --select wheel-rpath", "--select: 'wheel-rpath' is a check of `wheel`, not of `env`"),
        ("log --select wheel-rpath", "--select: 'wheel-rpath' is a check of `wheel`, not of `log`"),
        ("run --select wheel-rpath", "--select: 'wheel-rpath' is a check of `wheel`, not of `log`"),
    ],
)
def test_a_choice_that_checks_nothing_is_wrong_usage(args: str, message: str) -> None:
    words = args.split()
    subject = {"wheel": [BROKEN], "env": [], "log": ["-"], "workflow": ["."], "run": ["true"]}[words[0]]
    result = run(*words, *subject)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith(f"diagnose: {message}")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "words",
    [
        ["--select", "wheel-rpath,wheel-glibc-too-new"],
        ["--select", " Wheel-RPATH , WHEEL-glibc-too-new "],
        ["--select", "wheel-rpath", "--select=wheel-glibc-too-new"],
    ],
)
def test_ids_as_people_type_them(words: list[str]) -> None:
    result = run("wheel", *words, "--format", "json", BROKEN)
    subject = json.loads(result.stdout)["subjects"][0]
    assert [found["check"] for found in subject["findings"]] == ["wheel-glibc-too-new"]
    assert subject["passed"] == ["wheel-rpath"]
    assert result.returncode == 1


def test_explain_takes_ids_in_any_case() -> None:
    assert run("explain", "PC-Missing").stdout == run("explain", "pc-missing").stdout != ""


def test_the_headline_claims_no_more_than_the_selected_checks_looked_at() -> None:
    total = len(registry.load("wheel"))
    start = f"{Path(BROKEN).name}: manylinux2014_x86_64 + manylinux_2_17_x86_64;"
    one = run("wheel", "--select", "wheel-rpath", BROKEN)
    others = f"({total - 1} others left out)"
    assert one.returncode == 0
    assert one.stdout.splitlines()[0] == f"✓ {start} no problems found by the selected checks {others}"
    two = run("wheel", "--select", "wheel-rpath,wheel-glibc-too-new", BROKEN)
    others = f"({total - 2} others left out)"
    assert two.returncode == 1
    assert two.stdout.splitlines()[0] == f"✗ {start} 1 problem found by the selected checks {others}"
    subject = json.loads(run("wheel", "--ignore", "wheel-rpath", "--format", "json", BROKEN).stdout)["subjects"][0]
    assert subject["left_out"] == ["wheel-rpath"]


@pytest.mark.parametrize(
    ("name", "outcome", "codes"),
    [
        ("healthy_wasm-2-*", "not-judged", {"error": 0, "unknown": 0}),
        ("healthy_abi3-2-*", "ok", {"error": 0, "unknown": 0}),
        ("wheel_glibc_too_new-1-*", "failed", {"error": 1, "unknown": 1}),
    ],
)
def test_exit_codes_by_outcome(name: str, outcome: str, codes: dict[str, int]) -> None:
    (path,) = map(str, WHEELS.glob(name))
    for level, code in codes.items():
        done = run("wheel", "--format", "json", "--fail-on", level, path)
        assert (json.loads(done.stdout)["subjects"][0]["outcome"], done.returncode) == (outcome, code)


def test_a_wheel_with_an_unread_part_passes_unless_unknown_fails(tmp_path: Path) -> None:
    """An ELF file with more note bytes than the reader takes: PT_NOTE is made as large as the file's end allows."""
    path = tmp_path / Path(HEALTHY).name
    with zipfile.ZipFile(HEALTHY) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            data = bytearray(old.read(entry))
            if data[:4] == b"\x7fELF":
                (phoff,) = struct.unpack_from("<Q", data, 32)
                (count,) = struct.unpack_from("<H", data, 56)
                stack = next(
                    at for at in range(phoff, phoff + 56 * count, 56) if data[at : at + 4] == b"\x51\xe5\x74\x64"
                )
                struct.pack_into("<II6Q", data, stack, 4, 4, len(data), 0, 0, 2 << 20, 2 << 20, 4)
                data += bytes(2 << 20)
            new.writestr(entry.filename, bytes(data))
    quiet = ("--select", "wheel-static-tls")
    known = run("wheel", "--format", "json", *quiet, str(path))
    (subject,) = json.loads(known.stdout)["subjects"]
    assert (subject["outcome"], bool(subject["unseen"]), known.returncode) == ("cannot-tell", True, 0)
    assert run("wheel", "--fail-on", "unknown", *quiet, str(path)).returncode == 1


def test_environment_headline_list_and_exit_code_agree() -> None:
    for words in (["--select", "apt"], ["--select", "pkgconfig,apt"], ["--ignore", "pc-missing"]):
        result = run("env", "--lib", "no-such-module", *words)
        headline = result.stdout.splitlines()[0]
        listed = sum(line.startswith(("  error[", "  warning[", "  note[")) for line in result.stdout.splitlines())
        assert f": {listed or 'no'} problem" in headline
        failed = "\n  error[" in result.stdout
        assert headline.startswith("✗ " if failed else "· ")  # the library is not found, whichever checks run
        assert result.returncode == ("  error[" in result.stdout)


WORKFLOWS = Path(__file__).parents[2] / "fixtures" / "workflows"


@pytest.mark.parametrize(
    ("words", "settings", "runs"),
    [
        ([], "", False),
        (["--pedantic"], "", True),
        (["--select", "published-wheel-untried"], "", True),
        (["--select", "published"], "", True),
        (["--extend-select", "published-wheel-untried"], "", True),
        (["--ignore", "install-without-yes"], "", False),
        (["--pedantic", "--ignore", "published-wheel-untried"], "", False),
        ([], 'extend-select = ["published-wheel-untried"]', True),
        (["--pedantic"], 'ignore = ["published-wheel-untried"]', False),
    ],
)
def test_advice_is_given_only_where_it_is_asked_for(
    words: list[str], settings: str, runs: bool, tmp_path: Path
) -> None:
    (tmp_path / "diagnose.toml").write_text(settings)
    repository = str(WORKFLOWS / "published-wheel-untried")
    words = ["workflow", *words, "--config", str(tmp_path / "diagnose.toml"), "--format", "json", repository]
    (subject,) = json.loads(run(*words).stdout)["subjects"]
    assert [finding["check"] for finding in subject["findings"]] == ["published-wheel-untried"] * runs
    assert ("published-wheel-untried" in subject["left_out"]) is not runs


def test_a_command_without_advice_has_no_option_for_it() -> None:
    assert run("wheel", "--pedantic", HEALTHY).returncode == 2
