"""The commands that make an image ready to build a crate's libraries for a target: facts of the tables in, shell out.

The commands are for a shell that stops at the first failure (maturin-action's; elsewhere ``set -e`` has to come first).
Sources: dpkg(1), sources.list(5), https://wiki.debian.org/Multiarch/HOWTO, https://wiki.ubuntu.com/Ports; pkg-config-rs
0.3 on the names of its variables.
"""

from __future__ import annotations

from diagnose.model import targets
from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple
from diagnose.model.versions import version_key
from diagnose.tables import debian_pc, distributions, modules

if TYPE_CHECKING:
    from collections.abc import Sequence

    from diagnose.model.targets import Target
    from diagnose.tables.ci import Image

_PORTS = "http://ports.ubuntu.com/ubuntu-ports"
_KEYRING = "/usr/share/keyrings/ubuntu-archive-keyring.gpg"
_DEB822_SINCE = (24, 4)  # Ubuntu's images: the release from which their sources are in ubuntu.sources


class LegScript(NamedTuple):
    """``lines`` are commands; ``variables`` are for the build. ``missing``: the reason against it, or nothing."""

    lines: tuple[str, ...] = ()
    variables: tuple[tuple[str, str], ...] = ()
    missing: str = ""

    @property
    def text(self) -> str:
        """The commands with the variables as exports, for a script that runs in the shell of the build."""
        return "\n".join((*self.lines, *(f"export {name}={value}" for name, value in self.variables)))


def ready(
    image: Image,
    arch: str,
    target: Target,
    needs: Sequence[str],
    vendors_openssl: bool = False,
    *,
    has_ports: bool = False,
) -> LegScript:
    """Return what makes *image*, of the processor *arch* as wheels name it, ready for a build for *target*.

    *needs* are pkg-config modules. *vendors_openssl*: the build compiles OpenSSL, whose configuration is in Perl.
    *has_ports*: the image's sources already name Ubuntu's ports server, as those of cross-rs do.
    """
    foreign = arch != target.wheel or (target.libc == "musl") != (image.distribution == "alpine")
    if not needs and not vendors_openssl and (image.cross or not foreign):
        return LegScript()
    if "apt-get" in image.managers:
        return _debian(image, arch, target, needs, vendors_openssl, foreign, has_ports)
    if foreign:
        return LegScript(missing="its package manager installs nothing for other architectures")
    family, install = ("alpine", "apk add") if "apk" in image.managers else ("rhel", "yum install -y")
    if "dnf" in image.managers:
        install = "dnf install -y"
    if not image.managers & {"apk", "dnf", "yum"}:
        return LegScript(missing="its package manager is not known")
    if "openssl" in needs and (image.distribution, image.version) == ("centos", "7"):
        return LegScript(missing="the OpenSSL of CentOS 7 is 1.0.2, which openssl-sys refuses since 0.9.112")
    names = {module: modules.package(module, family) for module in needs}
    unknown = [module for module, name in names.items() if not name]
    if unknown:
        return LegScript(missing=f"it is not known which package of {image.label} brings {', '.join(unknown)}")
    packages = [*dict.fromkeys(names.values())]
    if not image.pkgconfig and names:
        packages.insert(0, {"alpine": "pkgconf", "rhel": "pkgconf-pkg-config"}[family])
    if vendors_openssl:
        packages += ["perl", "make", "linux-headers"] if family == "alpine" else ["perl-core", "make"]
    return LegScript((f"{install} {' '.join(packages)}",))


def _debian(
    image: Image,
    arch: str,
    target: Target,
    needs: Sequence[str],
    vendors_openssl: bool,
    foreign: bool,
    has_ports: bool,
) -> LegScript:
    release = next((one for one in distributions.releases() if (one.id, one.version) == _of(image)), None)
    native = next((row.debian for row in targets.TARGETS if row.wheel == arch and row.libc == "glibc"), "")
    if release is None or not release.codename or not native:
        return LegScript(missing=f"the release of {image.label} is not known")
    if foreign and needs and (target.libc == "musl" or not target.debian):
        return LegScript(missing=f"{image.label} has no packages for {target.triple}")
    packages = ["pkg-config"] if needs and (foreign or not image.pkgconfig) else []
    suffix = f":{target.debian}" if foreign else ""
    for module in needs:
        found = debian_pc.providers(module, release.codename)
        if not found:
            return LegScript(missing=f"it is not known which package of {image.label} brings {module}")
        packages.append(found[0].package + suffix)
    packages += ["perl", "make"] if vendors_openssl else []
    if (
        image.cross and "openssl" in needs and not has_ports
    ):  # rust-cross's variable <TRIPLE>_OPENSSL_DIR names a folder without OpenSSL
        return LegScript(missing="its OPENSSL_DIR names no OpenSSL: build that from source (feature `vendored`)")
    lines: list[str] = []
    variables: list[tuple[str, str]] = []
    if foreign and needs:
        served, ports = _served(release.id, release.codename, release.architectures)
        if target.debian not in served | ports:
            return LegScript(missing=f"{image.label} has no packages for {target.debian}")
        if target.debian not in served and not has_ports:
            lines += _split(release.codename, release.version, native, target.debian)
        lines.append(f"dpkg --add-architecture {target.debian}")
        variables += [
            (f"PKG_CONFIG_ALLOW_CROSS_{target.env_name}", "1"),
            (
                f"PKG_CONFIG_LIBDIR_{target.env_name}",
                f"/usr/lib/{target.multiarch}/pkgconfig:/usr/share/pkgconfig",
            ),
        ]
    if foreign and not image.cross:
        if target.libc == "musl" or target.debian not in distributions.CROSS_COMPILERS:
            return LegScript(missing=f"{image.label} has no cross compiler for {target.triple}")
        packages += [f"gcc-{target.gnu.replace('_', '-')}", f"libc6-dev-{target.debian}-cross"]
        variables.append((f"CARGO_TARGET_{target.cargo_env_name}_LINKER", f"{target.gnu}-gcc"))
    lines += ["apt-get update", f"apt-get install -y --no-install-recommends {' '.join(dict.fromkeys(packages))}"]
    return LegScript(tuple(lines), tuple(variables))


def _of(image: Image) -> tuple[str, str]:
    return image.distribution, image.version


def _served(distribution: str, codename: str, architectures: frozenset[str]) -> tuple[frozenset[str], frozenset[str]]:
    """Return the architectures of the distribution's own server, and those of its ports server."""
    return distributions.ubuntu_servers(codename) if distribution == "ubuntu" else (architectures, frozenset())


def _split(codename: str, version: str, native: str, foreign: str) -> list[str]:
    """Return the commands that ask Ubuntu's archive for *native* only, and its ports server for *foreign*."""
    if version_key(version) >= _DEB822_SINCE:
        limit = f"sed -i 's/^URIs:.*/&\\nArchitectures: {native}/' /etc/apt/sources.list.d/ubuntu.sources"
    else:
        limit = f"sed -i 's/^deb http/deb [arch={native}] http/' /etc/apt/sources.list"
    suites = " ".join(codename + suffix for suffix in ("", "-updates", "-security"))
    entry = f"deb [arch={foreign} signed-by={_KEYRING}] {_PORTS} %s main universe"
    return [limit, f"printf '{entry}\\n' {suites} > /etc/apt/sources.list.d/{foreign}.list"]
