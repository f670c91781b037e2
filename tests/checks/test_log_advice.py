"""What a log's reader is told to do: for the target that the log means, even where it does not name it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from logs import FOLDER, judged

from diagnose.finding import Finding, Fix
from diagnose.reports.verdict import verdict

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


def test_a_compilers_name_tells_the_target(told: Callable[[str], Finding]) -> None:
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
    assert finding.message.endswith("which /lib64/libstdc++.so.6 does not have")
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
_DEBIAN = "Get:1 http://deb.debian.org/debian trixie InRelease [140 kB]\n"


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
        assert ("where" in fix.title) is (len(ways) == 2)


def test_an_empty_log_tells_nothing(tmp_path: Path) -> None:
    path = tmp_path / "build.log"
    path.write_text("")
    found = verdict(judged(path))
    assert found.headline.startswith("empty") and not found.good
    path.write_text("done\n")
    assert verdict(judged(path)).good


def test_zig_is_shown_the_folder_of_debians_openssl_headers(told: Callable[[str], Finding]) -> None:
    """With these flags openssl-sys 0.9.109 is built by zig 0.13 on Debian 12, after this very error."""
    text = (FOLDER / "real/zig/zig-openssl-header.log").read_text()
    finding = told(text)
    assert "openssl/opensslconf.h" in finding.message
    assert "/usr/include/openssl/macros.h" in finding.message
    assert finding.fixes[0].env == (("CFLAGS_x86_64_unknown_linux_gnu", "-idirafter /usr/include/x86_64-linux-gnu"),)


def test_a_file_that_the_linker_is_to_take_by_its_whole_name(told: Callable[[str], Finding]) -> None:
    finding = told((FOLDER / "real/linking/library-file-missing-bfd.log").read_text())
    assert "there is no libpulse.so.0 where the linker looks" in finding.message
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
