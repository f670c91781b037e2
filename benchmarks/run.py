"""Measures speed and memory side by side, in one run: auditwheel, the floor, and this tool; and what start-up costs.

    python benchmarks/run.py [--repeat N] [--base PROGRAM] [WHEEL...]

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
import tempfile
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
ENV["CI"] = "true"  # no cache, unless it is asked for
APART = dict(ENV)  # for programs that are not of this checkout
ENV["PYTHONPATH"] = os.pathsep.join((str(ROOT), str(ROOT / "checks")))


# The console script as newer installers write it; python -m would add runpy's own imports, which users do not pay.
SCRIPT = ("-c", "from diagnose.cli.fast import main; main()")

# As without the extra ``processor``.
PLAIN = ("-c", "import sys; sys.modules['iced_x86'] = None; from diagnose.cli.fast import main; main()")


class Cost(NamedTuple):
    """Seconds of wall time, peak memory in MB of the largest process, and processor seconds of all."""

    seconds: float
    peak: float
    processor: float


def spend(*command: str, program: str = "") -> Cost:
    """Run a Python program, or *program* with its own environment, and return what it cost."""
    start = time.perf_counter()
    process = subprocess.Popen(
        [program or sys.executable, *command],
        env=APART if program else ENV,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    if (code := os.waitstatus_to_exitcode(status)) not in (0, 1):  # speed without an answer is worthless
        sys.exit(f"{' '.join(command)}: ended with {code}")
    return Cost(seconds, usage.ru_maxrss / 1024, usage.ru_utime + usage.ru_stime)


def best(runs: list[Cost]) -> Cost:
    """Return the fastest times and the highest peak."""
    return Cost(min(run.seconds for run in runs), max(run.peak for run in runs), min(run.processor for run in runs))


class Payload(NamedTuple):
    """A wheel's deflated ELF members, its other deflated ones, the size of the former and of the largest in MB."""

    members: list[tuple[bytes, int]]
    others: list[tuple[bytes, int]]
    size: float
    largest: float


def payload(wheel: Path) -> Payload:
    """Return what the bound inflates."""
    found: list[tuple[bytes, int]] = []
    others: list[tuple[bytes, int]] = []
    largest = 0
    with zipfile.ZipFile(wheel) as archive, wheel.open("rb") as raw:
        for info in archive.infolist():
            largest = max(largest, info.file_size)
            with archive.open(info) as member:
                is_elf = member.read(4) == b"\x7fELF"
            if info.compress_type == zipfile.ZIP_DEFLATED:
                raw.seek(info.header_offset + 26)
                lengths = raw.read(4)
                raw.seek(sum(int.from_bytes(lengths[at : at + 2], "little") for at in (0, 2)), os.SEEK_CUR)
                (found if is_elf else others).append((raw.read(info.compress_size), info.file_size))
    return Payload(found, others, sum(size for _, size in found) / 2**20, largest / 2**20)


def inflate(members: list[tuple[bytes, int]]) -> float:
    """Return the seconds that one pass takes."""
    start = time.perf_counter()
    for compressed, size in members:
        zlib.decompress(compressed, -15, size)
    return time.perf_counter() - start


def _ratio(cost: float, other: float) -> str:
    """Return *cost* ÷ *other*, in a column; a dash where the other is next to nothing."""
    return f"{cost / other:8.2f}" if other > 1e-3 else f"{'-':>8}"


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


def measure_wheels(wheels: list[Path], repeat: int, base: str) -> None:
    """Print the table of wheels."""
    print(
        f"{'wheel':<24} {'ELF':>7} | {'auditwheel':>10} {'bound':>8} {'diagnose':>9} | "
        f"{'÷ bound':>8} {'× faster':>9} | {'peak':>7} {'allowed':>8} | {'sampling':>8} | {'again':>7}"
        f" | {'processor':>9} {'÷ bound':>8}" + (f"{'÷ base':>8}" if base else "")
    )
    judging = ("wheel", "--fail-on", "never")
    for wheel in wheels:
        load = payload(wheel)
        bounds, ours, theirs, sampling, again, before = [], [], [], [], [], []
        for _ in range(repeat):
            bounds.append(inflate(load.members))
            ours.append(spend(*PLAIN, *judging, "--no-cache", str(wheel)))
            sampling.append(spend(*SCRIPT, *judging, "--no-cache", str(wheel)))
            again.append(spend(*SCRIPT, *judging, "--cache", str(wheel)))
            if base:
                before.append(spend(*judging, str(wheel), program=base))
            if not theirs or min(run.seconds for run in theirs) < 2:
                theirs.append(spend("-m", "auditwheel", "show", "--ldpaths", "", str(wheel)))
        bound, our, their = min(bounds), best(ours), best(theirs)
        print(
            f"{'-'.join(wheel.name.split('-')[:2]):<24} {load.size:4.0f} MB | {their.seconds * 1e3:7.0f} ms "
            f"{bound * 1e3:5.0f} ms {our.seconds * 1e3:6.0f} ms | "
            f"{_ratio(our.seconds, bound)} {their.seconds / our.seconds:8.1f}x | "
            f"{our.peak:4.0f} MB {2 * load.largest + 80:5.0f} MB | "
            f"{(best(sampling).seconds - our.seconds) * 1e3:5.0f} ms | {best(again).seconds * 1e3:4.0f} ms | "
            f"{our.processor * 1e3:6.0f} ms {_ratio(our.processor, bound)}"
            + (_ratio(our.processor, best(before).processor) if base else ""),
            flush=True,
        )


def _small(pattern: str) -> str:
    return str(next((ROOT / "fixtures" / "wheels").glob(pattern)))


def commands() -> dict[str, tuple[str, ...]]:
    """Return what starts often: label → arguments of ``diagnose``."""
    healthy, findings = _small("healthy_abi3-2-*.whl"), _small("wheel_glibc_too_new-1-*.whl")
    judge, as_json = ("wheel", "--fail-on", "never"), ("--format", "json")
    log = ROOT / "fixtures" / "logs" / "real" / "zig" / "zig-openssl-header.log"
    return {
        "--help": ("--help",),
        "env": ("env", "--fail-on", "never"),
        "env, JSON": ("env", "--fail-on", "never", *as_json),
        "env --lib zlib": ("env", "--fail-on", "never", "--lib", "zlib"),
        "healthy wheel": (*judge, healthy),
        "healthy wheel, JSON": (*judge, *as_json, healthy),
        "wheel with findings": (*judge, findings),
        "wheel with findings, JSON": (*judge, *as_json, findings),
        "log of 10 kB": ("log", "--fail-on", "never", str(log)),
    }


def measure_commands(repeat: int, base: str) -> None:
    """Print the table of what starts often, in processor time; *base* is the program to compare with, if any."""
    bare: list[Cost] = []
    ours: dict[str, list[Cost]] = {name: [] for name in commands()}
    theirs: dict[str, list[Cost]] = {name: [] for name in commands()}
    for _ in range(repeat * 3):
        bare.append(spend("-c", "pass"))
        for name, arguments in commands().items():
            ours[name].append(spend(*PLAIN, *arguments))
            if base:
                theirs[name].append(spend(*arguments, program=base))
    least = best(bare).processor
    print(f"\n{'command':<26} {'processor':>10} {'÷ python':>9} {'base':>10} {'÷ base':>7}")
    print(f"{'python -c pass':<26} {least * 1e3:7.1f} ms")
    for name, runs in ours.items():
        cost = best(runs).processor
        row = f"{name:<26} {cost * 1e3:7.1f} ms {cost / least:9.2f}"
        if base:
            row += f" {best(theirs[name]).processor * 1e3:7.1f} ms {cost / best(theirs[name]).processor:7.2f}"
        print(row)


def measure_together(wheels: list[Path], repeat: int, base: str) -> None:
    """Print what all wheels in one call cost, against the time to inflate all their members once."""
    judging = ("wheel", "--fail-on", "never", "--quiet", *map(str, wheels))
    bounds, binaries, ours, theirs = [], [], [], []
    for _ in range(repeat):
        elf = every = 0.0
        for load in map(payload, wheels):
            spent = inflate(load.members)
            elf, every = elf + spent, every + spent + inflate(load.others)
        binaries.append(elf)
        bounds.append(every)
        ours.append(spend(*PLAIN, *judging))
        if base:
            theirs.append(spend(*judging, program=base))
    bound = min(bounds)
    head = f"{len(wheels)} wheels in one call"
    print(f"\n{head:<26} {'processor':>10} {'÷ bound':>8} {'wall':>10} {'÷ bound':>8} {'peak':>7}")
    for name, cost in (("zlib, all members, 1 core", bound), ("zlib, ELF members, 1 core", min(binaries))):
        print(f"{name:<26} {cost * 1e3:7.0f} ms {cost / bound:8.2f} {cost * 1e3:7.0f} ms {cost / bound:8.2f}")
    for name, runs in (("diagnose", ours), ("base", theirs)):
        if runs:
            least = best(runs)
            print(
                f"{name:<26} {least.processor * 1e3:7.0f} ms {least.processor / bound:8.2f} "
                f"{least.seconds * 1e3:7.0f} ms {least.seconds / bound:8.2f} {least.peak:4.0f} MB"
            )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wheels", nargs="*", type=Path, metavar="WHEEL")
    parser.add_argument("--repeat", type=int, default=5, metavar="N")
    parser.add_argument("--base", default="", metavar="PROGRAM", help="the diagnose to compare with")
    options = parser.parse_args()
    base = str(Path(options.base).absolute()) if options.base else ""
    wheels = [wheel.resolve() for wheel in options.wheels] or download()
    cores = len(os.sched_getaffinity(0))
    print(f"Python {sys.version.split()[0]}, {cores} cores, load {os.getloadavg()[0]:.1f}\n")
    with tempfile.TemporaryDirectory() as empty:  # no project, and no settings
        os.chdir(empty)
        measure_wheels(wheels, options.repeat, base)
        measure_together(wheels, options.repeat, base)
        measure_commands(options.repeat, base)
        os.chdir(ROOT)


if __name__ == "__main__":
    main()
