"""Cargo's configuration and projects, held against cargo itself where it tells."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from conftest import need
from readers import miniroot

from diagnose.model import targets
from diagnose.model.finding import InputError
from diagnose.readers.cargo import cfg, lock, unread_variables
from diagnose.readers.cargo import config as cargo_config
from diagnose.readers.cargo import project as cargo
from diagnose.readers.cargo.variables import Setting, Variables
from diagnose.readers.system.root import Root

ARM = "armv7-unknown-linux-gnueabihf"
LINKER = "CARGO_TARGET_ARMV7_UNKNOWN_LINUX_GNUEABIHF_LINKER"
ROW = targets.resolve(ARM)
assert ROW is not None


def configure(tmp_path: Path, near: str = "", far: str = "", home: str = "") -> tuple[cargo_config.Config, Path]:
    """Lay out three configuration files, and read them from the innermost folder."""
    inner = tmp_path / "outer" / "inner"
    inner.mkdir(parents=True, exist_ok=True)
    for text, folder in ((near, inner / ".cargo"), (far, tmp_path / "outer/.cargo"), (home, tmp_path / "home")):
        if text:
            miniroot.write(folder / "config.toml", text)
    return cargo_config.configuration(Root("/"), str(inner), str(tmp_path / "home")), inner


def test_the_nearest_file_wins(tmp_path):
    config, inner = configure(
        tmp_path,
        '[build]\ntarget = "a"\n',
        '[build]\ntarget = "b"\n[target.x]\nlinker = "l"\n',
        '[target.x]\nlinker = "m"\n',
    )
    assert config.find("build", "target") == Setting("build.target", "a", f"{inner}/.cargo/config.toml:2")
    assert config.find("target", "x", "linker") == Setting(
        "target.x.linker", "l", f"{tmp_path}/outer/.cargo/config.toml:4"
    )
    assert config.find("build", "jobs") is None


def test_the_old_name_is_preferred(tmp_path):
    _, inner = configure(tmp_path, '[build]\ntarget = "new"\n')
    miniroot.write(inner / ".cargo/config", '[build]\ntarget = "old"\n')
    found = cargo_config.configuration(Root("/"), str(inner), "/nowhere").find("build", "target")
    assert found is not None and found.value == "old"


ENV = """\
[env]
A = "near"
B = { value = "forced", force = true }
C = { value = "sub/folder", relative = true }
D = { value = "kept" }
"""


def test_env_tables_as_cargo_applies_them(tmp_path):
    need(shutil.which("cargo"), "there is no cargo")
    config, inner = configure(tmp_path, ENV, '[env]\nA = "far"\nE = "far"\n')
    process = {"B": "process", "D": "process"}
    variables = config.variables(process)
    ours = {name: found.value if (found := variables.get(name)) else None for name in "ABCDE"}
    (inner / "src").mkdir()
    (inner / "src/lib.rs").write_text("")
    (inner / "build.rs").write_text(
        'fn main() { for n in ["A", "B", "C", "D", "E"] '
        '{ println!("cargo:warning={n}={}", std::env::var(n).unwrap()) } }'
    )
    (inner / "Cargo.toml").write_text('[package]\nname = "x"\nversion = "0.1.0"\nedition = "2021"\n[workspace]\n')
    done = subprocess.run(
        ["cargo", "build", "--offline"], cwd=inner, capture_output=True, text=True,
        env={**os.environ, **process, "CARGO_TARGET_DIR": str(tmp_path / "target")},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    theirs = dict(
        line.rpartition("0.1.0: ")[2].split("=", 1)
        for line in done.stderr.splitlines()
        if line.startswith("warning: x@")
    )
    assert ours == theirs


@pytest.mark.parametrize(
    ("environ", "near", "value"),
    [
        ({}, "", None),
        ({}, f'[target.{ARM}]\nlinker = "a-gcc"\n', "a-gcc"),
        (
            {"CARGO_TARGET_ARMV7_UNKNOWN_LINUX_GNUEABIHF_LINKER": "b-gcc"},
            f'[target.{ARM}]\nlinker = "a-gcc"\n',
            "b-gcc",
        ),
        ({}, '[target.\'cfg(all(unix, target_arch = "arm"))\']\nlinker = "c-gcc"\n', "c-gcc"),
        ({}, '[target.\'cfg(not(target_env = "gnu"))\']\nlinker = "c-gcc"\n', None),
        ({}, f'[target.{ARM}]\nlinker = "tools/gcc"\n', "{inner}/tools/gcc"),
        ({"RUSTFLAGS": "-C linker=d-gcc"}, f'[target.{ARM}]\nlinker = "a-gcc"\n', "d-gcc"),
        ({}, f'[target.{ARM}]\nrustflags = ["-C", "linker=e-gcc"]\n', "e-gcc"),
        ({"RUSTFLAGS": "-C opt-level=1"}, '[build]\nrustflags = ["-Clinker=f-gcc"]\n', None),
    ],
)
def test_the_linker(tmp_path, environ, near, value):
    config, inner = configure(tmp_path, near)
    found = config.linker(Variables(environ, {}), ROW)
    assert (found.value if found else None) == (value.format(inner=inner) if value else None)


@pytest.mark.parametrize(
    ("expression", "holds"),
    [
        ("cfg(unix)", True),
        ("cfg(windows)", False),
        ('cfg(target_os = "linux")', True),
        ('cfg(any(windows, target_pointer_width = "32"))', True),
        ('cfg(all(target_arch="arm",not(target_env="musl"),target_endian="little"))', True),
        ('cfg(target_arch = "aarch64")', False),
        ('cfg(target_abi = "eabihf")', True),
        ("cfg(", False),
        ("cfg(all(all(all(all", True),
        ("cfg(" + "not(" * 500, False),
    ],
)
def test_cfg(expression, holds):
    assert cfg.cfg(expression, ROW) in ((holds,) if expression.endswith(")") else (True, False))


@pytest.mark.parametrize(
    ("platform", "needed", "by_build_script"),
    [
        ("cfg(windows)", False, False),
        ("cfg(unix)", True, True),
        ('cfg(target_os = "macos")', False, False),
        ('cfg(not(target_os = "linux"))', False, False),
        ('cfg(any(windows, target_vendor = "apple"))', False, True),
        ('cfg(all(windows, feature = "tls"))', False, False),
        ('cfg(all(unix, feature = "tls"))', True, True),
        ("cfg(some_flag)", True, True),
        ("cfg(not(some_flag))", True, True),
        ('cfg(not(any(windows, target_os = "macos")))', True, True),
        ('cfg(target_arch = "x86_64")', False, True),
        ("x86_64-pc-windows-msvc", False, False),
        ("x86_64-unknown-linux-gnu", False, True),
        (ARM, True, True),
    ],
)
def test_which_platforms_tables_are_needed(platform, needed, by_build_script):
    """A build script is built for the host, whatever that is: what only its processor decides stays needed."""
    assert cfg.fits(platform, ROW) is needed
    assert cfg.fits(platform, ROW, build=True) is by_build_script


LOCK = """\
version = 4

[[package]]
name = "alsa-sys"
version = "0.3.1"
source = "somewhere"
dependencies = [
 "libc",
 "pkg-config",
]

[[package]]
name = "glib-sys"
version = "0.18.1"
dependencies = [
 "system-deps 6.2.2",
]

[[package]]
name = "libz-sys"
version = "1.1.20"
dependencies = [
 "cc",
 "pkg-config",
]

[[package]]
name = "openssl-sys"
version = "0.9.104"
dependencies = [
 "openssl-src",
 "pkg-config",
]

[[package]]
name = "strange-sys"
version = "0.1.0"
dependencies = [
 "pkg-config",
]
"""


def test_what_a_project_needs(tmp_path):
    config, inner = configure(tmp_path)
    miniroot.write(
        inner / "Cargo.toml",
        '[package]\nname = "own"\nversion = "1.0.0"\nlinks = "own"\n[package.metadata.system-deps]\nlibpng = "1.6"\n'
        'other = { name = "other-2.0", version = ">= 2, < 3" }\nspare = { version = "1", optional = true }\n',
    )
    miniroot.write(inner / "Cargo.lock", LOCK)
    found = cargo.project(Root("/"), str(inner / "src"), config, str(tmp_path / "home"), ROW)
    assert [(need.module, need.requirement, need.crate, need.optional) for need in found.needs] == [
        ("libpng", ">= 1.6", "own 1.0.0", False),
        ("other-2.0", ">= 2", "own 1.0.0", False),
        ("alsa", "", "alsa-sys 0.3.1", False),
        ("glib-2.0", "", "glib-sys 0.18.1", False),
        ("zlib", "", "libz-sys 1.1.20", True),
        ("openssl", "", "openssl-sys 0.9.104", True),
    ]
    assert found.unknown == ("strange-sys 0.1.0",)
    assert found.needs[2].path == f"{inner}/Cargo.lock:4"
    assert found.crate("libz-sys") == lock.Crate("libz-sys", "1.1.20", 20, ("cc", "pkg-config"), local=True)


def test_members_of_the_workspace_declare_their_own_modules(tmp_path):
    config, inner = configure(tmp_path)
    crate = '[[package]]\nname = "{0}"\nversion = "1.0.0"\ndependencies = [\n{1}]\n\n'
    asks = ' "system-deps",\n'
    locked = crate.format("own", ' "member",\n "quiet",\n') + crate.format("member", asks) + crate.format("quiet", asks)
    miniroot.write(inner / "Cargo.lock", f"version = 3\n\n{locked}")
    manifest = '[package]\nname = "{0}"\nversion = "1.0.0"\n'
    own = manifest.format("own") + '[dependencies]\nmember = { path = "member" }\nquiet = { path = "quiet" }\n'
    miniroot.write(inner / "Cargo.toml", own)
    declared = '[package.metadata.system-deps]\nlibpng = "1.6"\n'
    miniroot.write(inner / "member/Cargo.toml", manifest.format("member") + declared)
    miniroot.write(inner / "quiet/Cargo.toml", manifest.format("quiet"))
    found = cargo.project(Root("/"), str(inner), config, str(tmp_path / "home"), ROW)
    assert [(need.module, need.requirement, need.crate) for need in found.needs] == [
        ("libpng", ">= 1.6", "member 1.0.0")
    ]
    assert found.unknown == ("quiet 1.0.0",)


def test_a_crates_own_manifest_says_more(tmp_path):
    config, inner = configure(tmp_path)
    miniroot.write(inner / "Cargo.toml", '[package]\nname = "own"\nversion = "1.0.0"\n')
    miniroot.write(inner / "Cargo.lock", LOCK)
    miniroot.write(
        tmp_path / "home/registry/src/index/glib-sys-0.18.1/Cargo.toml",
        '[package]\nname = "glib-sys"\nversion = "0.18.1"\nlinks = "glib"\n'
        '[package.metadata.system-deps.glib_2_0]\nname = "glib-2.0"\nversion = "2.48"\n',
    )
    found = cargo.project(Root("/"), str(inner), config, str(tmp_path / "home"), ROW)
    (need_,) = [one for one in found.needs if one.crate == "glib-sys 0.18.1"]
    assert (need_.module, need_.requirement, need_.links) == ("glib-2.0", ">= 2.48", "glib")


MANIFEST = """
[package]
name = "own"
version = "1.0.0"
[features]
default = ["sound", "tls?/vendored", "glib-sys/v2"]
sound = ["dep:alsa-sys"]
compress = ["dep:z"]
[dependencies]
alsa-sys = { version = "0.3", optional = true }
glib-sys = { version = "0.18", optional = true }
tls = { version = "0.9", optional = true, package = "openssl-sys" }
[target.'cfg(unix)'.dependencies]
z = { version = "1.1", optional = true, package = "libz-sys" }
[dev-dependencies]
strange-sys = "0.1"
"""
OWN = """
[[package]]
name = "own"
version = "1.0.0"
dependencies = [
 "alsa-sys",
 "glib-sys",
 "libz-sys",
 "openssl-sys",
 "strange-sys",
]
"""


ELSEWHERE = """
[package]
name = "{}"
version = "1.0.0"
[target.'cfg(windows)'.dependencies]
openssl-sys = "0.9"
alsa-sys = "0.3"
[target.'cfg(unix)'.dependencies]
alsa-sys = "0.3"
"""
TWO = """
[[package]]
name = "own"
version = "1.0.0"
dependencies = [
 "alsa-sys",
 "member",
 "openssl-sys",
]

[[package]]
name = "member"
version = "1.0.0"
dependencies = [
 "alsa-sys",
 "openssl-sys",
]
"""


@pytest.mark.parametrize("layout", ["workspace", "path", "virtual"])
def test_what_only_another_platform_takes_is_not_needed(tmp_path, layout):
    config, inner = configure(tmp_path)
    own = ELSEWHERE.format("own")
    if layout == "virtual":
        miniroot.write(inner / "Cargo.toml", '[workspace]\nmembers = ["own", "crates/*"]\n')
        miniroot.write(inner / "own/Cargo.toml", own)
    elif layout == "path":
        miniroot.write(inner / "Cargo.toml", own + '[dependencies]\nmember = { path = "crates/member" }\n')
    else:
        miniroot.write(inner / "Cargo.toml", own + '[workspace]\nmembers = ["crates/*"]\n')
    miniroot.write(inner / "crates/member/Cargo.toml", ELSEWHERE.format("member"))
    miniroot.write(inner / "Cargo.lock", LOCK + TWO)
    found = cargo.project(Root("/"), str(inner), config, str(tmp_path / "home"), ROW)
    modules = [need.module for need in found.needs]
    assert "alsa" in modules
    assert "openssl" not in modules


def test_what_no_default_feature_turns_on_is_not_needed(tmp_path):
    config, inner = configure(tmp_path)
    miniroot.write(inner / "Cargo.toml", MANIFEST)
    miniroot.write(inner / "Cargo.lock", LOCK + OWN)
    found = cargo.project(Root("/"), str(inner), config, str(tmp_path / "home"), ROW)
    assert [need.module for need in found.needs] == ["alsa", "glib-2.0"]
    assert [crate.name for crate in found.crates] == ["alsa-sys", "glib-sys", "own"]
    assert [crate.name for crate in found.idle] == ["libz-sys", "openssl-sys", "strange-sys"]
    assert found.unknown == ()


BROKEN_LOCKS = {
    "bracket": (b"[[package", "at the end of an array declaration"),
    "conflict": (b'version = 3\n<<<<<<< HEAD\n[[package]]\nname = "x"\n=======\n>>>>>>> x\n', "Invalid statement"),
    "cut off": (b'version = 3\n[[package]]\nname = "x"\nversion = "0.1.0"\ndependencies = [\n "y",\n', "Invalid value"),
    "twice": (b'[[package]]\nname = "x"\nname = "x"\nversion = "0.1.0"\n', "overwrite"),
    "binary": (b"\x7fELF\x00\x01", "not a text file"),
    "Latin-1": (b"# \xff\nversion = 3\n", "not UTF-8"),
    "no version": (b'version = 3\n[[package]]\nname = "x"\n', "package 1 has no version"),
    "no list": (b"version = 3\npackage = 4\n", "`package` is not a list"),
}


ZSTD = """
[[package]]
name = "zstd"
version = "0.13.3"
dependencies = [
 "zstd-sys",
]

[[package]]
name = "zstd-sys"
version = "2.1.3+zstd.1.5.7"
dependencies = [
 "cc",
 "pkg-config",
]
"""


@pytest.mark.parametrize(
    ("dependency", "optional"),
    [
        ('zstd-sys = "2"', True),
        ('zstd-sys = { version = "2", features = ["pkg-config"] }', False),
        ('z = { package = "zstd", version = "0.13", features = ["pkg-config"] }', False),
        ('zstd = { version = "0.13", features = ["zstdmt"] }', True),
    ],
)
def test_a_crate_may_ask_with_a_feature_alone(tmp_path, dependency, optional):
    config, inner = configure(tmp_path)
    miniroot.write(inner / "Cargo.toml", f"[dependencies]\n{dependency}\n")
    miniroot.write(inner / "Cargo.lock", ZSTD)
    found = cargo.project(Root("/"), str(inner), config, "/nowhere", ROW)
    assert [(need.module, need.optional) for need in found.needs] == [("libzstd", optional)]
    assert found.unknown == ()


@pytest.mark.parametrize(
    ("near", "far", "key"),
    [
        ('[env]\nPKG_CONFIG = { value = "a" }\n', '[env]\nPKG_CONFIG = "b"\n', "env.PKG_CONFIG"),
        ('[build]\nrustflags = "-g"\n', '[build]\nrustflags = ["-g"]\n', "build.rustflags"),
        ("[net]\nretry = 2\n", '[net]\nretry = "3"\n', ""),
        ('[env]\nA = { value = "a" }\n', '[env]\nA = { value = "b", force = true }\n', ""),
    ],
)
def test_two_configurations_that_cargo_cannot_merge_are_refused(tmp_path, near, far, key):
    need(shutil.which("cargo"), "there is no cargo")
    inner = tmp_path / "outer/inner"
    manifest = '[package]\nname = "x"\nversion = "0.1.0"\nedition = "2021"\n[workspace]\n'
    for path, text in {"Cargo.toml": manifest, "src/lib.rs": "", ".cargo/config.toml": near}.items():
        miniroot.write(inner / path, text)
    miniroot.write(tmp_path / "outer/.cargo/config.toml", far)
    done = subprocess.run(["cargo", "metadata", "--offline"], cwd=inner, capture_output=True, text=True)
    assert bool(done.returncode) is bool(key), done.stderr
    if not key:
        cargo_config.configuration(Root("/"), str(inner), "/nowhere")
        return
    said = re.escape(f"{inner}/.cargo/config.toml: cargo cannot merge {key} with that of {inner.parent}/.cargo/")
    with pytest.raises(InputError, match=said):
        cargo_config.configuration(Root("/"), str(inner), "/nowhere")


HIDAPI = """
[[package]]
name = "own"
version = "1.0.0"
dependencies = [
 "{via}",
]
{between}
[[package]]
name = "hidapi"
version = "{version}"
dependencies = [
 "cc",
 "pkg-config",
]
"""
KEYS = """
[[package]]
name = "keys"
version = "1.0.0"
dependencies = [
 "hidapi",
]
"""
OF_KEYS = """
[package]
name = "keys"
version = "1.0.0"
[features]
native = ["hid?/linux-native-basic-udev"]
[dependencies.hid]
package = "hidapi"
version = "2"
optional = true
default-features = false
"""


@pytest.mark.parametrize(
    ("dependency", "version", "keys", "needs"),
    [
        # of real builds: "Unable to find libudev" with the default features
        ('hidapi = "2"', "2.6.7", "", [("libudev", False)]),
        ('hidapi = "2"', "2.4.1", "", [("libudev", False)]),
        ('hidapi = { version = "2", features = ["linux-native-basic-udev"] }', "2.6.7", "", [("libudev", True)]),
        ("hidapi.workspace = true", "2.6.7", "", [("libudev", True)]),
        ('hidapi = "1"', "1.4.2", "", []),  # another hidapi may ask for another module
        ('keys = "1"', "2.6.7", OF_KEYS, [("libudev", False)]),
        ('keys = { version = "1", features = ["native"] }', "2.6.7", OF_KEYS, [("libudev", True)]),
        ('keys = "1"', "2.6.7", OF_KEYS.replace("[features]", '[features]\ndefault = ["native"]'), [("libudev", True)]),
        ('keys = "1"', "2.6.7", "", []),  # its features are not at hand
    ],
)
def test_a_crate_may_ask_without_a_feature_alone(tmp_path, dependency, version, keys, needs):
    config, inner = configure(tmp_path)
    shared = '[workspace.dependencies]\nhidapi = { version = "2", features = ["linux-native-basic-udev"] }\n'
    package = '[package]\nname = "own"\nversion = "1.0.0"\n'
    miniroot.write(inner / "Cargo.toml", f"{package}[dependencies]\n{dependency}\n{shared}")
    via = dependency.partition(" ")[0].partition(".")[0]
    between = KEYS if via == "keys" else ""
    miniroot.write(inner / "Cargo.lock", HIDAPI.format(via=via, between=between, version=version))
    if keys:
        miniroot.write(tmp_path / "home/registry/src/index/keys-1.0.0/Cargo.toml", keys)
    found = cargo.project(Root("/"), str(inner), config, str(tmp_path / "home"), ROW)
    assert [(need.module, need.optional) for need in found.needs] == needs
    assert found.unknown == (() if needs else (f"hidapi {version}",))


WAYLAND = """
[[package]]
name = "wayland-sys"
version = "0.31.11"
dependencies = [
 "pkg-config",
]
"""


@pytest.mark.parametrize(
    ("features", "modules"),
    [
        ([], []),
        (["client"], ["wayland-client"]),
        (["egl"], ["wayland-client", "wayland-egl"]),
        (["egl", "dlopen"], []),
    ],
)
def test_a_crates_features_turn_others_on(tmp_path, features, modules):
    config, inner = configure(tmp_path)
    named = ", ".join(f'"{feature}"' for feature in features)
    package = '[package]\nname = "own"\nversion = "1.0.0"\n[dependencies.wayland-sys]\nversion = "0.31"\n'
    miniroot.write(inner / "Cargo.toml", f"{package}features = [{named}]\n")
    own = '[[package]]\nname = "own"\nversion = "1.0.0"\ndependencies = [\n "wayland-sys",\n]\n'
    miniroot.write(inner / "Cargo.lock", own + WAYLAND)
    source = '[features]\nclient = ["dep:dlib", "dep:log"]\negl = ["client"]\ndlopen = ["once_cell"]\n'
    miniroot.write(tmp_path / "home/registry/src/index/wayland-sys-0.31.11/Cargo.toml", source)
    found = cargo.project(Root("/"), str(inner), config, str(tmp_path / "home"), ROW)
    assert [need.module for need in found.needs if not need.optional] == modules
    assert found.unknown == ()


@pytest.mark.parametrize("name", BROKEN_LOCKS)
def test_a_lock_file_that_cargo_refuses_is_refused(tmp_path, name):
    need(shutil.which("cargo"), "there is no cargo")
    content, reason = BROKEN_LOCKS[name]
    config, inner = configure(tmp_path)
    miniroot.write(inner / "src/lib.rs", "")
    miniroot.write(inner / "Cargo.toml", '[package]\nname = "x"\nversion = "0.1.0"\nedition = "2021"\n[workspace]\n')
    (inner / "Cargo.lock").write_bytes(content)
    done = subprocess.run(["cargo", "metadata", "--offline", "--locked"], cwd=inner, capture_output=True, text=True)
    assert done.returncode, "cargo takes it"
    with pytest.raises(InputError) as error:
        cargo.project(Root("/"), str(inner), config, str(tmp_path / "home"), ROW)
    message = str(error.value)
    assert message.startswith(f"{inner}/Cargo.lock: ") and reason in message and "\n" not in message


@pytest.mark.parametrize("kind", ["is a directory", "permission denied"])
@pytest.mark.parametrize("name", ["Cargo.lock", ".cargo/config.toml", "Cargo.toml"])
def test_what_cargo_reads_and_we_may_not_is_said(name, kind):
    if (name, kind) == ("Cargo.toml", "is a directory"):
        return  # not a manifest: cargo looks further up
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        miniroot.write(Path(folder) / "Cargo.toml", '[package]\nname = "x"\nversion = "0.1.0"\n')
        path = Path(folder) / name
        path.parent.mkdir(exist_ok=True)
        path.unlink(missing_ok=True)
        path.mkdir() if kind == "is a directory" else path.touch(0)
        with pytest.raises(InputError) as error, miniroot.nobody():
            config = cargo_config.configuration(Root("/"), folder, "/nowhere")
            cargo.project(Root("/"), folder, config, "/nowhere", ROW)
        assert str(error.value) == f"{path}: {kind}"


@pytest.mark.parametrize("link", ["", "elsewhere.lock"])
def test_a_pipe_is_no_lock_file_and_a_link_to_one_is_read(tmp_path, link):
    config, inner = configure(tmp_path)
    miniroot.write(inner / "Cargo.toml", '[package]\nname = "own"\nversion = "1.0.0"\n')
    if link:
        miniroot.write(tmp_path / link, LOCK)
        (inner / "Cargo.lock").symlink_to(tmp_path / link)
        assert cargo.project(Root("/"), str(inner), config, "/nowhere", ROW).crates
        return
    os.mkfifo(inner / "Cargo.lock")
    with pytest.raises(InputError, match=r"Cargo\.lock: not a regular file$"):
        cargo.project(Root("/"), str(inner), config, "/nowhere", ROW)


@pytest.mark.parametrize(
    ("edition", "lock", "floors"),
    [("2018", "", []), ("2024", "", ["1.85"]), ("2021", "version = 3\n", ["1.53", "1.56"]), ("", LOCK, ["1.78"])],
)
def test_which_cargo_a_project_needs(tmp_path, edition, lock, floors):
    config, inner = configure(tmp_path)
    written = f'edition = "{edition}"\n' if edition else ""
    miniroot.write(inner / "Cargo.toml", f'[package]\nname = "own"\nversion = "1.0.0"\n{written}')
    miniroot.write(inner / "Cargo.lock", lock)
    found = cargo.project(Root("/"), str(inner), config, "/nowhere", ROW)
    assert [floor.version for floor in found.floors] == floors


def test_a_lock_file_by_another_hand_says_the_same():
    """One line instead of cargo's several, comments, other quotes: still TOML."""
    ours = LOCK.replace('name = "libz-sys"', "name = 'libz-sys' # edited")
    assert ours != LOCK
    assert lock.lock_file("x", ours) == lock.lock_file("x", LOCK)


@pytest.mark.parametrize("text", ["[", "a = 1\na = 2\n", "x = " + "[" * 5000, "\0"])
def test_broken_configuration_ends_in_one_line(tmp_path, text):
    with pytest.raises(InputError) as error:
        configure(tmp_path, text)
    assert "config.toml: " in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("PKG_CONFIG_LIBDIR_ARMV7_UNKNOWN_LINUX_GNUEABIHF", "PKG_CONFIG_LIBDIR_armv7_unknown_linux_gnueabihf"),
        ("PKG_CONFIG_PATH_arm_linux_gnueabihf", "PKG_CONFIG_PATH_armv7_unknown_linux_gnueabihf"),
        ("PKG_CONFIG_arm-linux-gnueabihf", "PKG_CONFIG_armv7_unknown_linux_gnueabihf"),
        ("CARGO_TARGET_armv7_unknown_linux_gnueabihf_LINKER", "CARGO_TARGET_ARMV7_UNKNOWN_LINUX_GNUEABIHF_LINKER"),
        ("CARGO_TARGET_ARMV7-UNKNOWN-LINUX-GNUEABIHF_LINKER", "CARGO_TARGET_ARMV7_UNKNOWN_LINUX_GNUEABIHF_LINKER"),
        ("CARGO_TARGET_ARM_LINUX_GNUEABIHF_LINKER", "CARGO_TARGET_ARMV7_UNKNOWN_LINUX_GNUEABIHF_LINKER"),
        ("CC_ARMV7_UNKNOWN_LINUX_GNUEABIHF", "CC_armv7_unknown_linux_gnueabihf"),
        ("CC_riscv64_unknown_linux_gnu", "CC_riscv64gc_unknown_linux_gnu"),
        ("PKGCONFIG_PATH", "PKG_CONFIG_PATH"),
        ("PKG_CONFIG_LIB_DIR", "PKG_CONFIG_LIBDIR"),
        ("PKG_CONFIG_SYSROOTDIR", "PKG_CONFIG_SYSROOT_DIR"),
        ("pkg_config_path", "PKG_CONFIG_PATH"),
        ("PKG_CONFIG_PATH_armv7_unknown_linux_gnueabihf", None),
        ("PKG_CONFIG_PATH_armv7-unknown-linux-gnueabihf", None),
        ("PKG_CONFIG_PATH_aarch64_unknown_linux_gnu", None),
        ("PKG_CONFIG_PATH_x86_64_pc_windows_gnu", None),
        ("PKG_CONFIG_PATH_FOR_TARGET", None),
        ("PKG_CONFIG_SYSTEM_LIBRARY_PATH", None),
        ("PKG_CONFIG_GLIB_2_0_PREFIX", None),
        ("TARGET_PKG_CONFIG_PATH", None),
        ("CARGO_TARGET_DIR", None),
        ("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER", None),
        ("CARGO_TARGET_THUMBV7EM_NONE_EABIHF_RUNNER", None),
        ("CC_FOR_BUILD", None),
        ("CC", None),
        ("AR", None),
        ("CCACHE_DIR", None),
    ],
)
def test_variables_that_nothing_reads(name, meant):
    found = unread_variables.find(Variables({name: "x"}, {}), ROW)
    assert [one.meant for one in found] == ([] if meant is None else [meant])


def test_cargos_own_variables_have_no_effect_in_env(tmp_path):
    config, inner = configure(
        tmp_path, '[env]\nCARGO_TARGET_ARMV7_UNKNOWN_LINUX_GNUEABIHF_LINKER = "x"\nCARGO_BUILD_TARGET = "y"\n'
    )
    variables = config.variables({})
    assert config.linker(variables, ROW) is None
    assert [(one.meant, one.setting.path) for one in unread_variables.find(variables, ROW)] == [
        ("build.target", f"{inner}/.cargo/config.toml:3"),
        (f"target.{ARM}.linker", f"{inner}/.cargo/config.toml:2"),
    ]


INCLUDING = {
    "a.toml": 'include = ["b.toml", "../deep/c.toml"]\n[env]\nA = "a"\n',
    "b.toml": '[env]\nA = "b"\nB = "b"\nC = "b"\n[build]\ntarget = ["x86_64-unknown-linux-gnu"]\n',
    "../deep/c.toml": '[env]\nC = "c"\n[target.armv7-unknown-linux-gnueabihf]\nlinker = "tools/gcc"\n',
}


def included(tmp_path: Path, include: str = 'include = ["a.toml"]') -> tuple[cargo_config.Config, Path]:
    for name, text in INCLUDING.items():
        miniroot.write(tmp_path / "outer/inner/.cargo" / name, text)
    return configure(
        tmp_path,
        f'{include}\n[env]\nD = "near"\n[build]\ntarget = ["{ARM}"]\n',
        '[env]\nB = "far"\nE = "far"\n[build]\ntarget = ["i686-unknown-linux-gnu"]\n',
    )


def real_value(folder: Path, key: str) -> str:
    """Return what this machine's cargo takes a key of its configuration for."""
    need(shutil.which("cargo"), "cargo is not installed")
    command = ["cargo", "-Zunstable-options", "config", "get", "--format", "json-value", key]
    environ = {**os.environ, "RUSTC_BOOTSTRAP": "1"}
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else done.stderr


def test_included_files_as_cargo_reads_them(tmp_path: Path) -> None:
    config, folder = included(tmp_path)
    variables = config.variables({})
    for name in "ABCDE":
        found = variables.get(name)
        assert found is not None
        assert json.dumps(found.value) == real_value(folder, f"env.{name}")
    joined = config.find("build", "target")
    assert joined is not None
    assert joined.value.split() == json.loads(real_value(folder, "build.target"))
    linker = config.linker(variables, ROW)
    assert linker is not None
    assert linker.value == f"{tmp_path}/outer/inner/tools/gcc"  # beside the folder of the file that says so


@pytest.mark.parametrize(
    ("include", "reason"),
    [
        ('include = ["nowhere.toml"]', "does not exist"),
        ('include = ["config.toml"]', "includes it"),
        ("include = [1]", "names no file"),
    ],
)
def test_an_include_that_cargo_refuses(tmp_path: Path, include: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        included(tmp_path, include)
    assert "error" in real_value(tmp_path / "outer/inner", "env.A")


def test_an_optional_include(tmp_path: Path) -> None:
    config, _ = included(tmp_path, 'include = [{ path = "nowhere.toml", optional = true }]')
    assert config.find("env", "D") is not None


def test_two_cfg_linkers_that_match(tmp_path: Path) -> None:
    both = "[target.'cfg(unix)']\nlinker = 'a'\n[target.'cfg(target_os = \"linux\")']\nlinker = 'b'\n"
    config, _ = configure(tmp_path, both)
    with pytest.raises(InputError, match="takes no linker from both"):
        config.linker(Variables({}, {}), ROW)
    assert config.linker(Variables({LINKER: "c"}, {}), ROW) == Setting(LINKER, "c")
