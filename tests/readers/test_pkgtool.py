"""What a pkg-config program is, told from its files, and held against the program of this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import need
from readers import miniroot

from diagnose.readers.pkgconfig import tool as pkgtool
from diagnose.readers.system.root import Root

PATH = "/usr/lib64/pkgconfig:/usr/share/pkgconfig"
FOLDERS = ("/usr/lib64/pkgconfig", "/usr/share/pkgconfig")


def program(path: Path, *strings: str, name: str = "pkg-config") -> pkgtool.Tool:
    data = miniroot.elf("amd64") + b"\0" + b"".join(text.encode() + b"\0" for text in strings)
    miniroot.write(path / "usr/bin" / name, data, 0o755)
    return identify(path, f"/usr/bin/{name}")


def identify(path: Path, name: str) -> pkgtool.Tool:
    root = Root(str(path))
    return pkgtool.identify(root, name, root.resolve(name) or name)


def test_this_machines_own():
    path = shutil.which("pkg-config")
    need(path, "there is no pkg-config")
    assert path is not None
    environ = {"PATH": os.environ["PATH"]}
    tool = pkgtool.identify(Root("/"), path, os.path.realpath(path))
    for option, expected in (("--version", tool.version), ("--variable=pc_path", ":".join(tool.default_path))):
        words = [path, option] if option == "--version" else [path, option, "pkg-config"]
        done = subprocess.run(words, capture_output=True, text=True, env=environ, check=True)
        assert done.stdout.strip() == expected
    about = subprocess.run([path, "--about"], capture_output=True, text=True, env=environ).stdout
    assert (tool.implementation == "pkgconf") == about.startswith("pkgconf")


@pytest.mark.parametrize(
    ("strings", "implementation", "version", "folders"),
    [
        ((PATH, "0.29.2", "PKG_CONFIG_PATH"), "pkg-config", "0.29.2", FOLDERS),
        (("libpkgconf.so.3", "pkgconf", "2.5.1"), "pkgconf", "2.5.1", ()),
        (("pkgconf", PATH, "1.7.3"), "pkgconf", "1.7.3", FOLDERS),
        (("pkgconf", "/usr/share/pkgconfig/personality.d:/etc/pkgconfig/personality.d"), "pkgconf", "", ()),
        (("pkgconf", "1.2.3", "2.5.6"), "pkgconf", "", ()),
    ],
)
def test_recognised_by_strings(tmp_path, strings, implementation, version, folders):
    tool = program(tmp_path, *strings)
    assert (tool.implementation, tool.version, tool.default_path) == (implementation, version, folders)


def test_compiled_into_the_library(tmp_path):
    data = miniroot.elf("amd64") + b"\0" + PATH.encode() + b"\0"
    miniroot.write(tmp_path / "usr/lib/x86_64-linux-gnu/libpkgconf.so.7", data)
    tool = program(tmp_path, "libpkgconf.so.7", "2.4.3")
    assert (tool.default_path, tool.origin) == (FOLDERS, "/usr/lib/x86_64-linux-gnu/libpkgconf.so.7")


def test_the_programs_name_chooses_a_personality(tmp_path):
    file = tmp_path / "usr/share/pkgconfig/personality.d/arm-linux-gnueabihf.personality"
    miniroot.write(
        file, "Triplet: arm-linux-gnueabihf\nDefaultSearchPaths: /a/pkgconfig:/b\nSystemLibraryPaths: /lib\n"
    )
    tool = program(tmp_path, "pkgconf", PATH, name="arm-linux-gnueabihf-pkg-config")
    assert (tool.default_path, tool.origin) == (("/a/pkgconfig", "/b"), "/" + str(file.relative_to(tmp_path)))
    assert program(tmp_path, "pkgconf", PATH, name="aarch64-linux-gnu-pkg-config").default_path == FOLDERS
    assert program(tmp_path, PATH, name="x-pkg-config").default_path == FOLDERS  # freedesktop's knows none
    file.write_text(file.read_text() + "DefaultSearchPaths: /c\n")  # pkgconf adds a second line to the first
    tool = program(tmp_path, "pkgconf", PATH, name="arm-linux-gnueabihf-pkg-config")
    assert tool.default_path == ("/a/pkgconfig", "/b", "/c")


def test_the_cross_wrapper_of_the_freedesktop_package(tmp_path):
    program(tmp_path, PATH, "0.29.2")
    miniroot.write(tmp_path / "usr/share/pkg-config-crosswrapper", "#! /bin/sh\n", 0o755)
    (tmp_path / "usr/bin/i686-linux-gnu-pkg-config").symlink_to("/usr/share/pkg-config-crosswrapper")
    assert "install dpkg-dev" in identify(tmp_path, "/usr/bin/i686-linux-gnu-pkg-config").broken
    miniroot.write(tmp_path / "usr/bin/dpkg-architecture", "#!/usr/bin/perl\n", 0o755)
    tool = identify(tmp_path, "/usr/bin/i686-linux-gnu-pkg-config")
    assert (tool.broken, tool.implementation, tool.version) == ("", "pkg-config", "0.29.2")
    assert "/usr/lib/i386-linux-gnu/pkgconfig" in tool.default_path


# as in Fedora's pkgconf-pkg-config, and as cross images write them
SCRIPTS = {
    "#!/usr/bin/sh\n# a comment\nexport PKG_CONFIG_LIBDIR=\"${PKG_CONFIG_LIBDIR:-/a/pkgconfig:/b}\"\n"
    "export PKG_CONFIG_SYSTEM_LIBRARY_PATH=\"${PKG_CONFIG_SYSTEM_LIBRARY_PATH:-/usr/lib64}\"\n"
    'exec pkgconf "$@"\n': (("/a/pkgconfig", "/b"), ()),
    "#!/bin/sh\nPKG_CONFIG_LIBDIR=/c PKG_CONFIG_PATH='' exec pkgconf \"$@\"\n": (
        FOLDERS, (("PKG_CONFIG_LIBDIR", "/c"), ("PKG_CONFIG_PATH", "")),
    ),
    "#!/bin/sh\nPKG_CONFIG_LIBDIR=/c\nexport PKG_CONFIG_LIBDIR\nexec pkgconf \"$@\"\n": (
        FOLDERS, (("PKG_CONFIG_LIBDIR", "/c"),),
    ),
    "#!/bin/sh\nexport PKG_CONFIG_SYSROOT_DIR='/s'\nexport PKG_CONFIG_PATH=\nexec /usr/bin/pkgconf \"$@\"\n": (
        FOLDERS, (("PKG_CONFIG_PATH", ""), ("PKG_CONFIG_SYSROOT_DIR", "/s")),
    ),
}  # fmt: skip
OBSCURE = (
    '#!/bin/sh\nPKG_CONFIG_LIBDIR=$(dirname $0) exec pkgconf "$@"\n',
    '#!/bin/sh\nexport PKG_CONFIG_LIBDIR=`pwd`\nexec pkgconf "$@"\n',
    '#!/bin/sh\nexec pkgconf --static "$@"\n',
    "#!/bin/sh\nif true; then exec pkgconf; fi\n",
    '#!/bin/sh\nexec pkg-config "$@"\n',  # itself
    '#!/bin/sh\nexec nothing-there "$@"\n',
    "#!/usr/bin/python3\nimport os\n",
    "",
)


@pytest.mark.parametrize("text", SCRIPTS)
def test_scripts_that_only_set_variables(tmp_path, text):
    program(tmp_path, "pkgconf", PATH, name="pkgconf")
    miniroot.write(tmp_path / "usr/bin/pkg-config", text, 0o755)
    tool = identify(tmp_path, "/usr/bin/pkg-config")
    assert (tool.implementation, (tool.default_path, tool.sets)) == ("pkgconf", SCRIPTS[text])


@pytest.mark.parametrize("text", OBSCURE)
def test_other_scripts_are_unknown(tmp_path, text):
    program(tmp_path, "pkgconf", PATH, name="pkgconf")
    miniroot.write(tmp_path / "usr/bin/pkg-config", text, 0o755)
    assert identify(tmp_path, "/usr/bin/pkg-config") == pkgtool.Tool()
