"""pkg-config answers a build for the target with a library of another architecture, usually the host's.

When cross-compilation is allowed (``PKG_CONFIG_ALLOW_CROSS``) and nothing else is set, pkg-config searches the host's
folders and answers with ``-L/usr/lib/x86_64-linux-gnu``. Linkers treat this differently. GNU ld for armhf rejects the
file. GNU ld for arm64 skips it and may find the right one in a default folder, so that the build succeeds by accident.

How to fix: point pkg-config to the target's files with the variables of that target, and install the library for the
target.

References:
    https://wiki.debian.org/Multiarch/HOWTO
    https://sourceware.org/binutils/docs/ld/Options.html (``-L`` and incompatible libraries)
"""

from __future__ import annotations

from diagnose.authoring.environment import answer_evidence, answer_source, belongs_to_host, fitting
from diagnose.authoring.link_step import foreign_files, native, owner_of
from diagnose.authoring.log import advise, ask_target, builds_rust, finding_from_hits, host
from diagnose.authoring.overrides import unset_override_fix
from diagnose.authoring.workflow import Seen, grouped, image_calls, installed, is_read, mentions, needed
from diagnose.authoring.workflow import finding as workflow_finding
from diagnose.model import targets
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Evidence, Finding, Fix, Phase, Severity
from diagnose.model.pattern import LINKER_KINDS, patterns_for
from diagnose.remedies.configuration import pkgconfig_configuration
from diagnose.remedies.fix import fix, rerun_build_script
from diagnose.remedies.libraries import install_fixes
from diagnose.remedies.package_names import library_module, module_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.model.targets import Target
    from diagnose.readers.buildlog import BuildLog, LinkStep
    from diagnose.readers.elf.library import LinkFile
    from diagnose.readers.env import Environment
    from diagnose.readers.pkgconfig.pkgconfig_facts import Library
    from diagnose.readers.workflow import Leg, Workflow

CHECK = Check(
    since="0.1.0",
    phase=Phase.LINK,
    log_kinds=LINKER_KINDS,
    patterns=patterns_for("host-folder", ("-L/usr/lib", r"(?<!\S)-L/usr/lib(?:64)?(?:\s|$)")),
    env_facts=("libraries.files.!accepted",),
)
_HOST_FOLDER = Fix(
    "remove -L/usr/lib from the linker's command line",
    notes="It is a folder of the build machine. LDFLAGS, a setup.cfg, or a *-config program of the build machine adds "
    "it; the library has to come from the target's own folder.",
)


def env(env: Environment) -> Iterator[Finding]:
    """See whether the flags lead to a file that the target cannot use."""
    for library in env.libraries:
        wrong = [file for file in library.files if file.accepted is False]
        if library.outcome not in ("found", "wrong-arch") or not wrong:
            continue
        file = wrong[0]
        saved = all(other.saved_by for other in wrong)
        if saved:
            consequence = (
                f"The build passes by accident where the linker skips this file and takes {file.saved_by}; "
                f"other linkers fail, and maturin searches the folder that {answer_source(library)} names."
            )
        else:
            consequence = (
                f'Linking fails: "file not recognized: file format not recognized", or '
                f'"skipping incompatible" and "cannot find -l{file.name}".'
            )
        yield Finding(
            message=f"{answer_source(library)} answers {library.module} for {env.target.triple} "
            f"with {_owner(env, file)}",
            severity=Severity.ERROR,
            evidence=(
                answer_evidence(library),
                Evidence(_machine(file), file.path),
            ),
            consequence=consequence,
            fixes=_fixes(env, library, saved),
        )


def _fixes(env: Environment, library: Library, installed: bool) -> tuple[Fix, ...]:
    again = rerun_build_script(env, library)
    if library.directed_by:
        return (unset_override_fix(env, library),)
    if installed or fitting(env, library):
        configuration = pkgconfig_configuration(env)
        if configuration.variables:
            title = "point pkg-config to the target's own files"
            return (fix(env, title, configuration=configuration, commands=again),)
    return install_fixes(env, library.module, again)


def _owner(env: Environment, file: LinkFile) -> str:
    return "the host's own library" if belongs_to_host(env, file) else "a library of another architecture"


def _machine(file: LinkFile) -> str:
    elf = file.elf
    if elf is None:
        return "not for the target"
    row = next((row for row in targets.TARGETS if row.accepts(elf.machine, elf.bits, elf.endian, elf.flags)), None)
    return f"{elf.bits}-bit {row.uname if row else f'machine {elf.machine}'}"


def log(log: BuildLog) -> Iterator[Finding]:
    """See the target's linker skip or refuse a library of the host's folders."""
    for link in log.links:
        files = foreign_files(log, link)
        if not files or link.for_host:
            continue
        lib, file = next(iter(files.items()))
        target = link.target or log.target_at(link.line)
        if owner_of(log, file) is None and lib != "c":
            if not native(log, link):
                yield _of_unknown_machine(log, link, file, target)
            continue
        hits = [*link.of("ld-host-script")[:1], *link.of("ld-skipping", "ld-wrong-file"), *link.of("ld-no-lib")]
        owner = owner_of(log, file)
        if target is None and owner and owner != host(log) and re.search(_OWN_LINKER, link.ld):
            yield finding_from_hits(
                log,
                hits,
                f"{file} is for {owner.triple}, but the native linker {link.ld} links it",
                "The linker skips it or fails.",
                _either(owner),
            )
            continue
        if target is None and lib == "c" and not builds_rust(log):
            yield finding_from_hits(
                log,
                hits,
                "something of another architecture comes first in this link: even the compiler's own files are refused",
                "lld takes the machine of the first file, option or linker script that names one.",
                (_OUT,),
            )
            continue
        yield finding_from_hits(
            log,
            hits,
            f"{file} is the host's, but is linked for {target.triple if target else 'the target'}",
            "The linker skips it or fails. Installing the target's library alone has no effect.",
            (
                *((_HOST_FOLDER,) if log.near(link.line, "host-folder", before=20, after=4) else ()),
                *(advise(log, link.line, _for_log, lib, target) if target else ask_target()),
            ),
        )


def _of_unknown_machine(log: BuildLog, link: LinkStep, file: str, target: Target | None) -> Finding:
    folder = file.rpartition("/")[0]
    return finding_from_hits(
        log,
        [*link.of("ld-skipping", "ld-wrong-file"), *link.of("ld-no-lib")],
        f"{file} has another architecture than the target{f' {target.triple}' if target else ''}",
        "The linker skips it or fails.",
        (
            Fix(
                f"put the target's library into {folder}, or name the folder that contains it",
                notes=f"{folder} comes from pkg-config, a variable of the crate, or `-L` in RUSTFLAGS. Name the "
                "target's folder there. `file` prints the architecture of a library.",
            ),
        ),
    )


_OUT = Fix(
    "take the host's folders out of the target's link",
    notes="A host's libc.so does it. Look for -L/usr/lib, -L/usr/local/lib and -m64 in LDFLAGS, LIBRARY_PATH, "
    "setup.cfg and the answers of the host's python3-config or pkg-config. The linker's command names them.",
)
_OWN_LINKER = r"^(?:/usr)?/bin/ld(?:\.\w+)?$"


def _either(owner: Target) -> tuple[Fix, ...]:
    """Return one fix each for the library's machine and the linker's: it is unknown which of them is wanted."""
    return (
        Fix(
            f"for {owner.triple}: link with its own compiler",
            notes=f"It is {owner.gnu}-gcc. Set CARGO_TARGET_{owner.cargo_env_name}_LINKER to it, and pass "
            f"--target {owner.triple} to cargo.",
        ),
        Fix(
            "for this machine: remove that folder from the search path",
            notes="LIBRARY_PATH, PKG_CONFIG_PATH and RUSTFLAGS affect every build. Use the variants for one target.",
        ),
    )


def _for_log(env: Environment, lib: str, target: Target | None) -> tuple[Fix, ...]:
    env = env._replace(target=target or env.target)
    module = library_module(lib, env.distro.codename)
    configuration = pkgconfig_configuration(env)
    if module:
        return install_fixes(env, module)
    title = "point pkg-config to the target's own files, and install the library for it"
    return (fix(env, title, configuration=configuration),)


def workflow(workflow: Workflow) -> Iterator[Finding]:
    """See a development package of the image's own processor installed in a cross image for a crate of the target."""
    seen = []
    for leg in workflow.legs:
        needs = needed(leg)
        if not leg.cross or not needs or not is_read(leg) or _is_own(leg):
            continue
        for_target = {module: _for_target(leg, module) for module in needs}
        for hook, spot, call in image_calls(leg):
            for package in installed(call) if not call.guarded and "apt" in call.program else ():
                module = module_of(package)
                if module in needs and ":" not in package and "$" not in package and not for_target[module]:
                    detail = f"{hook.name} installs {package}"
                    seen.append(Seen((package, leg.target, needs[module]), spot, detail, leg))
    for group in grouped(seen):
        package, triple, crate = group[0].key
        yield workflow_finding(
            f"{package} is installed for the image's own processor, not for {triple}",
            Severity.WARNING,
            group,
            f"{crate} does not find it, or links a library of another architecture.",
            [
                Fix("build on a runner of the target's processor", notes="There the image has packages for it."),
                Fix("build the library from source", notes="The crate's feature `vendored`, where it has one."),
            ],
        )


def _is_own(leg: Leg) -> bool:
    """Whether the image's packages may fit the target: cross's images for x86_64 are of that processor."""
    return "cross-rs" in leg.place.name and leg.target == "x86_64-unknown-linux-gnu"


def _for_target(leg: Leg, module: str) -> bool:
    """Whether the leg brings the library for the target, too, or says where one is."""
    packages = [package for _, _, call in image_calls(leg) for package in installed(call)]
    if any(":" in package and module_of(package) == module for package in packages):
        return True
    return mentions(leg, "OPENSSL_", "PKG_CONFIG", "configure", "make", "cmake", "curl", "wget", "git")
