"""A workflow that builds, checks, tests and publishes the wheels of a crate: a plan in, YAML out.

The actions are pinned to commits, as of 2026-11. Sources: the inputs of each action; cibuildwheel 4.2's documentation
(options); uv's and rustup's documentation.
"""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from diagnose.remedies.release_plan import PlannedCrate, PlannedLeg

_CHECKOUT = "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1"
_PYTHON = "actions/setup-python@5fda3b95a4ea91299a34e894583c3862153e4b97 # v7.0.0"
_UPLOAD = "actions/upload-artifact@043fb46d1a93c77aae656e7c1c64a875d1fc6a0a # v7.0.1"
_DOWNLOAD = "actions/download-artifact@3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c # v8.0.1"
_MATURIN = "PyO3/maturin-action@e83996d129638aa358a18fbd1dfb82f0b0fb5d3b # v1.51.0"
_CIBUILDWHEEL = "pypa/cibuildwheel@1828c10ab37f080699c7b81cea34097c684a7074 # v4.2.0"
_QEMU = "docker/setup-qemu-action@96fe6ef7f33517b61c61be40b68a1882f3264fb8 # v4.2.0"
_UV = "astral-sh/setup-uv@c771a70e6277c0a99b617c7a806ffedaca235ff9 # v9.0.0"
_PUBLISH = "pypa/gh-action-pypi-publish@dc37677b2e1c63e2034f94d8a5b11f265b73ba33 # v1.14.2"
RUSTUP = "curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y --profile minimal"
_EMPTY = "''"
_TESTER = "cp312-cp312"  # of the interpreters in pypa's images


def maturin(crate: PlannedCrate, legs: Sequence[PlannedLeg], command: str) -> str:
    """Return the workflow that builds with maturin-action; *command* is the one that wrote it."""
    rows = [
        {
            "target": leg.target.triple,
            "runner": leg.runner,
            "manylinux": f"'{leg.manylinux}'",
            "container": leg.image if leg.named else _EMPTY,
            "script": leg.script.text,
            **_test_cells(leg),
        }
        for leg in legs
    ]
    folder = _folder(crate)
    python = "" if crate.abi3 else " --find-interpreter"
    build = f"""\
      - name: Build the wheel
        uses: {_MATURIN}
        with:
{folder}          target: ${{{{ matrix.target }}}}
          manylinux: ${{{{ matrix.manylinux }}}}
          container: ${{{{ matrix.container }}}}
          args: --release --locked --out dist{python}
          # variables for the build are exported in here: those of the step do not reach the container
          before-script-linux: ${{{{ matrix.script }}}}
"""
    sdist = f"""\
      - uses: {_MATURIN}
        with:
{folder}          command: sdist
          args: --out dist
"""
    return _whole(crate, legs, rows, command, build + _checked(crate) + _tested(crate, legs), sdist)


def cibuildwheel(crate: PlannedCrate, legs: Sequence[PlannedLeg], command: str) -> str:
    """Return the workflow that builds with cibuildwheel, in the image of each processor."""
    rows = []
    for leg in legs:
        family = "musllinux" if leg.target.libc == "musl" else "manylinux"
        python = _TESTER.partition("-")[0] if crate.abi3 else "cp*"
        rows.append(
            {
                "target": leg.target.triple,
                "runner": leg.runner,
                "arch": leg.target.wheel,
                "build": f"{python}-{family}_{leg.target.wheel}",
                "script": "\n".join(("set -eu", *leg.script.lines, _rust(leg))),
            }
        )
    package = f"        with:\n          package-dir: {crate.folder}\n" if crate.folder else ""
    build = f"""\
      - uses: {_QEMU}
        if: matrix.emulated
      # the wheel is tested where it is built: in the oldest system of its tag
      - uses: {_CIBUILDWHEEL}
{package}        env:
          CIBW_ARCHS: ${{{{ matrix.arch }}}}
          CIBW_BUILD: ${{{{ matrix.build }}}}
          CIBW_BEFORE_ALL: ${{{{ matrix.script }}}}
          CIBW_ENVIRONMENT: PATH="$HOME/.cargo/bin:$PATH" MATURIN_PEP517_ARGS="--locked"
          CIBW_TEST_COMMAND: python -c "import {crate.module}"
          CIBW_AUDIT_REQUIRES: abi3audit crosslink-diagnose
          CIBW_AUDIT_COMMAND: abi3audit --strict --report {{abi3_wheel}} && diagnose wheel {{wheel}}
          CIBW_OUTPUT_DIR: {f"{crate.folder}/dist" if crate.folder else "dist"}
"""
    sdist = "      - run: pipx run build --sdist --outdir dist\n" + _where(crate)
    return _whole(crate, legs, rows, command, build, sdist)


def uv(crate: PlannedCrate, legs: Sequence[PlannedLeg], command: str) -> str:
    """Return the workflow that builds with maturin, by uv, in the image of each processor, and publishes with uv."""
    rows = [
        {
            "target": leg.target.triple,
            "runner": leg.runner,
            "tag": leg.manylinux if leg.target.libc == "musl" else f"manylinux_{leg.manylinux}",
            "image": leg.image,
            "script": "\n".join((*leg.script.lines, _rust(leg))),
            **_test_cells(leg),
        }
        for leg in legs
    ]
    python = f"--interpreter /opt/python/{_TESTER}/bin/python" if crate.abi3 else "--find-interpreter"
    folder = f"/{crate.folder}" if crate.folder else ""
    build = f"""\
      - uses: {_QEMU}
        if: matrix.emulated
      - name: Build the wheel
        env:
          IMAGE: ${{{{ matrix.image }}}}
          PLATFORM: ${{{{ matrix.platform }}}}
          SCRIPT: ${{{{ matrix.script }}}}
          TAG: ${{{{ matrix.tag }}}}
        run: |
          docker run --rm --platform "$PLATFORM" -e SCRIPT -e TAG \\
            -v "$PWD:/project" -w /project{folder} "$IMAGE" bash -euc '
            set -o pipefail
            eval "$SCRIPT"
            export PATH="$HOME/.cargo/bin:$PATH"
            uvx maturin build --release --locked --out dist --compatibility "$TAG" {python}
          '
"""
    installed = f"      - uses: {_UV}\n        with:\n          enable-cache: false\n"
    sdist = f"{installed}      - run: uv build --sdist --out-dir dist\n{_where(crate)}"
    publish = f"{installed}      - run: uv publish --trusted-publishing always dist/*\n"
    build += _checked(crate) + _tested(crate, legs, qemu=False)
    return _whole(crate, legs, rows, command, build, sdist, publish)


def _rust(leg: PlannedLeg) -> str:
    """Return the command that installs Rust in the image: rustup has no compiler for some processors with musl."""
    return "apk add cargo" if leg.target.libc == "musl" else RUSTUP


def _whole(
    crate: PlannedCrate,
    legs: Sequence[PlannedLeg],
    rows: Sequence[dict[str, str]],
    command: str,
    build: str,
    sdist: str,
    publish: str = f"      - uses: {_PUBLISH}\n",
) -> str:
    """Return a workflow: *build* are the steps of each row, *sdist* and *publish* those of the other two jobs."""
    inside = f"{crate.folder}/" if crate.folder else ""
    table = "".join(_row(leg, row) for leg, row in zip(legs, rows, strict=True))
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
{table}    steps:
      - uses: {_CHECKOUT}
        with:
          persist-credentials: false
{build}      - uses: {_UPLOAD}
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
{sdist}      - uses: {_UPLOAD}
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
{publish}"""


def _checked(crate: PlannedCrate) -> str:
    return f"""\
      - uses: {_PYTHON}
        with:
          python-version: "3.13"
      - name: Check that the wheel runs where its tag says
{_where(crate)}        run: |
          python -m pip install crosslink-diagnose
          diagnose wheel dist/*.whl
"""


def _tested(crate: PlannedCrate, legs: Sequence[PlannedLeg], *, qemu: bool = True) -> str:
    emulation = f"      - uses: {_QEMU}\n        if: matrix.emulated\n"
    inside = f"/{crate.folder}" if crate.folder else ""
    pypa = f"            python=/opt/python/{_TESTER}/bin/python\n"
    if any(not leg.test.startswith("quay.io/pypa/") for leg in legs):
        pypa += """\
            if ! [ -x "$python" ]; then
              apt-get update
              apt-get install -y --no-install-recommends python3-venv
              python=python3
            fi
"""
    needed = "".join(f" '\\''{one}'\\''" for one in crate.dependencies)
    install = f"            /tmp/env/bin/python -m pip install{needed}\n" if needed else ""
    return f"""\
{emulation if qemu and any(leg.emulated for leg in legs) else ""}\
      - name: Install and import it in the oldest system of its tag
        env:
          IMAGE: ${{{{ matrix.test }}}}
          PLATFORM: ${{{{ matrix.platform }}}}
        run: |
          docker run --rm --platform "$PLATFORM" -v "$PWD{inside}/dist:/dist:ro" "$IMAGE" sh -euc '
{pypa}            "$python" -m venv /tmp/env
{install}            /tmp/env/bin/python -m pip install --no-index --no-deps --find-links /dist {crate.project}
            /tmp/env/bin/python -c "import {crate.module}"
          '
"""


def _folder(crate: PlannedCrate) -> str:
    return f"          working-directory: {crate.folder}\n" if crate.folder else ""


def _where(crate: PlannedCrate) -> str:
    return f"        working-directory: {crate.folder}\n" if crate.folder else ""


def _test_cells(leg: PlannedLeg) -> dict[str, str]:
    return {"test": leg.test, "platform": leg.target.oci}


def _row(leg: PlannedLeg, cells: dict[str, str]) -> str:
    """Return the row of the matrix: *cells*; a script of several lines is a block."""
    lines = []
    for name, value in {**cells, "emulated": str(leg.emulated).lower()}.items():
        if "\n" in value:
            lines.append(f"{name}: |\n" + "\n".join(f"              {line}" for line in value.split("\n")))
        else:
            lines.append(f"{name}: {value or _EMPTY}")
    lines[1] += f" # {leg.note}" if leg.note else ""
    return "          - " + "\n            ".join(lines) + "\n"
