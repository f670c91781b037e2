"""Odd files of cargo, apt, pkg-config: judged, or refused in one line, at a cost that grows with their size only."""

from __future__ import annotations

import time
import tracemalloc
from pathlib import Path

import pace
import pytest
from readers import miniroot

from diagnose.model.finding import InputError
from diagnose.readers import env

ARMHF = "armv7-unknown-linux-gnueabihf"
MANIFEST = '[package]\nname = "d"\nversion = "0.1.0"\n'
PC = "usr/lib/arm-linux-gnueabihf/pkgconfig/alsa.pc"
ALSA = "Name: a\nDescription: a\nVersion: 1\nLibs: -lasound\n"
SOURCES = "etc/apt/sources.list.d/a.sources"


def _root(folder: Path, files: dict[str, str]) -> Path:
    root = miniroot.make(folder)
    for name, text in files.items():
        miniroot.write(root / name, text)
    return root


REFUSED = {
    "a lock file's version of 5000 digits": ("Cargo.lock", f"version = {'1' * 5000}\n", "digits"),
    "a manifest's key of 2000 parts": (
        "Cargo.toml",
        f"{MANIFEST}[dependencies.foo]\n{'a.' * 2000}a = 1\n",
        "128 parts",
    ),
    "a configuration's key of 2000 parts": (".cargo/config.toml", f"{'a.' * 2000}a = 1\n", "128 parts"),
    "a configuration of brackets": (".cargo/config.toml", "a = " + "[" * 50_000, "nested too deeply"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_read_is_refused_in_one_line(tmp_path: Path, case: str) -> None:
    name, text, reason = REFUSED[case]
    root = _root(tmp_path, {})
    project = tmp_path / "project"
    miniroot.write(project / "Cargo.toml", MANIFEST)
    miniroot.write(project / name, text)
    with pytest.raises(InputError, match=reason) as refusal:
        env.read(str(root), ARMHF, cwd=str(project), environ={})
    assert "\n" not in str(refusal.value)


def test_a_system_dependency_without_a_version(tmp_path: Path) -> None:
    miniroot.write(tmp_path / "p/Cargo.toml", MANIFEST + '[package.metadata.system-deps]\nalsa = " "\n')
    facts = env.read(str(_root(tmp_path, {})), ARMHF, cwd=str(tmp_path / "p"), environ={})
    assert [(need.module, need.requirement) for need in facts.project.needs] == [("alsa", "")]


def test_a_folder_of_gcc_whose_version_has_digits_beyond_ascii(tmp_path: Path) -> None:
    root = _root(
        tmp_path,
        {"usr/lib/gcc-cross/arm-linux-gnueabihf/1\u00b2/x": "", "usr/lib/gcc-cross/arm-linux-gnueabihf/12/x": ""},
    )
    (root / "usr/bin/arm-linux-gnueabihf-gcc").write_bytes(b"\x7fELF")
    (root / "usr/bin/arm-linux-gnueabihf-gcc").chmod(0o755)
    linker = {"CARGO_TARGET_ARMV7_UNKNOWN_LINUX_GNUEABIHF_LINKER": "arm-linux-gnueabihf-gcc"}
    facts = env.read(str(root), ARMHF, cwd=str(tmp_path), environ=linker)
    assert facts.toolchain.link_dirs[0] == "/usr/lib/gcc-cross/arm-linux-gnueabihf/12"


LARGE = {
    "requirements that are missing": lambda n: {PC: f"{ALSA}Requires: {' '.join(f'm{i}' for i in range(20 * n))}\n"},
    "the same requirement": lambda n: {
        PC: f"{ALSA}Requires.internal: {'m ' * 50 * n}\nRequires.private: {'m ' * 50 * n}"
    },
    "requirements and their spaces": lambda n: {PC: f"{ALSA}Requires: {(' ' * 50 + 'm') * 20 * n}\n"},
    "hashes in a source's options": lambda n: {"etc/apt/sources.list": "deb [" + "#" * 1000 * n + "\n"},
    "entries of [env]": lambda n: {".cargo/config.toml": "[env]\n" + "".join(f'V{i} = "x"\n' for i in range(50 * n))},
}


@pytest.mark.parametrize("case", LARGE)
def test_the_cost_grows_with_the_size_only(tmp_path: Path, case: str) -> None:
    def cost(n: int) -> float:
        files = LARGE[case](n)
        root = _root(tmp_path / str(n), files)
        best = 60.0
        for _ in range(2):
            start = time.process_time()
            env.read(str(root), ARMHF, ["alsa"], cwd=str(root), environ={"PKG_CONFIG_ALLOW_CROSS": "1"})
            best = min(best, time.process_time() - start)
        return best

    assert cost(80) < max(1.0, 16 * cost(10))  # 8 times the size: a quadratic step would cost 64 times as much


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        (
            {PC: f"a={'x' * 65000}\n" + "".join(f"b{i}=${{a}}\n" for i in range(8000)) + ALSA},
            "variables expand to more",
        ),
        ({SOURCES: f"Types: deb\nURIs: {'a ' * 2500}\nSuites: {'b ' * 2500}\nComponents: main\n"}, "URIs or suites"),
        ({"etc/apt/sources.list": "deb http://mirror.example/debian a main\n" * 4001}, "more than 4000 entries"),
    ],
)
def test_where_a_small_file_would_mean_much_reading_stops(tmp_path: Path, files: dict[str, str], reason: str) -> None:
    root = _root(tmp_path, files)
    tracemalloc.start()
    try:
        with pytest.raises(InputError, match=reason):
            environ = {"PKG_CONFIG_ALLOW_CROSS": "1", "PKG_CONFIG_LIBDIR": f"/{PC.rpartition('/')[0]}"}
            env.read(str(root), ARMHF, ["alsa"], cwd=str(root), environ=environ)
        assert tracemalloc.get_traced_memory()[1] < 60 << 20
    finally:
        tracemalloc.stop()


def test_a_sparse_library_is_not_read_whole(tmp_path: Path) -> None:
    root = _root(tmp_path, {})
    library = root / "usr/lib/x86_64-linux-gnu/libc.so.6"
    with library.open("wb") as file:
        file.truncate(8 << 30)
    with pace.within(3):
        env.read(str(root), ARMHF, ["alsa"], cwd=str(root), environ={})
