"""The advice on a log: for the target of the log, even if it does not name it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from logs import FOLDER, judged

from diagnose.model.finding import Finding, Fix
from diagnose.model.outcome import Outcome
from diagnose.readers.buildlog.context import distribution
from diagnose.readers.system.machine import Machine

STUBS = (
    "/usr/include/x86_64-linux-gnu/gnu/stubs.h:7:11: fatal error: 'gnu/stubs-32.h' file not found\n"
    "thread 'main' panicked at 'Unable to generate bindings: ()', build.rs:44:39\n"
)
CONDA = (
    "ImportError: (/lib64/libstdc++.so.6: version `GLIBCXX_3.4.30' not found "
    "(required by /home/user/miniconda3/lib/python3.12/site-packages/tone/_core.so))\n"
)
TOO_NEW = (
    "  error: the configured {} interpreter version (3.14) is newer than PyO3's maximum supported version (3.13)\n"
    "warning: build failed, waiting for other jobs to finish...\n"
)
SILENT = """
  pkg-config exited with status code 1
  > PKG_CONFIG_ALLOW_SYSTEM_CFLAGS=1 pkg-config --libs --cflags gtk4 gtk4 >= 4.11

  The system library `gtk4` required by crate `gdk4-sys` was not found.
"""


@pytest.fixture
def told(tmp_path: Path) -> Callable[[str], Finding]:
    """Return what finds the one cause of a text."""

    def judge(text: str) -> Finding:
        path = tmp_path / "build.log"
        path.write_text(text)
        (finding,) = judged(path).findings
        return finding

    return judge


def _words(fix: Fix) -> str:
    return " ".join([fix.title, *(command.line for command in fix.commands), fix.notes])


def test_a_compilers_name_shows_the_target(told: Callable[[str], Finding]) -> None:
    finding = told("Failed to find tool. Is `arm-linux-gnueabihf-gcc` installed?\n")
    assert "armv7-unknown-linux-gnueabihf" in finding.message
    assert "gcc-arm-linux-gnueabihf" in _words(finding.fixes[0])
    assert "native build" in finding.fixes[-1].title


def test_the_hosts_headers_are_not_completed(told: Callable[[str], Finding]) -> None:
    finding = told(STUBS)
    assert finding.check == "bindgen-target-headers-missing"
    assert "BINDGEN_EXTRA_CLANG_ARGS" in _words(finding.fixes[0])
    assert "libc6-dev" not in _words(finding.fixes[0])


def test_an_environment_of_conda_gets_a_library_of_its_own(told: Callable[[str], Finding]) -> None:
    finding = told(CONDA)
    assert finding.message.endswith("which /lib64/libstdc++.so.6 lacks")
    assert "conda install" in _words(finding.fixes[0])


@pytest.mark.parametrize(("kind", "interpreter"), [("Python", "-i python3.13"), ("PyPy", "-i pypy3.13")])
def test_an_older_interpreter_of_the_same_kind(told: Callable[[str], Finding], kind: str, interpreter: str) -> None:
    assert interpreter in _words(told(TOO_NEW.format(kind)).fixes[1])


def test_a_hidden_version_can_be_asked_for(told: Callable[[str], Finding]) -> None:
    finding = told(SILENT)
    assert finding.check == "pc-missing"
    assert "--cflags gtk4 'gtk4 >= 4.11'." in finding.fixes[-1].notes
    assert "older than 4.11" in finding.fixes[-1].notes


def test_a_target_of_no_linux_is_added_as_it_is_called(told: Callable[[str], Finding]) -> None:
    note = "  = note: the `thumbv7m-none-eabi` target may not be installed\n"
    (fix,) = told("error[E0463]: can't find crate for `core`\n  |\n" + note).fixes
    assert [command.line for command in fix.commands] == ["rustup target add thumbv7m-none-eabi"]


_NO_STD = (
    "error[E0463]: can't find crate for `core`\n  |\n"
    "  = note: the `armv7-unknown-linux-gnueabihf` target may not be installed\n"
    "  = help: consider downloading the target with `rustup target add armv7-unknown-linux-gnueabihf`\n"
)
_DEBIAN = "Get:1 http://mirror.example/debian trixie InRelease [140 kB]\n"


@pytest.mark.parametrize(
    ("before", "ways"),
    [
        ("", ("rustup target add", "libstd-rust-dev:armhf")),
        (_DEBIAN, ("rustup target add", "libstd-rust-dev:armhf")),
        (_DEBIAN + "rustc 1.85.0 (4d91de4e4 2025-02-17) (built from a source tarball)\n", ("libstd-rust-dev:armhf",)),
        (_DEBIAN + "info: downloading component 'rustc'\n", ("rustup target add",)),
        ("  /root/.rustup/toolchains/stable-x86_64-unknown-linux-gnu/bin/rustc\n", ("rustup target add",)),
    ],
)
def test_whose_compiler_lacks_the_standard_library(
    told: Callable[[str], Finding], before: str, ways: tuple[str, ...]
) -> None:
    fixes = told(before + _NO_STD).fixes
    assert len(fixes) == len(ways)
    for fix, way in zip(fixes, ways, strict=True):
        assert any(way in command.line for command in fix.commands), fix
        assert ("if rustc is " in fix.title) is (len(ways) == 2)


@pytest.fixture
def told_on(tmp_path: Path) -> Callable[[Machine, str], Finding]:
    """Return what finds the one cause of the output of a command that ran on a machine."""

    def judge(machine: Machine, text: str) -> Finding:
        path = tmp_path / "output"
        path.write_text(text)
        (finding,) = judged(path, machine=machine).findings
        return finding

    return judge


@pytest.mark.parametrize(
    ("rustc", "ways"),
    [
        ("package", ("libstd-rust-dev:armhf",)),
        ("rustup", ("rustup target add",)),
        ("", ("rustup target add", "libstd-rust-dev:armhf")),
    ],
)
def test_the_machine_that_ran_the_build_tells_whose_compiler_it_is(
    told_on: Callable[[Machine, str], Finding], rustc: str, ways: tuple[str, ...]
) -> None:
    fixes = told_on(Machine(distribution("debian", "13"), rustc), _NO_STD).fixes
    assert len(fixes) == len(ways)
    assert all(way in _words(fix) for fix, way in zip(fixes, ways, strict=True))


def test_the_machine_that_ran_the_build_has_one_package_manager(
    told_on: Callable[[Machine, str], Finding],
) -> None:
    text = (FOLDER / "composed/crates/netcdf-not-found.log").read_text()
    first = told_on(Machine(distribution("fedora", "42")), text).fixes[0]
    assert "dnf install" in _words(first) and "--distro" not in (first.notes or "")
    inside = "Using docker image: quay.io/pypa/manylinux2014_x86_64\n" + text
    assert "apt-get" not in _words(told_on(Machine(distribution("debian", "13")), inside).fixes[0])


def test_a_release_whose_package_is_too_old_is_not_installed() -> None:
    path = FOLDER / "composed/crates/rdkafka-missing.log"
    for distro, old in (("trixie", "librdkafka-dev here is 2.8.0"), ("bookworm", "librdkafka-dev here is 2.0.2")):
        fixes = judged(path, distro=distro).findings[0].fixes
        assert fixes[0].title == "let rdkafka-sys build its own librdkafka"
        assert old in fixes[1].title
        assert not any("install" in command.line for fix in fixes for command in fix.commands)
    assert "librdkafka-dev" in _words(judged(path, distro="forky").findings[0].fixes[0])


def test_a_library_of_the_system_that_a_build_script_misses_is_installed(told: Callable[[str], Finding]) -> None:
    finding = told((FOLDER / "composed/crates/netcdf-not-found.log").read_text())
    assert "libnetcdf-dev" in _words(finding.fixes[0])
    other = told((FOLDER / "composed/crates/gssapi-other-panic.log").read_text())
    assert not any("install" in _words(fix) for fix in other.fixes)


def test_an_empty_log_has_no_answer(tmp_path: Path) -> None:
    path = tmp_path / "build.log"
    path.write_text("")
    found = judged(path)
    assert found.headline.startswith("cannot tell: the log is empty") and found.outcome is Outcome.CANNOT_TELL
    path.write_text("done\n")
    found = judged(path)
    assert found.headline.startswith("cannot tell") and found.outcome is Outcome.CANNOT_TELL
    path.write_text("3 passed in 0.1s\n")
    assert judged(path).outcome is Outcome.OK


def test_zig_is_shown_the_folder_of_debians_openssl_headers(told: Callable[[str], Finding]) -> None:
    """With these flags openssl-sys 0.9.109 is built by zig 0.13 on Debian 12, after this very error."""
    text = (FOLDER / "real/zig/zig-openssl-header.log").read_text()
    finding = told(text)
    assert "openssl/opensslconf.h" in finding.message
    assert "/usr/include/openssl/macros.h" in finding.message
    assert finding.fixes[0].env == (("CFLAGS_x86_64_unknown_linux_gnu", "-idirafter /usr/include/x86_64-linux-gnu"),)


def test_a_file_that_the_linker_is_to_take_by_its_whole_name(told: Callable[[str], Finding]) -> None:
    finding = told((FOLDER / "real/linking/library-file-missing-bfd.log").read_text())
    assert "the linker does not find libpulse.so.0" in finding.message
    assert "libpulse-dev" in " ".join(_words(fix) for fix in finding.fixes)


def test_what_keeps_pkg_config_from_being_asked_is_unset(told: Callable[[str], Finding]) -> None:
    finding = told((FOLDER / "real/toolchains/pkg-config-disabled.log").read_text())
    assert finding.fixes[0].unset == ("LIBUDEV_NO_PKG_CONFIG",)


def test_an_interpreter_without_its_library_is_no_extension(tmp_path: Path) -> None:
    """As printed by a Python that was mounted into a container without its libpython."""
    path = tmp_path / "build.log"
    path.write_text(
        "/opt/python/bin/python3: error while loading shared libraries: libpython3.11.so.1.0: "
        "cannot open shared object file: No such file or directory\n"
    )
    assert "libpython-linked" not in [finding.check for finding in judged(path).findings]


def test_fedora_has_neither_epel_nor_crb(told: Callable[[str], Finding]) -> None:
    (fix,) = told((FOLDER / "composed/managers/dnf5-no-match.log").read_text()).fixes
    assert [command.line for command in fix.commands] == ["dnf install -y openssl-devel"]


def test_pyo3_names_the_variable_that_it_takes(told: Callable[[str], Finding]) -> None:
    text = TOO_NEW.format("Python").replace(" interpreter", "")
    names = ("PYO3_USE_ABI3_FORWARD_COMPATIBILITY", "PYO3_USE_STABLE_ABI_FORWARD_COMPATIBILITY")
    for name in names:
        help_line = f"  = help: set {name}=1 to suppress this check and build anyway using the stable ABI\n"
        assert told(text + help_line).fixes[2].env == ((name, "1"),)


def test_a_cross_linkers_library_is_for_its_target(told: Callable[[str], Finding]) -> None:
    finding = told(
        "error: linking with `arm-linux-gnueabihf-gcc` failed: exit status: 1\n"
        "  = note: /usr/lib/gcc-cross/arm-linux-gnueabihf/14/arm-linux-gnueabihf/bin/ld: cannot find -lpulse\n"
    )
    assert "libpulse-dev:armhf" in _words(finding.fixes[0])


def test_a_library_that_several_links_miss_is_reported_once(told: Callable[[str], Finding]) -> None:
    failed = (
        "error: linking with `cc` failed: exit status: 1\n"
        "  = note: rust-lld: error: unable to find library -lasound\n"
        "error: could not compile `{}` (build script) due to 1 previous error\n"
    )
    assert len(told(failed.format("proc-macro2") + failed.format("serde")).evidence) == 2


@pytest.mark.parametrize(
    ("sign", "system"),
    [
        ("  $HOST = aarch64-apple-darwin\n", "macOS"),
        ("  $HOST = x86_64-pc-windows-msvc\n", "Windows"),
        ("  process didn't exit successfully: `/Users/me/demo/target/debug/build/a/build-script-main`\n", "macOS"),
        ("  process didn't exit successfully: `C:\\demo\\target\\debug\\build\\a\\build-script-main`\n", "Windows"),
    ],
)
def test_what_did_not_run_on_linux_gets_no_packages_of_it(
    told: Callable[[str], Finding], sign: str, system: str
) -> None:
    finding = told(
        f"error: failed to run custom build command for `openssl-sys v0.9.118`\n{sign}"
        "  Could not find directory of OpenSSL installation, and this `-sys` crate cannot\n"
    )
    fix, vendored = finding.fixes
    assert "libssl-dev" not in _words(fix)
    if system == "macOS":
        assert fix.commands[0].line == "brew install openssl@3 pkgconf"
        assert ("PKG_CONFIG_PATH", "/opt/homebrew/opt/openssl@3/lib/pkgconfig") in fix.env
    else:
        assert [one.line for one in fix.commands] == ["vcpkg install openssl"]
        assert "apt" not in _words(fix)
    assert "vendored" in vendored.title


def test_the_linker_of_a_native_build_is_set_for_the_target_that_is_built(told: Callable[[str], Finding]) -> None:
    text = "error: linker `{}` not found\nerror: could not compile `serde` (build script) due to 1 previous error\n"
    asked = "+ cargo build --target {}-unknown-linux-gnu\n"
    for target, linker in (("x86_64", "aarch64-linux-gnu-gcc"), ("aarch64", "x86_64-unknown-linux-gnu-gcc")):
        fix = told(asked.format(target) + text.format(linker)).fixes[0]
        assert [name for name, _ in fix.env] == ["CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER"]


def test_m32_wants_the_other_half_of_the_compiler(told: Callable[[str], Finding]) -> None:
    error = "/usr/include/stdio.h:27:10: fatal error: bits/libc-header-start.h: No such file or directory\n"
    assert "gcc-multilib" in _words(told("gcc -m32 -c h.c\n" + error).fixes[0])
    # A native compiler that reads the host's stdio.h finds what that includes: the word size is another one.
    assert "gcc-multilib" in _words(told("gcc -c h.c\n" + error).fixes[0])
    assert "gcc-multilib" not in _words(told("gcc -c h.c\n" + error.replace("/usr", "/opt/sdk")).fixes[0])


def test_only_cargo_takes_the_version_from_a_variable(told: Callable[[str], Finding]) -> None:
    finding = told(
        "  error: PYO3_CROSS_PYTHON_VERSION or either an abi3-py3* or abi3t-py3* feature must be specified when "
        "cross-compiling and PYO3_CROSS_LIB_DIR is not set.\n"
    )
    assert finding.fixes[0].env == (("PYO3_CROSS_PYTHON_VERSION", "3.12"),)


@pytest.mark.parametrize(
    "words",
    [
        "error: command '{}' failed: No such file or directory",
        "error: [Errno 2] No such file or directory: '{}'",
        "unable to execute '{}': No such file or directory",
    ],
)
def test_setuptools_misses_a_compiler(told: Callable[[str], Finding], words: str) -> None:
    assert told(words.format("gcc") + "\n").check == "host-cc-missing"
    assert told(words.format("x86_64-linux-gnu-gcc") + "\n").check == "host-cc-missing"
    finding = told(words.format("aarch64-linux-gnu-gcc") + "\n")
    assert finding.check == "cross-c-compiler-missing"
    own, cross = finding.fixes
    assert "gcc libc6-dev" in _words(own)
    assert "gcc-aarch64-linux-gnu" in _words(cross)


@pytest.mark.parametrize(
    ("symbol", "macro"),
    [("CPU_ALLOC", True), ("le64toh", True), ("cpu_alloc", False), ("CPU_ALLOCATOR", False), ("demo_isnan", False)],
)
def test_a_macro_that_was_taken_for_a_function(told: Callable[[str], Finding], symbol: str, macro: bool) -> None:
    finding = told(f"ImportError: /srv/app/_native.cpython-34m.so: undefined symbol: {symbol}\n")
    assert ("is a macro of" in finding.message) is macro
    assert ("not linked" in finding.message) is not macro


def test_a_linker_that_runs_is_installed(told: Callable[[str], Finding]) -> None:
    assert "rc.exe of the Windows SDK" in told("LINK : fatal error LNK1158: cannot run 'rc.exe'\n").message
    neither = 'error: Microsoft Visual C++ 14.0 or greater is required. Get it with "Microsoft C++ Build Tools"\n'
    assert "no Visual C++ compiler" in told(neither).message


def test_a_part_that_is_missing_has_its_package(told: Callable[[str], Finding]) -> None:
    frames = 'Traceback (most recent call last):\n  File "/work/setup.py", line 3, in <module>\n    import demo.build\n'
    assert "demo is there" in told(f"{frames}ModuleNotFoundError: No module named 'demo.build'\n").message
    assert "not in its environment" in told(f"{frames}ModuleNotFoundError: No module named 'demo'\n").message


def test_pythons_headers_may_be_where_cmake_does_not_look(told: Callable[[str], Finding]) -> None:
    stops = "CMake Error at /usr/share/cmake-3.22/Modules/FindPackageHandleStandardArgs.cmake:230 (message):\n"
    python = told(f'{stops}  Could NOT find Python3 (missing: Development.Module) (found version\n  "3.9.10")\n')
    assert "if they are missing" in python.fixes[0].title
    assert "-DPython3_EXECUTABLE" in python.fixes[-1].notes
    other = told(f"{stops}  Could NOT find CURL (missing: CURL_LIBRARY CURL_INCLUDE_DIR)\n")
    assert "-DCURL_ROOT" in other.fixes[-1].title


def _refused(tag: str, version: str) -> str:
    offenders = f'["libc.so.6 offending versions: GLIBC_{version}"]'
    return (
        f"💥 maturin failed\n  Caused by: Error ensuring {tag} compliance\n  Caused by: Your library is not {tag} "
        f"compliant because of the presence of too-recent versioned symbols: {offenders}. Consider building in a "
        "manylinux docker container\n"
    )


def test_only_tags_that_maturin_and_rust_know_are_asked_for(told: Callable[[str], Finding]) -> None:
    """Maturin says that 2_33 "is not defined by auditwheel yet", and that 2_5 "is unsupported by the Rust compiler"."""
    fixes = told(_refused("manylinux_2_5", "2.33")).fixes
    zig, tag = (fix.commands[-1].line for fix in fixes if fix.commands)
    assert zig.endswith("--zig --compatibility manylinux_2_17")
    assert tag.endswith("--compatibility manylinux_2_34")


def test_the_package_for_a_musllinux_container_is_alpines() -> None:
    (finding,) = judged(FOLDER / "composed/wheels/cibuildwheel-alpine-krb5.log").findings
    assert "apk add krb5-libs" in _words(finding.fixes[0])


def test_several_architectures_of_one_server_are_one_fix() -> None:
    (finding,) = judged(FOLDER / "composed/apt/two-architectures.log").findings
    lines = [command.line for command in finding.fixes[0].commands]
    assert lines[1:] == ["dpkg --add-architecture arm64", "dpkg --add-architecture armhf", "apt-get update"]


def test_the_example_names_the_processor_of_the_file(told: Callable[[str], Finding]) -> None:
    text = (FOLDER / "composed/wheels/arm-version-not-defined.log").read_text()
    finding = told("   Compiling pyo3 v0.26.0\n" + text.replace("/opt/venv/lib/python3.8/site-packages", "/src/python"))
    assert "aarch64-unknown-linux-gnu.2.17" in _words(finding.fixes[0])


def test_libpython_is_not_installed_for_an_extension_module() -> None:
    (finding,) = judged(FOLDER / "composed/causes/cmake-no-libpython.log").findings
    assert "Development.Module" in _words(finding.fixes[0])


def test_the_next_step_of_an_unknown_failure_fits_its_error() -> None:
    for name, step in {
        "composed/rust/type-error.log": "rustc --explain E0308",
        "composed/rust/dependency-type-error.log": "cargo update -p time",
        "composed/course/one-test-fails.log": "pytest -vv tests/test_ring.py::test_pitch",
        "real/toolchains/cargo-two-colons-own-minimum.log": "raise rust-version",
    }.items():
        (finding,) = judged(FOLDER / name).findings
        assert step in _words(finding.fixes[0])
        assert "cargo build -vv" not in _words(finding.fixes[0])


def test_a_release_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("make: *** [all] Error 1\n")
    assert "newest known is 14" in (judged(tmp_path / "log", distro="debian:99").error or "")
    for known in (
        "debian:13",
        "debian:12.5",
        "ubuntu:24.04.1",
        "ubuntu:26.10",
        "alpine:3.20.3",
        "alpine:edge",
        "fedora:44",
        "debian",
    ):
        assert judged(tmp_path / "log", distro=known).error is None


@pytest.mark.parametrize(
    ("line", "program"),
    [
        (
            "./run.sh: line 3:  4711 Segmentation fault      (core dumped) python -c 'import demo'",
            "python -c 'import demo'",
        ),
        ("subprocess.CalledProcessError: Command '['./demo', '-v']' died with <Signals.SIGSEGV: 11>.", "./demo -v"),
    ],
)
def test_a_crashed_program_keeps_its_own_quotes(told: Callable[[str], Finding], line: str, program: str) -> None:
    assert told(f"{line}\n").message.startswith(f"{program} crashed")


def test_libclang_on_windows_is_llvm_and_its_folder(tmp_path: Path) -> None:
    log = tmp_path / "build.log"
    words = "couldn't find any valid shared libraries matching: ['clang.dll', 'libclang.dll'] (invalid: [])"
    log.write_text(f"thread 'main' panicked at 'Unable to find libclang: \"{words}\"', libcore\\result.rs:945:5\n")
    (finding,) = judged(log).findings
    assert any("LIBCLANG_PATH" in command.line for fix in finding.fixes for command in fix.commands)


def test_a_folder_without_openssl_is_no_longer_named(tmp_path: Path) -> None:
    log = tmp_path / "build.log"
    words = "OpenSSL libdir at `/usr/local/lib` does not contain the required files to either statically or dynamically"
    log.write_text(f"thread 'main' panicked at '{words} link OpenSSL', openssl-sys-0.9.58/build/main.rs:320:13\n")
    (finding,) = judged(log).findings
    assert "OPENSSL_LIB_DIR" in finding.fixes[0].unset
