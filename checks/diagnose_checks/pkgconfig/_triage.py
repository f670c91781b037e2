"""Decides why a module was not found: one answer for each probe, so that checks do not overlap."""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING, Enum
from diagnose.model.finding import Fix
from diagnose.model.pattern import patterns_for
from diagnose.remedies.package_names import module_of

if TYPE_CHECKING:
    from diagnose.readers.buildlog import BuildLog, Hit, Probe


class PkgConfigReason(Enum):
    """The reason behind the answer "not found"."""

    OTHER = "another check's cause"
    CONTAINER = "installed outside the container"
    FOREIGN_TOOL = "installed, but the pkg-config that ran searches other folders"
    ELSEWHERE = "installed, but not on the search path"
    ABSENT = "not installed"


def reason(log: BuildLog, probe: Probe) -> PkgConfigReason:
    """Return why pkg-config answered *probe* with "not found"."""
    if probe.outcome != "not-found" or probe.missing or (probe.needs and probe.found):
        return PkgConfigReason.OTHER
    if probe.refused or probe.conflict:
        return PkgConfigReason.OTHER
    if probe.needs or log.find("pkgconf-bug") or wrapper_ignored(log, probe):
        return PkgConfigReason.OTHER
    if installed_outside(log, probe):
        return PkgConfigReason.CONTAINER
    if foreign_prefix(log, probe) and (present(log, probe) or "/" in probe.program):
        return PkgConfigReason.FOREIGN_TOOL
    if present(log, probe) or _triple_for_folder(log, probe):
        return PkgConfigReason.ELSEWHERE
    return PkgConfigReason.ABSENT


def present(log: BuildLog, probe: Probe) -> list[Hit]:
    """Return the lines that show the module installed for the target of *probe*, in the same place."""
    target = log.target_at(probe.line)
    cross = log.cross_at(probe.line) is True
    found = [hit for hit in log.find("pc-file-note") if hit.groups["module"] == probe.module and probe.module]
    if cross and target is not None:
        found = [hit for hit in found if not hit.groups["folder"] or hit.groups["folder"] == target.multiarch]
    for hit in log.find("installed-note"):
        if hit.line > probe.line or not probe.module or module_of(hit.groups["package"]) != probe.module:
            continue
        arch = hit.groups["arch"]
        if (cross and target is not None and arch == target.debian) or (not cross and not arch):
            found.append(hit)
    return found


def foreign_prefix(log: BuildLog, probe: Probe) -> str:
    """Return the prefix of the pkg-config that answered; empty for the system's own."""
    if log.cross_at(probe.line) is True:
        return ""
    if "/" in probe.program:
        return "" if probe.program.startswith(("/usr/bin/", "/bin/")) else probe.program.rpartition("/bin/")[0]
    notes = [hit.groups["prefix"] for hit in log.find("foreign-note")]
    return notes[0] if notes else ""


def _triple_for_folder(log: BuildLog, probe: Probe) -> bool:
    """Whether the search path contains the Rust triple instead of Debian's multiarch triplet."""
    target = log.target_at(probe.line)
    searched = probe.environ.get("PKG_CONFIG_LIBDIR", "") + ":" + probe.environ.get("PKG_CONFIG_PATH", "")
    return target is not None and bool(target.multiarch) and f"/lib/{target.triple}/" in searched


HOOK_OF = {
    "manylinux": "before-script-linux of maturin-action, or CIBW_BEFORE_ALL_LINUX",
    "musllinux": "before-script-linux of maturin-action, or CIBW_BEFORE_ALL_LINUX",
    "manylinux-cross": "before-script-linux of maturin-action",
    "rust-musl-cross": "before-script-linux of maturin-action",
    "cross-rs": "pre-build in Cross.toml",
}


def installed_outside(log: BuildLog, probe: Probe) -> list[Hit]:
    """Return the lines that install the package that *probe* needs outside its container."""
    container = log.container_at(probe.line)
    begins = [int(line) for line, _ in container.evidence if line.isdigit()]
    if container.kind not in HOOK_OF and not log.near(probe.line, "io-note", before=300, after=5):
        return []
    found = []
    for hit in log.find("outside-note"):
        names = [hit.groups["package"], *hit.groups["names"].split()]
        if hit.line < (begins[0] if begins else probe.line) and any(
            _brings(name, probe.module) for name in names if name
        ):
            found.append(hit)
    return found


def _brings(package: str, module: str) -> bool:
    return bool(module) and (module_of(package) == module or module.removeprefix("lib") in package.removeprefix("lib"))


def wrapper_ignored(log: BuildLog, probe: Probe) -> list[Hit]:
    """Return the lines that set a wrapper that *probe* did not run, by the message of an old crate."""
    if probe.outcome != "not-found" or probe.program != "pkg-config" or '"pkg-config"' not in probe.command:
        return []
    return [hit for hit in log.find("wrapper-note")[:1] if hit.groups["program"].endswith("-pkg-config")]


def is_own_pkg_config(program: str) -> bool:
    """Whether *program* is pkg-config's own name, or unknown, and not a wrapper's name."""
    return program.rpartition("/")[2] in ("", "pkg-config", "pkgconf", "pkg-config.exe") and "/" not in program


#: Meson prints the target machine, which only compilers have, in cross builds alone.
MESON = patterns_for(
    "meson-cross",
    ("Build type: cross", r"^Build type: cross build$"),
    ("Target machine cpu", r"^Target machine cpu(?: family)?: \w+$"),
)


def unset_in_cross_file(log: BuildLog, probe: Probe) -> bool:
    """Whether Meson, in a cross build, looked for no pkg-config under any name."""
    said = [hit.text for hit in probe.hits if hit.kind == "pc-shell"]
    if not any("for machine" in text and "build machine" not in text for text in said):
        return False
    return not any("by name" in text for text in said) and bool(log.near(probe.line, "meson-cross", before=_MESON))


_MESON = 400  # lines of one run of Meson


#: It builds its own copy unless this feature is on.
_RDKAFKA = Fix(
    "let rdkafka-sys build its own librdkafka",
    notes="Remove the feature dynamic-linking of rdkafka. The build then needs make (with cmake-build, CMake) and a "
    "C++ compiler.",
)


def own_copy(module: str) -> list[Fix]:
    """Return how a crate builds the library of *module* itself, where that takes a feature to be switched off."""
    return [_RDKAFKA] if module == "rdkafka" else []
