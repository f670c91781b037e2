"""A library that the project's settings leave outside has to be one that its wheels need, by its whole name."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from diagnose.config import excludes
from diagnose.readers import toml

WHEELS = Path(__file__).parents[2] / "fixtures" / "wheels"
BUNDLED = str(next(WHEELS.glob("wheel_bundled_hazard-1-*.whl")))
EXTERNAL = str(next(WHEELS.glob("wheel_external_lib-1-*.whl")))
REPAIR = "auditwheel repair -w {dest_dir} {wheel} --exclude "


def judged(folder: Path, settings: str, *wheels: str) -> dict[str, Any]:
    (folder / "pyproject.toml").write_text(f"[tool.diagnose]\n{settings}")
    words = [sys.executable, "-m", "diagnose", "wheel", "--format", "json", *wheels]
    done = subprocess.run(words, capture_output=True, text=True, cwd=folder, timeout=60)
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def repairing(command: str) -> str:
    return f"[tool.cibuildwheel.linux]\nrepair-wheel-command = {json.dumps(command)}\n"


def findings(document: dict[str, Any]) -> list[dict[str, Any]]:
    every = [finding for subject in document["subjects"] for finding in subject["findings"]]
    return [finding for finding in every if finding["check"] == "wheel-exclude-unmatched"]


def test_a_copy_that_was_meant_to_be_excluded_is_a_warning(tmp_path: Path) -> None:
    document = judged(tmp_path, repairing(REPAIR + "libasound.so"), BUNDLED)
    (finding,) = findings(document)
    assert finding["message"] == "has a copy of libasound.so.2, which libasound.so does not exclude"
    assert finding["severity"] == "warning"
    assert finding["evidence"][0] == {"where": "pyproject.toml:3", "detail": "--exclude libasound.so"}
    assert finding["fixes"][0]["notes"] == "In pyproject.toml:3: --exclude 'libasound.so*'"
    assert document["notices"] == []
    # The printed fix, applied: the pattern fits, so only the next build is wanted.
    assert findings(judged(tmp_path, repairing(REPAIR + "'libasound.so*'"), BUNDLED)) == []


def test_annotations_are_on_the_setting(tmp_path: Path) -> None:
    judged(tmp_path, repairing(REPAIR + "libasound.so"), BUNDLED)
    words = [sys.executable, "-m", "diagnose", "wheel", "--format=github", f"--format=sarif={tmp_path / 's'}", BUNDLED]
    done = subprocess.run(words, capture_output=True, text=True, cwd=tmp_path, timeout=60)
    assert "::warning file=pyproject.toml,line=3,title=wheel-exclude-unmatched::" in done.stdout
    results = json.loads((tmp_path / "s").read_text())["runs"][0]["results"]
    (found,) = [one for one in results if one["ruleId"] == "wheel-exclude-unmatched"]
    place = found["locations"][0]["physicalLocation"]
    assert (place["artifactLocation"]["uri"], place["region"]) == ("pyproject.toml", {"startLine": 3})


def test_a_library_outside_that_the_pattern_does_not_name_is_a_note(tmp_path: Path) -> None:
    (finding,) = findings(judged(tmp_path, repairing(REPAIR + "libsndfile.so"), EXTERNAL))
    assert (finding["severity"], finding["message"]) == (
        "note",
        "needs libsndfile.so.1, which libsndfile.so does not exclude",
    )
    for fitting in ("libsndfile.so.1", "'libsndfile.so*'", "libsnd*.so.?", "$LIBRARIES"):
        document = judged(tmp_path, repairing(REPAIR + fitting), EXTERNAL)
        assert (findings(document), document["notices"]) == ([], []), fitting


def test_a_pattern_without_any_such_library_is_a_notice(tmp_path: Path) -> None:
    line = "pyproject.toml:3: auditwheel's --exclude libx.so.1 matches no library that these wheels need"
    assert judged(tmp_path, repairing(REPAIR + "libx.so.1"), EXTERNAL)["notices"] == [line]
    assert judged(tmp_path, repairing(REPAIR + "libsndfile.so.1"), EXTERNAL, BUNDLED)["notices"] == []
    assert judged(tmp_path, repairing(REPAIR + "libx.so.1"), EXTERNAL, "none.whl")["notices"] == []


def test_maturin_excludes_no_libraries(tmp_path: Path) -> None:
    (finding,) = findings(judged(tmp_path, '[tool.maturin]\nexclude = ["libasound.so.2", "src/**"]\n', BUNDLED))
    assert finding["severity"] == "warning" and "not the libraries that it copies" in finding["consequence"]
    assert "auditwheel repair --exclude 'libasound.so*'" in finding["fixes"][0]["notes"]
    document = judged(tmp_path, '[tool.maturin]\nexclude = [{path = "libsndfile.so.1", format = "wheel"}]\n', EXTERNAL)
    assert (findings(document), document["notices"]) == ([], [])


def test_without_settings_nothing_was_examined(tmp_path: Path) -> None:
    (subject,) = judged(tmp_path, "", BUNDLED)["subjects"]
    assert "wheel-exclude-unmatched" in subject["not_applicable"]


def found(text: str) -> list[tuple[str, str, str]]:
    return [tuple(one) for one in excludes.patterns(toml.parse(text), "p", text)]  # type: ignore[misc]


def test_the_settings_that_are_read() -> None:
    text = """
[tool.cibuildwheel]
repair-wheel-command = "auditwheel repair --exclude=liba.so {wheel}"
[tool.cibuildwheel.linux]
repair-wheel-command = ["echo --exclude libz.so", "auditwheel repair --exclude libb.so --exclude liba.so"]
[tool.cibuildwheel.macos]
repair-wheel-command = "auditwheel --exclude libc.so"
[[tool.cibuildwheel.overrides]]
repair-wheel-command = "auditwheel repair --exclude 'libd*'"
[tool.maturin]
exclude = ["docs/*", {path = "lib/libe.so.1"}]
"""
    assert found(text) == [
        ("auditwheel", "liba.so", "p:3"),
        ("auditwheel", "libb.so", "p:5"),
        ("auditwheel", "libd*", "p:9"),
        ("maturin", "lib/libe.so.1", "p:11"),
    ]
    for strange in ("tool = 1", "[tool]\ncibuildwheel = []", "[tool.cibuildwheel]\nlinux = 1", "[tool]\nmaturin = 1"):
        assert found(strange) == []
    assert found('[tool.cibuildwheel]\nrepair-wheel-command = "auditwheel --exclude \'liba"') == []
