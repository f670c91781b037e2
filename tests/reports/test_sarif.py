"""SARIF: valid against the official schema, with places that exist and fixes that give the fixed file."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from conftest import need
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_reports import EVIL, REPORT

from diagnose.engine.run import Report, Result
from diagnose.model.finding import Evidence, FileEdit, Finding, Severity
from diagnose.model.outcome import Outcome
from diagnose.reports import sarif, sarif_fixes

KNOWN = Finding(
    "libfoo.so.1 is needed",
    Severity.WARNING,
    (Evidence("x", where="the file name"), Evidence("NEEDED libfoo.so.1", path="a b/c:d.so")),
    check="wheel-rpath",
    fixes=EVIL.fixes,
)


def result(finding: Finding, kind: str = "wheel", name: str = "w.whl", **facts: Any) -> Result:
    return Result(kind, name, {"live": True, **facts}, (finding,), outcome=Outcome.FAILED)


def run_of(*results: Result, **gate: Any) -> dict[str, Any]:
    document = json.loads(sarif.render(Report(results, **gate)))
    assert (document["version"], len(document["runs"])) == ("2.1.0", 1)
    run: dict[str, Any] = document["runs"][0]
    check(run)
    return run


def check(run: dict[str, Any]) -> None:
    """Fail unless *run* keeps what the schema cannot say: every index leads to the thing of that name."""
    rules = run["tool"]["driver"]["rules"]
    for one in run["results"]:
        assert rules[one["ruleIndex"]]["id"] == one["ruleId"]
        assert one["level"] in ("error", "warning", "note")
        for place in (*one["locations"], *one["relatedLocations"]):
            artifact = place["physicalLocation"]["artifactLocation"]
            found = run["artifacts"][artifact["index"]]
            assert found["location"]["uri"] == artifact["uri"]
            assert artifact["uri"].isascii() and " " not in artifact["uri"]
            assert found.get("parentIndex", 0) < len(run["artifacts"])


@pytest.fixture(scope="session")
def schema(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return the schema of the standard, which the crate serde-sarif ships."""
    need(shutil.which("cargo"), "cargo is not installed")
    folder = tmp_path_factory.mktemp("crate")
    (folder / "src").mkdir()
    (folder / "src/lib.rs").write_text("")
    manifest = '[package]\nname = "x"\nversion = "0.0.0"\nedition = "2021"\n[dependencies]\nserde-sarif = "=0.8.0"\n'
    (folder / "Cargo.toml").write_text(manifest)
    done = subprocess.run(["cargo", "vendor", "--quiet"], cwd=folder, capture_output=True, timeout=300)
    need(not done.returncode, "crates.io is not reachable")
    return json.loads((folder / "vendor/serde-sarif/src/schema.json").read_text())  # type: ignore[no-any-return]


@pytest.mark.network
def test_it_follows_the_schema_of_the_standard(schema: dict[str, Any]) -> None:
    root = Path(__file__).resolve().parents[2]
    known = result(KNOWN)._replace(ignored=(KNOWN,), unseen=("all of it",))
    documents = [sarif.render(REPORT._replace(results=(known, *REPORT.results))), sarif.render(Report(()))]
    for command in (["wheel", "fixtures/wheels"], ["log", "fixtures/logs/real/apt-404.log"], ["workflow", "."]):
        if command[0] == "log":
            command = ["log", str(next((root / "fixtures/logs").rglob("*apt*404*.log")))]
        args = [str(root / ".venv/bin/python"), "-m", "diagnose", *command, "--format", "sarif"]
        done = subprocess.run(args, cwd=root, capture_output=True, text=True)
        documents += [done.stdout] if done.stdout else []
    assert len(documents) > 3
    validator = jsonschema.validators.validator_for(schema)(schema)
    for document in documents:
        validator.validate(json.loads(document))


def test_files_of_a_wheel_are_nested_in_it() -> None:
    run = run_of(result(KNOWN), result(KNOWN, name="x.whl"))
    assert [one["location"]["uri"] for one in run["artifacts"]] == [
        "w.whl",
        "a%20b/c%3Ad.so",
        "x.whl",
        "a%20b/c%3Ad.so",
    ]
    assert [one.get("parentIndex") for one in run["artifacts"]] == [None, 0, None, 2]
    (place,) = run["results"][0]["locations"]  # the first piece of evidence with a file
    assert place["physicalLocation"]["artifactLocation"] == {"uri": "a%20b/c%3Ad.so", "index": 1}
    where = run["results"][0]["relatedLocations"][0]
    assert where["logicalLocations"] == [{"fullyQualifiedName": "the file name"}]
    assert where["physicalLocation"]["artifactLocation"]["uri"] == "w.whl"


@pytest.mark.parametrize(
    ("kind", "name", "path", "uri", "region"),
    [
        ("log", "b.log", "b.log:12", "b.log", {"startLine": 12}),
        ("log", "standard input", "standard input:3", "standard%20input", {"startLine": 3}),
        (
            "workflow",
            ".github/workflows/a.yml",
            ".github/workflows/a.yml:12:5",
            ".github/workflows/a.yml",
            {"startLine": 12, "startColumn": 5},
        ),
        ("workflow", ".github/workflows/a.yml", ".github/workflows/a.yml", ".github/workflows/a.yml", {}),
        ("env", "this machine", "/etc/apt/sources.list", "file:///etc/apt/sources.list", {}),
        ("env", "this machine", ".cargo/config.toml:2", ".cargo/config.toml", {"startLine": 2}),
        ("env", "/srv/ro ot", "/etc/a", "file:///srv/ro%20ot/etc/a", {}),
    ],
)
def test_places(kind: str, name: str, path: str, uri: str, region: dict[str, int]) -> None:
    finding = KNOWN._replace(check="pkgconf-missing", evidence=(Evidence("x", path=path),))
    kinds = {"workflow": "container-image-unmaintained", "log": "pc-missing", "env": "pc-missing"}
    finding = finding._replace(check=kinds[kind])
    run = run_of(result(finding, kind, name, live=name == "this machine"))
    place = run["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == uri
    assert place.get("region", {}) == region


def test_exit_code_and_unreadable_inputs() -> None:
    fine = run_of(Result("wheel", "w.whl", {}))
    nothing = {"toolExecutionNotifications": [], "toolConfigurationNotifications": []}
    assert fine["invocations"] == [{"executionSuccessful": True, "exitCode": 0, **nothing}]
    noted = run_of(Result("wheel", "w.whl", {}), notices=("x",))["invocations"][0]["toolConfigurationNotifications"]
    assert noted == [{"level": "note", "message": {"text": "x"}}]
    assert run_of(result(KNOWN))["invocations"][0]["exitCode"] == 0
    assert run_of(result(KNOWN), fail_on=Severity.WARNING)["invocations"][0]["exitCode"] == 1
    unread = run_of(Result("wheel", "x.whl", error="x.whl: not a zip archive"))["invocations"][0]
    assert (unread["executionSuccessful"], unread["exitCode"]) == (False, 2)
    assert unread["toolExecutionNotifications"][0] == {
        "level": "error",
        "message": {"text": "x.whl: not a zip archive"},
    }
    open_ = run_of(Result("wheel", "y.whl", {}, unseen=("a.so: cut off",), outcome=Outcome.CANNOT_TELL, headline="h"))
    notes = [note["message"]["text"] for note in open_["invocations"][0]["toolExecutionNotifications"]]
    assert notes == ["y.whl: cannot-tell: h", "y.whl: not examined: a.so: cut off"]


def test_what_the_configuration_ignores_is_suppressed() -> None:
    (one,) = run_of(Result("wheel", "w.whl", {}, ignored=(KNOWN,)))["results"]
    assert one["suppressions"][0]["kind"] == "external"


def test_a_fingerprint_outlives_a_release_and_tells_two_problems_apart() -> None:
    def marks(*findings: Finding, name: str = "w-1.2-cp312-cp312-linux_x86_64.whl") -> list[str]:
        (found,) = [run_of(result(KNOWN, name=name)._replace(findings=findings))]
        return [one["partialFingerprints"][sarif.FINGERPRINT] for one in found["results"]]

    old = KNOWN._replace(message="libfoo-0a1b2c3d.so.1.2 needs GLIBC_2.34")
    new = KNOWN._replace(message="libfoo-ffffffff.so.1.3 needs GLIBC_2.38")
    assert marks(old) == marks(new, name="w-1.10-cp312-cp312-linux_x86_64.whl")
    assert len(set(marks(old, KNOWN, old, old._replace(check="wheel-execstack")))) == 4


def test_hostile_text_is_no_link_and_has_no_control_character() -> None:
    evil = EVIL._replace(check="wheel-rpath", message="[click](https://evil.example) \x00\x1b[2J \udcff")
    evil = evil._replace(evidence=(Evidence("\u202e]", path="a\udcff\ud800\x07.so"),))
    run = run_of(result(evil, name="\x1b\udcff.whl"))
    text = run["results"][0]["message"]["text"]
    assert r"\[click\](https://evil.example)" in text
    dump = json.dumps(run, ensure_ascii=False)
    assert not any(bad in dump for bad in ("\x1b", "\x00", "\\u0000", "\\u001b", "\udcff", '\\udcff"', "\u202e"))
    assert run["artifacts"][1]["location"]["uri"] == "a%ED%B3%BF%ED%A0%80%07.so"


def applied(edit: FileEdit) -> str:
    """Return the file after the replacements, done as the standard says."""
    text = edit.before or ""
    for one in reversed(sarif_fixes.replacements(edit)):
        region = one["deletedRegion"]
        if "charOffset" in region:
            start, end = region["charOffset"], region["charOffset"] + region["charLength"]
        else:
            start = _offset(text, region["startLine"], region["startColumn"])
            end = _offset(text, region["endLine"], region["endColumn"])
        text = text[:start] + one["insertedContent"]["text"] + text[end:]
    return text


def _offset(text: str, line: int, column: int) -> int:
    at = 0
    for _ in range(line - 1):
        at = text.index("\n", at) + 1
    return at + column - 1


TEXT = st.text(st.sampled_from("ab\n\r\x0b="), max_size=30)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(before=st.none() | TEXT, after=TEXT)
def test_replacements_give_the_fixed_file(before: str | None, after: str) -> None:
    if before != after:
        assert applied(FileEdit("f", before, after)) == after


def test_fixes_name_the_files_that_are_here() -> None:
    (fix,) = run_of(result(KNOWN))["results"][0]["fixes"]
    assert fix["description"]["text"].splitlines() == [
        "install it: now",
        "apt-get install --yes pkgconf:armhf",
        "or not",
    ]
    assert [change["artifactLocation"]["uri"] for change in fix["artifactChanges"]] == [".cargo/config.toml", "new"]
    there = KNOWN.fixes[0]._replace(files=(FileEdit("/etc/apt/x", None, "y"),))
    finding = KNOWN._replace(check="pc-missing", fixes=(there,), evidence=(Evidence("x", path="b.log:1"),))
    assert "fixes" not in run_of(result(finding, "log", "b.log"))["results"][0]
    (fix,) = run_of(result(finding, "env", "/srv/root", live=False))["results"][0]["fixes"]
    assert fix["artifactChanges"][0]["artifactLocation"]["uri"] == "file:///srv/root/etc/apt/x"
