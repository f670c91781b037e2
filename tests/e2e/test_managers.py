"""What ``diagnose log`` prints for dnf and zypper is run by them, against small repositories of their own format."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping

import pytest
from conftest import need

from e2e.ladder import diagnose, subject
from e2e.managers import Fresh, serving
from e2e.roots import Root

BASE, CRB, EPEL = (f"http://repo.example.org/{name}" for name in ("base", "crb", "epel"))
VAULT, LEAP = "http://vault.centos.org/centos/8/BaseOS/x86_64/os", "http://download.example.org/leap"


def repository(name: str, lines: str, enabled: int = 1) -> str:
    """Return a file of dnf's that names a repository."""
    return f"[{name}]\nname={name}\n{lines}\ngpgcheck=0\nenabled={enabled}\n"


_EPEL_FILE = repository("epel", f"baseurl={EPEL}")
RHEL = {"gcc": "", "alsa-lib-devel": "", "systemd-devel": "", "openssl-devel": "", "dnf-plugins-core": ""}
EPEL_RELEASE = (
    "%install\nmkdir -p %{buildroot}/etc/yum.repos.d\ncat > %{buildroot}/etc/yum.repos.d/epel.repo <<'END'\n"
    f"{_EPEL_FILE}END\n%files\n/etc/yum.repos.d/epel.repo"
)
REPOSITORIES: Mapping[str, Mapping[str, str]] = {
    BASE: {**RHEL, "epel-release": EPEL_RELEASE},
    CRB: {"jack-audio-connection-kit-devel": ""},
    EPEL: {"portaudio-devel": ""},
    VAULT: {"dbus-devel": ""},
    LEAP: {"alsa-devel": "", "libopenssl-devel": ""},
}
CENTOS = """\
[baseos]
name=CentOS Linux 8 - BaseOS
mirrorlist=http://mirrorlist.centos.org/?release=8&arch=x86_64&repo=BaseOS&infra=container
#baseurl=http://mirror.centos.org/centos/8/BaseOS/x86_64/os/
gpgcheck=0
enabled=1
"""


@pytest.fixture(scope="module")
def fresh(machine: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fresh]:
    with serving(tmp_path_factory.mktemp("managers"), REPOSITORIES) as fresh:
        yield fresh


@pytest.fixture
def root(fresh: Fresh) -> Iterator[Root]:
    with fresh() as root:
        root.file("/etc/dnf/dnf.conf").write_text(f"[main]\nbest=True\nproxy={root.environment['http_proxy']}\n")
        root.file("/etc/yum.repos.d").mkdir(exist_ok=True)
        yield root


def leads_on(root: Root, command: str, cause: str, then: str, *options: str, number: int = 0) -> None:
    """Require that *command* fails for *cause*, and that *then* passes when the fix is applied."""
    done = root.run(command)
    assert done.code != 0, done.output
    finding = subject(diagnose("log", "-", *options, given=done.output))["findings"][0]
    assert finding["check"] == cause, done.output
    fix = finding["fixes"][number]
    assert fix["commands"] and not fix["env"] and not fix["files"]
    for line in fix["commands"]:
        root.check(line)
    root.check(then)


@pytest.mark.parametrize(
    ("wrong", "right"),
    [("libasound2-dev", "alsa-lib-devel"), ("gcc libudev-devel libssl-dev", "systemd-devel openssl-devel")],
)
def test_dnf_takes_the_right_names(root: Root, wrong: str, right: str) -> None:
    root.file("/etc/yum.repos.d/base.repo").write_text(repository("base", f"baseurl={BASE}"))
    leads_on(root, f"dnf install -y {wrong}", "rpm-package-missing", f"rpm -q {right}")


@pytest.mark.parametrize(("distro", "crb"), [("almalinux:9", "crb"), ("almalinux:8", "powertools")])
def test_dnf_gets_the_repositories_that_are_off(root: Root, distro: str, crb: str) -> None:
    root.file("/etc/yum.repos.d/base.repo").write_text(
        repository("base", f"baseurl={BASE}") + repository(crb, f"baseurl={CRB}", enabled=0)
    )
    command = "dnf install -y portaudio-devel jack-audio-connection-kit-devel"
    leads_on(root, command, "rpm-package-missing", command, "--distro", distro)


def test_dnf_finds_the_vault(root: Root) -> None:
    root.file("/etc/yum.repos.d/CentOS-Base.repo").write_text(CENTOS)
    command = "dnf install -y dbus-devel"
    leads_on(root, command, "rpm-repo-eol", command, number=1)


@pytest.mark.parametrize(
    ("wrong", "right"), [("libasound2-dev", "alsa-devel"), ("libssl-dev alsa-lib-dev", "libopenssl-devel alsa-devel")]
)
def test_zypper_takes_the_right_names(root: Root, wrong: str, right: str) -> None:
    root.check(f"zypper --non-interactive addrepo --no-gpgcheck {LEAP} oss")
    leads_on(root, f"zypper --non-interactive install {wrong}", "rpm-package-missing", f"rpm -q {right}")


def test_dnf_is_run_without_the_folder_that_hides_its_library(root: Root) -> None:
    """A library of the same name without a function that libdnf needs, as an image's own toolset may have it."""
    need(shutil.which("cc"), "there is no C compiler")
    folder = root.file("/opt/toolset/lib")
    folder.mkdir(parents=True)
    build = ["cc", "-shared", "-Wl,-soname,libsolv.so.1", "-o", str(folder / "libsolv.so.1"), "-x", "c", os.devnull]
    subprocess.run(build, check=True)
    root.file("/etc/yum.repos.d/base.repo").write_text(repository("base", f"baseurl={BASE}"))
    command = "dnf install -y gcc"
    done = root.run(command, env={"LD_LIBRARY_PATH": "/opt/toolset/lib"})
    assert done.code != 0, done.output
    finding = subject(diagnose("log", "-", given=done.output))["findings"][0]
    assert finding["check"] == "container-lib-shadowing", done.output
    assert finding["fixes"][0]["unset"] == ["LD_LIBRARY_PATH"]
    root.check(command)
