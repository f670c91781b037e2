"""A Python that a tool has to use is not installed.

tox, nox, uv, hatch, Poetry and pyenv look for the Pythons that the project names; runners and images have a few only.
GitHub's setup-python has no old versions for new runners. uv has no Python with musl for some processors. Meson's
installer for Windows brings a Python of its own, which is not complete enough for extension modules.

How to fix: install that Python, or take it out of the list. tox leaves missing ones out with
``skip_missing_interpreters``.

References:
    https://tox.wiki/en/latest/config.html#skip_missing_interpreters
    https://docs.astral.sh/uv/guides/install-python/
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits, install_by_family
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit

CHECK = Check(
    since="0.1.0",
    phase=Phase.PYTHON,
    patterns=patterns_for(
        "no-such-python",
        ("InterpreterNotFound", r"InterpreterNotFound: (?P<python>[\w.-]{1,60})"),
        (
            "ould not find python interpr",
            r"could not find python interpreter(?: with spec\(s\):| matching any of the specs) (?P<python>[\w., "
            r"-]{1,100})",
        ),
        ("Python interpreter ", r"^nox > .{0,200}Python interpreter (?P<python>\S{1,100}) not found"),
        (
            "No interpreter found for",
            r"No interpreter found for (?P<python>.{1,60}?) in (?:managed|search|virtual|the first|\[)",
        ),
        (
            "o download found for request",
            r"^(?:error: |Caused by: )?No download found for request: (?P<python>\S{1,100})",
        ),  # uv
        (
            "NoPythonVersion]: ",
            r"^\[NoPythonVersion\]: No Python that satisfies (?P<python>\S{1,60}) is found on the system",
        ),
        (
            "builtin discover of",
            r"(?i)failed to find interpreter for builtin discover of python_spec='(?P<python>[^']{1,60})'",
        ),
        ("Unable to locate Python", r"Unable to locate Python interpreter \"(?P<python>[^\"]{1,60})\""),  # nox
        ("annot locate Python", r"cannot locate Python: (?P<python>\S{1,60})"),
        ("find the python executable", r"[Cc]ould not find the python executable (?P<python>\S{1,60})"),
        ("with arch ", r"[Vv]ersion (?P<python>\S{1,30}) with arch (?P<arch>\w{1,10}) not found"),
        (
            "did not match any version",
            r"Version spec (?P<python>\S{1,30}) for architecture (?P<arch>\w{1,10}) did not match any version",
        ),
        (
            "with architecture",
            r"The version '(?P<python>[^']{1,30})' with architecture '(?P<arch>[^']{1,20})' was not found for "
            r"(?P<system>[^.]{1,40})",
        ),
        ("is not installed (set by", r"pyenv: version `(?P<python>[^'`]{1,30})' is not installed"),
        (
            "not found",
            r"(?:^|\bsh: (?:line \d+: |\d+: )?|\.sh: line \d+: |\.sh: \d+: )(?P<python>python(?:[23](?:\.\d+)?)?): "
            r"(?:command )?not found$",
        ),
        (
            "No preset version installed",
            r"^No preset version installed for command "
            r"(?P<python>python[\d.]{0,10})$",
        ),  # asdf
        ("ool not installed for shim", r"^mise ERROR Tool not installed for shim: (?P<python>python[\d.]{0,10})$"),
        ("pyenv: ", r"^pyenv: (?P<python>python[\d.]{0,10}): command not found"),
        ("env: ", r"env: ['\"]?(?P<python>python(?:[23](?:\.\d+)?)?)['\"]?: No such file or directory"),
    )
    + patterns_for(
        "uv-no-musl",
        (
            "does not yet provide musl",
            r"^error: uv does not yet provide musl Python distributions(?: on (?P<cpu>[\w-]{1,30})|\. See )",
        ),
    )
    + patterns_for(
        "meson-own-python",
        (
            "is not a valid python",
            r"ERROR: <(?:Python)?ExternalProgram '[^']{1,60}' -> \['[^']{1,300}[\\/]meson\.exe', 'runpython'\]> is "
            r"not a valid python",
        ),
    )
    # setup-python then downloads it
    + patterns_for(
        "python-uncached",
        ("was not found in the local", r"[Vv]ersion (?P<python>\S{1,30}) was not found in the local cache"),
    )
    + patterns_for(
        "python-downloaded",
        ("is available for down", r"[Vv]ersion \S{1,30} is available for downloading"),
        ("Successfully set up", r"Successfully set up \w{1,20}"),
    )
    + patterns_for(
        # Windows's program for an absent Python, in the system's language
        "store-stub",
        ("Microsoft Store", r"^(?:.{1,120}: )?\S{0,3}.{0,40}\bPython\b.{0,60}?[;,.:]\s?.{3,80}Microsoft Store\b.{10,}"),
    ),
)
_PACKAGES = {
    "debian": ("python3", "python-is-python3"),
    "rhel": ("python3",),
    "alpine": ("python3",),
    "arch": ("python",),
    "suse": ("python3",),
}


def log(log: BuildLog) -> Iterator[Finding]:
    """See a test runner, an installer or a shell not find a Python."""
    if own := log.find("meson-own-python"):
        yield finding_from_hits(
            log,
            own[:1],
            "Meson asks the Python inside its own installer about extension modules, and that one is not complete",
            "Nothing is configured.",
            (_MESON_BY_PIP,),
        )
        return
    # python-not-selected
    hits = [hit for hit in log.find("no-such-python") if not log.near(hit.line, "python-unselected", before=4, after=8)]
    if not hits and (musl := log.find("uv-no-musl")):
        yield _of_uv(log, musl[0])
        return
    if not hits and not log.find("python-downloaded"):
        hits = log.find("python-uncached")  # of an excerpt
    if hits and (hits[0].groups["arch"] or hits[0].kind == "python-uncached"):
        yield _of_setup(log, hits)
        return
    if not hits:
        yield from _from_store(log)
        return
    python = hits[0].groups["python"].strip().removeprefix("executable name ").strip("`")
    plain = re.fullmatch("python[23]?", python)
    number = re.search(r"3\.\d+|3\d+$", python)
    version = number[0] if number and "." in number[0] else f"3.{number[0][1:]}" if number else "3.X"
    others = sorted({hit.groups["python"].strip() for hit in hits} - {hits[0].groups["python"].strip()})
    beside = f", nor {', '.join(others[:3])}" if others else ""
    if plain:
        fixes = (
            *install_by_family(log, hits[0].line, "install Python", _PACKAGES),
            Fix(
                "call the name that is there",
                notes="Mostly python3; in a manylinux image /opt/python/cp312-cp312/bin/python.",
            ),
        )
    else:
        fixes = (
            Fix(
                f"install Python {version}",
                (Command(f"uv python install {version}", FixStage.TOOLCHAIN),),
                notes="In GitHub Actions: actions/setup-python before, on a runner that still has it."
                + (f" {hits[0].groups['system']} has no build of it." if hits[0].groups["system"] else ""),
            ),
            Fix(
                "take it out of the list, or let the tool leave it out",
                notes="tox: skip_missing_interpreters = true. nox: --no-error-on-missing-interpreters.",
            ),
        )
    yield finding_from_hits(
        log,
        hits,
        f"{'Python ' if python[0].isdigit() else ''}{python} is not installed here{beside}",
        "It is not used.",
        fixes,
    )


_MESON_BY_PIP = Fix(
    "install Meson into the Python that the modules are for",
    (Command("py -m pip install --upgrade meson ninja", FixStage.TOOLCHAIN),),
    notes="Then Meson asks that Python. Remove the one from the installer (C:\\Program Files\\Meson), or put the "
    "other's Scripts folder before it in PATH.",
)


def _of_uv(log: BuildLog, hit: Hit) -> Finding:
    """Return that uv has no Python with musl for this processor; releases to 0.9 name aarch64 for each of Arm's."""
    cpu = hit.groups["cpu"]
    newer = Fix(
        "on a 64-bit processor: update uv",
        (Command("uv self update", FixStage.TOOLCHAIN),),
        notes="Or as it was installed. Since autumn 2025 it has Python with musl for x86-64 and 64-bit Arm; for 32-bit "
        "Arm it has none.",
    )
    return finding_from_hits(
        log,
        [hit],
        "this uv has no Python with musl for this processor to download",
        "No Python is installed.",
        (
            *install_by_family(log, hit.line, "on Alpine, install Python", {"alpine": ("python3", "python3-dev")}),
            Fix(
                "install the system's own Python, and let uv take it",
                env=(("UV_PYTHON_PREFERENCE", "only-system"),),
                notes="Alpine: apk add python3; OpenWrt: opkg update, opkg install python3. Or use an image "
                "with glibc.",
            ),
            *(() if cpu.startswith("armv7") else (newer,)),
        ),
    )


def _of_setup(log: BuildLog, hits: list[Hit]) -> Finding:
    """Return that the action setup-python, or Azure's task, has no such Python for the runner."""
    said = hits[0].groups
    wanted = said["arch"] and f" for {said['arch']}"
    system = f" on {said['system']}" if said["system"] else ""
    return finding_from_hits(
        log,
        hits,
        f"there is no Python {said['python']}{wanted}{system} that this runner could download",
        "The steps after it do not run.",
        (
            Fix(
                "ask for a version that there is, or take another runner",
                notes="versions-manifest.json of actions/python-versions lists them. Old versions are there for x64 "
                "and old systems only: runs-on: ubuntu-22.04, macos-15-intel. A prefix (3.10) takes the newest of it. "
                "In YAML 3.10 needs quotes. On a self-hosted runner the system has to be one of GitHub's.",
            ),
            Fix(
                "let uv install it",
                (Command("uv python install VERSION", FixStage.TOOLCHAIN),),
                notes="astral-sh/setup-uv has builds for every Linux and macOS, of x64 and Arm.",
            ),
        ),
    )


def _from_store(log: BuildLog) -> Iterator[Finding]:
    """See Windows answer for a Python that is not installed, where no program names its failure."""
    stubs = log.find("store-stub")
    if not stubs or log.find("no-interpreter"):
        return
    yield finding_from_hits(
        log,
        stubs,
        "Windows finds no Python under this name, only its link to the Microsoft Store",
        "Nothing is run.",
        (
            Fix(
                "call the Python that is installed",
                notes="`py -0p` lists them: py -3.12 PROGRAM, or in an active virtual environment python. Python's own "
                "installer brings no python3.exe.",
            ),
            Fix(
                "install one",
                (Command("winget install Python.Python.3.12", FixStage.TOOLCHAIN),),
                notes="Then open a new terminal. The link can be turned off in Settings, Apps, Advanced "
                "app settings, App "
                "execution aliases.",
            ),
        ),
    )
