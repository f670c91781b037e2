"""A file that the build names does not exist where it runs.

Builds in a container get what the Dockerfile copies, without what ``.dockerignore`` lists, and nothing from outside
the context. A job of a CI gets what it checks out, in the folder where it is; submodules and artifacts of other jobs
only on request. A source distribution has what its back end includes.

How to fix: bring the file into the build, or correct the path.

References:
    https://docs.docker.com/build/concepts/context/
    https://packaging.python.org/en/latest/guides/writing-pyproject-toml/
"""

from __future__ import annotations

import os

from diagnose.authoring.environment import refused
from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Evidence, Finding, Fix, FixStage, Phase, Severity
from diagnose.model.pattern import patterns_for
from diagnose.remedies.submodules import UPDATE, fetch_submodules

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog
    from diagnose.readers.env import Environment

CHECK = Check(
    since="0.1.0",
    phase=Phase.START,
    patterns=patterns_for(
        "no-project-file",
        (
            "failed to calculate checksum",
            r"failed to calculate checksum of ref \S{1,300}: \"?(?P<docker>/[^\"]{1,300}?)\"?: not found",
        ),
        (
            "failed to compute cache key",
            r"failed to compute cache key: \"(?P<docker>/[^\"]{1,300})\"(?: not found)?: not found",
        ),
        (
            "COPY failed",
            r"(?:COPY|ADD) failed: .{0,100}\bstat (?P<docker>\S{1,300}): (?:file does not exist|no such file)",
        ),
        ("COPY failed", r"(?:COPY|ADD) failed: no source files were specified(?P<docker>)"),
        (
            "open requirements file",
            r"Could not open requirements file: \[Errno 2\] No such file or directory: '(?P<file>[^']{1,300})'",
        ),
        (
            "due to an OSError: [Errno 2]",
            r"Could not install packages due to an OSError: \[Errno 2\] No such file or directory: "
            r"'(?P<wheel>[^']{0,200}\*[^']{0,60}\.whl)'",
        ),
        (
            "due to an OSError: [Errno 2]",
            r"Could not install packages due to an OSError: \[Errno 2\] No such file or directory: "
            r"'(?P<frozen>(?![A-Za-z]:[^']{0,200}pip-)[^']{1,300})'",
        ),
        (
            "[Errno 2] No such file or dir",
            r"^FileNotFoundError: \[Errno 2\] No such file or directory: '(?P<file>(?:\S{0,200}/)?"
            r"(?:README|LICEN[CS]E|HISTORY|CHANGES|CHANGELOG|VERSION|AUTHORS|[Rr]equirements?)[\w.-]{0,30})'",
        ),
        (
            "Unknown distribution format",
            r"InvalidDistribution: Unknown distribution format:\s+'(?P<folder>[^']{1,200})'",
            2,
        ),
        ("Is a directory", r"failed to read from file `(?P<folder>[^`]{1,300})`: Is a directory"),  # maturin upload
        ("It looks like a path. File", r"It looks like a path\. File '(?P<file>[^']{1,300})' does not exist"),
        ("File not found: `", r"^error: File not found: `(?P<file>[^`]{1,300})`"),
        (
            "is not installable",
            r"Directory '(?P<project>[^']{1,300})' is not installable\. Neither 'setup\.py' nor 'pyproject\.toml'",
        ),
        ("to be a Python project", r"(?<!\S)(?P<project>\S{1,300}) does not appear to be a Python project"),
        ("contain", r"Neither (?:source )?director.{0,600}\bcontains? a build file (?P<file>meson\.build)"),
        ("Forced include not found: ", r"Forced include not found: (?P<file>\S.{0,300})"),  # hatchling
        ("find pyproject.toml at", r"Couldn't find (?P<file>pyproject\.toml) at \S{1,300}"),  # maturin
        (
            "pyproject.toml not found",
            r"Failed to build source distribution, (?P<file>pyproject\.toml) not found",
        ),
        ("No `pyproject.toml` found", r"No `(?P<file>pyproject\.toml)` found in current directory or any parent"),
        ("find a pyproject.toml", r"could not find a (?P<file>pyproject\.toml) file in"),
        ("istribution not found at", r"Distribution not found at: (?P<file>file://\S{1,300})"),
        ("Could not find any of", r"Could not find any of \{(?P<any>setup\.py, setup\.cfg, pyproject\.toml)\}"),
        (
            "looks like a filename",
            r"Requirement '(?P<wheel>[^']{1,300})' looks like a filename, but the file does not exist",
        ),
        ("(or expand pattern)", r"Cannot find file \(or expand pattern\): '(?P<wheel>[^']{1,300})'"),
        ("No files found to publish", r"No files found to publish(?P<wheel>)"),
        ("Cargo.toml", r"Can't find (?P<file>\S{0,300}Cargo\.toml)\b"),
        ("Cargo.toml", r"could not find `(?P<file>Cargo\.toml)` in `[^`]{1,300}` or any parent"),
        (
            "manifest for workspace member",
            r"failed to load manifest for workspace member `[^`]{1,300}`.{0,400}?failed to read "
            r"`(?P<file>[^`]{1,300})`\s.{0,60}?No such file",
            8,
        ),
        (
            "failed to load source for dependency",
            r"failed to load source for dependency `[^`]{1,100}`.{0,400}?failed to read "
            r"`(?P<file>[^`]{1,300}(?:Cargo\.toml|\.cargo-checksum\.json))`\s.{0,60}?No such file",
            16,
        ),
        (
            "root of directory source",
            r"failed to read root of directory source: (?P<file>\S{1,300})\s.{0,60}?No such file",
            4,
        ),
        ("couldn't read ", r"^error: couldn't read `?(?P<file>[^`\s]{1,300}\.rs)`?: (?:No such file|Is a directory)"),
        ("manifest path `", r"manifest path `(?P<file>[^`]{1,300})` does not exist"),
        (
            "o such file or directory",
            r"^(?:\S*/)?(?:[\w.]+-)*(?:gcc|g\+\+|cc|c\+\+|cc1|cc1plus)(?:-\d+)?: (?:fatal )?error: "
            r"(?P<source>\S{1,300}\.(?:c|cc|cpp|cxx|pyx)): No ",
        ),
        (
            "o such file or directory: '",
            r"^clang(?:\+\+)?(?:-\d+)?: error: no such file or directory: "
            r"'(?P<source>[^']{1,300}\.(?:c|cc|cpp|cxx|pyx))'",
        ),
        ("can't copy '", r"^error: can't copy '(?P<file>[^']{1,300})': doesn't exist or not a regular file"),
        (
            "The source directory",
            r"^The source directory\s+(?P<submodule>/\S{1,300})\s+does not contain a CMakeLists\.txt",
            3,
        ),
        (
            "add_subdirectory given source",
            r"add_subdirectory given source\s+\"(?P<submodule>[^\"]{1,300})\"\s+which\s+is\s+not\s+an\s+existing",
            3,
        ),
        ("find the specified meson: ", r"Could not find the specified meson: \"(?P<submodule>[^\"/][^\"]{0,200})\""),
        ("but has no meson.build file", r"ERROR: Subproject (?P<submodule>exists) but has no meson\.build file"),
        ("annot find source file:", r"^Cannot find source file:\s{1,40}(?P<listed>\S{1,300})", 3),  # CMake's
        (
            "does not appear to contain",
            r"CMake Error: The source directory \"(?P<cmake>[^\"]{1,300})\" does not appear to contain CMakeLists\.txt",
        ),
        ("does not exist.", r"CMake Error: The source directory \"(?P<cmake>[^\"]{1,300})\" does not exist\."),
        ("package directory '", r"^error: package directory '(?P<file>[^']{1,300})' does not exist"),
        ("No file/folder found for pac", r"No file/folder found for package (?P<package>\S{1,100})"),
        (
            "Expected a Python module",
            r"Expected a Python module (?:with an `__init__\.py` )?at:? `"
            r"(?P<package>[^`]{1,200})`",
        ),
        ("which files to ship", r"Unable to determine which files to ship inside the wheel(?P<package>)"),
        ("License file does not exist", r"License file does not exist: (?P<file>\S.{0,200})"),
        ("file or directory not found", r"^ERROR: file or directory not found: (?P<file>\S.{0,300})"),
        ("can't open file", r"(?:^|/)python[\w.]{0,10}: can't open file '(?P<file>[^']{1,300})': \[Errno 2\]"),
        ("read dockerfile: open", r"failed to read dockerfile: open (?P<file>\S{1,200}): no such file"),
        (
            "ymlinks in Dockerfile path",
            r"unable to evaluate symlinks in Dockerfile path: lstat (?P<file>\S{1,300}): no such file",
        ),
        ("unable to prepare context: path", r"unable to prepare context: path \"(?P<file>[^\"]{1,300})\" not found"),
        (
            "copier: stat: ",
            r"copier: stat: \[?\"(?P<docker>[^\"]{1,300})\"\]?: no such file or directory",
        ),  # podman, buildah
        (
            "no Containerfile or Dockerfile",
            r"no (?P<file>Containerfile or Dockerfile) specified or found in context directory",
        ),
        (
            "failed to get fileinfo for",
            r"failed to get fileinfo for (?P<docker>/\S{1,300}): lstat \S{1,300}: no such file",
        ),  # kaniko
        (
            "Can't find 'action.yml'",
            r"Can't find 'action\.yml', 'action\.yaml' or 'Dockerfile' under '(?P<file>[^']{1,300})'",
        ),
        (
            "file/folder found for module",
            r"^ValueError: No file/folder found for module (?P<package>\S{1,100})",
        ),  # flit
        ("Config file ", r"^Config file (?P<file>\S{0,200}\.toml) does not exist"),  # flit
        (
            "find manifest for Rust exten",
            r"can't find manifest for Rust extension `[^`]{1,100}` at path `(?P<file>[^`]{1,300})`",
        ),
        ("in 'egg_base' option", r"error in 'egg_base' option: '(?P<file>[^']{1,300})' does not exist"),
        ("EnvironmentFileNotFound: ", r"^EnvironmentFileNotFound: '(?P<file>[^']{1,300})' file not found"),
        ("has not been initialized", r"^\[PdmUsageError\]: The (?P<file>pyproject\.toml) has not been initialized yet"),
        (
            "is missing a `pyproject.toml`",
            r"Workspace member `(?P<project>[^`]{1,300})` is missing a `pyproject\.toml`",
        ),
        (
            "failed to read `",
            r"Unable to update /.{1,300}?failed to read `(?P<file>[^`]{1,300}/Cargo\.toml)`\s.{0,60}?No such file",
            6,
        ),
        ("cannot access ", r"^auditwheel: error: cannot access (?P<wheel>\S{1,300})\. No such file"),
        ("*.whl", r"^ERROR: Invalid requirement: '(?P<wheel>[^']{0,200}\*[^']{0,60}\.whl)'"),
        (
            "o such file or directory: '",
            r"^error: \[Errno 2\] No such file or directory: '(?P<file>(?:\S{0,200}/)?"
            r"(?:README|LICEN[CS]E|HISTORY|CHANGES|CHANGELOG|VERSION|AUTHORS|[Rr]equirements?)[\w.-]{0,30})'",
        ),
    )
    + patterns_for("copy-from-stage", ("--from=", r"\b(?:COPY|ADD) (?:--\S+ ){0,3}--from=(?P<stage>[\w./:-]{1,100})")),
    env_facts=("project.absent", "refusals"),
)


def env(env: Environment) -> Iterator[Finding]:
    """See that the Cargo project names packages or sources that are not there."""
    yield from refused(env, "project-file-missing", "maturin stops before it compiles.")
    absent = env.project.absent
    if not absent:
        return
    file = os.path.relpath(absent[0][0], env.cwd) if env.cwd else absent[0][0]
    more = f", and {len(absent) - 1} more" if len(absent) > 1 else ""
    yield Finding(
        message=f"the project names {file}, which does not exist{more}",
        severity=Severity.ERROR,
        evidence=tuple(Evidence(f"is not there; named by {where}", path) for path, where in absent[:10]),
        consequence="cargo stops: the project cannot be loaded, or its code not compiled.",
        fixes=(_BRING,),
    )


def log(log: BuildLog) -> Iterator[Finding]:
    """See a tool not find a file of the project."""
    for hit in log.find("no-project-file")[:1]:
        groups = hit.groups
        if groups["source"] and any(probe.outcome == "tool-missing" for probe in log.probes):
            return  # a command without what pkg-config would have printed
        file = (groups["docker"] or groups["file"] or groups["wheel"]).removeprefix("file://")
        if "COPY failed" in hit.text or "ADD failed" in hit.text or groups["docker"]:
            stage = log.near(hit.line, "copy-from-stage", before=12, after=12)
            message = f"{file.lstrip('/') or 'no file that COPY names'} is not in the build's context"
            if stage:
                message = f"{file} is not in the stage {stage[-1].groups['stage']}, from which COPY takes it"
            fix = (
                Fix(
                    "look where the stage puts it",
                    notes=f"`docker build --target {stage[-1].groups['stage']} .` builds that stage "
                    "alone, `docker run` shows its files. The build may use another folder: --target-dir, WORKDIR, "
                    "target/<triple>/release.",
                )
                if stage
                else Fix(
                    "give docker build the folder that holds it",
                    notes="Paths in COPY are relative to the folder that `docker build FOLDER` names, not to the "
                    "Dockerfile. "
                    "Look into .dockerignore, too; files that git ignores may never have reached this machine.",
                )
            )
        elif groups["frozen"]:
            message = f"a requirement names {groups['frozen']}, a folder of the machine where the list was made"
            fix = Fix(
                "write the list with versions instead of places",
                (Command("python3 -m pip list --format=freeze > requirements.txt", FixStage.BUILD),),
                notes="On that machine. conda's packages have such places (`name @ file:///…`): pip freeze copies "
                "them.",
            )
        elif groups["folder"]:
            message = f"{groups['folder']} is a folder or another file, not a wheel or source distribution"
            fix = Fix(
                "bring the wheels into one folder",
                notes="actions/download-artifact makes a folder for each artifact: merge-multiple: true, and a "
                "pattern.",
            )
        elif groups["source"]:
            message = f"{groups['source']}, which is to be compiled, does not exist"
            fix = Fix(
                "if Cython writes it: install Cython for the build",
                (Command("python3 -m pip install cython", FixStage.TOOLCHAIN),),
                notes='In pyproject.toml: requires = [..., "cython"] in [build-system]. Else the sources are not '
                "complete: submodules, or files that the source distribution lacks.",
            )
        elif groups["submodule"]:
            message = f"{groups['submodule']} is empty, or not there: CMake finds no project in it"
            fix = fetch_submodules(
                "fetch the submodules",
                "In CI: actions/checkout with submodules: recursive. GitHub's archives (Download ZIP, a tag's "
                "tar.gz) "
                "have none: clone instead. If it is not a submodule, the source distribution lacks the folder.",
            )
        elif groups["listed"]:
            message = f"{groups['listed']}, which CMake is to compile, does not exist"
            fix = fetch_submodules(
                "fetch the submodules, if it is in one",
                "GitHub's archives (Download ZIP, a tag's tar.gz) have no submodules: clone instead. Else the "
                "source distribution lacks the file, or its name in CMakeLists.txt is another one.",
            )
        elif groups["cmake"]:
            message = f"there is no CMakeLists.txt in {groups['cmake']}"
            fix = Fix(
                "name the folder with the project's CMakeLists.txt to cmake",
                notes=f"It has to be there: a submodule is fetched by {UPDATE}, and is "
                "not in GitHub's archives; a source distribution has it only if MANIFEST.in includes it. "
                "CMake before 3.13 does not know -S and -B, and takes the last folder that it reads.",
            )
        elif groups["project"] or groups["any"]:
            message = f"{groups['project'] or 'the folder'} has neither pyproject.toml nor setup.py"
            fix = _BRING
        elif groups["wheel"] or "to publish" in hit.text:
            message = f"there is no file {file or 'dist/*'}"
            fix = Fix(
                "build first, and look where the wheel was written",
                notes="maturin writes target/wheels, cibuildwheel wheelhouse, others dist. Artifacts of another job: "
                "download them into that folder (actions/download-artifact with merge-multiple: true).",
            )
        elif groups["package"] or "to ship" in hit.text:
            package = groups["package"] or "the project's name"
            message = f"the build back end finds no folder for {package}"
            fix = Fix(
                "name the folder in pyproject.toml, or bring it into the build",
                notes='uv_build: [tool.uv.build-backend] module-name = "NAME", and module-root = "" without a src. '
                'hatchling: [tool.hatch.build.targets.wheel] packages = ["src/NAME"]. Poetry: packages = '
                '[{ include = "NAME" }]. In a Dockerfile: COPY it before the project is installed, or install only '
                "its dependencies (uv sync --no-install-project, poetry install --no-root).",
            )
        else:
            message = f"{file} does not exist where the build runs"
            fix = _MANIFEST if hit.text.endswith(f"(in {os.path.dirname(file)})") else _BRING
        yield finding_from_hits(log, [hit], message, "The build stops.", (fix,))


_MANIFEST = Fix(  # maturin looks in the project's folder, and nothing names another
    "name the folder with Cargo.toml to maturin",
    (Command("maturin build --release --manifest-path src/rust/Cargo.toml", FixStage.BUILD),),
    notes='In pyproject.toml: [tool.maturin] manifest-path = "src/rust/Cargo.toml"; in nixpkgs buildAndTestSubdir. '
    "If the project names another back end (setuptools-rust), let `pip wheel .` or `python -m build` run that one.",
)
_BRING = Fix(
    "bring it into the build, or correct the path",
    notes="In a Dockerfile: COPY it before, and look into .dockerignore. In CI: check the code out (with submodules: "
    "recursive, if it is in one), and set the working directory.",
)
