"""maturin refuses its settings: an option, or a value in pyproject.toml or Cargo.toml.

maturin reads ``[tool.maturin]`` and ``[project]`` in pyproject.toml, ``[package]`` and ``[lib]`` in Cargo.toml, and its
options. It stops where they contradict each other, where a folder that they name does not exist, and where a value has
no meaning for Python, such as a module's name with a hyphen.

How to fix: correct the setting that the message names.

References:
    https://www.maturin.rs/config
    https://www.maturin.rs/project_layout
    https://github.com/PyO3/maturin
"""

from __future__ import annotations

from diagnose.authoring.environment import refused
from diagnose.authoring.refusals import RefusedSetting, refusal_finding, refusal_patterns, refusals
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Phase

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog
    from diagnose.readers.env import Environment

#: maturin's words, read in its source (0.12 to 1.16).
_REFUSALS = (
    RefusedSetting(
        "determine Android API",
        r"Failed to determine Android API level",
        "maturin does not know for which API level of Android it builds",
        "name the API level that this Python was built for",
        "In Termux it is mostly 24.",
        "export ANDROID_API_LEVEL=$(python3 -c 'import sys; print(sys.getandroidapilevel())')",
    ),
    RefusedSetting(
        "but not a minimum version",
        r"You have selected the `?abi3`? feature but not a minimum version",
        "PyO3's feature abi3 alone names no oldest Python, and this maturin asks for one",
        "name the oldest Python with the feature",
        'In Cargo.toml: features = ["abi3-py39"]. If there is one: this maturin does not know its number; update it.',
        "",
    ),
    RefusedSetting(
        "The operating system ",
        r"The operating system (?P<system>\w{1,40}) is not supported",
        "this maturin knows no tag for {system}",
        "update maturin",
        "Newer releases know more systems, Android among them.",
        "python3 -m pip install --upgrade maturin",
    ),
    RefusedSetting(
        "must not contain a minus",
        r"The module name must not contain a minus",
        "the module's name has a hyphen, which Python cannot import",
        "name the library with underscores",
        'In Cargo.toml: [lib] name = "my_module". Or in pyproject.toml: [tool.maturin] module-name = "my_module". The '
        "package may keep its hyphen; #[pymodule]'s function has the module's name.",
        "",
    ),
    RefusedSetting(
        "python-source is set to",
        r"python-source is set to `(?P<path>[^`]{1,300})`,? but the directory does not exist",
        "[tool.maturin] python-source names {path}, which does not exist",
        "make the folder, or remove python-source",
        "A module that is only Rust needs none. With Python code: python/MODULE/__init__.py.",
        "",
    ),
    RefusedSetting(
        "python-source is set to",
        r"python-source is set to `[^`]{1,300}`, but the python module at `(?P<path>[^`]{1,300})` does not exist",
        "the Python package {path}, beside which the extension goes, does not exist",
        "make the folder with an __init__.py, or remove python-source",
        'It has the name of [lib] in Cargo.toml, or the first part of module-name: module-name = "package._native" '
        "goes into the folder package.",
        "",
    ),
    RefusedSetting(
        "Failed to parse Cargo.toml at",
        r"Failed to parse Cargo\.toml at (?P<path>\S.{0,300}?)\s+[Cc]aused by: TOML parse error at "
        r"line (?P<row>\d+), column "
        r"\d+[\s|]+\^+\s+missing field `package`",
        "{path} is a workspace without a package of its own",
        "name the crate that is the extension",
        'Or in pyproject.toml: [tool.maturin] manifest-path = "crates/NAME/Cargo.toml".',
        "maturin build --release -m crates/NAME/Cargo.toml",
        lines=4,
    ),
    RefusedSetting(
        "Failed to parse Cargo.toml at",
        r"Failed to parse Cargo\.toml at (?P<path>\S.{0,300}?)\s+[Cc]aused by: TOML parse error at "
        r"line (?P<row>\d+), column "
        r"\d+[\s|]+\^+\s+(?P<why>\S.{0,200})",
        "{path} is not valid in line {row}: {why}",
        "correct the place that is named",
        "",
        "cargo metadata --no-deps --format-version 1",
        lines=4,
    ),
    RefusedSetting(
        "expected a ",
        r"invalid type: map, expected (?:a string|a sequence|an array|a boolean|a semver version).{0,40} for key "
        r"`(?P<key>(?:package|workspace)\.[\w.-]{1,60})`",
        "{key} has to be text for this maturin: 0.13.4 is the first that takes {key}.workspace = true",
        "build with a newer maturin",
        'In pyproject.toml: requires = ["maturin>=1.0,<2.0"]. Cargo has inheritance since Rust 1.64. If the key is no '
        "`workspace = true`: it has to be text.",
        "python3 -m pip install --upgrade maturin",
    ),
    RefusedSetting(
        "does not contain this feature",
        r"the package '(?P<crate>[\w-]{1,100})' does not contain this feature: (?P<feature>\S{1,100})",
        "{crate} has no feature {feature}, which --features or [tool.maturin] features asks for",
        "correct the name, or add the feature to [features] in Cargo.toml",
        "A dependency's feature is written pyo3/abi3-py39.",
        "",
    ),
    RefusedSetting(
        "does not have feature",
        r"error: (?:[Pp]ackage|crate) `(?P<crate>[\w-]{1,100})[^`]{0,100}` does not have (?:feature"
        r"|the feature) `(?P<feature>[^`]{1,100})`",
        "{crate} has no feature {feature}",
        "correct the name, or add the feature to [features] in Cargo.toml",
        "",
        "",
    ),
    RefusedSetting(
        "is not defined",
        r"^error: profile `(?P<profile>[\w-]{1,60})` is not defined",
        "Cargo.toml has no profile {profile}",
        "add [profile.{profile}] to Cargo.toml, or name another",
        'It needs inherits = "release". In a workspace only the profiles of its root count.',
        "",
    ),
    RefusedSetting(
        "ailed to normalize python source",
        r"[Ff]ailed to normalize python source path `(?P<path>[^`]{1,300})`",
        "[tool.maturin] python-source names {path}, which does not exist",
        "make the folder with the package in it, or remove python-source",
        "Another project's: its source distribution lacks the folder; take a wheel, or another release.",
        "",
    ),
    RefusedSetting(
        "failed to normalize manifest",
        r"failed to normalize manifest path `(?P<path>[^`]{1,300})`",
        "{path}, which manifest-path names, does not exist here",
        "write manifest-path with slashes, and look that the source distribution has the file",
        "A path with backslashes works on Windows only. Another project's: take a wheel, or report it.",
        "",
    ),
    RefusedSetting(
        "No such data directory",
        r"No such data directory (?P<path>\S.{0,300})",
        "[tool.maturin] data names {path}, which does not exist",
        "make the folder, or remove data",
        "It holds folders named data, scripts, headers, purelib and platlib, and nothing else.",
        "",
    ),
    RefusedSetting(
        "Invalid data dir entry",
        r"Invalid data dir entry (?P<path>\S{1,300})\. Possible are",
        "{path} is not one of the folders that a wheel's data can have",
        "name it data, scripts, headers, purelib or platlib",
        "Files that belong to the package go into the package's own folder instead.",
        "",
    ),
    RefusedSetting(
        "is not allowed in project.entry-points",
        r"(?P<key>console_scripts|gui_scripts) is not allowed in project\.entry-points table",
        "[project.entry-points] has {key}, which has a table of its own",
        "write console_scripts as [project.scripts], gui_scripts as [project.gui-scripts]",
        "",
        "",
    ),
    RefusedSetting(
        "package.metadata.maturin",
        r"metadata fields in `package\.metadata\.maturin` section of Cargo\.toml are removed since maturin 0\.14\.0:"
        r" (?P<key>[^,]{1,200}(?:, (?!please)[^,]{1,100}){0,20})",
        "Cargo.toml has keys in [package.metadata.maturin] that maturin reads in pyproject.toml only: {key}",
        "move them to [project] and [tool.maturin] in pyproject.toml",
        "requires-dist is dependencies, scripts is [project.scripts], python-source is in [tool.maturin].",
        "",
    ),
    RefusedSetting(
        "is not a valid python version",
        r"Rust version used in Cargo\.toml is not a valid python version: (?P<why>[^.]{0,60}[^,]{0,100})",
        "the version in Cargo.toml is not a valid Python version (PEP 440)",
        "write a version that both know",
        "1.2.3, 1.2.3-alpha.1, 1.2.3-beta.2 and 1.2.3-rc.1 are. For any other: version in [project] of pyproject.toml.",
        "",
    ),
    RefusedSetting(
        "Cannot build without valid vers",
        r"Cannot build without valid version information|Invalid version information in pyproject\.toml",
        "pyproject.toml has neither a version nor takes Cargo's",
        'add dynamic = ["version"] to [project], or write the version there',
        "maturin then takes the version of Cargo.toml.",
        "",
    ),
    RefusedSetting(
        "field is required in pyproject",
        r"(?<!Warning: )`project\.version` field is required in pyproject\.toml unless it is present in the",
        "pyproject.toml has neither a version nor takes Cargo's",
        'add dynamic = ["version"] to [project], or write the version there',
        "maturin then takes the version of Cargo.toml.",
        "",
    ),
    RefusedSetting(
        "must not specify `name`",
        r"`project\.dynamic` must not specify `name`",
        "pyproject.toml leaves the name to the back end, which is not allowed",
        "remove name from dynamic, and write it in [project]",
        "",
        "",
    ),
    RefusedSetting(
        "bindings crate",
        r"The bindings crate (?P<crate>[\w-]{1,40}) was not found in the dependencies list",
        "the crate that maturin builds does not depend on {crate}, as it is built here",
        "enable the feature that brings {crate}, or add {crate} to this crate",
        "An optional dependency counts only with its feature, whose name [features] in Cargo.toml shows: maturin build "
        "--features NAME, or features in [tool.maturin]. In a workspace name the right crate with -m DIR/Cargo.toml.",
        "",
    ),
    RefusedSetting(
        "Couldn't ",
        r"Couldn't (?:detect the binding type|find any bindings)",
        "maturin sees neither PyO3, cffi nor UniFFI among the crate's dependencies, nor a program",
        "name the bindings, or add PyO3 to this crate",
        "`bindings` in [tool.maturin] is pyo3, cffi, uniffi or bin. In a workspace PyO3 has to be a dependency of the "
        "crate that maturin builds: name that with manifest-path.",
        "cargo add pyo3",
    ),
    RefusedSetting(
        "in the lib section of your Carg",
        r"Cargo didn't build a cdylib|did you miss crate-type = \[\"cdylib\"\]",
        "the crate builds no cdylib, which an extension module is",
        "add the crate type to Cargo.toml",
        '[lib] crate-type = ["cdylib"]; with tests or other Rust users, ["cdylib", "rlib"].',
        "",
    ),
    RefusedSetting(
        "Cargo didn't build a",
        r"Cargo didn't build a (?P<what>cdylib|binary|bin)\b",
        "cargo has built no {what}",
        "look at crate-type and [[bin]] in Cargo.toml",
        'An extension module needs [lib] crate-type = ["cdylib"]; `bindings = "bin"` needs a program in src/main.rs.',
        "",
    ),
    RefusedSetting(
        "No root package found in cargo",
        r"No root package found in cargo metadata|Expected cargo to return metadata with root_package",
        "maturin was given a workspace, not one of its crates",
        "name the crate that is the extension",
        'Or in pyproject.toml: [tool.maturin] manifest-path = "crates/NAME/Cargo.toml".',
        "maturin build --release -m crates/NAME/Cargo.toml",
    ),
    RefusedSetting(
        "No Cargo targets",
        r"No Cargo targets (?:matched|to build)",
        "[tool.maturin] targets names no target that Cargo.toml has",
        "correct name and kind in [[tool.maturin.targets]]",
        "Or remove the table: maturin then builds the crate's library.",
        "",
    ),
    RefusedSetting(
        "Expected only one",
        r"Expected only one(?: or two)? platform tags? but found (?P<count>\d+)",
        "--compatibility names {count} tags, and this maturin builds for one",
        "give one tag",
        "`pypi` beside it is allowed since maturin 1.11.5.",
        "maturin build --release --compatibility manylinux2014",
    ),
    RefusedSetting(
        "Cannot mix",
        r"Cannot mix (?P<what>linux and manylinux/musllinux|musllinux and manylinux) platform tags",
        "--compatibility names tags of two C libraries, or linux beside another",
        "give one tag",
        "maturin build for musl is another build: --target x86_64-unknown-linux-musl --compatibility musllinux_1_2.",
        "maturin build --release --compatibility manylinux2014",
    ),
    RefusedSetting(
        "-compatibility [<compat",
        r"invalid value '(?P<value>[^']{0,100})' for '--compatibility",
        "--compatibility has no tag {value}",
        "give a tag without the processor",
        "As manylinux2014, manylinux_2_28, musllinux_1_2, pypi, linux or off. Before 1.0 the number alone: "
        "--manylinux 2014.",
        "maturin build --release --compatibility manylinux2014",
    ),
    RefusedSetting(
        "nvalid value ",
        r"error: [Ii]nvalid value [\"']?(?P<value>[^'\"]{0,100}?)[\"']? for '"
        r"(?P<option>--(?:manylinux|bindings|auditwheel|strip|interpreter)\b[^']{0,60})'",
        "{option} does not take {value}",
        "give one of the values that maturin lists",
        "",
        "maturin build --help",
    ),
    RefusedSetting(
        "is not supported by PyPI",
        r"Rust target (?P<target>\S{1,100}) is not supported by PyPI",
        "the index takes no wheels for {target}",
        "build without asking for the index's tags",
        "The wheel can be installed from a file or another index; PyPI refuses it.",
        "maturin build --release --target {target} --compatibility off",
    ),
    RefusedSetting(
        "could not find specification for",
        r"could not find specification for target \"(?P<target>[^\"]{1,100})\"",
        "Rust has no target {target}",
        "give one of Rust's names",
        "As aarch64-unknown-linux-gnu, armv7-unknown-linux-gnueabihf, x86_64-unknown-linux-musl, "
        "x86_64-pc-windows-msvc, aarch64-apple-darwin. maturin-action also takes aarch64, armv7 or x86_64.",
        "rustc --print target-list",
    ),
    RefusedSetting(
        "xperimental-inspect",
        r"Failed to introspect the built libraries to generate type stubs",
        "maturin was asked for type stubs, and PyO3 writes no facts for them",
        "enable PyO3's feature experimental-inspect",
        "Or leave out --generate-stubs (generate-stubs in [tool.maturin]).",
        "cargo add pyo3 --features experimental-inspect",
    ),
    RefusedSetting(
        "include/exclude pattern must",
        r"include/exclude pattern must (?P<what>not contain `\.\.`|be a relative path), got: "
        r"(?P<pattern>\S.{0,200}?)(?:\. Use|$)",
        "a pattern of include or exclude reaches out of the project: {pattern}",
        "copy the files into the project, or move pyproject.toml up",
        "A wheel can hold what is in the folder of pyproject.toml, or of python-source.",
        "",
    ),
    RefusedSetting(
        "resolves outside",
        r"`(?P<field>[\w.-]{1,60})` path `(?P<path>[^`]{1,300})` resolves outside",
        "{field} names {path}, which is outside of the project",
        "copy the file into the folder of pyproject.toml",
        "",
        "",
    ),
    RefusedSetting(
        "is not allowed in glob",
        r"The parent directory operator \(`\.\.`\) at position \d+ is not allowed in glob: `(?P<path>[^`]{1,200})`",
        "license-files names {path}, which is outside of the project",
        "copy the license into the folder of pyproject.toml",
        "",
        "",
    ),
    RefusedSetting(
        "Failed to open file ",
        r"Failed to open file \"(?P<path>[^\"]{0,300}(?:LICEN[CS]E|COPYING|NOTICE)[^\"]{0,40})\"",
        "pyproject.toml names the license file {path}, which does not exist",
        "bring the file into the build, or remove license from [project]",
        "In a Dockerfile: COPY it before the build, and look into .dockerignore.",
        "",
    ),
    RefusedSetting(
        "ou can't define entrypoints",
        r"You can't define entrypoints yourself for a binary project",
        "[project.scripts] is there, and the wheel brings the program itself",
        "remove [project.scripts]",
        'With bindings = "bin" the program is installed as it is. Python entry points need an extension module.',
        "",
    ),
    RefusedSetting(
        "cripts and working with a binary",
        r"Defining scripts and working with a binary doesn't mix well",
        "[project.scripts] is there, and the wheel brings the program itself",
        "remove [project.scripts]",
        'With bindings = "bin" the program is installed as it is.',
        "",
    ),
    RefusedSetting(
        "only specify one python interp",
        r"You can only specify one python interpreter for `?(?P<bindings>\w{1,20})`? bindings",
        "{bindings} bindings make one wheel for every Python, and several interpreters are named",
        "name one interpreter",
        "",
        "maturin build --release -i python3",
    ),
    RefusedSetting(
        "abi3 feature",
        r"You have selected the `abi3` feature for (?P<crate>[\w-]{1,30}) in a dependency of your "
        r"crate, or the abi3 feature",
        "abi3 is enabled, but not for this crate",
        "enable abi3 in this crate's Cargo.toml",
        "",
        "cargo add pyo3 --features abi3-py39",
    ),
    RefusedSetting(
        "Cargo.lock is required by",
        r"Cargo\.lock is required by `--locked`/`--frozen` but it's not found",
        "--locked was given, and the project has no Cargo.lock",
        "write it, and commit it",
        "",
        "cargo generate-lockfile",
    ),
    RefusedSetting(
        "not found in unpacked sdist",
        r"Cargo\.toml not found in unpacked sdist",
        "the source distribution lacks Cargo.toml where pyproject.toml says it is",
        "correct manifest-path, and look what the source distribution holds",
        "",
        "maturin sdist -o dist && tar tzf dist/*.tar.gz",
    ),
    RefusedSetting(
        "was already added from",
        r"File (?P<path>\S{1,300}) was already added from (?P<first>\S{1,300}?),? can't add it from "
        r"(?P<second>\S{1,300})",
        "two files want the place {path} in the archive",
        "remove one of them, or leave it out with exclude",
        "Often a compiled module of `maturin develop` beside the sources, or a file that include names again.",
        "",
    ),
    RefusedSetting(
        "already exists",
        r"💥 maturin failed.{0,80}destination `(?P<path>[^`]{1,300})` already exists",
        "{path} exists already, and `maturin new` makes a folder",
        "let maturin complete the folder",
        "",
        "maturin init",
    ),
    RefusedSetting(
        "cannot be run on existing proj",
        r"`maturin init` cannot be run on existing projects",
        "the folder has a Cargo.toml, and `maturin init` begins a project",
        "write pyproject.toml yourself",
        '[build-system] requires = ["maturin>=1.0,<2.0"], build-backend = "maturin"; [project] name and '
        'dynamic = ["version"].',
        "",
    ),
    RefusedSetting(
        "Credentials not found and",
        r"Credentials not found and non-interactive mode is enabled",
        "maturin has no credentials for the upload",
        "give it a token, or let the index trust the workflow",
        "permissions: id-token: write, and a trusted publisher at the index, need no token at all.",
        "export MATURIN_PYPI_TOKEN=TOKEN",
    ),
)
#: Anchors of cargo's and rustc's messages: they count where maturin gave up after them.
_CARGOS = (
    "could not find specification for",
    "does not contain this feature",
    "does not have feature",
    "is not defined",
)
_KIND = "maturin-refusal-"
CHECK = Check(
    since="0.1.0",
    phase=Phase.PYTHON,
    env_facts=("refusals",),
    patterns=refusal_patterns(_KIND, _REFUSALS),
)


def env(env: Environment) -> Iterator[Finding]:
    """See that maturin refuses a setting of the project."""
    yield from refused(env, "maturin-settings-refused", "maturin stops: no wheel is built.")


def log(log: BuildLog) -> Iterator[Finding]:
    """See maturin name the setting that it refuses."""
    maturin = any(event.tool == "maturin" for event in log.course.events)
    told = [(hit, row) for hit, row in refusals(log, _KIND, _REFUSALS) if maturin or row.anchor not in _CARGOS]
    for hit, row in told[:1]:
        yield refusal_finding(log, hit, row, "maturin builds nothing.")
