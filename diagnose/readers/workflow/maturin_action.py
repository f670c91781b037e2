"""How maturin-action chooses the host or a container image. Source: ``src/index.ts`` of PyO3/maturin-action v1.51.0."""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple
from diagnose.tables.ci import maturin_images

if TYPE_CHECKING:
    from collections.abc import Mapping

_NODE = {"x86_64": "x64", "aarch64": "arm64", "riscv64": "riscv64"}
_GNU = {
    "x64": "x86_64-unknown-linux-gnu",
    "x86_64": "x86_64-unknown-linux-gnu",
    "i686": "i686-unknown-linux-gnu",
    "x86": "i686-unknown-linux-gnu",
    "aarch64": "aarch64-unknown-linux-gnu",
    "armv7": "armv7-unknown-linux-gnueabihf",
    "armv7l": "armv7-unknown-linux-gnueabihf",
    "loongarch64": "loongarch64-unknown-linux-gnu",
    "ppc64le": "powerpc64le-unknown-linux-gnu",
    "ppc64": "powerpc64-unknown-linux-gnu",
    "riscv64": "riscv64gc-unknown-linux-gnu",
    "s390x": "s390x-unknown-linux-gnu",
}
_MUSL = {
    "x64": "x86_64-unknown-linux-musl",
    "x86_64": "x86_64-unknown-linux-musl",
    "i686": "i686-unknown-linux-musl",
    "x86": "i686-unknown-linux-musl",
    "aarch64": "aarch64-unknown-linux-musl",
    "arm": "arm-unknown-linux-musleabihf",
    "armv7": "armv7-unknown-linux-musleabihf",
    "armv7l": "armv7-unknown-linux-musleabihf",
    "loongarch64": "loongarch64-unknown-linux-musl",
    "ppc64le": "powerpc64le-unknown-linux-musl",
    "riscv64": "riscv64gc-unknown-linux-musl",
}
FORWARDED = (
    "ACTIONS_",
    "CARGO_",
    "CC",
    "CFLAGS",
    "CMAKE_",
    "CPPFLAGS",
    "CXX",
    "CXXFLAGS",
    "GITHUB_",
    "JEMALLOC_",
    "LDFLAGS",
    "LD_",
    "MATURIN_",
    "PYO3_",
    "RUST",
    "SCCACHE_",
    "TARGET_",
)
"""Variables whose names begin so reach the container; ``CARGO_HOME`` does not."""


class BuildPlan(NamedTuple):
    """Where the action builds. ``image`` is empty for the host. ``fallback``: the table had no image for the pair."""

    target: str
    """Rust's target that the action knows of; empty if it knows none."""
    image: str = ""
    manylinux: str = ""
    """The value that decides the tag: ``auto``, ``off``, ``2_28``; empty without one."""
    zig: bool = False
    fallback: bool = False


def forwarded(name: str) -> bool:
    """Whether the variable *name* reaches the container."""
    return name.startswith(FORWARDED) and name != "CARGO_HOME"


def native(arch: str) -> str:
    """Return the glibc target of a runner with this processor."""
    return _GNU.get("riscv64" if arch == "riscv64" else arch, "")


def after(words: list[str], option: str) -> str:
    """Return the word after *option*, as the action finds values; empty without one."""
    at = words.index(option) if option in words else len(words)
    return words[at + 1] if at + 1 < len(words) else ""


def choose(arch: str, inputs: Mapping[str, str], words: list[str]) -> BuildPlan | None:
    """Return the choice of the action on a Linux runner with processor *arch* (as uname prints it); None if unknown.

    *inputs* are its inputs as text, *words* its ``args``.
    """
    host = _NODE.get(arch)
    if host is None:
        return None
    given = inputs.get("manylinux", "").strip()
    named = inputs.get("target", "").strip() or after(words, "--target")
    target = (_MUSL if given.startswith("musllinux") else _GNU).get(named, named)
    container = inputs.get("container", "").strip()
    zig = "--zig" in words and not target.startswith("s390x")
    if zig and container not in ("on", "true"):
        container = "off"
    manylinux = given.removeprefix("manylinux").removeprefix("_") if given.startswith("manylinux") else given
    command = inputs.get("command", "").strip() or "build"
    if command not in ("build", "publish"):
        return BuildPlan(target, zig=zig)
    if command == "publish" and not manylinux:
        manylinux = "auto"
    foreign = "linux" in target and "android" not in target and "x86_64" not in target and "i686" not in target
    if host == "x64" and not manylinux and foreign:
        manylinux = "auto"
    if container == "off" or not (container or manylinux not in ("", "off")):
        return BuildPlan(target, "", manylinux, zig)
    table = maturin_images()
    if container not in ("", "on", "auto", "true"):  # the name of an image, or a key of the table (`2_28`)
        named = table.get((host, target or native(arch), container), container)
        return BuildPlan(target, named, manylinux, zig)
    image = table.get((host, target, manylinux), "")
    other = "" if image else table.get((host, native(arch), manylinux), "")
    return BuildPlan(target, image or other, manylinux, zig, not image and bool(target))
