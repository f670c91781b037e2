"""The pkg-config crate's decisions: all rows of a measured table, and the real crate beside each of them."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest
from conftest import need
from readers import miniroot

from diagnose.readers import env
from diagnose.readers.cargo.variables import Setting, Variables
from diagnose.readers.pkgconfig import resolver as pkgconfig
from diagnose.readers.pkgconfig.pkgconfig_facts import Library, Mismatch

ARM = "armv7-unknown-linux-gnueabihf"
HOST = "x86_64-unknown-linux-gnu"
ENV = ARM.replace("-", "_")
P = "/usr/lib/arm-linux-gnueabihf/pkgconfig"
Q = "/usr/lib/x86_64-linux-gnu/pkgconfig"
WRAPPER = "arm-linux-gnueabihf-pkg-config"
PROGRAM, LIBDIR, SYSROOT = "PKG_CONFIG", "PKG_CONFIG_LIBDIR", "PKG_CONFIG_SYSROOT_DIR"
ALLOW_CROSS = "PKG_CONFIG_ALLOW_CROSS"
ALLOW = {ALLOW_CROSS: "1"}

ON_ARM, ON_HOST, ON_ARM64 = (
    ("/usr/lib/arm-linux-gnueabihf",),
    ("/usr/lib/x86_64-linux-gnu",),
    ("/usr/lib/aarch64-linux-gnu",),
)


class Row(NamedTuple):
    """A setting, what comes of it, the folder in the answer, and the variable that opened or closed the guard."""

    environ: dict[str, str]
    outcome: str
    dirs: tuple[str, ...] = ()
    guard: str = ""


REFUSED = "cross-refused"
ROWS = {
    "nothing": Row({}, REFUSED),
    "path alone": Row({"PKG_CONFIG_PATH": P}, REFUSED),
    "libdir alone": Row({LIBDIR: P}, REFUSED),
    "allow alone": Row(ALLOW, "wrong-arch", ON_HOST, ALLOW_CROSS),
    "allow + path": Row({**ALLOW, "PKG_CONFIG_PATH": P}, "found", ON_ARM, ALLOW_CROSS),
    "allow + path with a slip": Row({**ALLOW, "PKG_CONFIG_PATH": P + "x"}, "wrong-arch", ON_HOST, ALLOW_CROSS),
    "allow + libdir": Row({**ALLOW, LIBDIR: P}, "found", ON_ARM, ALLOW_CROSS),
    "allow + libdir_triple": Row({**ALLOW, f"{LIBDIR}_{ARM}": P}, "found", ON_ARM, ALLOW_CROSS),
    "allow + libdir_under": Row({**ALLOW, f"{LIBDIR}_{ENV}": P}, "found", ON_ARM, ALLOW_CROSS),
    "allow + target_libdir": Row({**ALLOW, "TARGET_PKG_CONFIG_LIBDIR": P}, "found", ON_ARM, ALLOW_CROSS),
    "allow + host_libdir": Row({**ALLOW, "HOST_PKG_CONFIG_LIBDIR": P}, "wrong-arch", ON_HOST, ALLOW_CROSS),
    "allow_triple + libdir_triple": Row(
        {f"{ALLOW_CROSS}_{ENV}": "1", f"{LIBDIR}_{ENV}": P}, "found", ON_ARM, f"{ALLOW_CROSS}_{ENV}"
    ),
    "target_allow + path_triple": Row(
        {f"TARGET_{ALLOW_CROSS}": "1", f"PKG_CONFIG_PATH_{ENV}": P}, "found", ON_ARM, f"TARGET_{ALLOW_CROSS}"
    ),
    "libdir in upper case": Row(
        {**ALLOW, f"PKG_CONFIG_LIBDIR_{ENV.upper()}": P}, "wrong-arch", ON_HOST, ALLOW_CROSS
    ),
    "libdir by gnu triplet": Row(
        {**ALLOW, "PKG_CONFIG_LIBDIR_arm_linux_gnueabihf": P}, "wrong-arch", ON_HOST, ALLOW_CROSS
    ),
    "allow for another target": Row({"PKG_CONFIG_ALLOW_CROSS_aarch64_unknown_linux_gnu": "1"}, REFUSED),
    "sysroot / alone": Row({SYSROOT: "/"}, "wrong-arch", ON_HOST, SYSROOT),
    "sysroot / + libdir": Row(
        {SYSROOT: "/", LIBDIR: P}, "found", ON_ARM, SYSROOT
    ),
    "sysroot / + path": Row(
        {SYSROOT: "/", "PKG_CONFIG_PATH": P}, "found", ON_ARM, SYSROOT
    ),
    "sysroot_triple + libdir_triple": Row(
        {f"{SYSROOT}_{ENV}": "/", f"{LIBDIR}_{ENV}": P}, "found", ON_ARM, f"{SYSROOT}_{ENV}"
    ),
    "target_sysroot + target_path": Row(
        {f"TARGET_{SYSROOT}": "/", "TARGET_PKG_CONFIG_PATH": P}, "found", ON_ARM, f"TARGET_{SYSROOT}"
    ),
    # no such folder: the linker's own one saves it, as the answer alone does not tell
    "sysroot of the cross gcc + libdir": Row(
        {SYSROOT: "/usr/arm-linux-gnueabihf", LIBDIR: P},
        "found", ("/usr/arm-linux-gnueabihf/usr/lib/arm-linux-gnueabihf",), SYSROOT,
    ),
    "wrapper": Row({"PKG_CONFIG": WRAPPER}, "found", ON_ARM, PROGRAM),
    "wrapper_triple": Row({f"PKG_CONFIG_{ENV}": WRAPPER}, "found", ON_ARM, f"PKG_CONFIG_{ENV}"),
    "wrapper_triple with dashes": Row({f"PKG_CONFIG_{ARM}": WRAPPER}, "found", ON_ARM, f"PKG_CONFIG_{ARM}"),
    "target_wrapper": Row({"TARGET_PKG_CONFIG": WRAPPER}, "found", ON_ARM, "TARGET_PKG_CONFIG"),
    "host_wrapper": Row({"HOST_PKG_CONFIG": WRAPPER}, REFUSED),
    "wrapper by path": Row({"PKG_CONFIG": f"/usr/bin/{WRAPPER}"}, "found", ON_ARM, PROGRAM),
    "plain program": Row({"PKG_CONFIG": "pkg-config"}, "wrong-arch", ON_HOST, PROGRAM),
    "wrapper of another arch": Row({"PKG_CONFIG": "aarch64-linux-gnu-pkg-config"}, "wrong-arch", ON_ARM64, PROGRAM),
    "wrapper not installed": Row({"PKG_CONFIG": "riscv64-linux-gnu-pkg-config"}, "tool-missing", (), PROGRAM),
    "wrapper + libdir of the host": Row({"PKG_CONFIG": WRAPPER, LIBDIR: Q}, "wrong-arch", ON_HOST, PROGRAM),
    "libdir + path of the host": Row(
        {**ALLOW, LIBDIR: P, "PKG_CONFIG_PATH": Q}, "wrong-arch", ON_HOST, ALLOW_CROSS
    ),
    "allow 0 + wrapper": Row({ALLOW_CROSS: "0", "PKG_CONFIG": WRAPPER}, REFUSED, (), ALLOW_CROSS),
    "allow 0, allow_triple 1 + wrapper": Row(
        {ALLOW_CROSS: "0", f"{ALLOW_CROSS}_{ENV}": "1", "PKG_CONFIG": WRAPPER},
        "found", ON_ARM, f"{ALLOW_CROSS}_{ENV}",
    ),
    "allow true": Row({ALLOW_CROSS: "true", LIBDIR: P}, "found", ON_ARM, ALLOW_CROSS),
    "allow empty": Row({ALLOW_CROSS: "", LIBDIR: P}, "found", ON_ARM, ALLOW_CROSS),
    "no pkg-config": Row({**ALLOW, "ALSA_NO_PKG_CONFIG": "1"}, "disabled", (), ALLOW_CROSS),
    "libdir empty": Row({**ALLOW, LIBDIR: ""}, "not-found", (), ALLOW_CROSS),
    "libdir nowhere": Row({**ALLOW, LIBDIR: "/nowhere"}, "not-found", (), ALLOW_CROSS),
    "program with an argument": Row({"PKG_CONFIG": "pkg-config --static"}, "tool-missing", (), PROGRAM),
    "static for one": Row({**ALLOW, LIBDIR: P, "ALSA_STATIC": "1"}, "found", ON_ARM, ALLOW_CROSS),
    "static for all": Row(
        {**ALLOW, LIBDIR: P, "PKG_CONFIG_ALL_STATIC": "1"}, "found", ON_ARM, ALLOW_CROSS
    ),
    "static for all but one": Row(
        {**ALLOW, LIBDIR: P, "PKG_CONFIG_ALL_STATIC": "1", "ALSA_DYNAMIC": "1"},
        "found", ON_ARM, ALLOW_CROSS,
    ),
    "triple beats target beats plain": Row(
        {**ALLOW, f"{LIBDIR}_{ENV}": P, "TARGET_PKG_CONFIG_LIBDIR": Q, LIBDIR: "/nowhere"},
        "found", ON_ARM, ALLOW_CROSS,
    ),
    "triple with dashes beats underscores": Row(
        {**ALLOW, f"{LIBDIR}_{ARM}": P, f"{LIBDIR}_{ENV}": Q}, "found", ON_ARM, ALLOW_CROSS
    ),
}  # fmt: skip
PATH = {"PATH": "/usr/bin"}
LINKER = {"CARGO_TARGET_ARMV7_UNKNOWN_LINUX_GNUEABIHF_LINKER": "arm-linux-gnueabihf-gcc"}


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    folder = miniroot.make(tmp_path_factory.mktemp("root"))
    (folder / "usr/lib/arm-linux-gnueabihf/libm.so").write_bytes(miniroot.elf("armhf"))
    (folder / "usr/lib/arm-linux-gnueabihf/libdl.a").write_bytes(b"!<arch>\n")
    return folder


def look(root: Path, environ: dict[str, str], module: str = "alsa", target: str = ARM) -> Library:
    facts = env.read(str(root), target, [module], cwd=str(root), environ={**PATH, **LINKER, **environ})
    return facts.libraries[0]


def test_the_table_is_whole():
    assert len(ROWS) == 46


@pytest.mark.parametrize("name", ROWS)
def test_decision(root, name):
    row = ROWS[name]
    facts = env.read(str(root), ARM, ["alsa"], cwd=str(root), environ={**PATH, **LINKER, **row.environ})
    (library,) = facts.libraries
    decided_by = facts.pkgconfig.allowed_by.name if facts.pkgconfig.allowed_by else ""
    assert (library.outcome, library.link_dirs, decided_by) == (row.outcome, row.dirs, row.guard)
    assert library.static == ("static" in name and "but" not in name)


@pytest.fixture(scope="session")
def probe(tmp_path_factory) -> Path:
    """The real crate, as a program."""
    need(shutil.which("cargo"), "there is no cargo")
    need(miniroot.real_pkgconf(), "there is no pkgconf, or this is not an x86_64 Linux")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "diagnose-tests" / "probe"
    cache.mkdir(parents=True, exist_ok=True)
    source = tmp_path_factory.mktemp("probe") / "probe"
    shutil.copytree(Path(__file__).parent / "probe", source)
    # Cargo replaces the program in the shared folder while it builds: other processes get a copy of their own.
    with open(cache / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = subprocess.run(
            ["cargo", "build", "--quiet"],
            cwd=source,
            env={**os.environ, "CARGO_TARGET_DIR": str(cache)},
            capture_output=True,
        )
        need(done.returncode == 0, f"cargo could not build the probe: {done.stderr.decode()[-300:]}")
        return Path(shutil.copy2(cache / "debug" / "probe", source.parent / "program"))


def ask_the_crate(probe: Path, root: Path, environ: dict[str, str], *arguments: str) -> dict[str, list[str]]:
    miniroot.install(root, str(probe))
    lines = miniroot.run(root, [str(probe), *arguments], {**PATH, "HOST": HOST, **environ}).splitlines()
    facts: dict[str, list[str]] = {"outcome": [lines[0]]}
    for line in lines[1:]:
        kind, _, rest = line.partition(" ")
        facts.setdefault(kind, []).append(rest)
    return facts


@pytest.mark.parametrize("name", ROWS)
def test_the_real_crate_decides_the_same(probe, root, name):
    environ = {"TARGET": ARM, **ROWS[name].environ}
    real = ask_the_crate(probe, root, environ, "alsa")
    library = look(root, ROWS[name].environ)
    assert real["outcome"] == [
        "found" if library.outcome in ("found", "wrong-arch", "file-missing") else library.outcome
    ]
    assert tuple(real.get("dir", ())) == library.link_dirs
    assert real.get("lib", []) == [word[2:] for word in library.libs if word.startswith("-l")]
    assert real.get("version", [library.version]) == [library.version]
    if "command" in real:
        assert real["command"] == [library.command]


@pytest.mark.parametrize("name", [name for name, row in ROWS.items() if row.outcome in ("found", "wrong-arch")])
def test_the_real_crate_prints_the_same_command(probe, root, name):
    environ = ROWS[name].environ
    real = ask_the_crate(probe, root, {"TARGET": ARM, **environ}, "nothing-of-the-kind", "1.5")
    facts = env.read(
        str(root), ARM, ["nothing-of-the-kind >= 1.5"], cwd=str(root), environ={**PATH, **LINKER, **environ}
    )
    assert real["command"] == [facts.libraries[0].command]


def test_native_builds_need_no_permission(probe, root):
    real = ask_the_crate(probe, root, {"TARGET": HOST, "HOST_PKG_CONFIG_PATH": Q}, "alsa")
    library = look(root, {"HOST_PKG_CONFIG_PATH": Q}, target="amd64")
    assert (real["outcome"], tuple(real["dir"]), library.outcome) == (["found"], library.link_dirs, "found")


def test_the_same_processor_with_another_libc_is_a_cross_build(probe, root):
    target = "x86_64-unknown-linux-musl"
    assert ask_the_crate(probe, root, {"TARGET": target}, "alsa")["outcome"] == [REFUSED]
    assert look(root, {}, target=target).outcome == REFUSED


def test_pkgconf_steps_in_without_a_word(probe, root):
    hidden = (root / "usr/bin/pkg-config").rename(root / "usr/bin/hidden")
    try:
        real = ask_the_crate(probe, root, {"TARGET": HOST}, "nothing-of-the-kind")
        facts = env.read(str(root), HOST, ["alsa", "nothing-of-the-kind"], cwd=str(root), environ=PATH)
    finally:
        hidden.rename(root / "usr/bin/pkg-config")
    assert facts.pkgconfig.fallback
    assert [library.outcome for library in facts.libraries] == ["found", "not-found"]
    assert real["command"] == [facts.libraries[1].command]


def test_no_program_at_all(probe, root):
    empty = {"PATH": "/usr/share"}
    real = ask_the_crate(probe, root, {"TARGET": HOST, **empty}, "alsa")
    library = look(root, empty, target=HOST)
    assert (real["outcome"], real["command"]) == (["tool-missing"], [library.command])
    assert library.outcome == "tool-missing"


def test_a_version_that_does_not_satisfy(probe, root):
    real = ask_the_crate(probe, root, {"TARGET": HOST}, "alsa", "9.9")
    facts = env.read(str(root), HOST, ["alsa >= 9.9"], cwd=str(root), environ=PATH)
    (library,) = facts.libraries
    assert (real["outcome"], real["command"]) == ([library.outcome], [library.command])
    assert library.mismatches == (Mismatch("alsa", ">=", "9.9", "1.2.14"),)


def test_a_requirement_that_is_not_there(root):
    miniroot.module(root, "needy", "needy", "1.0", "amd64", requires="nowhere >= 2, alsa >= 99")
    library = look(root, {}, "needy", HOST)
    assert library.outcome == "not-found"
    assert library.missing == (pkgconfig.Missing("nowhere", "needy"),)
    assert library.mismatches == (Mismatch("alsa", ">=", "99", "1.2.14", "needy"),)
    assert library.pc.endswith("/needy.pc")


def test_candidates_off_the_search_path(root):
    library = look(root, {**ALLOW, "PKG_CONFIG_LIBDIR": "/nowhere"})
    assert [(one.path, one.debian) for one in library.candidates] == [
        (f"{P}/alsa.pc", "armhf"),
        (f"{Q}/alsa.pc", "amd64"),
        ("/usr/lib/aarch64-linux-gnu/pkgconfig/alsa.pc", "arm64"),
    ]


def test_a_fitting_file_behind_the_wrong_one(root):
    # arm64's ld skips what does not fit and goes on, so such a build passes by accident: the answer is judged
    library = look(root, ALLOW)
    (file,) = library.files
    assert (library.outcome, file.accepted, file.path) == (
        "wrong-arch",
        False,
        "/usr/lib/x86_64-linux-gnu/libasound.so",
    )
    assert file.saved_by == "/usr/lib/arm-linux-gnueabihf/libasound.so"


def test_settings_from_cargos_configuration(root, tmp_path):
    config = tmp_path / ".cargo" / "config.toml"
    config.parent.mkdir()
    config.write_text(f'[env]\nPKG_CONFIG_{ENV} = "{WRAPPER}"\n\n[target.{ARM}]\nlinker = "arm-linux-gnueabihf-gcc"\n')
    facts = env.read(str(root), ARM, ["alsa"], cwd=str(tmp_path), environ=PATH)
    assert [library.outcome for library in facts.libraries] == ["found"]
    assert facts.pkgconfig.allowed_by == Setting(f"PKG_CONFIG_{ENV}", WRAPPER, f"{config}:2")
    assert facts.toolchain.linker.setting == Setting(f"target.{ARM}.linker", "arm-linux-gnueabihf-gcc", f"{config}:5")
    assert facts.toolchain.linker_target == "arm-linux-gnueabihf"


def test_an_override_keeps_the_build_script_from_running(root, tmp_path):
    (tmp_path / ".cargo").mkdir()
    (tmp_path / ".cargo/config.toml").write_text(f'[target.{ARM}.alsa]\nrustc-link-lib = ["asound"]\n')
    (tmp_path / "Cargo.toml").write_text('[package]\nname = "x"\nversion = "0.1.0"\n')
    (tmp_path / "Cargo.lock").write_text(
        '[[package]]\nname = "alsa-sys"\nversion = "0.3.1"\ndependencies = [\n "libc",\n "pkg-config",\n]\n'
    )
    (library,) = env.read(str(root), ARM, cwd=str(tmp_path), environ=PATH).libraries
    assert (library.module, library.outcome) == ("alsa", "overridden")
    assert library.overridden_by == f"{tmp_path}/.cargo/config.toml:1"


@pytest.mark.parametrize(
    ("linker", "path"),
    [
        ({"CARGO_TARGET_armv7_unknown_linux_gnueabihf_LINKER": "arm-linux-gnueabihf-gcc"}, "/usr/bin/cc"),
        ({"CARGO_TARGET_armv7-unknown-linux-gnueabihf_LINKER": "arm-linux-gnueabihf-gcc"}, "/usr/bin/cc"),
        ({f"CC_{ENV}": "arm-linux-gnueabihf-gcc"}, "/usr/bin/cc"),
        ({**LINKER}, "/usr/bin/arm-linux-gnueabihf-gcc"),
        ({"CARGO_TARGET_ARMV7_UNKNOWN_LINUX_GNUEABIHF_LINKER": "aarch64-linux-gnu-gcc"}, ""),
    ],
)
def test_linkers(root, linker, path):
    facts = env.read(str(root), ARM, cwd=str(root), environ={**PATH, **linker})
    assert facts.toolchain.linker.path == path


def test_an_override_covers_a_module_that_was_asked_for(root, tmp_path):
    (tmp_path / ".cargo").mkdir()
    (tmp_path / ".cargo/config.toml").write_text(f'[target.{ARM}.alsa]\nrustc-link-lib = ["asound"]\n')
    libraries = env.read(str(root), ARM, ["alsa", "dbus-1"], cwd=str(tmp_path), environ=PATH).libraries
    assert [library.outcome for library in libraries] == ["overridden", REFUSED]


WRAPPERS = {
    "default": f'#!/bin/sh\nexport PKG_CONFIG_LIBDIR="${{PKG_CONFIG_LIBDIR:-{P}}}"\nexec pkgconf "$@"\n',
    "forced": f'#!/bin/sh\nPKG_CONFIG_LIBDIR={P}\nexport PKG_CONFIG_LIBDIR\nexec /usr/bin/pkgconf "$@"\n',
}


@pytest.mark.parametrize("libdir", [None, Q])
@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_the_real_crate_with_a_wrapper_script(probe, root, wrapper, libdir):
    shell = shutil.which("dash") or shutil.which("sh")
    assert shell is not None
    miniroot.install(root, shell)
    (root / "bin/sh").unlink(missing_ok=True)
    (root / "bin/sh").symlink_to(shell)
    miniroot.write(root / "usr/bin/my-pkg-config", WRAPPERS[wrapper], 0o755)
    environ = {"PKG_CONFIG": "my-pkg-config", **({"PKG_CONFIG_LIBDIR": libdir} if libdir else {})}
    real = ask_the_crate(probe, root, {"TARGET": ARM, **environ}, "alsa")
    library = look(root, environ)
    assert (real["outcome"], tuple(real["dir"])) == (["found"], library.link_dirs)
    assert library.link_dirs == (ON_HOST if (libdir, wrapper) == (Q, "default") else ON_ARM)


def test_nothing_is_set_and_nothing_is_needed():
    variables = Variables({"PATH": "/usr/bin"}, {})
    assert pkgconfig.guard(variables, HOST, HOST) == (True, None)
    assert pkgconfig.static(variables, "alsa") == (False, None)


def test_the_live_program_is_run_as_the_crate_runs_it(probe):
    """On this very machine, every module: the facts are what the crate gets."""
    modules = ["x11", "zlib", "openssl", "libffi", "nothing-of-the-kind"]
    environ = {**os.environ, "PKG_CONFIG_ALL_STATIC": "1"}
    facts = env.read("/", HOST, modules, cwd="/", environ=environ)
    need(facts.host.triple == HOST, "this machine is not x86_64")
    for module, library in zip(modules, facts.libraries, strict=True):
        own = {"TARGET": HOST, "HOST": HOST, "PROBE_SYSTEM_LIBS": "1" if library.system_libs else "0"}
        done = subprocess.run([probe, module], env={**environ, **own}, capture_output=True, text=True, check=True)
        assert library.system_libs == (module not in ("zlib", "openssl"))
        lines = done.stdout.splitlines()
        found = library.outcome in ("found", "file-missing")
        assert lines[0] == ("found" if found else library.outcome)
        if found:
            assert lines[1] == f"version {library.version}"
            folders = dict.fromkeys(line[4:] for line in lines if line.startswith("dir "))
            assert tuple(folders) == library.link_dirs
        else:
            assert lines[1] == f"command {library.command}"


def test_a_live_script_is_asked_for_its_search_path(tmp_path):
    program = shutil.which("pkgconf")
    need(program, "there is no pkgconf")
    folder = tmp_path / "pc"
    folder.mkdir()
    (folder / "own.pc").write_text("Name: own\nDescription: own\nVersion: 7\n")
    text = f'#!/bin/sh\nPKG_CONFIG_PATH="{folder}:$PKG_CONFIG_PATH" exec {program} "$@"\n'
    script = miniroot.write(tmp_path / "bin/pkg-config", text, 0o755)
    environ = {**os.environ, "PATH": f"{script.parent}:{os.environ['PATH']}"}
    facts = env.read("/", libs=["own"], cwd="/", environ=environ)
    asked = subprocess.run([program, "--variable=pc_path", "pkg-config"], capture_output=True, text=True, check=True)
    assert facts.pkgconfig.default_path == tuple(asked.stdout.strip().split(":"))
    assert (facts.libraries[0].outcome, facts.libraries[0].version) == ("found", "7")
    assert facts.libraries[0].pc == f"{folder}/own.pc"
