"""Measures speed and memory side by side, in one run: auditwheel, the floor, and this tool; and what start-up costs.

    python benchmarks/run.py [--repeat N] [WHEEL...]

Per wheel: the wall time of ``auditwheel show``; the *bound*, the time to inflate the wheel's ELF members once with the
standard library's zlib on one core, with the compressed bytes already in memory; the wall time and the peak memory of
``diagnose wheel``, start-up, all checks and RECORD's hashes included; the memory allowed, twice the largest member and
80 MB; what sampling instructions adds; and the wall time with the result of an earlier run, in the user's cache. Each
command runs N times in turn with the others (auditwheel once where it takes seconds); the fastest run counts, because
noise only ever adds. Without arguments the wheels are downloaded by pip into the user's cache.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
import zipfile
import zlib
from pathlib import Path
from typing import NamedTuple

WHEELS = (
    "markupsafe==3.0.4",
    "cryptography==50.0.2",
    "numpy==2.5.5",
    "scipy==1.18.1",
    "pyarrow==26.0.1",
    "opencv-python-headless==5.0.0.93",
)
PLATFORMS = ("manylinux_2_34_x86_64", "manylinux_2_28_x86_64")
ROOT = Path(__file__).resolve().parents[1]
# Like an installed package: compiled once. Some machines forbid writing bytecode, and would measure the compiler.
ENV = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
ENV["PYTHONPATH"] = str(ROOT)


# The console script as newer installers write it; python -m would add runpy's own imports, which users do not pay.
SCRIPT = ("-c", "from diagnose.cli.fast import main; main()")

# As without the extra ``processor``.
PLAIN = ("-c", "import sys; sys.modules['iced_x86'] = None; from diagnose.cli.fast import main; main()")


class Cost(NamedTuple):
    """Seconds of wall time, and peak memory in MB."""

    seconds: float
    peak: float


def spend(*command: str) -> Cost:
    """Run a Python program and return what it cost."""
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *command], env=ENV, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=ROOT
    )
    _, _, usage = os.wait4(process.pid, 0)
    return Cost(time.perf_counter() - start, usage.ru_maxrss / 1024)


def best(runs: list[Cost]) -> Cost:
    """Return the fastest time and the highest peak."""
    return Cost(min(run.seconds for run in runs), max(run.peak for run in runs))


class Payload(NamedTuple):
    """A wheel's deflated ELF members, their size in MB, and the largest member's size in MB."""

    members: list[tuple[bytes, int]]
    size: float
    largest: float


def payload(wheel: Path) -> Payload:
    """Return what the bound inflates."""
    found: list[tuple[bytes, int]] = []
    largest = 0
    with zipfile.ZipFile(wheel) as archive, wheel.open("rb") as raw:
        for info in archive.infolist():
            largest = max(largest, info.file_size)
            with archive.open(info) as member:
                is_elf = member.read(4) == b"\x7fELF"
            if is_elf and info.compress_type == zipfile.ZIP_DEFLATED:
                raw.seek(info.header_offset + 26)
                lengths = raw.read(4)
                raw.seek(sum(int.from_bytes(lengths[at : at + 2], "little") for at in (0, 2)), os.SEEK_CUR)
                found.append((raw.read(info.compress_size), info.file_size))
    return Payload(found, sum(size for _, size in found) / 2**20, largest / 2**20)


def inflate(members: list[tuple[bytes, int]]) -> float:
    """Return the seconds that one pass takes."""
    start = time.perf_counter()
    for compressed, size in members:
        zlib.decompress(compressed, -15, size)
    return time.perf_counter() - start


def download() -> list[Path]:
    """Return the default wheels, fetched once."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(cache, "diagnose-tests", "benchmarks")
    kind = ["--no-deps", "--only-binary=:all:", "--python-version", "3.12", "--implementation", "cp"]
    abis = [f"--abi={abi}" for abi in ("cp312", "abi3", "none")]
    platforms = [f"--platform={platform}" for platform in (*PLATFORMS, "manylinux_2_17_x86_64", "manylinux2014_x86_64")]
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "download", "--dest", str(folder)]
    wheels = []
    for requirement in WHEELS:
        pattern = requirement.replace("-", "_").replace("==", "-") + "-*.whl"
        if not list(folder.glob(pattern)):
            subprocess.run([*pip, *kind, *abis, *platforms, requirement], check=True)
        wheels += folder.glob(pattern)
    return wheels


def measure_wheels(wheels: list[Path], repeat: int) -> None:
    """Print the table of wheels."""
    print(
        f"{'wheel':<24} {'ELF':>7} | {'auditwheel':>10} {'bound':>8} {'diagnose':>9} | "
        f"{'÷ bound':>8} {'× faster':>9} | {'peak':>7} {'allowed':>8} | {'sampling':>8} | {'again':>7}"
    )
    judging = ("wheel", "--fail-on", "never")
    for wheel in wheels:
        load = payload(wheel)
        bounds, ours, theirs, sampling, again = [], [], [], [], []
        for _ in range(repeat):
            bounds.append(inflate(load.members))
            ours.append(spend(*PLAIN, *judging, "--no-cache", str(wheel)))
            sampling.append(spend(*SCRIPT, *judging, "--no-cache", str(wheel)))
            again.append(spend(*SCRIPT, *judging, "--cache", str(wheel)))
            if not theirs or min(run.seconds for run in theirs) < 2:
                theirs.append(spend("-m", "auditwheel", "show", "--ldpaths", "", str(wheel)))
        bound, our, their = min(bounds), best(ours), best(theirs)
        ratio = f"{our.seconds / bound:8.2f}" if load.members else f"{'-':>8}"
        print(
            f"{'-'.join(wheel.name.split('-')[:2]):<24} {load.size:4.0f} MB | {their.seconds * 1e3:7.0f} ms "
            f"{bound * 1e3:5.0f} ms {our.seconds * 1e3:6.0f} ms | {ratio} {their.seconds / our.seconds:8.1f}x | "
            f"{our.peak:4.0f} MB {2 * load.largest + 80:5.0f} MB | "
            f"{(best(sampling).seconds - our.seconds) * 1e3:5.0f} ms | {best(again).seconds * 1e3:4.0f} ms",
            flush=True,
        )


def measure_start(repeat: int) -> None:
    """Print the table of start-up times."""
    commands = {
        "python -c pass": ("-c", "pass"),
        "diagnose --help": (*SCRIPT, "--help"),
        "diagnose env": (*SCRIPT, "env", "--fail-on", "never"),
    }
    runs: dict[str, list[Cost]] = {name: [] for name in commands}
    for _ in range(repeat * 4):
        for name, command in commands.items():
            runs[name].append(spend(*command))
    bare = best(runs["python -c pass"]).seconds
    print(f"\n{'command':<24} {'wall':>10} {'÷ python':>10}")
    for name, costs in runs.items():
        print(f"{name:<24} {best(costs).seconds * 1e3:7.1f} ms {best(costs).seconds / bare:10.2f}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wheels", nargs="*", type=Path, metavar="WHEEL")
    parser.add_argument("--repeat", type=int, default=5, metavar="N")
    options = parser.parse_args()
    cores = len(os.sched_getaffinity(0))
    print(f"Python {sys.version.split()[0]}, {cores} cores, load {os.getloadavg()[0]:.1f}\n")
    measure_wheels([wheel.resolve() for wheel in options.wheels] or download(), options.repeat)
    measure_start(options.repeat)


if __name__ == "__main__":
    main()
