r"""A build back end refuses how a project is laid out or configured.

setuptools-rust, meson-python, flit, scikit-build-core and hatchling stop where a table in ``pyproject.toml`` has no
meaning for them, where their own file (``meson.build``, ``Cargo.toml``) says something else than ``pyproject.toml``,
and where the module is not as they expect it. maturin has a check of its own.

How to fix: correct the setting that the message names.

References:
    https://setuptools-rust.readthedocs.io/en/latest/reference.html
    https://mesonbuild.com/meson-python/reference/index.html
    https://flit.pypa.io/en/stable/pyproject_toml.html
    https://scikit-build-core.readthedocs.io/en/latest/configuration/index.html
"""

from __future__ import annotations

from diagnose.authoring.refusals import RefusedSetting, refusal_finding, refusal_patterns, refusals
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Phase

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

_MESON = r"meson-python: error: "
_FLIT = r"^flit_core\.\w+\."
#: The back ends' words, read in their sources, November 2026: setuptools-rust 0.12 to 1.12, meson-python 0.10 to 0.20,
#: flit 3.2 to 4, scikit-build-core 0.5 to 0.11, hatchling 1.
_REFUSALS = (
    # --- setuptools-rust
    RefusedSetting(
        "build artifacts",
        r"error: Rust build failed; unable to find any (?:cdylib or dylib )?build artifacts",
        "setuptools-rust finds no library in what cargo has built",
        "let the crate build a library that Python can load",
        '[lib] crate-type = ["cdylib"] in the Cargo.toml that RustExtension names; a program needs binding = '
        "Binding.Exec (or Strip and [[tool.setuptools-rust.bins]]). Before setuptools-rust 1.8.1 every crate fails "
        "so with "
        "Rust 1.77 and later, whose cargo writes package ids otherwise: raise setuptools-rust in [build-system] "
        "requires.",
        "",
    ),
    RefusedSetting(
        "unable to locate executable",
        r"error: Rust build failed; unable to locate executable '(?P<name>[^']{1,100})'",
        "cargo has built no program {name}, which the project names",
        "name a program that Cargo.toml builds",
        "[[bin]] name in Cargo.toml, or the name of a file in src/bin, is what cargo builds. setuptools-rust 1.5.0 and "
        "1.5.1 find one program only: take a newer one.",
    ),
    RefusedSetting(
        "is a virtual manifest",
        r"manifest for Rust exten[ts]ion `(?P<name>[^`]{1,100})` at path `(?P<path>[^`]{1,200})` is a virtual manifest",
        "{path} is a workspace without a package of its own",
        "name the member's Cargo.toml",
        'RustExtension("{name}", path="MEMBER/Cargo.toml"), or path in [[tool.setuptools-rust.ext-modules]].',
    ),
    RefusedSetting(
        "failed to locate `lipo`",
        r"failed to locate `lipo` or import `fat_macho",
        "a universal2 library is to be joined from two, and neither lipo nor fat-macho is there",
        "install fat-macho, which joins them on any system",
        'In pyproject.toml: requires = [..., "fat-macho"] in [build-system].',
        "python3 -m pip install fat-macho",
    ),
    # --- PyO3's import libraries
    RefusedSetting(
        "nsupported PyPy version",
        r"Unsupported PyPy version\b",
        "PyO3's generate-import-lib makes no library for this PyPy",
        "build only for the interpreters that it knows",
        "Name them with -i: maturin, where it finds none, builds for all. Or build on Windows, with that PyPy "
        "installed; "
        "newer releases of the crate python3-dll-a know newer PyPys: cargo update -p python3-dll-a.",
        "maturin build --release --target x86_64-pc-windows-gnu -i python3.12",
    ),
    # --- meson-python
    RefusedSetting(
        "package is split between",
        _MESON + r"The (?P<package>\S{1,100}) package is split between (?P<one>\w+) and (?P<other>\w+)",
        "meson.build installs parts of {package} as pure Python, and others not",
        "say that the installation is not pure",
        "py = import('python').find_installation(pure: false), before py.install_sources and py.extension_module. "
        "Or pure: false at each py.install_sources of that package.",
    ),
    RefusedSetting(
        "nknown configuration entry",
        _MESON + r"Unknown configuration entry \"(?P<key>[^\"]{1,100})\"",
        "pyproject.toml has {key}, which this meson-python does not know",
        "correct the key, or take a newer meson-python",
        "A key of a newer release: raise meson-python in [build-system] requires.",
    ),
    RefusedSetting(
        'onfiguration entry "',
        _MESON + r"(?P<said>(?:Configuration entry|Only one value for|Invalid value for) \"[^\"]{1,100}\".{0,200})",
        "meson-python refuses a setting: {said}",
        "correct the value in pyproject.toml or in --config-settings",
    ),
    RefusedSetting(
        'Unknown option "',
        _MESON + r"Unknown option \"(?P<option>[^\"]{1,60})\"(?:\. Did you mean|$)",
        "--config-settings names {option}, which meson-python does not have",
        "correct the name of the option",
        "meson-python has builddir, editable-verbose, dist-args, setup-args, compile-args and install-args: pip "
        "install . "
        "-Csetup-args=-DNAME=VALUE.",
    ),
    RefusedSetting(
        "in pyproject.toml and version is",
        _MESON + r"Section \"project\" missing in pyproject\.toml and version is not defined in meson\.build",
        "neither pyproject.toml nor meson.build has the version",
        "write it in meson.build",
        "project('NAME', 'c', version: '1.0').",
    ),
    RefusedSetting(
        "not defined in meson.build",
        _MESON + r"Field \"(?P<field>\w{1,20})\" declared as dynamic but \w{1,20} is not (?:defined|specified) in "
        r"meson\.build",
        "pyproject.toml leaves {field} to meson.build, which does not have it",
        "write it in meson.build, or in [project]",
        "project('NAME', 'c', version: '1.0', license: 'MIT').",
    ),
    RefusedSetting(
        "Unsupported dynamic fields",
        _MESON + r"Unsupported dynamic fields: (?P<fields>\S.{0,100})",
        "pyproject.toml leaves {fields} to the back end, and meson-python finds only a version and a license",
        "write them in [project], and remove them from dynamic",
    ),
    RefusedSetting(
        "with Python limited API but",
        _MESON
        + r"The package declares compatibility with Python limited API but extension module '(?P<file>[^']{1,200})'",
        "tool.meson-python.limited-api is true, and {file} is not built for the limited API",
        "build it for the limited API, or set limited-api = false",
        "py.extension_module(..., limited_api: '3.9') in meson.build, for every module.",
    ),
    RefusedSetting(
        "equivalent wheel directory",
        _MESON + r"Could not map installation path to an equivalent wheel directory: '(?P<path>[^']{1,200})'",
        "meson.build installs {path}, for which wheels have no place",
        "leave it out of the wheel",
        "Give it an install_tag, and name the others: [tool.meson-python.args] install = "
        '["--tags=runtime,python-runtime"].',
    ),
    RefusedSetting(
        "allow-windows-internal",
        r"Loading shared libraries bundled in the Python wheel on Windows requires setting the DLL load path",
        "meson.build installs a shared library beside the modules, which Windows does not find by itself",
        "allow it, and make the package find it",
        "[tool.meson-python] allow-windows-internal-shared-libs = true, and os.add_dll_directory in the package's "
        "__init__.py. Or link it statically: default_library=static.",
    ),
    # --- flit
    RefusedSetting(
        "o module named 'flit_core.dummy",
        r"^ModuleNotFoundError: No module named 'flit_core\.dummy",
        "flit imports the module for its version, and the module imports another of its own package",
        "write the version so that flit can read it without an import",
        '__version__ = "1.0" as a plain text in __init__.py, and a docstring: flit then imports nothing. Or version '
        "and "
        "description in [project], and not in dynamic. flit_core 3.7.0 fails here also where 3.6 and 3.7.1 do not.",
    ),
    RefusedSetting(
        "get_docstring_and_version_via",
        r"flit_core/common\.py\", line \d+, in get_docstring_and_version_via_import$",
        "flit imports the module for its version and docstring, and the import fails",
        "write them so that flit can read them without an import",
        '__version__ = "1.0" as a plain text in __init__.py, and a docstring: flit then imports nothing. Or version '
        "and "
        "description in [project], and not in dynamic. Else what the module imports has to be in [build-system] "
        "requires.",
    ),
    RefusedSetting(
        "without docstring",
        _FLIT + r"NoDocstringError: .{0,100}docstring",
        "flit takes the description from the module's docstring, and it has none",
        "begin the module with a docstring, or write description in [project]",
        "Then remove description from dynamic.",
    ),
    RefusedSetting(
        "without a version string",
        _FLIT + r"NoVersionError: Cannot package module without a version string",
        "flit takes the version from the module, which has none",
        "write it in the module, or in [project]",
        '__version__ = "1.0" in the module; or version = "1.0" in [project], and not in dynamic.',
    ),
    RefusedSetting(
        "ntracked or deleted files in",
        r"^(?:flit\.\w+\.VCSError: )?Untracked or deleted files in the source directory\. Commit",
        "flit makes the source distribution from git, and git has files that are not committed",
        "commit them, or let flit look at the folder instead",
        "flit build --no-use-vcs (flit 3.8 and later) takes what [tool.flit.sdist] names.",
        "flit build --no-use-vcs",
    ),
    # --- scikit-build-core
    RefusedSetting(
        "Unrecognized options:",
        r"^ERROR: Unrecognized options:\s+(?P<option>tool\.scikit-build\S{0,100})(?: -> Did you mean: "
        r"(?P<meant>\S{1,100}?)\??$)?",
        "pyproject.toml has {option}, which this scikit-build-core does not know",
        "correct the key, or take a newer scikit-build-core",
        "A key of a newer release: raise it in [build-system] requires.",
        lines=2,
    ),
    RefusedSetting(
        "is deprecated; use ",
        r"^ERROR: (?P<old>(?:cmake|ninja|wheel|sdist|cmake\.\w+)\.[\w.-]{1,40}) is deprecated; use "
        r"(?P<new>[\w.-]{1,60}) instead",
        "pyproject.toml has {old}, which this scikit-build-core no longer takes",
        "write {new} instead",
        'Or minimum-version = "0.7" in [tool.scikit-build]: it then reads the settings as that release did.',
    ),
    RefusedSetting(
        "scikit-build-core version",
        r"scikit-build-core version (?P<have>[\d.]{1,20}) is too old\. Minimum required version is "
        r"(?P<needs>[\d.]{1,20}\d)",
        "scikit-build-core {have} is installed, and the project needs {needs}",
        "raise it in [build-system] requires",
        "With --no-build-isolation it is the installed one.",
        "python3 -m pip install 'scikit-build-core>={needs}'",
    ),
    # --- hatchling
    RefusedSetting(
        "nknown build hook",
        r"UnknownPluginError: Unknown (?P<kind>build|metadata) hook: (?P<name>\S{1,60})",
        "hatchling does not know the {kind} hook {name}: its plugin is not installed",
        "add the plugin to [build-system] requires",
        "As in hatch-vcs, hatch-mypyc, hatch-cython, hatch-fancy-pypi-readme, hatch-requirements-txt.",
    ),
    RefusedSetting(
        "nknown version source",
        r"(?:Unknown version source: |UnknownPluginError: Unknown version source: )(?P<name>\S{1,60})",
        "hatchling does not know the version source {name}: its plugin is not installed",
        "add the plugin to [build-system] requires",
        'The source vcs is in hatch-vcs: requires = ["hatchling", "hatch-vcs"].',
    ),
)
_KIND = "backend-refusal-"
CHECK = Check(since="0.1.0", phase=Phase.START, patterns=refusal_patterns(_KIND, _REFUSALS))


def log(log: BuildLog) -> Iterator[Finding]:
    """See a back end name the setting that it refuses."""
    for hit, row in refusals(log, _KIND, _REFUSALS)[:1]:
        yield refusal_finding(log, hit, row, "No wheel is built.")
