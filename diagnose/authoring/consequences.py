"""Relations between failures, shared by the ``leads_to`` of several checks."""

from __future__ import annotations

from diagnose.authoring.log import later, same_crate
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.remedies.package_names import module_of

if TYPE_CHECKING:
    from diagnose.model.finding import Finding
    from diagnose.readers.buildlog import BuildLog, Hit

# fmt: off
#: Later failures that a missing package causes.
CAUSED_BY_MISSING_PACKAGE = frozenset({
    "bindgen-target-headers-missing", "cross-c-compiler-missing", "cross-linker-missing", "host-cc-missing",
    "host-lib-picked-for-target", "libclang-missing", "linker-lib-missing-for-target", "openssl-not-found-cross",
    "openssl-vendored-needs-perl", "patchelf-missing-or-old", "pc-missing", "pc-missing-in-container",
    "pc-not-on-search-path", "pc-transitive-missing", "pkgconfig-tool-missing", "pkgconfig-wrapper-missing",
    "static-lib-missing", "toolchain-crt-missing",
})
#: Failures of a package manager that follow from an earlier one.
_MANAGERS = frozenset({
    "apk-package-missing", "apt-foreign-arch-not-enabled", "apt-lists-missing", "apt-multiarch-version-skew",
    "apt-package-missing",
    "apt-package-renamed-t64", "apt-release-eol", "network-or-mirror-outage", "rpm-package-missing",
})
# fmt: on


def blocks_later_installs(finding: Finding, other: Finding, log: BuildLog) -> bool:
    """Whether *other* reports something missing because a package manager failed before.

    If the build continued after *finding*, the missing item must be one that *finding* concerns.
    """
    if not later(finding, other, log) or other.check not in CAUSED_BY_MISSING_PACKAGE | _MANAGERS:
        return False
    packages = {hit.groups["package"] for hit in _quoted(finding, log)} - {""}
    return not (packages and log.is_recovered(finding)) or any(_about(other, package) for package in packages)


def _quoted(finding: Finding, log: BuildLog) -> list[Hit]:
    lines = set(map(log.position, finding.evidence))
    return [hit for line in sorted(lines) for hit in log.hits.at(line)]


def _about(finding: Finding, package: str) -> bool:
    """Whether *finding* concerns *package*: a fix installs it, or the message names it."""
    commands = " ".join(command.line for fix in finding.fixes for command in fix.commands)
    stem = re.sub(r"^lib|[\d.-]*(?:-dev|-devel|-libs|-static)*$", "", package)
    names = {package, module_of(package), stem} - {""}
    return any(re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", f"{commands} {finding.message}") for name in names)


def stops_openssl(finding: Finding, other: Finding, log: BuildLog) -> bool:
    """Whether *other* is openssl-sys's error after a failed pkg-config."""
    return other.check == "openssl-not-found-cross" and same_crate(finding, other, log)
