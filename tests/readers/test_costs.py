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
from diagnose.readers.system import apt_skew
from diagnose.readers.system.root import Root

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


def _many(form: str, count: int) -> str:
    """Return *form* with each number below *count* in place of ``#``."""
    return "".join(form.replace("#", str(number)) for number in range(count))


def _crate(number: int) -> str:
    """Return the manifest of a crate that needs the next one."""
    needs = f'c{number + 1} = {{ path = "../c{number + 1}" }}\n' + _many('d# = { path = "../c0" }\n', 100)
    return f'[package]\nname = "c{number}"\nversion = "1.0.0"\n[dependencies]\n{needs}'


CHAIN = [f'[[package]]\nname = "a{i}"\nversion = "1.0.0"\ndependencies = [\n "a{i + 1}",\n]\n' for i in range(4000)]
MATURIN = '[build-system]\nbuild-backend = "maturin"\n[project]\nname = "d"\nversion = "1"\n'
PROJECTS = {
    "members that are not there": {"Cargo.toml": MANIFEST + "[workspace]\nmembers = [" + '"m",' * 40_000 + "]\n"},
    "patterns of members": {
        "Cargo.toml": MANIFEST + "[workspace]\nmembers = [" + _many('"*#*",', 20_000) + "]\n",
        **{f"d{number}/x": "" for number in range(200)},
    },
    "patterns with many endings": {
        "Cargo.toml": MANIFEST + "[workspace]\nmembers = [" + _many('"*/#",', 20_000) + "]\n",
        **{f"d{number}/x": "" for number in range(200)},
    },
    "packages of a lock file in one line each": {
        "Cargo.toml": MANIFEST,
        "Cargo.lock": "version = 3\npackage = [\n" + _many('{ name = "a#", version = "1.0.0" },\n', 12_000) + "]\n",
    },
    "features of crates behind one another": {
        "Cargo.toml": MANIFEST + "[dependencies]\n" + _many('a# = { version = "1", features = ["f#"] }\n', 4000),
        "Cargo.lock": "version = 3\n" + "".join(CHAIN),
    },
    "words of one list": {
        "Cargo.toml": MANIFEST,
        ".cargo/config.toml": "[build]\nrustflags = [" + _many('"--cfg","x#",', 10_000) + "]\n",
    },
    "scripts that are not strings": {
        "Cargo.toml": MANIFEST,
        "pyproject.toml": MATURIN + "[project.scripts]\n" + _many("s# = 1\n", 8000),
    },
    "features that are not there": {
        "Cargo.toml": MANIFEST,
        "pyproject.toml": MATURIN + "[tool.maturin]\nfeatures = [" + _many('"f#",', 8000) + "]\n",
    },
    "crates behind one another": {
        "Cargo.toml": MANIFEST + '[dependencies]\nc0 = { path = "c0" }\n',
        **{f"c{number}/Cargo.toml": _crate(number) for number in range(150)},
    },
}


@pytest.mark.parametrize("case", PROJECTS)
def test_a_project_takes_no_longer_than_its_size_allows(tmp_path: Path, case: str) -> None:
    root = _root(tmp_path / "root", {})
    for name, text in PROJECTS[case].items():
        miniroot.write(tmp_path / "p" / name, text)
    with pace.within(4):
        env.read(str(root), ARMHF, cwd=str(tmp_path / "p"), environ={})


MANY = {
    "modules": {"Cargo.toml": MANIFEST + "[package.metadata.system-deps]\n" + _many("m# = '1'\n", 501)},
    "folders of sources": {
        "Cargo.toml": MANIFEST,
        "Cargo.lock": 'version = 3\n[[package]]\nname = "a"\nversion = "1.0.0"\n',
        ".cargo/config.toml": _many('[source.s#]\ndirectory = "v#"\n', 201),
    },
    "libraries or folders": {
        "Cargo.toml": MANIFEST,
        ".cargo/config.toml": "[build]\nrustflags = [" + _many('"-lx#",', 1001) + "]\n",
    },
    "too many included files": {
        "Cargo.toml": MANIFEST,
        ".cargo/config.toml": "include = [" + '"0.toml",' * 10 + "]\n",
        **{f".cargo/{number}.toml": "include = [" + f'"{number + 1}.toml",' * 10 + "]\n" for number in range(7)},
        ".cargo/7.toml": "",
    },
}


@pytest.mark.parametrize("reason", MANY)
def test_a_project_of_more_than_any_has_is_refused(tmp_path: Path, reason: str) -> None:
    root = _root(tmp_path / "root", {})
    for name, text in MANY[reason].items():
        miniroot.write(tmp_path / "p" / name, text)
    with pace.within(4), pytest.raises(InputError, match=reason):
        env.read(str(root), ARMHF, cwd=str(tmp_path / "p"), environ={})


def test_the_packages_of_an_index_without_versions(tmp_path: Path) -> None:
    path = "var/lib/apt/lists/x_dists_bookworm_main_binary-armhf_Packages"
    text = "Package: a\n" * 200_000 + "\nPackage: b\nSource: c\nVersion: 1\n\nx\nVersion: 2\n\nPackage: b\nVersion: 3\n"
    root = Root(str(_root(tmp_path, {path: text})))
    with pace.within(2):
        assert apt_skew.offers(root, "armhf", {"a", "b"}) == (("b", "1"), ("b", "3"))


LARGE = {
    "lines of a field": lambda n: {
        SOURCES: "Types: deb\nURIs: http://mirror.example/\nSuites: a\nComponents: m\nX-A: b\n" + " a\n" * 1000 * n
    },
    "characters in quotes": lambda n: {
        "etc/apt/sources.list": f'deb "http://mirror.example/{"a" * 5000 * n}" a main\n'
    },
    "files that require one another": lambda n: {
        PC: f"{ALSA}Requires: {_many('m# ', 3 * n)}\n",
        **{
            PC.replace("alsa", f"m{number}"): f"Name: m\nDescription: m\nVersion: 1\nRequires: {_many('m# ', 20)}\n"
            for number in range(3 * n)
        },
    },
    "flags of a file": lambda n: {PC: ALSA.replace("-lasound", _many("-L/x# -lx# ", 10 * n))},
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
        ({"etc/apt/sources.list": f"deb [arch={'a,' * 201}] http://mirror.example/ a main\n"}, "200 architectures"),
        ({"etc/apt/sources.list": f"deb [{'a=b ' * 201}] http://mirror.example/ a main\n"}, "components or options"),
        (
            {"etc/apt/sources.list": "deb mirror+file:/m a main\n" * 3000, "m": "http://mirror.example/\n" * 40_000},
            "mirrors of all entries",
        ),
        ({PC: ALSA.replace("-lasound", _many("-lx# ", 1001))}, "libraries or folders"),
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
