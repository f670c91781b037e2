"""A workflow that builds, checks, tests and publishes the wheels of a crate: facts in, YAML out.

The images and runners are those of the tables; the actions are pinned to commits, as of 2026-11.
"""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple
from diagnose.tables import modules

if TYPE_CHECKING:
    from collections.abc import Sequence

    from diagnose.model.targets import Target

_CHECKOUT = "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1"
_PYTHON = "actions/setup-python@5fda3b95a4ea91299a34e894583c3862153e4b97 # v7.0.0"
_UPLOAD = "actions/upload-artifact@043fb46d1a93c77aae656e7c1c64a875d1fc6a0a # v7.0.1"
_DOWNLOAD = "actions/download-artifact@3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c # v8.0.1"
_MATURIN = "PyO3/maturin-action@e83996d129638aa358a18fbd1dfb82f0b0fb5d3b # v1.51.0"
_PUBLISH = "pypa/gh-action-pypi-publish@dc37677b2e1c63e2034f94d8a5b11f265b73ba33 # v1.14.2"


_EMPTY = "''"


class PlannedCrate(NamedTuple):
    """The crate that is built."""

    folder: str
    """From the repository's root; empty for the root itself."""
    module: str
    """What users import."""
    abi3: bool
    needs: tuple[str, ...]
    """The pkg-config modules that the build asks for."""
    vendors_openssl: bool


class PlannedLeg(NamedTuple):
    """One row of the matrix; ``script`` is its before-script-linux, ``native`` whether the wheel runs on the runner."""

    target: str
    runner: str
    manylinux: str
    script: str
    native: bool


class _Way(NamedTuple):
    runner: str
    manylinux: str
    native: bool
    cross: bool


_GLIBC = {
    "x86_64": _Way("ubuntu-24.04", "2_28", True, False),
    "i686": _Way("ubuntu-24.04", "2_28", True, False),
    "aarch64": _Way("ubuntu-24.04-arm", "2_28", True, False),
    "armv7l": _Way("ubuntu-24.04", "2_28", False, True),
    "ppc64le": _Way("ubuntu-24.04", "2_28", False, True),
    "s390x": _Way("ubuntu-24.04", "2_28", False, True),
    "riscv64": _Way("ubuntu-24.04", "2_31", False, True),
}
"""Where maturin-action builds for a processor, as wheels name it: natively where there is such a runner and image."""
_MUSL = ("x86_64", "i686", "aarch64", "armv7l", "ppc64le", "riscv64")


def plan(crate: PlannedCrate, targets: Sequence[Target]) -> tuple[list[PlannedLeg], list[str]]:
    """Return the legs for *targets*, and in words the targets that cannot be built like this."""
    found: list[PlannedLeg] = []
    missing: list[str] = []
    for target in targets:
        musl = target.libc == "musl"
        way = _GLIBC.get(target.wheel)
        if musl:
            runner = "ubuntu-24.04-arm" if target.wheel == "aarch64" else "ubuntu-24.04"
            way = _Way(runner, "musllinux_1_2", False, True) if target.wheel in _MUSL else None
        if way is None or "linux" not in target.triple:
            missing.append(f"{target.triple}: maturin-action has no image for it")
            continue
        names = {module: modules.package(module, "rhel") for module in crate.needs}
        unknown = [module for module, name in names.items() if not name]
        if way.cross and (names or crate.vendors_openssl):
            wanted = ", ".join(names) or "perl"
            missing.append(
                f"{target.triple}: its cross image has no packages for the target, and the crate needs {wanted}"
            )
        elif unknown:
            missing.append(f"{target.triple}: it is not known which package of AlmaLinux brings {', '.join(unknown)}")
        else:
            packages = [*dict.fromkeys(names.values()), *(["perl-core"] if crate.vendors_openssl else [])]
            script = f"dnf install -y {' '.join(packages)}" if packages else ""
            found.append(PlannedLeg(target.triple, way.runner, way.manylinux, script, way.native))
    return found, missing


def text(crate: PlannedCrate, legs: Sequence[PlannedLeg], command: str) -> str:
    """Return the workflow; *command* is the one that wrote it."""
    inside = f"{crate.folder}/" if crate.folder else ""
    folder = f"          working-directory: {crate.folder}\n" if crate.folder else ""
    python = "" if crate.abi3 else " --find-interpreter"
    interpreter = "abi3" if crate.abi3 else "cp312"
    rows = "".join(_row(leg) for leg in legs)
    return f"""\
# Written by `{command}`: change it there, or here and no longer there.
name: release
on:
  push:
    tags: ["v*"]
  workflow_dispatch:

permissions: {{}}

concurrency:
  group: release-${{{{ github.ref }}}}
  cancel-in-progress: false

jobs:
  linux:
    name: ${{{{ matrix.target }}}}
    runs-on: ${{{{ matrix.runner }}}}
    permissions:
      contents: read
    strategy:
      fail-fast: false
      matrix:
        include:
{rows}    steps:
      - uses: {_CHECKOUT}
        with:
          persist-credentials: false
      - name: Build the wheel
        uses: {_MATURIN}
        with:
{folder}          target: ${{{{ matrix.target }}}}
          manylinux: ${{{{ matrix.manylinux }}}}
          args: --release --locked --out dist{python}
          # variables for the build are exported in here: those of the step do not reach the container
          before-script-linux: ${{{{ matrix.script }}}}
      - uses: {_PYTHON}
        with:
          python-version: "3.13"
      - name: Check that the wheel runs where its tag says
        run: |
          python -m pip install crosslink-diagnose
          diagnose wheel {inside}dist/*.whl
      - name: Install and import it in the oldest system of its tag
        if: matrix.test != ''
        env:
          IMAGE: ${{{{ matrix.test }}}}
        run: |
          docker run --rm -v "$PWD/{inside}dist:/dist:ro" "$IMAGE" sh -euc '
            /opt/python/cp312-cp312/bin/python -m venv /tmp/env
            /tmp/env/bin/python -m pip install "$(ls /dist/*{interpreter}*.whl)"
            /tmp/env/bin/python -c "import {crate.module}"
          '
      - uses: {_UPLOAD}
        with:
          name: wheel-${{{{ matrix.target }}}}
          path: {inside}dist/*.whl
          if-no-files-found: error

  sdist:
    name: Source distribution
    runs-on: ubuntu-24.04
    permissions:
      contents: read
    steps:
      - uses: {_CHECKOUT}
        with:
          persist-credentials: false
      - uses: {_MATURIN}
        with:
{folder}          command: sdist
          args: --out dist
      - uses: {_UPLOAD}
        with:
          name: sdist
          path: {inside}dist/*.tar.gz
          if-no-files-found: error

  publish:
    name: Publish
    needs: [linux, sdist]
    if: startsWith(github.ref, 'refs/tags/v')
    runs-on: ubuntu-24.04
    environment: pypi
    permissions:
      id-token: write # trusted publishing: name this workflow and the environment in the project's settings
    steps:
      - uses: {_DOWNLOAD}
        with:
          path: dist
          merge-multiple: true
      # The index accepts files of a release for 14 days after its first one: upload them all in one go.
      - uses: {_PUBLISH}
"""


def _row(leg: PlannedLeg) -> str:
    arch = {"x86_64": "x86_64", "i686": "i686", "aarch64": "aarch64"}.get(leg.target.partition("-")[0], "")
    test = f"quay.io/pypa/manylinux_{leg.manylinux}_{arch}" if leg.native and arch else ""
    return (
        f"          - target: {leg.target}\n"
        f"            runner: {leg.runner}\n"
        f"            manylinux: '{leg.manylinux}'\n"
        f"            script: {leg.script or _EMPTY}\n"
        f"            test: {test or _EMPTY}\n"
    )
