"""Tools print the same words for several causes: the rest of the log distinguishes them, or both are named."""

from __future__ import annotations

import pytest
from logs import FOLDER, judged

#: log → words of its message; words of its first fix; words that neither may have.
CASES = {
    "alpine-program-perhaps-absent": ("or it does not exist", "if it does not exist", ""),
    "cargo-features-absent": ("foo does not have the feature", "correct the features", "source of foo"),
    "cmake-of-installed-package": ("although the log installs", "which line 1 of the log installs", "not installed"),
    "compiler-rt-helper": ("libgcc does not have", "--rtlib=compiler-rt", "-lgcc"),
    "environment-without-pip": ("/app/.venv/bin/python has no pip", "uv pip install", "apt-get"),
    "exec-format-unnamed": ("or a script without a first line", "emulator", ""),
    "glibc-mixed": ("parts of two are mixed", "LD_LIBRARY_PATH", "too old"),
    "header-of-installed-package": ("is not found", "let the build find libffi-dev", "not installed"),
    "libclang-of-installed-package": ("is not found", "libclang-14-dev, which line 1", "not installed"),
    "library-of-installed-package": ("does not find libpq", "libpq-dev, which line 1", ""),
    "macos-header-missing": ("portaudio.h", "brew install portaudio", "apt-get"),
    "module-of-installed-package": ("no dbus-1.pc was found", "libdbus-1-dev, which line 1", ""),
    "interpreter-without-its-library": ("python3.9 does not find libpython3.9.so.1.0", "ldconfig", "extension module"),
    "library-installed-not-found": ("is in /usr/local/lib", "ldconfig", "apt-file"),
    "library-of-driver": ("comes with the NVIDIA driver", "--gpus all", "apt-file"),
    "library-of-torch": ("comes with torch", "import torch before", "apt-file"),
    "linker-script-opened": ("text for the linker", "load the file with the number", "auditwheel"),
    "macos-older-than-module": ("was built for macOS 13.0", "macOS 13.0 or later", "brew"),
    "macos-older-than-module-10.12": ("was built for macOS 10.12", "macOS 10.12 or later", "brew"),
    "macos-libpython-other-processor": ("of another processor", "for the processor of that Python", "not linked"),
    "macos-bundled-elsewhere": ("is not where", "another release of demo", "brew"),
    "macos-ldap-function": ("ldap_create", "brew install openldap", "LIBRARY"),
    "macos-module-for-arm": ("this Python is for x86_64", "Python for arm64", "x86_64h"),
    "macos-no-rpath": ("and has none", "delocate-wheel", "brew"),
    "macos-own-program-library": ("does not find @rpath/libssl.1.1.dylib", "install the library", "cargo install"),
    "macos-program-library-gone": ("cargo-cbuild was linked", "cargo install --force", "brew"),
    "macos-rpath-of-build": ("only while it was built", "delocate-wheel", "brew"),
    "python-older-than-function": ("since 3.12: this is Python 3.8", "use Python 3.12", "PACKAGE"),
    "python-with-the-function": ("was built for another one", "for this interpreter", "3.12"),
    "macos-module-without-lookup": ("PyArg_ParseTuple", "LDFLAGS=-undefined dynamic_lookup", "--no-undefined"),
    "macos-library-older": ("version 10.0.0 of its interface, and 12.0.0 is needed", "newer library", "does not find"),
    "macos-library-other-processor": ("is for arm64, and this is run for x86_64", "processor", "does not find"),
    "macos-library-unsigned": ("refuses the signature", "codesign", "does not find"),
    "module-of-another-system": ("for macOS or Windows", "install the package again", "auditwheel"),
    "pip-folder-only": ("./wheelhouse has no file of setuptools", "--no-build-isolation", "pip index"),
    "pip-index-not-trusted": ("without a certificate", "https address", "platforms"),
    "pip-one-index": ("the only index that is asked", "--extra-index-url", ""),
    "shared-memory-full": ("/dev/shm", "--shm-size", "the disk is full"),
    "ppa-without-the-release": ("has no packages for noble", "remove its entry", "archive.debian.org"),
    "python-headers-of-another": ("Python 3.11", "python3.11-dev", "let the build find"),
    "numpy-absent": ("is not installed", "pip install numpy", "PACKAGE"),
    "numpy-older-api": ("another numpy", "--upgrade 'numpy<2'", "PACKAGE"),
    "numpy-older-api-1.25": ("another numpy", "--upgrade 'numpy<2'", "PACKAGE"),
    "numpy-older-array": ("another numpy", "--upgrade 'numpy<2'", "PACKAGE"),
}


@pytest.mark.parametrize("name", CASES)
def test_causes_with_the_same_words_are_distinguished(name: str) -> None:
    message, first, never = CASES[name]
    (finding,) = judged(FOLDER / "composed" / "alike" / f"{name}.log").findings
    fix = finding.fixes[0]
    lines = [*(command.line for command in fix.commands), *map("=".join, fix.env), *fix.unset]
    words = " ".join([fix.title, *lines, fix.notes])
    assert message in finding.message
    assert first in words
    assert not never or never not in f"{finding.message} {words}"
