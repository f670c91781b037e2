"""`diagnose env` says ready exactly where the real build of a small program passes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

import pytest

from e2e.conftest import Climbed, together
from e2e.ladder import AARCH64, X86_64, Workshop, causes

HOME = "/home/user/small"
GCC = "/usr/lib/gcc/x86_64-linux-gnu/14"
STD = f"/usr/lib/rustlib/{X86_64.triple}/lib"
CARGO = '[package]\nname = "small"\nversion = "0.1.0"\nedition = "2021"\n'
LIBRARIES = "/usr/lib/x86_64-linux-gnu"
LINKER = "CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER"


class Case(NamedTuple):
    """A state: the way there, the build's environment, and the first cause; none where the build passes."""

    cause: str
    prepare: str = ""
    environment: tuple[tuple[str, str], ...] = ()


def _flags(text: str) -> tuple[tuple[str, str], ...]:
    return (("RUSTFLAGS", text),)


CASES = {
    "plain": Case(""),
    "member-missing": Case("project-file-missing", "printf '[workspace]\\nmembers = [\"crates/*\"]\\n' >> Cargo.toml"),
    "member-without-manifest": Case(
        "project-file-missing",
        "mkdir -p crates/empty && printf '[workspace]\\nmembers = [\"crates/*\"]\\n' >> Cargo.toml",
    ),
    "member-excluded": Case(
        "",
        "mkdir -p crates/empty && "
        'printf \'[workspace]\\nmembers = ["crates/*"]\\nexclude = ["crates/empty"]\\n\' >> Cargo.toml',
    ),
    "source-missing": Case("project-file-missing", "rm src/main.rs"),
    "target-is-a-file": Case("target-folder-not-writable", ": > target"),
    "std-cut": Case("rust-std-damaged", f"truncate -s 1000 {STD}/libcore-*.rlib"),
    "option-unknown": Case("rustc-option-unknown", environment=_flags("-C no-such")),
    "processor-unknown": Case("rustc-option-unknown", environment=_flags("-C target-cpu=x86_64-v3")),
    "processor-known": Case("", environment=_flags("-C target-cpu=x86-64-v3")),
    "library-of-flags-missing": Case("linker-lib-missing-for-target", environment=_flags("-lnosuch")),
    "library-of-flags": Case("", environment=_flags("-lm")),
    "libgcc_s-missing": Case("toolchain-crt-missing", f"rm {GCC}/libgcc_s.so"),
    "crtbegin-missing": Case("toolchain-crt-missing", f"rm {GCC}/crtbeginS.o"),
    "crtn-missing": Case("toolchain-crt-missing", f"rm {LIBRARIES}/crtn.o"),
    "libdl-missing": Case("toolchain-crt-missing", f"rm {LIBRARIES}/libdl.a"),
    "libc-script-missing": Case("toolchain-crt-missing", f"rm {LIBRARIES}/libc.so"),
    "libm-script-missing": Case("", f"rm {LIBRARIES}/libm.so"),  # libm.a does
    "option-of-a-newer-rust": Case("rustc-option-unknown", environment=_flags("-C linker-features=-lld")),
    "option-of-this-rust": Case("", environment=_flags("-C relro-level=partial")),
    "lto-of-the-flags": Case("rustc-option-unknown", environment=_flags("-C lto=thin")),
    "offline": Case(
        "cargo-versions-unresolved",
        "printf '[dependencies]\\nnosuch = \"1\"\\n' >> Cargo.toml && "
        'printf \'version = 3\\n[[package]]\\nname = "nosuch"\\nversion = "1.0.0"\\n'
        'source = "registry+https://github.com/rust-lang/crates.io-index"\\n'
        '[[package]]\\nname = "small"\\nversion = "0.1.0"\\ndependencies = ["nosuch"]\\n\' > Cargo.lock && '
        "mkdir .cargo && printf '[net]\\noffline = true\\n' > .cargo/config.toml",
    ),
    "linker-of-another-processor": Case(
        "target-linker-not-configured", environment=((LINKER, "aarch64-linux-gnu-gcc"),)
    ),
    "level-of-a-variable": Case("cargo-config-refused", environment=(("CARGO_PROFILE_DEV_OPT_LEVEL", "9"),)),
    "level-of-a-variable-known": Case("", environment=(("CARGO_PROFILE_DEV_OPT_LEVEL", "s"),)),
    "level-of-the-configuration": Case(
        "cargo-config-refused", "mkdir .cargo && printf '[profile.dev]\\nopt-level = 9\\n' > .cargo/config.toml"
    ),
    "panic-of-the-manifest": Case(
        "cargo-manifest-refused", "printf '[profile.dev]\\npanic = \"abrt\"\\n' >> Cargo.toml"
    ),
    "package-name": Case("cargo-manifest-refused", 'sed -i \'s/"small"/"small app"/\' Cargo.toml'),
    "package-version": Case("cargo-manifest-refused", "sed -i 's/0.1.0/1.0/' Cargo.toml"),
    "workspace-above-missing": Case(
        "cargo-workspace-refused", "sed -i 's/^version.*/version.workspace = true/' Cargo.toml"
    ),
    "llvm-missing": Case("runtime-lib-missing", f"rm {LIBRARIES}/libLLVM.so.*"),
    "rustc-driver-missing": Case("runtime-lib-missing", f"rm {LIBRARIES}/librustc_driver-*.so"),
    "rustc-driver-cut": Case("runtime-lib-missing", f"truncate -s 100000 {LIBRARIES}/librustc_driver-*.so"),
    "library-of-ld-missing": Case("runtime-lib-missing", f"rm {LIBRARIES}/libbfd-*-system.so"),
    "library-of-cc1-missing": Case("", f"rm {LIBRARIES}/libmpc.so.3"),  # nothing compiles C
}


def _first(report: str) -> list[str]:
    """Return the first cause in a report."""
    (one,) = json.loads(report)["subjects"]
    return causes(one)[:1]


@pytest.fixture(scope="module")
def small(climbed: Climbed, workshop: Workshop) -> tuple[Path, ...]:
    """Return the layers of a root with the program, and tools for this machine and for another."""
    below = climbed(AARCH64).layer
    with workshop.root(below) as root:
        (root.file(HOME) / "src").mkdir(parents=True)
        (root.file(HOME) / "Cargo.toml").write_text(CARGO)
        (root.file(HOME) / "src/main.rs").write_text("fn main() {}\n")
        return root.upper, below


@together("arm64 climb")
@pytest.mark.parametrize("name", CASES)
def test_ready_is_what_builds(small: tuple[Path, ...], workshop: Workshop, name: str) -> None:
    case = CASES[name]
    with workshop.root(*small) as root:
        if case.prepare:
            root.check(case.prepare, cwd=HOME)
        environment = dict(case.environment)
        words = f"diagnose env --target {X86_64.triple} --format json --fail-on never"
        report = root.run(words, cwd=HOME, env=environment).output
        done = root.run(f"cargo build --target {X86_64.triple}", cwd=HOME, env=environment)
        assert (_first(report), done.code == 0) == ([case.cause] if case.cause else [], not case.cause), done.output
