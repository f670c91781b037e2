"""The causes that logs show: each has a log of it and one that only looks like it."""

from __future__ import annotations

import pytest
from logs import CAUSES, labels

from diagnose.engine import registry

# How these builds fail, by the names that the field knows the causes by.
# fmt: off
NAMES = [
    "apk-package-missing", "apk-repo-inconsistent", "apt-foreign-arch-404", "apt-foreign-arch-not-enabled",
    "apt-foreign-postinst-cannot-run", "apt-multiarch-file-conflict", "apt-multiarch-version-skew",
    "apt-notice-third-party-no-arch", "apt-package-renamed-t64", "apt-pinned-version-skew", "apt-release-eol",
    "apt-wrong-arch-name", "bindgen-target-headers-missing", "build-tool-needs-newer-glibc",
    "container-image-unavailable", "container-lib-shadowing", "cross-c-compiler-missing", "cross-linker-missing",
    "exec-format-no-binfmt", "extension-module-in-test", "glibc-binary-on-musl", "glibc-symbol-in-musl-wheel",
    "host-cc-missing", "host-lib-picked-for-target", "image-has-no-such-platform", "libc-flavour-mismatch",
    "libclang-broken", "libclang-missing", "libpython-linked", "linker-indirect-needed-missing",
    "linker-lib-missing-for-target", "linker-tool-missing", "musl-no-cdylib", "musl-no-proc-macro",
    "no-wheel-no-sdist", "no-wheel-sdist-fallback", "openssl-not-found-cross", "openssl-vendored-needs-perl",
    "openssl-version-unsupported", "patchelf-missing-or-old", "pc-missing", "pc-missing-in-container",
    "pc-not-on-search-path", "pc-transitive-missing", "pc-version-mismatch", "pkgconfig-cross-guard",
    "pkgconfig-tool-bug", "pkgconfig-tool-foreign-prefix", "pkgconfig-tool-missing", "pkgconfig-wrapper-ignored",
    "pkgconfig-wrapper-missing", "pyo3-interpreter-not-found", "pyo3-python-too-new", "pyo3-python-too-old",
    "pypi-tag-rejected",
    "qemu-32bit-on-64bit-fs", "ring-old-cross-gcc", "rpm-package-missing", "rpm-repo-eol",
    "runtime-elf-broken-by-repair", "runtime-execstack", "runtime-glibc-too-old", "runtime-glibcxx-too-old",
    "runtime-lib-missing", "runtime-lib-too-old", "runtime-page-alignment", "runtime-undefined-lib-symbol",
    "runtime-undefined-python-symbol", "runtime-wrong-elf-class", "rust-std-target-missing",
    "rust-std-target-other-toolchain", "rust-toolchain-too-old", "stale-target-newer-glibc", "static-lib-missing",
    "static-lib-symbols-unresolved", "syslib-newer-than-link-glibc", "sysroot-linker-script-absolute",
    "sysroot-semantics-pkgconf", "target-lib-picked-for-host", "target-linker-not-configured", "tool-crash",
    "toolchain-crt-missing", "wheel-audit-false-positive", "wheel-bundled-lib-too-new",
    "wheel-external-lib-needs-copy", "wheel-forbidden-lib", "wheel-glibc-too-new", "wheel-glibcxx-too-new",
    "wheel-lib-from-other-wheel", "wheel-lib-not-located", "wheel-not-supported-bad-tag",
    "wheel-not-supported-glibc", "wheel-not-supported-no-arch", "wheel-not-supported-old-pip",
    "wheel-plat-not-matching-image", "wheel-purelib", "wrong-package-manager-for-container",
    "zig-glibc-headers-symbol",
]
# fmt: on

# Causes for which a log is still to be made. A fixture for one of them has to be followed by taking it away here.
WITHOUT_LOG: set[str] = set()
WITHOUT_NEAR_MISS: set[str] = set()


@pytest.mark.parametrize("name", NAMES)
def test_every_cause_of_the_field_is_known_by_its_name(name: str) -> None:
    (cause,) = (cause for cause in registry.load() if name in (cause.id, *cause.aliases))
    assert "log" in cause.detectors


def test_no_name_means_two_causes() -> None:
    names = [name for cause in registry.load() for name in (cause.id, *cause.aliases)]
    assert len(names) == len(set(names))


def test_every_cause_has_a_log() -> None:
    shown = {cause for label in labels().values() for cause in label.told}
    assert {cause.id for cause in CAUSES} - shown == WITHOUT_LOG


def test_every_cause_has_a_log_that_only_looks_like_it() -> None:
    near = {cause for label in labels().values() for cause in label.near}
    assert {cause.id for cause in CAUSES} - near == WITHOUT_NEAR_MISS


def test_labels_name_causes() -> None:
    used = {cause for label in labels().values() for cause in (*label.told, *label.near)}
    assert used <= {cause.id for cause in CAUSES}
