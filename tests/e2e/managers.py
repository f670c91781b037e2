"""A root with the package managers of other distributions, and small repositories for them, made by their own tools."""

from __future__ import annotations

import contextlib
import itertools
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path

from e2e import archive
from e2e.cache import made
from e2e.roots import Root, overlay

#: dnf and zypper, and what makes packages and repositories for them.
_PACKAGES = "dnf,dnf-plugins-core,zypper,rpm,createrepo-c"
SUITE = "trixie"

Fresh = Callable[[], AbstractContextManager[Root]]


def root() -> Path:
    """Return a Debian root with the managers of RPM packages."""
    return made("managers", (SUITE, _PACKAGES), _bootstrap)


def _bootstrap(folder: Path) -> None:
    mirror = archive.mirror_of(SUITE)
    options = ["--mode=root", "--variant=minbase", "--quiet", f"--include={_PACKAGES}"]
    subprocess.run(["mmdebstrap", *options, SUITE, str(folder), mirror], check=True)


@contextlib.contextmanager
def serving(folder: Path, repositories: Mapping[str, Mapping[str, str]]) -> Iterator[Fresh]:
    """Serve *repositories*, by address the packages of each with lines of their spec; yields what makes fresh roots."""
    with overlay(folder / "maker", root()) as path:
        maker = Root(path)
        served = {address: _repository(maker, packages) for address, packages in repositories.items()}
        count = itertools.count()

        @contextlib.contextmanager
        def fresh() -> Iterator[Root]:
            with overlay(folder / str(next(count)), root()) as path:
                yield Root(path, {"http_proxy": proxy})

        with archive.serving(served) as proxy:
            yield fresh


def _repository(maker: Root, packages: Mapping[str, str]) -> Path:
    name = f"/srv/{len(list(maker.file('/srv').iterdir()))}"
    specs = maker.file(name) / "specs"
    specs.mkdir(parents=True)
    for package, lines in packages.items():
        (specs / f"{package}.spec").write_text(
            f"Name: {package}\nVersion: 1.2.3\nRelease: 1\nSummary: demo\nLicense: MIT\nBuildArch: noarch\n"
            f"%description\ndemo\n{lines or '%files'}\n"
        )
    maker.check(f"rpmbuild --quiet -bb --define '_rpmdir {name}' specs/*.spec && createrepo_c --quiet .", cwd=name)
    return maker.file(name)
