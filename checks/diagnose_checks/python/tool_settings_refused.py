r"""A tool around a build refuses how it is called, or what its settings say.

cibuildwheel, delocate, tox, uv, pip, cargo, conda and the services that run jobs stop where an option or a table has no
meaning for them, where two settings exclude each other, or where they may not do what they would have to. Each says so
in one line, before or after all the work.

How to fix: correct the setting that the message names.

References:
    https://cibuildwheel.pypa.io/en/stable/options/
    https://tox.wiki/en/stable/config.html
    https://docs.astral.sh/uv/concepts/projects/workspaces/
    https://doc.rust-lang.org/cargo/reference/config.html
"""

from __future__ import annotations

from diagnose.authoring.refusals import RefusedSetting, refusal_finding, refusal_patterns, refusals
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Phase
from diagnose_checks.python._triage import CIBUILDWHEEL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

_CREATES_NONE = "The wheel is not finished."
_MAC_ARCH = "arm64|x86_64|i386|ppc|ppc64"  # what platform tags are unpacked to
_FOR_ARCH = "build for that processor, or name the wheel for the one that it is for"
_ARCH_SETTINGS = (
    "ARCHFLAGS, CMAKE_OSX_ARCHITECTURES and cargo's --target say what is compiled, _PYTHON_HOST_PLATFORM the name. "
    "CMake does not read ARCHFLAGS by itself."
)
_CONFIGURES_NONE = "Nothing is configured."
#: The words of the tools, as of November 2026: delocate 0.8 to 0.13, tox 3 and 4, uv 0.4 to 0.12, pip, cargo.
_REFUSALS = (
    *CIBUILDWHEEL,
    # --- delocate
    RefusedSetting(
        "already exists in wheel but need",
        r"DelocationError: (?P<folder>\S.{0,300}?) already exists in wheel but need to copy "
        r"(?P<libs>\S.{0,200}?)(?:;|$)",
        "the wheel has a folder {folder} already: it was repaired before, or brings libraries of its own there",
        "repair the wheel as it was built",
        "delocate-wheel without -w writes over its input: do not run it twice, as in a job that starts again. "
        "Libraries "
        "of its own: another folder with delocate-wheel --lib-sdir .libs.",
        consequence=_CREATES_NONE,
    ),
    RefusedSetting(
        "planning to copy library with",
        r"DelocationError: Already planning to copy library with(?:\s+same basename as:\s+(?P<lib>\S{1,200}))?",
        "the wheel needs two libraries of the name {lib}, from two folders",
        "link everything with one of them",
        "`otool -L FILE` shows which file needs which. Mostly one is Homebrew's and one conda's or the project's own.",
        lines=3,
        consequence=_CREATES_NONE,
    ),
    RefusedSetting(
        "missing architectures in wheel",
        r"DelocationError: Some missing architectures in wheel\s+(?P<said>\S.{1,200})",
        "a library that the wheel needs is not built for all of the wheel's processors: {said}",
        "build that library for them, or the wheel for its processor alone",
        "Homebrew's libraries are for one processor: build x86_64 on an Intel runner and arm64 on an ARM one, without "
        "universal2. delocate-wheel without --require-archs leaves the look out.",
        lines=2,
        consequence=_CREATES_NONE,
    ),
    RefusedSetting(
        "ith the required architecture",
        r"DelocationError: Failed to find any binary with the required architecture: '?(?P<arch>[\w,]{1,60})",
        "no file of the wheel is for {arch}, and its name says so",
        _FOR_ARCH,
        _ARCH_SETTINGS,
        consequence=_CREATES_NONE,
    ),
    RefusedSetting(
        "_calculate_minimum_wheel_name",
        # of releases before 0.12, which raise the message from it
        rf"in _calculate_minimum_wheel_name\s+(?:\S.{{0,200}}\s+){{0,2}}KeyError: '(?P<arch>{_MAC_ARCH})'",
        "a library in the wheel is not for {arch}, and the wheel's name says so",
        _FOR_ARCH,
        _ARCH_SETTINGS,
        lines=4,
        consequence=_CREATES_NONE,
    ),
    # --- nox, tox
    RefusedSetting(
        "No backends present, looked for",
        r"^ValueError: No backends present, looked for \((?P<backends>[^)]{1,100})\)",
        "nox is to make environments with {backends}, which is not installed",
        "install uv beside nox, or name another back end",
        'pip install "nox[uv]"; venv_backend="uv|virtualenv" takes the first that is there.',
        "python3 -m pip install uv",
    ),
    RefusedSetting(
        "is not allowed, use allowlist",
        r"failed with (?P<program>\S{1,100}) is not allowed, use allowlist_externals to allow it",
        "tox runs no program from outside of its environment that is not allowed, as {program}",
        "allow it in tox's configuration",
        "allowlist_externals = {program} in [testenv]. Or install it into the environment: deps.",
    ),
    RefusedSetting(
        "could not recognize config file",
        r"could not recognize config file (?P<file>\S{1,200})",
        "tox finds no configuration in {file}",
        "write the section that tox reads",
        "tox.ini: [tox]; setup.cfg: [tox:tox]; pyproject.toml: [tool.tox].",
    ),
    # --- uv
    RefusedSetting(
        "references a workspace in `tool",
        r"`(?P<name>[^`]{1,100})` references a workspace in `tool\.uv\.sources`.{0,80}but is not a workspace member",
        "{name} is to come from the workspace, which does not have it",
        "name its folder as a member of the workspace, or another source",
        "[tool.uv.workspace] members in the pyproject.toml of the root. In another project's package, and in a source "
        'distribution, there is no workspace: {name} = { path = "…" } or an index there.',
    ),
    RefusedSetting(
        "missing an entry in `tool.uv",
        r"`(?P<name>[^`]{1,100})` is included as a workspace member, but is missing an entry in `tool\.uv\.sources`",
        "{name} is a member of the workspace, and the project that needs it does not say where it comes from",
        "name the workspace as its source",
        "[tool.uv.sources] {name} = { workspace = true }, in the pyproject.toml that depends on it.",
    ),
    RefusedSetting(
        "Nested workspaces are not",
        r"Nested workspaces are not supported, but workspace member has a `tool\.uv\.workspace` table: "
        r"(?P<path>\S{1,300})",
        "{path} is a member of a workspace, and has one of its own",
        "remove [tool.uv.workspace] from the member, or exclude the member",
        "exclude in [tool.uv.workspace] of the root.",
    ),
    RefusedSetting(
        "` is not defined in the ",
        r"(?P<kind>Group|Extra) `(?P<name>[^`]{1,100})` is not defined in the (?:project's "
        r")?`(?P<table>[\w-]{1,40})` table",
        "pyproject.toml has no {name} in {table}",
        "correct the name, or add it",
    ),
    RefusedSetting(
        "No `project` table found in",
        r"error: No `project` table found in: `?(?P<path>[^`\n]{1,300})`?",
        "{path} has no table [project], which uv needs",
        "write it, with name and version",
        'A Poetry project before 2 has none: [project] name = "NAME", version = "1.0", requires-python = ">=3.9".',
    ),
    # --- pip
    RefusedSetting(
        "Double requirement given",
        r"^ERROR: Double requirement given: (?P<one>\S{1,100}) .{0,300}?already in (?P<other>\S{1,100})",
        "the requirements name one package twice: {one} and {other}",
        "remove one of the two lines",
        "pip 20.3 and later take both where one version meets both.",
    ),
    RefusedSetting(
        "is not a valid wheel filename",
        r"^ERROR: (?P<file>\S{1,200}\.whl) is not a valid wheel filename",
        "{file} is not the name of a wheel: pip reads name, version and tags in it",
        "give the file the name that it was built with",
        "NAME-VERSION-cp312-cp312-manylinux_2_28_x86_64.whl. In shells that find no file for a pattern, pip gets the "
        "pattern.",
    ),
    RefusedSetting(
        "nvalid wheel filename (wrong",
        r"^ERROR: Invalid wheel filename \(wrong number of parts\): '?(?P<file>[^']{1,200}?)'?$",
        "{file} is not the name of a wheel: pip reads name, version and tags in it",
        "give the file the name that it was built with",
        "NAME-VERSION-cp312-cp312-manylinux_2_28_x86_64.whl.",
    ),
    # --- cargo
    RefusedSetting(
        "no library targets found in",
        r"^error: no library targets found in package `(?P<crate>[\w-]{1,100})`",
        "cargo is to build a library, and {crate} has none",
        "add src/lib.rs, or [lib] path, to the crate",
        'A module for Python needs [lib] crate-type = ["cdylib"]. A program alone: binding = Binding.Exec of '
        "setuptools-rust, "
        'bindings = "bin" of maturin. In a workspace name the crate with the library.',
        consequence="Nothing is compiled.",
    ),
    RefusedSetting(
        "contains no package",
        r"^error: manifest path `(?P<path>[^`]{1,300})` contains no package: The manifest is virtual",
        "{path} is a workspace without a package of its own",
        "name the member that is to be built",
        "cargo build -p NAME, or --manifest-path MEMBER/Cargo.toml; setuptools-rust: path of RustExtension.",
        consequence="Nothing is compiled.",
    ),
    # --- cargo and uv without a network
    RefusedSetting(
        "but --offline was specified",
        r"attempting to make an HTTP request, but --offline was specified",
        "cargo may not use the network, and its folder does not have all crates",
        "let cargo download them before, where the network is",
        "With the same Cargo.lock and CARGO_HOME. `cargo vendor` makes a folder of them for the project. net.offline "
        "in "
        ".cargo/config.toml and CARGO_NET_OFFLINE do the same as --offline.",
        "cargo fetch --locked",
        consequence="Nothing is compiled.",
    ),
    RefusedSetting(
        "failed to parse lock file at",
        r"failed to parse lock file at: (?P<lock>\S{1,300})\s+(?:[Cc]aused by:\s+)?"
        r"(?:package `[^`]{1,100}` is specified twice"
        r"|TOML parse error|could not parse input as TOML|expected |invalid |duplicate |unexpected )",
        "{lock} cannot be read: a merge or an edit has broken it",
        "take the last good one, then let cargo complete it: cargo update --workspace",
        "If the history has none: rm Cargo.lock, cargo generate-lockfile, which takes the newest versions.",
        "git checkout HEAD -- Cargo.lock",
        lines=4,
        consequence="Nothing is compiled.",
    ),
    RefusedSetting(
        "you are in the offline mode",
        r"can't checkout from '(?P<url>[^']{1,300})': you are in the offline mode",
        "cargo may not use the network, and has no copy of {url}",
        "let cargo download it before, where the network is",
        "With the same Cargo.lock and CARGO_HOME.",
        "cargo fetch --locked",
        consequence="Nothing is compiled.",
    ),
    RefusedSetting(
        "because the network was disabled",
        r"Packages were unavailable because the network was disabled",
        "uv may not use the network (--offline), and its cache does not have all packages",
        "let uv download them before, where the network is",
        "With the same UV_CACHE_DIR, and the same Python. Without --offline and UV_OFFLINE it asks the index.",
        consequence="Nothing is installed.",
    ),
    # --- GitHub Actions
    RefusedSetting(
        "Unable to resolve action",
        r"Unable to resolve action `?(?P<action>[\w./@-]{1,150})`?, (?:unable to find version|repository not "
        r"found|not found)",
        "the workflow uses {action}, which does not exist",
        "name a version that it has",
        "Its tags are on the page of its releases. A private action needs access in the settings of its repository.",
    ),
    RefusedSetting(
        "API rate limit exceeded for",
        r"API rate limit exceeded for (?P<who>[\w. -]{1,60})",
        "GitHub answers no more requests of its API for {who}",
        "give the program a token, whose limit is higher",
        "In a workflow: env: GITHUB_TOKEN: ${{ secrets.GITHUB_TOKEN }}. Else wait an hour.",
    ),
    # --- auditwheel, abi3audit, pacman
    RefusedSetting(
        "This tool only supports Linux",
        r"^Error: This tool only supports Linux",
        "auditwheel runs on Linux only",
        "take delocate on macOS, delvewheel on Windows",
        "A wheel for Linux is repaired in a container of Linux.",
    ),
    RefusedSetting(
        "not abi3 tagged?",
        r"failed to determine ABI version baseline: not abi3 tagged\?",
        "abi3audit does not see for which Python the file promises the stable ABI",
        "audit wheels with abi3 in their names, or name the version",
        "A bare library has no tag: --assume-minimum-abi3 3.9.",
        "abi3audit --strict --report dist/*abi3*.whl",
    ),
    RefusedSetting(
        "switching to sandbox user",
        r"^error: switching to sandbox user '(?P<user>[^']{1,60})' failed",
        "pacman's sandbox for downloads does not work in this container or kernel",
        "switch it off",
        "pacman --disable-sandbox does so for one call.",
        "sed -i 's/^#\\?DisableSandbox/DisableSandbox/; t; /^\\[options\\]/a DisableSandbox' /etc/pacman.conf",
    ),
    # --- conda
    RefusedSetting(
        "CondaToSNonInteractiveError",
        r"^CondaToSNonInteractiveError: ",
        "conda asks to accept the terms of Anaconda's channels, and no one can answer",
        "accept them, or use the channel conda-forge alone",
        "For each channel of the message: conda tos accept --override-channels --channel URL; "
        "CONDA_PLUGINS_AUTO_ACCEPT_TOS=yes in CI. Or: conda config --remove channels defaults; conda config --add "
        "channels "
        "conda-forge.",
        "conda tos accept",
    ),
    RefusedSetting(
        "configured to use 'conda activate'",
        r"^CommandNotFoundError: Your shell has not been properly configured to use 'conda activate'",
        "conda activate is a function that this shell has not loaded",
        "load it before",
        'In a Dockerfile: conda run -n NAME COMMAND, or SHELL ["conda", "run", "-n", "NAME", "/bin/bash", "-c"].',
        '. "$(conda info --base)/etc/profile.d/conda.sh"',
    ),
    RefusedSetting(
        "environment not found at prefix",
        r"Expected environment not found at prefix: (?P<path>\S{1,300})",
        "micromamba install changes an environment, and there is no environment in {path}",
        "create it",
        "",
        "micromamba create -y -p {path} PACKAGES",
    ),
    RefusedSetting(
        "not found",
        r"^(?:(?:ba|da|z)?sh: (?:line \d+: |\d+: )?|\S{1,200}: (?:line )?\d+: )?(?P<program>conda|mamba|micromamba): "
        r"(?:command )?not found$",
        "{program} is not found: it is not installed, or its folder is not on PATH",
        "put its folder on PATH, or install it",
        'ENV PATH="/opt/conda/bin:$PATH" in a Dockerfile; . "$HOME/miniconda3/etc/profile.d/conda.sh" in a script. '
        "In GitHub Actions: conda-incubator/setup-miniconda, and shell: bash -el {0}.",
    ),
    RefusedSetting(
        "Unable to locate executable file",
        r"Unable to locate executable file: (?P<program>\S{1,300}?)\. Please verify either the file path exists",
        "the runner has no program {program}, which an action calls",
        "install it in a step before, or take another runner",
        "Hosted runners change what they have: the list is in actions/runner-images.",
    ),
    # --- Poetry 1 and 2
    RefusedSetting(
        "Group(s) not found: ",
        r"^Group\(s\) not found: (?P<groups>\S.{0,200})$",
        "pyproject.toml has no group of dependencies with such a name: {groups}",
        "name the group that is there, or add it",
        "[tool.poetry.group.NAME.dependencies]; since Poetry 2.2 also [dependency-groups]. An extra is asked for with "
        "--extras NAME.",
    ),
    RefusedSetting(
        "] is not specified.",
        r"^(?:ValueError: )?Extra \[(?P<extra>[^\]]{1,80})\] is not specified\.$",
        "pyproject.toml, or the lock file, has no extra {extra}",
        "name the extra that is there, or add it and lock again",
        "[project.optional-dependencies], in older projects [tool.poetry.extras]. A group is asked for with --with "
        "NAME.",
        "poetry lock",
    ),
    # --- a launcher before the compiler, where one program is expected
    RefusedSetting(
        "nown compiler(s): ",
        r"ERROR: Unknown compiler\(s\): "
        r"\[+'(?P<launcher>s?ccache|distcc|icecc) (?P<rest>[^' ]{1,100})(?P<more>[^']{0,200})'",
        "Meson takes `{launcher} {rest}` for the name of one program",
        "write a list into the machine file",
        "[binaries] c = ['{launcher}', '{rest}']: each word for itself. CC=\"{launcher} {rest}\" in the environment "
        "may have a space.",
    ),
    RefusedSetting(
        "_COMPILER:",
        r"The CMAKE_(?P<language>C|CXX)_COMPILER:\s+(?P<launcher>s?ccache|distcc|icecc) (?P<rest>\S{1,200})\s+is not a "
        r"full path",
        "CMake takes `{launcher} {rest}` for the name of one program",
        "name the launcher in its own variable",
        "Delete CMakeCache.txt before. As variables of the environment: CMAKE_{language}_COMPILER_LAUNCHER.",
        "cmake -B build -DCMAKE_{language}_COMPILER={rest} -DCMAKE_{language}_COMPILER_LAUNCHER={launcher}",
        5,
    ),
    # --- the configure script of Python itself (configure.ac of 3.8 to 3.14)
    RefusedSetting(
        "Cross compiling required --host",
        r"error: Cross compiling required --host=\S{1,40} and --build=",
        "Python's configure has --host, and not --build: whether it is a cross build stays open",
        "of a cross build: give both, and a Python of the same version that runs here",
        "TRIPLE is what the compiler's name begins with; replace 3.X by the version that is built. If TRIPLE is this "
        "machine's own: leave --host out, and CC of a cross compiler.",
        "./configure --host=TRIPLE --build=$(./config.guess) --with-build-python=python3.X",
        consequence=_CONFIGURES_NONE,
    ),
    RefusedSetting(
        "-build-python",
        r"error: (?:Cross compiling requires --with-build-python|invalid --with-build-python option)",
        "Python's configure does not know which Python runs on this machine",
        "name one of the version that is built",
        "Replace 3.X by that version. It must be for this machine: build it from the same source first, without "
        "--host.",
        "./configure --host=TRIPLE --build=$(./config.guess) --with-build-python=python3.X",
        consequence=_CONFIGURES_NONE,
    ),
    RefusedSetting(
        "build python binary",
        r"error: invalid or missing build python binary \"?(?P<python>[^\"\s]{1,200})",
        "the Python that --with-build-python names is not there: {python}",
        "name one of the version that is built",
        "It must be for this machine: build it from the same source first, without --host.",
        consequence=_CONFIGURES_NONE,
    ),
    RefusedSetting(
        "has incompatible version",
        r"error: \"(?P<python>[^\"]{1,200})\" has incompatible version (?P<has>\S{1,20}) "
        r"\(expected: (?P<wants>[\w.]{1,20})",
        "--with-build-python names a Python {has}, and {wants} is built",
        "name a Python {wants}",
        "It must be for this machine: build it from the same source first, without --host.",
        consequence=_CONFIGURES_NONE,
    ),
    RefusedSetting(
        "ac_cv_file__dev_ptmx to yes/no",
        r"error: set ac_cv_file__dev_ptmx to yes/no",
        "Python's configure cannot look in a cross build whether the target has /dev/ptmx",
        "give the answers in variables",
        "Those of Linux. Beside the options that are there.",
        "./configure ac_cv_file__dev_ptmx=yes ac_cv_file__dev_ptc=no",
        consequence=_CONFIGURES_NONE,
    ),
    RefusedSetting(
        "EnvironmentNameNotFound",
        r"^EnvironmentNameNotFound: Could not find conda environment: (?P<name>\S{1,100})",
        "conda has no environment {name}",
        "create it, or correct the name",
        "",
        "conda env list",
    ),
)
_KIND = "tool-refusal-"
CHECK = Check(since="0.1.0", phase=Phase.START, patterns=refusal_patterns(_KIND, _REFUSALS))


def log(log: BuildLog) -> Iterator[Finding]:
    """See a tool name the setting that it refuses."""
    for hit, row in refusals(log, _KIND, _REFUSALS)[:1]:
        yield refusal_finding(log, hit, row, "The tool stops, and builds nothing.")
