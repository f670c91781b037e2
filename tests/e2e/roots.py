"""Fresh Debian roots: made once by mmdebstrap, then mounted as throw-away overlays."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from e2e import archive
from e2e.cache import made
from e2e.targets import CROSS

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

REPOSITORY = Path(__file__).resolve().parents[2]
CRATE = REPOSITORY / "crate"
COMPILE_ONCE = Path(__file__).with_name("compile_once.py")
PROJECT = "/home/user/alsastream"  # where a build root has the crate
PYTHON = "3.13"  # of trixie
MATURIN = "maturin==1.16.0"
OLD_MATURIN = "maturin==1.8.3"  # trixie's own

SOURCES = f"""\
Types: deb
URIs: {archive.DEBIAN}
Suites: trixie
Components: main
Signed-By: {archive.KEYRING.replace(".gpg", ".pgp")}
"""
# Crates and Python packages come from folders: nothing inside a root asks a registry. What the wheel is built with,
# not how fast it is, matters here. Of two failures cargo may meet one and never come to the other: with one job at a
# time it has one order, and which of them it is does not depend on speed.
CARGO_CONFIG = """\
[build]
jobs = 1
rustc-wrapper = "/opt/compile-once"

[source.crates-io]
replace-with = "vendored"

[source.vendored]
directory = "/opt/crates"

[profile.release]
incremental = true
lto = "off"
opt-level = 0
"""
# Takes away the wheel, and the library in it, in the crate's folder, but not what makes the next build a quick one.
FORGET = (
    "find target/{} -name incremental -prune -o -name '*alsastream*' -prune -exec rm -rf {{}} + && rm -rf target/wheels"
)
PIP_CONFIG = """\
[global]
no-index = true
find-links = /opt/wheels
disable-pip-version-check = true
"""


class Done(NamedTuple):
    """A finished command: exit code and output, standard error within it."""

    code: int
    output: str


class Root:
    """A root folder in which commands run, with processes and a ``/proc`` of their own."""

    def __init__(self, path: Path, environment: Mapping[str, str] | None = None) -> None:
        self.path = path
        self.environment = {
            "HOME": "/root",
            "LANG": "C.UTF-8",
            "PATH": "/opt/venv/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "DEBIAN_FRONTEND": "noninteractive",
            **(environment or {}),
        }

    def enter(self, *words: str, env: Mapping[str, str] | None = None, timeout: float = 1800) -> Done:
        """Run a program of the root."""
        done = subprocess.run(
            self._inside(*words),
            env={**self.environment, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=timeout,
        )
        return Done(done.returncode, done.stdout.decode(errors="replace"))

    def _inside(self, *words: str) -> list[str]:
        (self.path / "proc").mkdir(exist_ok=True)
        unshare = ["unshare", "--mount", "--pid", "--fork", "--kill-child", f"--mount-proc={self.path}/proc"]
        return [*unshare, "chroot", str(self.path), *words]

    def on_terminal(self, command: str) -> str:
        """Run a shell command line with a terminal for its output, as a person sees it; return all that is printed."""
        spawn = "import pty, sys; pty.spawn(sys.argv[1:])"
        words = [sys.executable, "-c", spawn, *self._inside("/bin/sh", "-c", command)]
        done = subprocess.run(
            words, env={**self.environment, "TERM": "xterm"}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
        )
        return done.stdout.decode(errors="replace")

    def run(self, command: str, *, cwd: str = "/", env: Mapping[str, str] | None = None) -> Done:
        """Run a shell command line in the root."""
        return self.enter("/bin/sh", "-c", f'cd "$0" && {command}', cwd, env=env)

    def check(self, command: str, *, cwd: str = "/", env: Mapping[str, str] | None = None) -> str:
        """Run a command line that must succeed; return its output."""
        done = self.run(command, cwd=cwd, env=env)
        assert done.code == 0, f"$ {command}\n{done.output}"
        return done.output

    def file(self, path: str) -> Path:
        """Return where *path* of the root lies on this machine. Links inside the root are not followed."""
        return self.path / path.lstrip("/")


@contextlib.contextmanager
def overlay(folder: Path, *layers: Path) -> Iterator[Path]:
    """Mount *layers*, the uppermost first, below a new layer in *folder*; yields the mounted root."""
    for name in ("upper", "work", "root"):
        (folder / name).mkdir(parents=True)
    lower = ":".join(map(str, layers))
    # volatile: nothing waits for the disk, for all of it is thrown away
    options = f"lowerdir={lower},upperdir={folder}/upper,workdir={folder}/work,volatile"
    subprocess.run(["mount", "-t", "overlay", "overlay", "-o", options, str(folder / "root")], check=True)
    try:
        yield folder / "root"
    finally:
        subprocess.run(["umount", "--lazy", str(folder / "root")], check=True)
        shutil.rmtree(folder / "work", ignore_errors=True)


# --- what roots are made of -------------------------------------------------------------------------------------------


def crates() -> Path:
    """Return a folder with the sources of all crates that the reference crate locks."""
    return made("crates", (CRATE / "Cargo.lock").read_text(), _vendor)


def _vendor(folder: Path) -> None:
    cargo = shutil.which("cargo") or str(Path.home() / ".cargo/bin/cargo")
    command = [cargo, "vendor", "--quiet", "--locked", "--versioned-dirs", "--manifest-path", str(CRATE / "Cargo.toml")]
    subprocess.run([*command, str(folder)], stdout=subprocess.DEVNULL, check=True)


def wheels() -> Path:
    """Return a folder with maturin, what this project depends on and what builds it, for a trixie root."""
    with open(REPOSITORY / "pyproject.toml", "rb") as file:
        project = tomllib.load(file)
    wanted = [MATURIN, "pip", *project["build-system"]["requires"], *project["project"]["dependencies"]]
    return made("wheels", (wanted, OLD_MATURIN), lambda folder: _download_wheels(folder, wanted))


def _download_wheels(folder: Path, wanted: list[str]) -> None:
    download_wheels(folder, wanted)
    download_wheels(folder, ["--no-deps", OLD_MATURIN])


def download_wheels(folder: Path, wanted: list[str]) -> None:
    """Download wheels for a trixie root, with all that they depend on."""
    download = [*_pip(), "download", "--quiet", "--dest", str(folder), "--only-binary=:all:"]
    for_root = [f"--python-version={PYTHON}", "--platform=manylinux2014_x86_64", "--platform=manylinux_2_28_x86_64"]
    subprocess.run([*download, *for_root, *wanted], check=True)


def _pip() -> list[str]:
    """Return the command of a pip: the one of this environment, or else the system's."""
    if subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True).returncode == 0:
        return [sys.executable, "-m", "pip"]
    return [shutil.which("pip3") or "pip3"]


def bare() -> Path:
    """Return a trixie root with native tool chains and maturin, and nothing for any other target."""
    slice_, wheel_folder = archive.debian(), wheels()
    return made("bare", (slice_.name, wheel_folder.name, SOURCES), _make_bare)


def _make_bare(folder: Path) -> None:
    bootstrap(folder, "trixie", "amd64", "minbase", "cargo,rustc,gcc,libc6-dev,python3,python3-venv")
    root = Root(folder)
    root.file("/etc/apt/sources.list").unlink()
    root.file("/etc/apt/sources.list.d/debian.sources").write_text(SOURCES)
    shutil.copytree(wheels(), root.file("/opt/wheels"))
    root.file("/etc/pip.conf").write_text(PIP_CONFIG)
    root.check(f"python3 -m venv /opt/venv && pip install --quiet {MATURIN}")
    root.file("/etc/apt/apt.conf.d/no-terminal").write_text('DPkg::Use-Pty "false";\n')  # there is no /dev/pts
    # what a test installs is thrown away: no need to wait for the disk
    root.file("/etc/dpkg/dpkg.cfg.d/unsafe-io").write_text("force-unsafe-io\n")


def furnish(root: Root) -> None:
    """Put the reference crate, the sources of all that it depends on and cargo's configuration into a root."""
    shutil.copytree(crates(), root.file("/opt/crates"))
    shutil.copy(COMPILE_ONCE, root.file("/opt/compile-once"))
    root.file("/opt/compile-once").chmod(0o755)
    ignore = shutil.ignore_patterns("target", ".venv", "build", "*_cache", "__pycache__")
    shutil.copytree(CRATE, root.file(PROJECT), ignore=ignore, dirs_exist_ok=True)
    root.file("/root/.cargo").mkdir()
    root.file("/root/.cargo/config.toml").write_text(CARGO_CONFIG)


def compiled() -> Path:
    """Return a layer with all that the reference crate depends on compiled; what asks for ALSA has to ask again.

    That is what a build for any target runs on the build machine, and the crates for the targets themselves.
    """
    texts = [(CRATE / "Cargo.toml").read_text(), CARGO_CONFIG, COMPILE_ONCE.read_text()]
    ingredients = (bare().name, crates().name, texts, CROSS)
    return made("compiled", ingredients, _compile)


def _compile(folder: Path) -> None:
    work = folder.with_name("compiled.work")
    shutil.rmtree(work, ignore_errors=True)
    with archive.serving({archive.DEBIAN: archive.debian()}) as proxy, overlay(work, bare()) as path:
        root = Root(path, {"http_proxy": proxy, "CARGO_BUILD_JOBS": "2"})
        furnish(root)
        root.check(" && ".join(f"dpkg --add-architecture {target.debian}" for target in CROSS))
        names = "gcc-{gnu} libc6-dev-{debian}-cross libstd-rust-dev:{debian} pkgconf:{debian} libasound2-dev:{debian}"
        packages = " ".join(names.format(**target._asdict()) for target in CROSS)
        root.check(f"apt-get update -q && apt-get install -q -y --no-install-recommends {packages}")
        for target in CROSS:
            name = target.env
            environment = {
                f"PKG_CONFIG_{name}": f"{target.gnu}-pkg-config",
                f"CARGO_TARGET_{name.upper()}_LINKER": f"{target.gnu}-gcc",
            }
            options = f"--release --target {target.triple}"
            root.check(f"maturin build {options} --auditwheel skip", cwd=PROJECT, env=environment)
            root.check(f"cargo clean --quiet {options} --package alsa --package alsa-sys", cwd=PROJECT)
            root.check(FORGET.format(target.triple), cwd=PROJECT)
        for path in (f"{PROJECT}/target", "/opt/compiled"):
            shutil.copytree(root.file(path), folder / path.lstrip("/"), symlinks=True)
    shutil.rmtree(work)


def bootstrap(folder: Path, suite: str, arch: str, variant: str, packages: str) -> None:
    """Make a root with mmdebstrap from the slice of the archive."""
    key = archive.signing_key() / "archive.pgp"
    source = f"deb [signed-by={key}] {archive.DEBIAN} {suite} main"
    options = [f"--variant={variant}", f"--architectures={arch}", f"--include={packages}", "--mode=root", "--quiet"]
    keyring = f'--customize-hook=cp {key} "$1"{archive.KEYRING.replace(".gpg", ".pgp")}'
    with archive.serving({archive.DEBIAN: archive.debian()}) as proxy:
        command = ["mmdebstrap", *options, "--skip=cleanup/apt/lists", keyring, suite, str(folder), source]
        subprocess.run(command, env={**os.environ, "http_proxy": proxy}, check=True)


def newest_python() -> Path:
    """Return a root of sid with the first Python that loads ``abi3t``; nothing in it was ever configured."""
    packages = "base-files,python3.15,libgcc-s1,libasound2t64,libasound2-data"
    return made("player-sid-amd64", packages, lambda folder: _sid(folder, packages))


def _sid(folder: Path, packages: str) -> None:
    # A mirror may hold an older state of sid than its signature allows; for a Python any state will do.
    options = ["--variant=extract", "--mode=root", "--quiet", '--aptopt=Acquire::Check-Valid-Until "false"']
    subprocess.run(
        ["mmdebstrap", *options, f"--include={packages}", "sid", str(folder), archive.mirror_of("sid")], check=True
    )


def player(suite: str, arch: str, *, alsa: bool = True) -> Path:
    """Return a root of a target with Python, with ALSA's library or without, to be run by an emulator.

    Nothing in it was ever configured: no maintainer script had to be emulated.
    """
    packages = archive.player_packages(suite, alsa=alsa).replace(" ", ",")
    name = f"player-{suite}-{arch}" + ("" if alsa else "-silent")
    ingredients = (archive.debian().name, packages)
    return made(name, ingredients, lambda folder: bootstrap(folder, suite, arch, "extract", packages))
