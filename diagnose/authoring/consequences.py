"""Which failures bring about which: shared by the causes' ``leads_to``."""

from __future__ import annotations

from diagnose.authoring.log import is_later, same_crate
from diagnose.model._lazy_stdlib import TYPE_CHECKING

if TYPE_CHECKING:
    from diagnose.model.finding import Finding
    from diagnose.readers.buildlog import BuildLog

# fmt: off
#: What a package that was not installed is missed as later on.
CAUSED_BY_MISSING_PACKAGE = frozenset({
    "bindgen-target-headers-missing", "cross-c-compiler-missing", "cross-linker-missing", "host-cc-missing",
    "host-lib-picked-for-target", "libclang-missing", "linker-lib-missing-for-target", "openssl-not-found-cross",
    "openssl-vendored-needs-perl", "patchelf-missing-or-old", "pc-missing", "pc-missing-in-container",
    "pc-not-on-search-path", "pc-transitive-missing", "pkgconfig-tool-missing", "pkgconfig-wrapper-missing",
    "static-lib-missing", "toolchain-crt-missing",
})
#: What a package manager says because of what it said before.
_MANAGERS = frozenset({
    "apk-package-missing", "apt-foreign-arch-not-enabled", "apt-lists-missing", "apt-multiarch-version-skew",
    "apt-package-missing",
    "apt-package-renamed-t64", "apt-release-eol", "network-or-mirror-outage", "rpm-package-missing",
})
# fmt: on


def blocks_later_installs(finding: Finding, other: Finding, log: BuildLog) -> bool:
    """Whether *other* is something that is missing later because a package manager could not do its work."""
    return is_later(finding, other, log) and other.check in CAUSED_BY_MISSING_PACKAGE | _MANAGERS


def stops_openssl(finding: Finding, other: Finding, log: BuildLog) -> bool:
    """Whether *other* is what openssl-sys makes of the answer that pkg-config did not give."""
    return other.check == "openssl-not-found-cross" and same_crate(finding, other, log)
