"""Why apt does not know a package that it is asked for: one answer for each, so that causes do not overlap."""

from __future__ import annotations

from diagnose.authoring.log import host
from diagnose.model._lazy_stdlib import TYPE_CHECKING, Enum
from diagnose.remedies.package_names import called_here, module_of
from diagnose_checks.apt._indexes import dead_release, unserved
from diagnose_checks.apt.apt_notice_third_party_no_arch import could_have
from diagnose_checks.apt.apt_wrong_arch_name import misnamed

if TYPE_CHECKING:
    from diagnose.readers.buildlog import BuildLog, Hit


class Reason(Enum):
    """What "Unable to locate package" comes down to."""

    OTHER = "what another cause says: 404, a release that is gone, a renamed package, a misspelt architecture"
    ARCHITECTURE = "nothing of the package's architecture was fetched"
    LISTS = "the log shows no apt-get update, and the name is one that Debian has"
    NAME = "lists were fetched, and the package is not in them; or Debian knows no such name"


def reason(log: BuildLog, hit: Hit) -> Reason:
    """Return why the package of *hit*, of the kind ``apt-unlocatable``, is not there."""
    arch, package = hit.groups["arch"], hit.groups["package"]
    foreign = arch if arch not in ("", host(log).debian, "all", "any") else ""
    misspelt = any(misnamed(name) for name in (arch, *(note.groups["arch"] for note in log.find("apt-no-arch"))))
    if dead_release(log) or misspelt or could_have(log, hit):
        return Reason.OTHER
    if any(note.groups["package"] == package and renamed(log, note) for note in log.find("apt-virtual")):
        return Reason.OTHER
    if foreign and foreign in unserved(log):
        return Reason.OTHER
    indexes = log.find("apt-index")
    fetched = {index.groups["arch"] for index in indexes if index.groups["state"] in ("Get", "Hit")}
    if foreign and foreign not in fetched:
        return Reason.ARCHITECTURE
    if fetched - {"all"} and not foreign and host(log).debian not in fetched:
        return Reason.OTHER  # of the system's own packages nothing was fetched, for whatever reason
    if log.find("apt-unfetched") or any(index.groups["state"] == "Err" for index in indexes):
        return Reason.OTHER
    if any(note.line < hit.line for note in log.find("apt-updated")) or "candidate" in hit.text:
        return Reason.NAME
    asked = {other.groups["package"] for other in log.find("apt-unlocatable")}
    return Reason.LISTS if any(map(_debians, asked)) else Reason.NAME


def _debians(package: str) -> bool:
    """Whether Debian has, in any release, a package of this name; of the ones without a library, only common tools."""
    known = called_here(package, "debian")
    return (
        package in _TOOLS
        or package.startswith(("gcc-", "libc6-", "crossbuild-"))
        or (bool(module_of(package)) and known in ("", package))
    )


# fmt: off
_TOOLS = frozenset({
    "build-essential", "ca-certificates", "cargo", "clang", "cmake", "curl", "g++", "gcc", "git", "libclang-dev",
    "make", "ninja-build", "patchelf", "perl", "pkg-config", "pkgconf", "protobuf-compiler", "python3", "python3-dev",
    "python3-pip", "python3-venv", "qemu-user-static", "rustc", "sudo", "unzip", "wget", "musl-tools", "lld",
    "llvm", "mold",
})
# fmt: on


def renamed(log: BuildLog, note: Hit) -> list[Hit]:
    """Return the lines that name the package of *note*, of the kind ``apt-virtual``, in its form of 64-bit time."""
    new = f"{note.groups['package']}t64"
    return [line for line in log.near(note.line, "t64-note", after=12) if line.groups["package"] == new]
