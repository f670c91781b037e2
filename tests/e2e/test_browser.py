"""The HTML report in a real browser: two widths, both colour schemes, and names that try to break out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e import browser

WHEELS = Path(__file__).resolve().parents[2] / "fixtures" / "wheels"
NAMES = ("wheel_bundled_lib_missing-1*", "wheel_glibc_too_new-1*", "wheel_external_lib-1*", "healthy_x86_64*")
EVIL = "</svg></title><img src=x onerror=document.title=1><script>document.title=1</script>.so"
OVERFLOWING = """[...document.querySelectorAll('body *')].filter(one => !one.closest('pre, .wide, svg')
    && one.getBoundingClientRect().right > innerWidth + 0.5).map(one => one.outerHTML.slice(0, 80))"""
CONTRASTS = """(() => {
  const luminance = words => { const [r, g, b] = words.match(/[\\d.]+/g).slice(0, 3).map(v => v / 255)
      .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b }
  const behind = one => { for (; one; one = one.parentElement) {
      const colour = getComputedStyle(one).backgroundColor; if (!/, 0\\)$/.test(colour)) return colour } }
  return [...document.querySelectorAll('p, li, h1, h2, h3, td, code, .badge, a, svg text')].map(one => {
      const style = getComputedStyle(one), ink = one.closest('svg') ? style.fill : style.color
      const [a, b] = [luminance(ink), luminance(behind(one))].sort((x, y) => y - x)
      return [(a + 0.05) / (b + 0.05), one.outerHTML.slice(0, 80)] }).sort((x, y) => x[0] - y[0])[0] })()"""


@pytest.fixture(scope="module")
def page() -> Iterator[browser.Page]:
    if not browser.program():
        pytest.skip("needs a browser: chromium or google-chrome")  # also where everything else must run
    with browser.Page() as opened:
        yield opened


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the report on broken wheels, one of them with a file whose name is markup."""
    folder = tmp_path_factory.mktemp("html")
    wheels = [next(WHEELS.glob(name)) for name in NAMES]
    evil = folder / "evil-1-cp312-cp312-manylinux2014_x86_64.whl"
    with zipfile.ZipFile(wheels[0]) as given, zipfile.ZipFile(evil, "w") as out:
        for name in given.namelist():
            out.writestr(name, given.read(name))
            if name.endswith(".so"):
                out.writestr(f"demo/{EVIL}", given.read(name))
    file = folder / "report.html"
    command = [sys.executable, "-m", "diagnose", "wheel", f"--format=html={file}", *map(str, wheels), str(evil)]
    assert subprocess.run(command).returncode in (1, 2)
    return file


@pytest.fixture(scope="module")
def index_report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the report of ``diagnose index`` on the fixtures, with a row whose builder and error are markup."""
    folder = tmp_path_factory.mktemp("index")
    command = [sys.executable, "-m", "diagnose", "index", "--into", str(folder / "rows")]
    assert subprocess.run([*command, str(WHEELS)], capture_output=True).returncode == 0
    part = folder / "rows" / "part-000001.jsonl"
    rows = [json.loads(line) for line in part.read_text().splitlines()]
    for number, row in enumerate(rows):  # as an index gives it
        row["uploaded"] = f"2026-{number % 9 + 1:02}-03"
    rows.append(rows[0] | {"place": "evil.whl", "generator": EVIL, "arch": "riscv64" * 20, "error": EVIL})
    part.write_text("".join(json.dumps(row) + "\n" for row in rows))
    file = folder / "index.html"
    assert subprocess.run([*command, f"--format=html={file}"], capture_output=True).returncode == 0
    return file


def _readable(page: browser.Page, report: Path, width: int, scheme: str) -> None:
    """Show *report*: nothing is cut off, and every text has contrast enough."""
    page.show(report, width, scheme=scheme)
    if folder := os.environ.get("DIAGNOSE_SCREENSHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(Path(folder, f"{report.stem}-{width}-{scheme}.png"), 4000)
    assert page.value("document.documentElement.scrollWidth") <= width
    assert page.value(OVERFLOWING) == []
    contrast, where = page.value(CONTRASTS)
    assert contrast >= 4.5, (contrast, where)


@pytest.mark.e2e
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_the_report_on_an_index_is_readable(page: browser.Page, index_report: Path, width: int, scheme: str) -> None:
    _readable(page, index_report, width, scheme)
    assert page.value("document.querySelectorAll('script, img, iframe, object, link, [onerror]').length") == 0
    assert "<script>" in page.value("document.body.textContent")  # shown, as text


@pytest.mark.e2e
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_the_report_is_readable(page: browser.Page, report: Path, width: int, scheme: str) -> None:
    _readable(page, report, width, scheme)
    pictures = page.value("""[...document.querySelectorAll('svg')].map(one => {
        const text = [...one.querySelectorAll('text')], box = one.getBoundingClientRect()
        return [box.width, text.length, Math.min(...text.map(t => parseFloat(getComputedStyle(t).fontSize)))
            * box.width / one.viewBox.baseVal.width,
            Math.max(...text.map(t => t.getBoundingClientRect().right - box.right))] })""")
    assert len(pictures) == len(NAMES) + 1
    for drawn, words, smallest, beyond in pictures:
        assert drawn >= 320 and words > 3 and smallest >= 10.5 and beyond <= 1
    paper = page.value("getComputedStyle(document.body).backgroundColor")
    assert paper == ("rgb(255, 255, 255)" if scheme == "light" else "rgb(20, 23, 26)")


@pytest.mark.e2e
def test_the_report_loads_and_runs_nothing(page: browser.Page, report: Path) -> None:
    page.show(report, 1280)
    assert page.value("document.title").startswith("diagnose: 5 wheels")
    assert page.value("document.querySelectorAll('script, img, iframe, object, link, [onerror]').length") == 0
    assert "<script>" in page.value("document.querySelector('#s5').textContent")  # shown, as text
    requests = [
        event["params"]["request"]["url"] for event in page.events if "requestWillBeSent" in str(event["method"])
    ]
    assert requests == [report.as_uri()]
    assert [event for event in page.events if event["method"] in ("Log.entryAdded", "Runtime.exceptionThrown")] == []


@pytest.mark.e2e
def test_its_policy_refuses_what_would_get_past_the_escapes(page: browser.Page, report: Path) -> None:
    broken = report.with_name("broken.html")
    text = report.read_text(encoding="ascii")
    added = '<script>document.title = "ran"</script><img src="https://example.invalid/x.png"><p style="color:red">x</p>'
    broken.write_text(text.replace("<main>", f"<main>{added}"), encoding="ascii")
    page.show(broken, 1280)
    assert page.value("document.title").startswith("diagnose: 5 wheels")
    refused = [event["params"]["entry"]["text"] for event in page.events if event["method"] == "Log.entryAdded"]
    assert len([words for words in refused if "Content Security Policy" in words]) == 3, refused
