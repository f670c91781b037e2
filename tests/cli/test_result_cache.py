"""Results of earlier runs: the same bytes as judging again, and never those of another file, program or setting."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import pickle
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from diagnose.cli import result_cache
from diagnose.cli.options import Selection
from diagnose.cli.result_cache import ResultCache, opened
from diagnose.config.settings import Settings
from diagnose.engine.run import Result

WHEELS = Path(__file__).parents[2] / "fixtures" / "wheels"
FAULTY = next(WHEELS.glob("wheel_bundled_lib_missing-1-*.whl"))
FORMATS = ("text", "json", "github", "markdown", "html", "sarif", "junit", "jsonl")


def diagnose(home: Path, *words: str, **environment: str) -> bytes:
    """Return what ``diagnose wheel`` prints."""
    env = {**os.environ, "XDG_CACHE_HOME": str(home), **environment}
    done = subprocess.run(
        [sys.executable, "-m", "diagnose", "wheel", "--fail-on", "never", *words], env=env, capture_output=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def entries(home: Path) -> list[Path]:
    return sorted(path for path in home.rglob("*") if path.is_file())


class Judge:
    """Says another headline each time, so that a result that was remembered differs from a new one."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self) -> Result:
        self.asked += 1
        return Result("wheel", "a.whl", headline=f"judged {self.asked}")


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    path = tmp_path / "a.whl"
    path.write_bytes(b"content")
    return path


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., ResultCache]:
    """Return a function that opens the cache, as a new run would."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))

    def opening(selection: Selection | None = None) -> ResultCache:
        found = opened(selection or Selection())
        assert found is not None
        return found

    return opening


@pytest.mark.parametrize("form", FORMATS)
def test_a_second_run_prints_the_same_bytes(form: str, tmp_path: Path) -> None:
    wheels = [str(path) for path in sorted(WHEELS.glob("*.whl"))[:12]]
    words = ("--cache", "--format", form, *wheels)
    anew = diagnose(tmp_path, "--no-cache", "--format", form, *wheels)
    assert not entries(tmp_path)
    assert diagnose(tmp_path, *words) == anew
    kept = {path: path.read_bytes() for path in entries(tmp_path)}
    assert kept
    assert diagnose(tmp_path, *words) == anew
    assert {path: path.read_bytes() for path in entries(tmp_path)} == kept


def test_the_second_run_reads_the_entry(tmp_path: Path) -> None:
    first = diagnose(tmp_path, "--cache", str(FAULTY))
    (entry,) = entries(tmp_path)
    start = len(result_cache.FORM) + 32
    result: Result = pickle.loads(zlib.decompress(entry.read_bytes()[start:]))
    packed = zlib.compress(pickle.dumps(result._replace(headline="from the cache")))
    entry.write_bytes(result_cache.FORM + hashlib.sha256(packed).digest() + packed)
    second = diagnose(tmp_path, "--cache", str(FAULTY))
    assert b"from the cache" in second and b"from the cache" not in first


def test_small_wheels_and_ci_are_judged_anew(tmp_path: Path) -> None:
    diagnose(tmp_path, str(FAULTY), CI="")
    assert not entries(tmp_path)
    large = tmp_path / FAULTY.name
    large.write_bytes(bytes(2 << 20) + FAULTY.read_bytes())
    diagnose(tmp_path / "home", str(large), CI="true")
    assert not entries(tmp_path / "home")
    diagnose(tmp_path / "home", str(large), CI="")
    assert len(entries(tmp_path / "home")) == 1


def test_the_result_is_that_of_the_content(cache: Callable[..., ResultCache], wheel: Path) -> None:
    judge = Judge()
    first = cache().result(str(wheel), "a.whl", judge)
    assert cache().result(str(wheel), "a.whl", judge) == first
    os.utime(wheel, (1, 1))
    assert cache().result(str(wheel), "a.whl", judge) == first
    assert judge.asked == 1
    wheel.write_bytes(b"another")
    assert cache().result(str(wheel), "a.whl", judge) != first
    assert cache().result(str(wheel), "b.whl", judge).headline == "judged 3"


def test_the_result_is_that_of_the_selection(cache: Callable[..., ResultCache], wheel: Path) -> None:
    judge = Judge()
    selections = (
        Selection(),
        Selection(ignore=("wheel-rpath",)),
        Selection(pedantic=True),
        Selection(today="2027-01-31"),
        Selection(settings=Settings("diagnose.toml")),
        Selection(settings=Settings("diagnose.toml", values=(("ignore", ("wheel-rpath",)),))),
    )
    for selection in (*selections, *selections):
        cache(selection).result(str(wheel), "a.whl", judge)
    assert judge.asked == len(selections)


def test_the_result_is_that_of_the_program(
    cache: Callable[..., ResultCache], wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge = Judge()
    cache().result(str(wheel), "a.whl", judge)
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))
    cache().result(str(wheel), "a.whl", judge)
    assert judge.asked == 1
    plugin = site / "plugin-1.0.dist-info"
    plugin.mkdir()
    plugin.joinpath("entry_points.txt").write_text("[diagnose.checks]\nplugin = some_plugin\n")
    code = site / "some_plugin"
    code.mkdir()
    code.joinpath("__init__.py").write_text("")
    __import__("some_plugin")
    cache().result(str(wheel), "a.whl", judge)
    assert judge.asked == 2
    code.joinpath("check.py").write_text("")
    cache().result(str(wheel), "a.whl", judge)
    assert judge.asked == 3
    monkeypatch.setattr(result_cache, "__version__", "0.0.1")
    cache().result(str(wheel), "a.whl", judge)
    assert judge.asked == 4


class Foreign:
    """What an entry must not be able to make."""

    def __reduce__(self) -> tuple[Callable[..., object], tuple[str]]:
        return os.mkdir, ("made-by-an-entry",)


def _packed(plain: bytes) -> bytes:
    packed = zlib.compress(plain)
    return result_cache.FORM + hashlib.sha256(packed).digest() + packed


@pytest.mark.parametrize(
    "damaged",
    [
        lambda data: b"",
        lambda data: data[:-1],
        lambda data: data[:60] + bytes([data[60] ^ 1]) + data[61:],
        lambda data: data + b"x",
        lambda data: _packed(pickle.dumps("no result")),
        lambda data: _packed(pickle.dumps(Foreign())),
        lambda data: _packed(b"no pickle"),
        lambda data: result_cache.FORM + hashlib.sha256(b"").digest(),
    ],
)
def test_a_damaged_entry_is_none(
    damaged: Callable[[bytes], bytes],
    cache: Callable[..., ResultCache],
    wheel: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    judge = Judge()
    cache().result(str(wheel), "a.whl", judge)
    (entry,) = entries(tmp_path / "home")
    entry.write_bytes(damaged(entry.read_bytes()))
    assert cache().result(str(wheel), "a.whl", judge).headline == "judged 2"
    assert cache().result(str(wheel), "a.whl", judge).headline == "judged 2"
    assert not Path("made-by-an-entry").exists()


def test_what_changes_while_it_is_judged_is_not_kept(cache: Callable[..., ResultCache], wheel: Path) -> None:
    def replacing() -> Result:
        wheel.write_bytes(b"another")
        return Result("wheel", "a.whl")

    cache().result(str(wheel), "a.whl", replacing)
    wheel.write_bytes(b"content")
    judge = Judge()
    cache().result(str(wheel), "a.whl", judge)
    assert judge.asked == 1


def test_failures_are_not_kept(cache: Callable[..., ResultCache], wheel: Path, tmp_path: Path) -> None:
    cache().result(str(wheel), "a.whl", lambda: Result("wheel", "a.whl", error="no memory"))
    cache().result(str(wheel), "a.whl", lambda: Result("wheel", "a.whl", traces=("a bug",)))
    assert not entries(tmp_path / "home")
    wheel.unlink()
    judge = Judge()
    cache().result(str(wheel), "a.whl", judge)  # which says that there is no such file
    assert judge.asked == 1


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="needs the modes of files")
def test_a_folder_that_others_can_write_to_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = tmp_path / "diagnose" / "results"
    assert opened(Selection()) is not None
    assert folder.stat().st_mode & 0o777 == 0o700
    folder.chmod(0o777)
    assert opened(Selection()) is None
    folder.rmdir()
    folder.symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    assert opened(Selection()) is None
    folder.unlink()
    folder.write_text("a file")
    assert opened(Selection()) is None


def test_without_a_home_nothing_is_kept(tmp_path: Path) -> None:
    env = {name: value for name, value in os.environ.items() if name not in ("XDG_CACHE_HOME", "LOCALAPPDATA")}
    env |= {"HOME": "nowhere", "USERPROFILE": "nowhere"}
    done = subprocess.run([sys.executable, "-m", "diagnose", "wheel", "--cache", str(FAULTY)], cwd=tmp_path, env=env)
    assert done.returncode == 1
    assert not list(tmp_path.iterdir())


def test_a_full_folder_loses_its_oldest(
    cache: Callable[..., ResultCache], wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge = Judge()
    cache().result(str(wheel), "a.whl", judge)
    (first,) = entries(tmp_path / "home")
    monkeypatch.setattr(result_cache, "OF_A_FOLDER", 2 * first.stat().st_size + 40)
    for number in range(2000):
        result_cache._write(str(first.parent / f"{number:062}"), judge())
    left = entries(tmp_path / "home")
    assert sum(path.stat().st_size for path in left) <= result_cache.OF_A_FOLDER
    assert left[-1].name == f"{1999:062}" and first not in left


def _judged(folder: str, path: str, times: int) -> set[str]:
    cache = ResultCache(folder, Selection())
    return {
        cache.result(path, "a.whl", lambda: Result("wheel", "a.whl", headline="same")).headline for _ in range(times)
    }


def test_runs_share_the_folder(wheel: Path, tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        said = pool.starmap(_judged, [(str(folder), str(wheel), 200)] * 4)
    assert said == [{"same"}] * 4
    assert len(entries(folder)) == 1
