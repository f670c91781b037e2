"""``.pc`` files are understood exactly as the real pkgconf understands them."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import need
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnose.model.finding import InputError
from diagnose.readers.pkgconfig import graph, pcfile, rpm_versions, rules, solver
from diagnose.readers.system.root import Root

SYSTEM = ("/usr/lib/x86_64-linux-gnu/pkgconfig", "/usr/lib/pkgconfig", "/usr/lib64/pkgconfig", "/usr/share/pkgconfig")


def pkgconf() -> str:
    """Return the real program; its version decides a few corners, so only releases of the 1.8 line compare."""
    program = shutil.which("pkgconf")
    need(program, "there is no pkgconf")
    assert program is not None
    version = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    need(version.startswith("1.8."), f"pkgconf is {version}, not 1.8")
    return program


def real(folders: tuple[str, ...], arguments: list[str], sysroot: str | None = None) -> str | None:
    """Return what the real program prints, None if it refuses."""
    environ = {
        "PATH": os.environ["PATH"],
        "PKG_CONFIG_LIBDIR": ":".join(folders),
        "PKG_CONFIG_ALLOW_SYSTEM_LIBS": "1",
        "PKG_CONFIG_ALLOW_SYSTEM_CFLAGS": "1",
    }
    if sysroot is not None:
        environ["PKG_CONFIG_SYSROOT_DIR"] = sysroot
    done = subprocess.run(["pkgconf", *arguments], env=environ, capture_output=True, timeout=20)
    return done.stdout.decode("utf-8", "surrogateescape") if done.returncode == 0 else None


def ours(folders: tuple[str, ...], modules: list[str], static: bool, sysroot: str | None = None) -> str | None:
    answer = solver.Resolver(Root("/"), folders, sysroot).ask(modules, static)
    text = "".join(f"{word} " for word in (*answer.cflags, *answer.libs)) + "\n"
    return None if answer.problems else text.encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape")


@pytest.mark.parametrize("sysroot", [None, "/", "/usr", "/usr/lib", "/some/where"])
def test_every_file_of_this_machine(sysroot):
    pkgconf()
    folders = tuple(folder for folder in SYSTEM if os.path.isdir(folder))
    names = sorted({name[:-3] for folder in folders for name in os.listdir(folder) if name.endswith(".pc")})
    need(names, "there is no .pc file on this machine")
    different = []
    for name in names:
        for static in (False, True) if sysroot is None else (False,):
            options = ["--static"] if static else []
            if ours(folders, [name], static, sysroot) != real(folders, [*options, "--libs", "--cflags", name], sysroot):
                different.append((name, static))
        version = solver.Resolver(Root("/"), folders, sysroot).ask([name])
        if (
            sysroot is None
            and not version.problems
            and version.version + "\n" != real(folders, ["--modversion", name], sysroot)
        ):
            different.append((name, "version"))
    assert different == []


HEADER = "Name: x\nDescription: x\nVersion: 1.2\n"
CORNERS = {
    "plain": HEADER + "Libs: -L/usr/lib -lx\nCflags: -I/usr/include/x -DX=1\n",
    "variables": "prefix=/opt/x\nlibdir=${prefix}/lib\n" + HEADER + "Libs: -L${libdir} -lx ${nothing}$HOME\n",
    "own value": "a=1\na=${a}2\n" + HEADER + "Cflags: -DA=${a}\n",
    "quoted value": 'a=\'one two\'\nb="x\\"y"\n' + HEADER + "Cflags: -DA=\"${a}\" -DB='${b}'\n",
    "open quote": HEADER + "Libs: -L'/usr/lib -lx\nCflags: -DX\n",
    "comments": "# first\n" + HEADER + "Libs: -lx # -ly\nCflags: -DX=\\#1\n#Libs: -lz\n",
    "continued": HEADER + "Libs: -lx \\\n   -ly\\\n-lz\nCflags: -I/a\\\\b\n",
    "dos": (HEADER + "Libs: -lx \\\n -ly\nCflags: -DX\n").replace("\n", "\r\n"),
    "no newline at the end": HEADER + "Libs: -lx",
    "case": "NAME: x\ndescription: x\nVERSION: 1.2\nlibs: -lx\nCFLAGS: -DX\n",
    "no version": "Name: x\nDescription: x\nLibs: -lx\n",
    "version with words": "Name: x\nDescription: x\nVersion: 1.2 beta\nLibs: -lx\n",
    "repeated": HEADER + "Libs: -lx -la\nLibs: -ly -lx\nCflags: -DX -DX -I/a -I/b -I/a\n",
    "special words": HEADER
    + "Libs: -Wl,--as-needed -lx -Wl,-z,now -pthread -framework A\nCflags: -isystem /a -include b\n",
    "escapes": HEADER + "Cflags: -I/a\\ b -DX=\\\"y\\\" -D'Z=(1)' -DW=a;b\nLibs: -L/c\\ d -lx\n",
    "beyond ASCII": HEADER + "Libs: -L/é -lx\nCflags: -DX=é é\n",
    "files": HEADER + "Libs: /usr/lib/libx.a -lib:y -:z /usr//lib//y.so -L/usr//lib\n",
    "empty fields": HEADER + "Libs:\nCflags:   \nRequires:\n",
    "odd keys": "  prefix = /usr  \n9x=1\n_y=2\nno-key=3\n" + HEADER + "Libs : -lx ${9x}${_y}${prefix}\n",
    "private": HEADER + "Libs: -lx\nLibs.private: -lm -lx\nCflags.private: -DSTATIC\n",
    "requires": HEADER + "Requires: base, other >= 1\nLibs: -lx\n",
    "requires a newer one": HEADER + "Requires: base >= 99\n",
    "requires nothing there": HEADER + "Requires: base, nowhere\nRequires.private: neither\n",
    "private nothing there": HEADER + "Requires.private: nowhere\n",
    "private": HEADER + "Requires.private: base\nLibs: -lx\n",  # noqa: F601
    "internal": HEADER + "Requires.internal: base\nRequires.private: other\n",
    "itself": HEADER + "Requires: itself\nLibs: -lx\n",
    "odd constraints": HEADER + "Requires: base >=1.0, other == 1 base>=1,,other\n",
    "provided": HEADER + "Requires: virtual, base\n",
    "provided version": HEADER + "Requires: virtual >= 3\n",
    "provided too old": HEADER + "Requires: virtual >= 9\n",
    "conflict": HEADER + "Requires: base\nConflicts: base < 9\n",
    "no conflict": HEADER + "Requires: base\nConflicts: base > 9\n",
    "its folder": HEADER + "Libs: -L${pcfiledir}/../lib -lx\nCflags: -I${pc_sysrootdir}/x\n",
}
NEIGHBOURS = {
    "base": "Name: b\nDescription: b\nVersion: 1.0\nLibs: -lbase -lm\nCflags: -I/base\nRequires.private: deep\n",
    "other": "Name: o\nDescription: o\nVersion: 2~rc1\nLibs: -L/o -lother -lm\nCflags: -I/base -DO\nRequires: base\n",
    "deep": "Name: d\nDescription: d\nVersion: 0\nLibs: -ldeep -pthread\nCflags: -DDEEP\nLibs.private: -ldl\n",
    "real": "Name: r\nDescription: r\nVersion: 4\nProvides: virtual = 5\nLibs: -lreal\n",
}


def write(folder: Path, files: dict[str, str]) -> tuple[str, ...]:
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.pc").write_text(text, encoding="utf-8", errors="surrogateescape", newline="")
    return (str(folder),)


@pytest.mark.parametrize("static", [False, True])
@pytest.mark.parametrize("sysroot", [None, "/", "/sys"])
def test_corners(tmp_path, static, sysroot):
    pkgconf()
    options = ["--static"] if static else []
    for title, text in CORNERS.items():
        folders = write(tmp_path / "pc", {**NEIGHBOURS, "itself": text})
        expected = real(folders, [*options, "--libs", "--cflags", "itself"], sysroot)
        assert ours(folders, ["itself"], static, sysroot) == expected, title


@pytest.mark.parametrize("constraint", [">= 1", ">= 1.3", "= 1.2", "!= 1.2", "< 2", "<= 1.1", "> 1.2~rc1", ">= 1.2.0"])
def test_constraints_of_the_caller(tmp_path, constraint):
    pkgconf()
    folders = write(tmp_path / "pc", {"x": HEADER + "Libs: -lx\n"})
    arguments = ["x", f"x {constraint}"]
    assert ours(folders, arguments, False) == real(folders, ["--libs", "--cflags", *arguments])


VERSIONS = st.text(alphabet="0123456789.~abZ-+_", min_size=1, max_size=8)


@settings(max_examples=60, deadline=None)
@given(one=VERSIONS, two=VERSIONS)
def test_versions_compare_as_pkgconf_compares_them(tmp_path_factory, one, two):
    pkgconf()
    folders = write(tmp_path_factory.getbasetemp() / "v", {"x": f"Name: x\nDescription: x\nVersion: {one}\n"})
    answers = {
        operator: real(folders, ["--modversion", f"x {operator} {two}"]) is not None for operator in ("<", "=", ">")
    }
    order = rpm_versions.compare(one, two)
    assert answers == {"<": order < 0, "=": order == 0, ">": order > 0}


PIECES = [
    *("Requires: base\n", "Requires.private: other >= 1\n", "Libs: -lx -L/usr/lib\n", "a=${b}/c\n", "b=/x y\n"),
    *("Cflags: -I${a} ${b}\n", "\\\n", "#", "$", "{", "}", "'", '"', "\\", "\r\n", "\t", "-", ":", "=", "/", "é", "\v"),
    *("Libs.private: -lz\n", "Conflicts: base < 1\n", "Provides: q = 1\n", "-Lé -Wl,-z ", "-pthread ", ">= ", ", "),
]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=14), st.booleans(), st.sampled_from([None, "/sys"]))
def test_mangled_files(tmp_path_factory, pieces, static, sysroot):
    pkgconf()
    body = "".join(pieces) + "\n"
    folders = write(tmp_path_factory.getbasetemp() / "m", {**NEIGHBOURS, "x": HEADER + body})
    options = ["--static"] if static else []
    assert ours(folders, ["x"], static, sysroot) == real(folders, [*options, "--libs", "--cflags", "x"], sysroot)


def test_what_is_missing_and_who_requires_it(tmp_path):
    folders = write(tmp_path / "pc", {**NEIGHBOURS, "x": HEADER + "Requires: base >= 2, nowhere\n"})
    answer = solver.Resolver(Root("/"), folders).ask(["x"])
    assert [(one.dependency.module, one.required_by, one.found) for one in answer.problems] == [
        ("base", "x", "1.0"),
        ("nowhere", "x", None),
    ]
    assert answer.path == f"{folders[0]}/x.pc"


def test_freedesktop_prefixes_what_is_there_already(tmp_path):
    # measured with pkg-config 0.29.2: a sysroot of / gives a double slash
    folders = write(tmp_path / "pc", {"x": HEADER + "Libs: -L/usr/lib -lx\n"})
    answer = solver.Resolver(Root("/"), folders, "/", rules.Rules(freedesktop=True)).ask(["x"])
    assert answer.libs == ("-L//usr/lib", "-lx")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"\0\1\2", "not a text file"),
        (b"x" * (pcfile.FILE_LIMIT + 1), "larger than"),
        (HEADER.encode() + b"d=$\nb=${d}{b}\nLibs: ${b}\n", "expands without end"),
    ],
)
def test_hostile_files_end_in_one_line(tmp_path, text, reason):
    (tmp_path / "x.pc").write_bytes(text)
    with pytest.raises(InputError, match=reason) as error:
        solver.Resolver(Root("/"), [str(tmp_path)]).ask(["x"])
    assert "\n" not in str(error.value)


def test_requirements_that_fan_out_without_end(tmp_path, monkeypatch):
    monkeypatch.setattr(graph, "VISIT_LIMIT", 1000)
    layers = {f"l{n}": HEADER + "Requires: " + " ".join([f"l{n + 1} = 1.2"] * 3) + "\n" for n in range(8)}
    folders = write(tmp_path / "pc", {**layers, "l8": HEADER})
    answer = solver.Resolver(Root("/"), folders).ask(["l0"])
    assert "requirements without end" in answer.erratic


def test_variables_that_double_stay_bounded(tmp_path):
    doubling = "".join(f"v{n + 1}=${{v{n}}}${{v{n}}}\n" for n in range(60))
    folders = write(tmp_path / "pc", {"x": "v0=xx\n" + doubling + HEADER + "Libs: -l${v60}\n"})
    answer = solver.Resolver(Root("/"), folders).ask(["x"])
    assert len("".join(answer.libs)) <= pcfile.VALUE_LIMIT
