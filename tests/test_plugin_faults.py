"""A plugin that is broken costs its own result, and is named in one line."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from diagnose.engine import plugin_guard

HEALTHY = next((Path(__file__).parents[1] / "fixtures" / "wheels").glob("healthy_x86_64-*.whl"))
HEAD = '''"""Acme rule.

How to fix: it.
"""
from diagnose.model.check import Check
from diagnose.model.finding import Evidence, Finding, Fix, Severity

CHECK = Check(since="1.0")
'''
FOUND = 'Finding("m", Severity.NOTE, (Evidence("d", "p"),))'


#: The command, with a limit that a test can wait for.
IMPATIENT = """
from diagnose.engine import plugin_guard
plugin_guard.TIME_LIMIT = 0.5
from diagnose.cli import fast
fast.main()
"""


def run(
    folder: Path, source: str, *words: str, package: str = "acme_checks", start: tuple[str, ...] = ("-m", "diagnose")
) -> subprocess.CompletedProcess[str]:
    area = folder / "acme_checks" / "wheel"
    area.mkdir(parents=True)
    (area.parent / "__init__.py").touch()
    (area / "__init__.py").touch()
    (area / "acme_rule.py").write_text(source)
    info = folder / "acme-1.0.dist-info"
    info.mkdir()
    (info / "entry_points.txt").write_text(f"[diagnose.checks]\nacme = {package}\n")
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")])}
    command = [sys.executable, *start, *(words or ("wheel", str(HEALTHY), "--format", "json"))]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, env=environ)


@pytest.mark.parametrize(
    "source",
    ["raise ValueError('one\\ntwo')", "import nothing_of_this_name", "raise SystemExit(0)", "exit()", "("],
)
def test_one_that_cannot_be_imported(tmp_path: Path, source: str) -> None:
    done = run(tmp_path, f"{HEAD}\n{source}\n\n\ndef wheel(wheel):\n    return ()\n")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith("diagnose: the plugin acme_checks.wheel.acme_rule cannot be imported: ")


@pytest.mark.parametrize("package", ["nothing_of_this_name", "acme_checks.nothing", "..", "", "a b", "\u00e9"])
def test_a_package_that_is_not_there(tmp_path: Path, package: str) -> None:
    done = run(tmp_path, HEAD, package=package)
    if package:
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
        assert done.stderr.startswith("diagnose: the plugin ")


@pytest.mark.parametrize(
    "body",
    [
        "return None", "return 7", "return [7]", "return ['text']", "raise SystemExit(0)", "yield None",
        "raise KeyError('one\\ntwo')", "return [('m', Severity.NOTE, ())]",
        "return [Finding(7, Severity.NOTE, (Evidence('d', 'p'),))]",
        "return [Finding('m', 'error', (Evidence('d', 'p'),))]", "return [Finding('m', Severity.NOTE, ())]",
        "return [Finding('m', Severity.NOTE, 'text')]", "return [Finding('m', Severity.NOTE, (Evidence(7),))]",
        f"return [{FOUND}._replace(fixes=(7,))]", f"return [{FOUND}._replace(fixes=(Fix('t', ('ls',)),))]",
        f"return [{FOUND}._replace(fixes=(Fix('t', env=('ab',)),))]", f"return [{FOUND}._replace(libraries=7)]",
        f"while True: yield {FOUND}", f"return iter([{FOUND}, 7])",
    ],
)  # fmt: skip
def test_one_that_returns_rubbish(tmp_path: Path, body: str) -> None:
    done = run(tmp_path, f"{HEAD}\n\ndef wheel(wheel):\n    {body}\n")
    assert (done.returncode, done.stderr) == (2, "")
    (subject,) = json.loads(done.stdout)["subjects"]
    assert [found["check"] for found in subject["findings"]] == ["internal-error"]
    assert "acme-rule" in subject["findings"][0]["message"]
    assert len(subject["passed"]) > 20


def test_one_whose_other_functions_fail(tmp_path: Path) -> None:
    source = f"{HEAD[:-1]}\ndef _fails(*_):\n    raise SystemExit(0)\n\n\nCHECK = Check(since='1', applies=_fails)\n"
    done = run(tmp_path, f"{source}leads_to = _fails\n\n\ndef wheel(wheel):\n    return ()\n")
    assert (done.returncode, done.stderr) == (2, "")
    (subject,) = json.loads(done.stdout)["subjects"]
    assert [found["check"] for found in subject["findings"]] == ["internal-error"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("phase", "7"), ("aliases", "'text'"), ("aliases", "(7,)"), ("patterns", "(7,)"), ("needs", "None"),
        ("applies", "7"), ("log_kinds", "None"), ("pedantic", "'no'"), ("patterns", "(Pattern('k', 'anchor', '('),)"),
    ],
)  # fmt: skip
def test_a_declaration_of_rubbish(tmp_path: Path, field: str, value: str) -> None:
    source = HEAD.replace('since="1.0"', f'since="1.0", {field}={value}').replace(
        "\nCHECK", "from diagnose.model.pattern import Pattern\n\nCHECK"
    )
    done = run(tmp_path, f"{source}\n\ndef wheel(wheel):\n    return ()\n")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr == f"diagnose: acme_checks.wheel.acme_rule: {field} of its CHECK is not of its kind\n"


def test_one_that_is_sound(tmp_path: Path) -> None:
    done = run(tmp_path, f"{HEAD}\n\ndef wheel(wheel):\n    yield {FOUND}\n")
    assert (done.returncode, done.stderr) == (0, "")
    (subject,) = json.loads(done.stdout)["subjects"]
    assert [found["check"] for found in subject["findings"]] == ["acme-rule"]


ENDLESS = [
    "while True: pass",
    "import time; time.sleep(1000)",
    "import select; select.select([], [], [])",
    "import threading; threading.Lock().acquire() and threading.Event().wait()",
    "import subprocess; subprocess.run(['sleep', '1000'])",
    "import re; re.search('(a*)*b', 'a' * 10_000)",
    "import time\n{0}while True:\n{0}    try: time.sleep(1000)\n{0}    except Exception: pass",
]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGALRM")
@pytest.mark.parametrize("source", ENDLESS)
def test_one_whose_import_never_ends(tmp_path: Path, source: str) -> None:
    done = run(
        tmp_path, f"{HEAD}\n{source.format('')}\n\n\ndef wheel(wheel):\n    return ()\n", start=("-c", IMPATIENT)
    )
    assert (done.returncode, done.stdout) == (2, "")
    said = "cannot be imported: TimeoutError: takes more than 0.5 seconds"
    assert done.stderr == f"diagnose: the plugin acme_checks.wheel.acme_rule {said}\n"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGALRM")
@pytest.mark.parametrize("source", ENDLESS)
@pytest.mark.parametrize("wheels", [1, 3])
def test_one_that_never_ends(tmp_path: Path, source: str, wheels: int) -> None:
    """Alone, and in workers, whose own timer looks for their parent."""
    body = source.format("    ")
    words = ["wheel", "--format", "json", *[str(HEALTHY)] * wheels]
    done = run(tmp_path, f"{HEAD}\n\ndef wheel(wheel):\n    {body}\n", *words, start=("-c", IMPATIENT))
    assert (done.returncode, done.stderr) == (2, "")
    subjects = json.loads(done.stdout)["subjects"]
    for subject in subjects:
        assert [found["check"] for found in subject["findings"]] == ["internal-error"]
        assert "takes more than 0.5 seconds" in json.dumps(subject["findings"][0]["evidence"])
        assert len(subject["passed"]) > 20


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGALRM")
def test_one_that_never_ends_beside_a_command(tmp_path: Path) -> None:
    failing = [sys.executable, "-c", "import sys; sys.exit('error: linker `cc` not found')"]
    source = f"{HEAD}\n\ndef log(log):\n    while True: pass\n"
    done = run(tmp_path, source, "run", "--format", "json", "--", *failing, start=("-c", IMPATIENT))
    assert done.returncode == 1
    said, _, report = done.stderr.partition("\n")
    assert said == "error: linker `cc` not found"
    (subject,) = json.loads(report)["subjects"]
    found = {one["check"]: one for one in subject["findings"]}
    assert "takes more than 0.5 seconds" in json.dumps(found["internal-error"]["evidence"])
    assert "host-cc-missing" in found


def test_a_timer_of_the_caller_is_put_back() -> None:
    if sys.platform == "win32":
        pytest.skip("Windows has no SIGALRM")
    heard: list[int] = []
    before = signal.signal(signal.SIGALRM, lambda number, _: heard.append(number))
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        with plugin_guard.limited():
            time.sleep(0.4)
            assert heard == []
        time.sleep(0.4)
        assert heard == [signal.SIGALRM]
        assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_another_thread_has_no_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugin_guard, "TIME_LIMIT", 0.05)
    done: list[str] = []

    def work() -> None:
        with plugin_guard.limited():
            time.sleep(0.2)
        done.append("done")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == ["done"]
