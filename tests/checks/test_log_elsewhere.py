"""No advice for the wrong system: a build of Nix, conda, MSYS2 … gets no packages of a Linux distribution."""

from __future__ import annotations

import functools
import io
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from logs import FOLDER, STAND_INS, judged, labels, wordings

from diagnose.engine.run import Result, run_checks
from diagnose.model.finding import Fix
from diagnose.readers import buildlog
from diagnose.readers.buildlog.context import distribution
from diagnose.readers.system.machine import Machine
from diagnose.tables import other_systems

#: A line of each system's build that fails nothing.
SIGNS = {
    "nix": "building '/nix/store/0c3hm7b1x2y3z4a5b6c7d8f9g0h1i2j3-python3.12-demo-1.0.drv'...",
    "guix": "building /gnu/store/0c3hm7b1x2y3z4a5b6c7d8f9g0h1i2j3-python-demo-1.0.drv...",
    "conda": "/home/me/miniconda3/envs/demo/bin/x86_64-conda-linux-gnu-cc -DNDEBUG -O2 -fPIC -c demo.c -o demo.o",
    "windows": r'"C:\Program Files\Microsoft Visual Studio\2022\Enterprise\VC\bin\cl.exe" /c /nologo /O2 /W3 demo.c',
    "msys2": "  C:/msys64/ucrt64/bin/gcc.exe -O2 -DNDEBUG -c demo.c -o demo.o",
    "macos": "clang -DNDEBUG -isysroot /Applications/Xcode_15.4.app/Contents/Developer/SDKs/MacOSX.sdk -c demo.c",
    "macports": "/usr/bin/clang -I/opt/local/include -c demo.c -o demo.o",
    "termux": "/data/data/com.termux/files/usr/bin/clang -DNDEBUG -O2 -c demo.c -o demo.o",
    "freebsd": "cc -pthread -DNDEBUG -O2 -c demo.c -o build/temp.freebsd-14.1-RELEASE-amd64-cpython-311/demo.o",
    "openbsd": "cc -pthread -DNDEBUG -O2 -c demo.c -o build/temp.openbsd-7.5-amd64-cpython-311/demo.o",
    "netbsd": "cc -pthread -DNDEBUG -O2 -c demo.c -o build/temp.netbsd-10.0-amd64-cpython-311/demo.o",
    "linuxbrew": "/home/linuxbrew/.linuxbrew/bin/gcc-14 -O2 -c demo.c -o demo.o",
    "gentoo": "x86_64-pc-linux-gnu-gcc -O2 -c /var/tmp/portage/dev-python/demo-1.0/work/demo.c -o demo.o",
    "yocto": "arm-oe-linux-gnueabi-gcc --sysroot=/b/tmp/work/demo/1.0/recipe-sysroot/usr -O2 -c demo.c -o demo.o",
    "buildroot": "/b/buildroot-2024.02/output/host/bin/arm-linux-gcc -O2 -c demo.c -o demo.o",
    "openwrt": "mips-openwrt-linux-musl-gcc -I/b/staging_dir/target-mips_24kc_musl/usr/include -c demo.c -o demo.o",
    "spack": "/home/me/spack/lib/spack/env/gcc/gcc -O2 -c demo.c -o demo.o",
    "android": "/opt/ndk/27.0/toolchains/llvm/prebuilt/linux-x86_64/bin/aarch64-linux-android24-clang -c demo.c",
    "emscripten": "python3 /opt/emsdk/upstream/emscripten/emcc.py -O2 -c demo.c -o demo.o",
}
_MANAGER = re.compile(r"(?:sudo )?(?:apt-get|apt|apt-file|dpkg|dnf|yum|microdnf|zypper|apk)\b")
_ADVICE = re.compile(r"apt-get install|apt-file|\bdnf (?:install|provides)|\byum install|\bapk add|--distro\b")
#: What a distribution's manager says of itself, and refusals of images of Linux.
_ITS_OWN = ("apk", "apt", "pacman", "rpm")
_PER_CHECK, _TRIED = 1, 4


def _judge(text: str, folder: Path) -> Result:
    path = folder / "build.log"
    path.write_text(text)
    return judged(path)


def _packages(fix: Fix) -> bool:
    return any(_MANAGER.match(command.line) for command in fix.commands)


def _talks(fix: Fix) -> bool:
    return bool(_ADVICE.search(f"{fix.title} {fix.notes}"))


def _of_programs(fix: Fix) -> bool:
    """Whether *fix* installs programs alone, which run on the machine that builds."""
    words = {word for command in fix.commands for word in command.line.split()}
    return not any(word.startswith("lib") or "-dev" in word for word in words)


@functools.cache
def _cases() -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    """Return (name, text, checks) of logs that show no system, and whose advice installs: a few for each check."""
    texts, tried = {}, Counter[str]()
    for block in (FOLDER / "wordings.txt").read_text().split("\n=== ")[1:]:
        head, _, text = block.partition("\n")
        texts[f"wordings/{head}"] = (head.split()[0], text)
    for name, label in labels().items():
        data = (FOLDER / name).read_bytes()
        if len(data) < 1_500:
            texts[name] = (label.cause, data.decode(errors="replace"))
    areas = {check.id: check.area for check in STAND_INS}
    found, count = [], Counter[str]()
    for name, (cause, text) in texts.items():
        tried[cause] += 1
        if tried[cause] > _TRIED or cause in ("", "-"):
            continue
        log = _scanned(text)
        seen = run_checks("log", "build.log", lambda log=log: log, buildlog.facts, STAND_INS)
        told = [one for one in seen.findings if any(_packages(fix) or _talks(fix) for fix in one.fixes)]
        told = [one for one in told if areas[one.check] not in _ITS_OWN and count[one.check] < _PER_CHECK]
        if told and log.host is None and not any(one.distro or one.system for one in log.sights):
            count.update(one.check for one in told)
            found.append((name, text, tuple(one.check for one in seen.findings)))
    return tuple(found)


def _scanned(text: str) -> buildlog.BuildLog:
    return buildlog.read("build.log", wordings, stream=io.BytesIO(text.encode()))  # type: ignore[arg-type]


def test_every_system_has_a_sign() -> None:
    assert set(SIGNS) == set(other_systems.SYSTEMS)


def test_there_are_checks_of_all_kinds() -> None:
    checks = {check for _, _, checks in _cases() for check in checks}
    assert {"pc-missing", "c-header-missing", "build-tool-missing", "host-cc-missing", "libclang-missing"} <= checks
    assert len(checks) > 50


@pytest.mark.parametrize("system", SIGNS)
def test_no_packages_of_linux_elsewhere(system: str, tmp_path: Path) -> None:
    sign = SIGNS[system]
    wrong = {}
    for name, text, checks in _cases():
        seen = _judge(f"{sign}\n{text}", tmp_path)
        assert tuple(one.check for one in seen.findings) == checks, name
        for finding in seen.findings:
            for fix in finding.fixes:
                if (_packages(fix) or _talks(fix)) and not (
                    other_systems.SYSTEMS[system].of_target and _of_programs(fix)
                ):
                    wrong[name] = (finding.check, fix.title, [one.line for one in fix.commands], fix.notes)
    assert wrong == {}


PC = "No package 'alsa' found\nmake: *** [Makefile:3: all] Error 1\n"


@pytest.mark.parametrize(
    ("system", "words"),
    [
        ("nix", "add alsa-lib of nixpkgs to the derivation or the shell"),
        ("guix", "add the package with alsa.pc to the inputs"),
        ("conda", "conda install -c conda-forge alsa-lib"),
        ("termux", "pkg install alsa-lib"),
        ("yocto", "add alsa-lib to the recipe's DEPENDS"),
        ("freebsd", "`pkg search alsa`"),
    ],
)
def test_the_systems_own_way(system: str, words: str, tmp_path: Path) -> None:
    (finding,) = _judge(f"{SIGNS[system]}\n{PC}", tmp_path).findings
    (fix,) = finding.fixes
    assert words in " ".join([fix.title, *(one.line for one in fix.commands), fix.notes])


@pytest.mark.parametrize(
    "before",
    [
        "",
        "Get:1 http://deb.example/debian trixie InRelease [140 kB]\n",
        f"{SIGNS['nix']}\nReading package lists...\nSetting up pkgconf (1.8.1-4) ...\n",
        f"{SIGNS['conda']}\n#5 [1/4] FROM docker.io/library/debian:trixie\n",
        "+ export PATH=/opt/nix-tools/bin NIX_PATH=nixpkgs\n",
        "note: the conda-forge package of it is called alsa-lib\n",
        "warning: /users/demo and /Users are other folders\n",
        "-- The build is for aarch64-linux-android, x86_64-pc-windows-msvc and x86_64-unknown-freebsd\n",
    ],
)
def test_a_distribution_of_linux_keeps_its_packages(before: str, tmp_path: Path) -> None:
    (finding,) = _judge(before + PC, tmp_path).findings
    assert any(_packages(fix) for fix in finding.fixes)


@pytest.fixture
def own_machine(tmp_path: Path) -> Callable[[str], Result]:
    def judge(text: str) -> Result:
        path = tmp_path / "output"
        path.write_text(text)
        return judged(path, machine=Machine(distribution("debian", "13"), ""))

    return judge


def test_what_the_log_shows_counts_more_than_the_machine(own_machine: Callable[[str], Result]) -> None:
    (finding,) = own_machine(f"{SIGNS['conda']}\n{PC}").findings
    assert not any(_packages(fix) for fix in finding.fixes)


def test_the_users_word_counts_more_than_the_log(tmp_path: Path) -> None:
    path = tmp_path / "build.log"
    path.write_text(f"{SIGNS['nix']}\n{PC}")
    (finding,) = judged(path, distro="debian:12").findings
    assert any(_packages(fix) for fix in finding.fixes)
