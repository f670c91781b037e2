from __future__ import annotations

import importlib.resources
import json
import subprocess
import sys

import jsonschema
import pytest

from diagnose.engine.headline import headline
from diagnose.engine.run import Report, Result
from diagnose.model.finding import Command, Evidence, FileEdit, Finding, Fix, FixStage, Severity
from diagnose.model.outcome import Outcome
from diagnose.reports import github, text
from diagnose.reports import json as json_report

FIX = Fix(
    "install it: now",
    commands=(Command("apt-get install --yes pkgconf:armhf", FixStage.PACKAGES),),
    env=(("PKG_CONFIG_x", "a b"),),
    files=(FileEdit(".cargo/config.toml", "[a]\nb = 1\n", "[a]\nb = 2\n"), FileEdit("new", None, "x = 1\n")),
    notes="or not",
)
EVIL = Finding(
    "100% of\r\nx\x1b[2J::error::,:",
    Severity.ERROR,
    (Evidence("libc.so.6 \u202e", path="pkg/\x07a.so"), Evidence("unset", where="$PKG_CONFIG")),
    consequence="ImportError: nothing loads",
    fixes=(FIX, FIX),
    check="a-b",
)
FACTS = {
    "tags": ["cp39-abi3-linux_x86_64"],
    "lowest_tag": "manylinux_2_17_x86_64",
    "arch": "x86_64",
    "elf_files": [{}],
    "musl_release": None,
}
REPORT = Report(
    (
        Result("wheel", "w.whl", FACTS, (EVIL, EVIL._replace(severity=Severity.NOTE, check="c")), ("d",), ("e",)),
        Result("wheel", "x.whl", error="x.whl: not a zip archive"),
    )
)


def schema() -> dict[str, object]:
    file = importlib.resources.files("diagnose") / "reports" / "report.schema.json"
    return json.loads(file.read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def test_json_follows_its_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    document = json.loads(json_report.render(REPORT))
    jsonschema.validate(document, schema())
    assert document["summary"] == {"error": 1, "warning": 0, "note": 1, "unreadable": 1}
    assert document["subjects"][0]["findings"][0]["fixes"][0]["commands"] == ["apt-get install --yes pkgconf:armhf"]
    assert document["subjects"][1]["error"] == "x.whl: not a zip archive"


def test_real_output_follows_the_schema() -> None:
    command = [sys.executable, "-m", "diagnose", "env", "--lib", "alsa", "--format", "json"]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode in (0, 1), result.stderr
    jsonschema.validate(json.loads(result.stdout), schema())


def test_github_escapes_what_github_needs_escaped() -> None:
    lines = github.render(REPORT).splitlines()
    assert len(lines) == 4
    assert lines[0].startswith("::error title=a-b::w.whl: 100%25 of\\r\\nx")
    assert lines[1].startswith("::notice title=c::")
    assert lines[2] == "::error title=unreadable input::x.whl: not a zip archive"
    assert lines[3] == "2 wheels: 1 ok, 1 unreadable; 1 error, 1 note"
    told = lines[0].split("%0A")
    edits = ["  # edit .cargo/config.toml", "  # write new"]
    steps = [*edits, "  apt-get install --yes pkgconf:armhf", "  export PKG_CONFIG_x='a b'", "  or not"]
    assert told[-13:-1] == ["Fix: install it: now", *steps, "Or: install it: now", *steps]
    assert github.render(Report((Result("wheel", "w.whl", FACTS),))) == "1 wheel: 1 ok\n"


def test_text_shows_no_control_characters() -> None:
    out = text.render(REPORT, text.Style())
    assert "\x1b" not in out
    assert "\x07" not in out
    assert "\u202e" not in out
    assert "\\x1b[2J" in out


@pytest.mark.parametrize("width", [40, 80, 200])
def test_text_keeps_to_the_width_but_never_breaks_a_command(width: int) -> None:
    out = text.render(REPORT, text.Style(width=width, verbose=True))
    assert "      apt-get install --yes pkgconf:armhf\n" in out
    assert all(len(line) <= width for line in out.splitlines() if not line.startswith("      "))


def _wheels(*rows: tuple[str, str, str, str | None]) -> Report:
    """Return a report on wheels of these (name without platform, architecture, platforms, tag that is real)."""
    made = []
    for name, arch, claimed, real in rows:
        tags = [f"cp314-cp314t-{policy}_{arch}" for policy in claimed.split(".")]
        facts = {"tags": tags, "lowest_tag": f"{real}_{arch}", "arch": arch, "elf_files": [{}], "musl_release": None}
        made.append(Result("wheel", f"{name}-{claimed.replace('.', f'_{arch}.')}_{arch}.whl", facts))
    return Report(tuple(made))


LONG = _wheels(
    ("aiohttp-3.14.5-cp314-cp314t", "aarch64", "musllinux_1_2", "musllinux_1_2"),
    ("coverage-7.17.5-1-cp314-cp314t", "ppc64le", "manylinux2014.manylinux_2_17.manylinux_2_28", "manylinux_2_17"),
)


@pytest.mark.parametrize("width", [60, 80, 100, 0])
def test_the_summary_of_wheels_breaks_no_name_and_no_tag(width: int) -> None:
    table = text.render(LONG, text.Style(width=width)).rpartition(" wheel")[0].partition("claimed")[2]
    words = table.split()
    assert {"aiohttp-3.14.5-cp314-cp314t", "coverage-7.17.5-1-cp314-cp314t"} <= set(words)
    assert [words.count(word) for word in ("musllinux_1_2", "manylinux_2_17", "manylinux_2_28")] == [2, 2, 1]
    assert not width or all(len(line) <= width for line in table.splitlines()[1:])


def test_what_was_not_judged_gets_no_tick() -> None:
    facts = {"tags": ["cp312-cp312-win_amd64"], "lowest_tag": None, "arch": None, "elf_files": [], "judged": False}
    facts["layout"] = "archive"
    facts["other_code"] = [{"path": "a.pyd", "kind": "pe", "arches": ["amd64"]}]
    head = headline("wheel", facts, (), Outcome.NOT_JUDGED)
    result = Result(
        "wheel",
        "demo-1-cp312-cp312-win_amd64.whl",
        facts,
        outcome=Outcome.NOT_JUDGED,
        headline=head.text,
        details=head.details,
    )
    out = text.render(Report((result, result)), text.Style())
    (block, detail) = [line for line in out.splitlines() if "amd64" in line][2:4]
    assert block == (
        "– demo-1-cp312-cp312-win_amd64.whl: win_amd64, not a Linux wheel: "
        "checked its metadata, RECORD, archive and the headers of its code only"
    )
    assert detail.endswith("amd64")
    assert "✓" not in out
    assert out.count("not-judged") == 2
    assert out.endswith("2 wheels: 2 not judged\n")
    (first, _) = json.loads(json_report.render(Report((result, result))))["subjects"]
    assert first["outcome"] == "not-judged"


def test_text_order_verdict_finding_evidence_consequence_fix() -> None:
    out = text.render(REPORT, text.Style(verbose=True))
    words = [
        "✗ w.whl",
        "error[a-b]",
        "$PKG_CONFIG: unset",
        "→ ImportError",
        "fix: install it",
        "export PKG_CONFIG_x='a b'",
    ]
    words += [
        "or: install it",
        "note[c]",
        "passed: d",
        "not examined: e",
        "✗ x.whl: not a zip",
        "2 wheels: 1 ok, 1 unreadable; 1 error, 1 note",
    ]
    places = [out.index(word) for word in words]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("claimed", "real", "text_"),
    [
        ("manylinux1_x86_64", "manylinux_2_5_x86_64", "manylinux1_x86_64"),  # two names of one policy
        ("manylinux_2_28_x86_64", "manylinux_2_27_x86_64", "manylinux_2_28_x86_64"),
        (
            "manylinux_2_17_x86_64",
            "manylinux_2_28_x86_64",
            "tagged manylinux_2_17_x86_64, qualifies for manylinux_2_28_x86_64",
        ),
        ("manylinux_2_17_x86_64", "linux_x86_64", "tagged manylinux_2_17_x86_64, qualifies for linux_x86_64"),
        (
            "musllinux_1_2_x86_64",
            "manylinux_2_17_x86_64",
            "tagged musllinux_1_2_x86_64, qualifies for manylinux_2_17_x86_64",
        ),
    ],
)
def test_the_headline_names_another_tag_only_if_the_claimed_one_is_not_met(claimed: str, real: str, text_: str) -> None:
    facts = {"tags": [f"cp312-cp312-{claimed}"], "lowest_tag": real, "elf_files": [{}], "other_code": []}
    facts["layout"] = "archive"
    note = Finding("about something else", Severity.NOTE, SEEN)
    assert headline("wheel", facts, (note,), Outcome.OK).text == text_


SEEN = (Evidence("seen", where="here"),)


def test_a_fix_of_two_findings_is_printed_once() -> None:
    retag = Fix("tag it as x", (Command("wheel tags x", FixStage.BUILD),))
    shared = [
        Finding("a", Severity.ERROR, SEEN, "", (retag,), "first"),
        Finding("b", Severity.ERROR, SEEN, "", (retag,), "later"),
    ]
    out = text.render(Report((Result("wheel", "w.whl", findings=tuple(shared), outcome=Outcome.FAILED),)), text.Style())
    assert out.count("wheel tags x") == 1
    assert "fix: tag it as x, as for first\n" in out


def test_the_last_line_counts_outcomes_and_findings() -> None:
    results = (
        Result("wheel", "a.whl", {}, outcome=Outcome.OK),
        Result("wheel", "b.whl", {}, findings=(Finding("a", Severity.NOTE, SEEN),), outcome=Outcome.OK),
        Result("wheel", "c.whl", {}, findings=(Finding("a", Severity.ERROR, SEEN),), outcome=Outcome.FAILED),
        Result("wheel", "d.whl", {}, outcome=Outcome.CANNOT_TELL),
        Result("wheel", "e.whl", error="e.whl: no zip", outcome=Outcome.NOT_JUDGED),
    )
    assert text.summary(Report(results)) == "5 wheels: 2 ok, 1 failed, 1 undecided, 1 unreadable; 1 error, 1 note"
    assert text.summary(Report(results[:1])) == "1 wheel: 1 ok"


def test_verbose_names_what_was_not_examined() -> None:
    wheel = Result("wheel", "w.whl", FACTS, passed=("a", "b"), not_applicable=("c",))
    out = text.render(Report((wheel,)), text.Style(verbose=True))
    assert "passed: a, b\n" in out and "nothing to examine for: c\n" in out
    log = wheel._replace(kind="log", not_applicable=(), facts={"lines": 1})
    out = text.render(Report((log,)), text.Style(verbose=True))
    assert "passed: 2 checks, each for a cause that shows no sign" in out


def test_quiet_prints_findings_only() -> None:
    out = text.render(REPORT, text.Style(quiet=True))
    assert out.startswith("  error[a-b] w.whl: 100% of")
    assert "2 wheels" not in out
    assert text.render(Report((Result("wheel", "w.whl", FACTS),)), text.Style(quiet=True)) == ""


def test_colour_only_where_asked() -> None:
    assert "\x1b[1;31m" in text.render(REPORT, text.Style(color=True))


def workflow(job: str = "wheels") -> Result:
    """Return the result of a workflow of three legs, of which two are alike; *job* is the name of their job."""
    leg = {
        "job": job,
        "target": "x86_64-unknown-linux-gnu",
        "runner": {"label": "ubuntu-24.04"},
        "builds_in": "host",
        "image": "",
        "managers": ["apt"],
        "distribution": "Ubuntu 24.04",
        "target_libc": "2.39",
        "tag": "manylinux_2_39_x86_64",
    }
    facts = {"legs": [leg, leg, {**leg, "target": ""}], "unknown": 0, "tables": {"x": "v1.51.0"}}
    line = headline("workflow", facts, (), Outcome.OK)
    return Result("workflow", "a.yml", facts, outcome=Outcome.OK, headline=line.text, details=line.details)


def test_the_legs_of_a_workflow_are_columns_in_text() -> None:
    rows = workflow().details
    assert rows[1].endswith("manylinux_2_39_x86_64  × 2") and len(rows) == 4
    assert rows[0].index("libc") == rows[1].index("2.39") == rows[2].index("2.39")
