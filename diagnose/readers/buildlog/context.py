"""The target, the distribution and the image of a log, as far as its lines show them.

Sources: the image tables of pypa/manylinux, rust-cross/manylinux-cross, rust-cross/rust-musl-cross and cross-rs/cross;
Debian's and Ubuntu's release histories.
"""

from __future__ import annotations

from diagnose.model import targets
from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple, re
from diagnose.model.versions import version_key
from diagnose.readers.buildlog import sighted_systems
from diagnose.readers.buildlog.linking import named
from diagnose.readers.system.distro import Container, Distro
from diagnose.tables.distributions import by_codename, distributions, releases

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from diagnose.model.targets import Target
    from diagnose.readers.buildlog.hits import Hit

# Base distributions of the images of pypa/manylinux (docker/Dockerfile there).
_POLICIES = {
    "manylinux1": ("centos", "5"), "manylinux2010": ("centos", "6"), "manylinux2014": ("centos", "7"),
    "manylinux_2_24": ("debian", "9"), "manylinux_2_28": ("almalinux", "8"), "manylinux_2_31": ("ubuntu", "20.04"),
    "manylinux_2_34": ("almalinux", "9"), "manylinux_2_35": ("ubuntu", "22.04"), "manylinux_2_38": ("anolis", "23"),
    "manylinux_2_39": ("almalinux", "10"), "musllinux_1_1": ("alpine", "3.12"), "musllinux_1_2": ("alpine", "3.22"),
}  # fmt: skip
_PYPA = re.compile(r"((?:many|musl)linux(?:_\d+_\d+|\d+))_(\w+?)(?:[:@]|$)")
_CROSS = re.compile(r"manylinux(_\d+_\d+|\d+)-cross:?(\w*)")
_MUSL_CROSS = re.compile(r"rust-musl-cross:([\w-]+)")
_OFFICIAL = re.compile(
    r"(?:^|/)(debian|ubuntu|alpine|fedora|centos|almalinux|rockylinux|archlinux|amazonlinux|opensuse\S*)(?::([\w.-]+))?(?:@|$)"
)
_VARIANT = re.compile(r"[:-](stretch|buster|bullseye|bookworm|trixie|focal|jammy|noble|alpine(\d+\.\d+)?)\b")


class ContextHint(NamedTuple):
    """Build context from one line; unset fields are unknown."""

    line: int
    """The number of the line, from 1."""
    distro: Distro | None = None
    """The distribution that the line shows."""
    container: Container | None = None
    """The kind of image that the line shows."""
    target: Target | None = None
    """The target that the line names."""
    system: str = ""
    """The id of another system whose packages the build takes, as :mod:`diagnose.tables.other_systems` has it."""


def distribution(name: str, version: str = "") -> Distro:
    """Return the distribution *name* (an id of os-release) in *version*, with its package manager and code name."""
    known = distributions().get(name)
    manager = known.manager if known else ""
    if (name == "centos" and version[:1] in ("5", "6", "7")) or (name == "amzn" and version == "2"):
        manager = "yum"
    libc = "musl" if name == "alpine" else "glibc"
    pretty = " ".join(filter(None, (known.name if known else name, version)))
    codename = next((one.codename for one in releases() if version and (one.id, one.version) == (name, version)), "")
    return Distro(id=name, name=pretty, version=version, codename=codename, manager=manager, libc=libc)


def parse(name: str) -> Distro | None:
    """Return the distribution commonly called *name*, such as ``ubuntu:22.04``, ``bookworm`` or ``manylinux2014``."""
    wanted = name.strip().lower()
    if (release := by_codename().get(wanted)) is not None:
        return distribution(release.id, release.version)
    if (policy := _POLICIES.get(wanted)) is not None:
        return distribution(*policy)
    match = re.fullmatch(r"([a-z]+)[:\- ]?v?([\w.]*)", wanted)
    if match is None:
        return None
    known = next((one for one in distributions().values() if match[1] in (one.id, *one.aliases)), None)
    if known is None:
        return None
    release = by_codename().get(match[2])
    version = release.version if release is not None and release.id == known.id else match[2]
    return distribution(known.id, version if version[:1].isdigit() else "")


def unknown_release(distro: Distro) -> str:
    """Return the newest known release of *distro* if its own is far beyond that; empty otherwise.

    The next release may be newer than the table.
    """
    known = [version_key(release.version) for release in releases() if release.id == distro.id and release.version]
    here = version_key(distro.version)
    if not known or not here or here[0] <= max(known)[0] + 1:
        return ""
    return ".".join(f"{part:02}" if number else str(part) for number, part in enumerate(max(known)))


def image(name: str) -> tuple[Distro | None, Container | None, Target | None]:
    """Return the distribution of the container image *name*, its kind, and its target."""
    if (match := _CROSS.search(name)) is not None:
        row = targets.resolve(match[2]) if match[2] else None
        return distribution("ubuntu", "22.04"), Container("manylinux-cross", "manylinux" + match[1]), row
    if (match := _MUSL_CROSS.search(name)) is not None:
        parts = match[1].replace("-", "-unknown-linux-", 1)
        return distribution("ubuntu", "22.04"), Container("rust-musl-cross", "musllinux"), targets.resolve(parts)
    if (match := _PYPA.search(name)) is not None:
        kind = "musllinux" if match[1].startswith("musl") else "manylinux"
        rows = targets.find(match[2])
        row = next((r for r in rows if (r.libc == "musl") == (kind == "musllinux")), None)
        made_of = _POLICIES.get(match[1])
        return (distribution(*made_of) if made_of else None), Container(kind, match[1]), row
    if "cross-rs/" in name or "rustembedded/cross:" in name:
        triple = re.split(r"[/:]", name.partition("cross-rs/")[2] or name.partition("cross:")[2])[0]
        return distribution("ubuntu"), Container("cross-rs"), targets.resolve(triple)
    if "konstin2/maturin" in name or "pyo3/maturin" in name:
        return distribution("centos", "7"), Container("manylinux", "manylinux2014"), None
    if (match := _OFFICIAL.search(name)) is not None:
        found = parse(re.sub(r"^opensuse.*", "opensuse", match[1]) + (f":{match[2].split('-')[0]}" if match[2] else ""))
        return found, Container("plain"), None
    if (match := _VARIANT.search(name)) is not None:
        found = distribution("alpine", match[2] or "") if match[1].startswith("alpine") else parse(match[1])
        return found, Container("plain"), None
    if re.match(r"(?:docker\.io/)?(?:library/)?(?:rust|python|node|golang|ruby)(?::|$)", name):
        return distribution("debian"), Container("plain"), None
    return None, None, None


def sights(hits: Iterable[Hit]) -> tuple[ContextHint, ...]:
    """Return the build context from each of *hits*, in their order."""
    return tuple(sight for hit in hits for sight in _sight(hit))


def _sight(hit: Hit) -> Sequence[ContextHint]:
    said = hit.groups
    if hit.kind == "image":
        # cross itself, without the image that it takes by default
        found, container, row = image(said["image"] or f"cross-rs/{said['cross']}:")
        if container is not None:
            container = container._replace(evidence=((str(hit.line), hit.text),))
        return [ContextHint(hit.line, found, container, row)] if found or container else []
    if hit.kind == "image-tag":
        tag = re.sub(r"^musllinux_(?!\d)", "musllinux_1_2_", said["tag"])
        found, container, row = image(f"quay.io/pypa/{tag}")
        if container is not None:
            container = container._replace(evidence=((str(hit.line), hit.text),))
        return [ContextHint(hit.line, found, container, row)] if container else []
    if hit.kind == sighted_systems.KIND:
        return [ContextHint(hit.line, system=sighted_systems.named(hit.groups))]
    if hit.kind.endswith(_MANAGERS) and hit.kind.startswith("mark "):
        return [ContextHint(hit.line, system=sighted_systems.LINUX)]
    if hit.kind == "system":
        found = _system(hit)
        return [ContextHint(hit.line, found)] if found else []
    if hit.kind in ("apt-index", "apt-no-release"):
        suite = re.split("[-/]", said["suite"])[0]
        found = parse(suite) if suite in by_codename() else None
        return [ContextHint(hit.line, found)] if found else []
    if hit.kind in ("target", "rust-std", "pc-side"):
        upper = said["upper"].lower().replace("_unknown_linux_", "-unknown-linux-")
        row = named(f"{said['compiler']}-gcc") if said["compiler"] else targets.resolve(said["triple"] or upper)
        return [ContextHint(hit.line, target=row)] if row else []
    if hit.kind == "pc-command" and "PKG_CONFIG_PATH=/usr/local/lib/pkgconfig" in said["command"].replace('"', ""):
        # set by the images of pypa/manylinux, and hardly ever elsewhere
        return [ContextHint(hit.line, container=Container("manylinux", evidence=((str(hit.line), hit.text),)))]
    return []


#: Managers of packages that distributions of Linux have, and Termux.
_MANAGERS = (" apt", " dpkg", " dnf", " apk", " zypper")
_BY_GCC = {"10": "11", "12": "12", "14": "13"}  # GCC → Debian


def _system(hit: Hit) -> Distro | None:
    said = hit.groups
    if said["el"]:
        return distribution("centos" if said["el"] in ("5", "6", "7") else "almalinux", said["el"])
    if said["fc"]:
        return distribution("fedora", said["fc"])
    if "suse" in said:
        return distribution("opensuse")
    if said["deb"]:
        return distribution("debian", said["deb"])
    if "gcc" in said:
        return distribution("debian", _BY_GCC[said["gcc"]])
    name = said["id"].lower() or "ubuntu"
    return distribution(name, said["version"])
