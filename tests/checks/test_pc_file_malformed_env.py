"""``.pc`` files that the original pkg-config refuses, and fields that pkgconf ignores, in a root.

The answers are those of the programs: 0.29.2 of Debian 11, 1.8.1 of Debian 12 and 13, builds with rustc 1.95.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from readers import miniroot
from roots import judged

from diagnose.model.finding import Finding
from diagnose.readers import env
from diagnose.readers.pkgconfig import rules, solver
from diagnose.readers.system.root import Root

ARM = "armv7-unknown-linux-gnueabihf"
FOLDER = "usr/lib/arm-linux-gnueabihf/pkgconfig"
HEAD = "Name: x\nDescription: x\nVersion: 1.2\n"
HIDDEN = {
    "a quote of Libs": ("Libs: '-L/usr/lib -lx\n", True),
    "a double quote of Libs": ('Libs: -L"/usr/lib -lx\n', True),
    "a quote of Cflags": ("Libs: -lasound\nCflags: -DX='a\n", False),
    "a brace before the library": ("libdir=/usr/lib\nLibs: -L${libdir -lx\n", True),
    "a brace after the library": ("libdir=/usr/lib\nLibs: -lasound -L${libdir\n", False),
    "bytes": (b"Libs: -lasound -L/\xe9\n", None),
}
FINE = {
    "plain": "Libs: -lasound\n",
    "quoted": "Libs: '-L/usr/lib' -lasound\nCflags: -DX=\\\"a\\\"\n",
    "no field": "",
    "an empty field": "Libs:\n",
    "a variable that nothing defines": "Libs: ${nothing} -lasound\n",
    "a quote in another field": "Libs: -lasound\nDescription: the user's own\n",
    "a quote in a comment": "Libs: -lasound # the user's own\n",
    "beyond ASCII": "Libs: -lasound -L/é\n",
}
REFUSED = {
    "Libs: -L${libdir} -lx\nlibdir=/usr/lib\n": "Variable 'libdir' not defined in '{}'",
    "Libs: -L${libdir -lx\n": "Variable 'libdir -lx' not defined in '{}'",
    "a=${a}\nLibs: -lx\n": "Variable 'a' not defined in '{}'",
    "URL: ${nope}\nLibs: -lx\n": "Variable 'nope' not defined in '{}'",
    "a=1\na=2\nLibs: -lx\n": "Duplicate definition of variable 'a' in '{}'",
    "Libs: -lx\nLibs: -ly\n": "Libs field occurs twice in '{}'",
    "Cflags: -DX\nCFlags: -DY\n": "Cflags field occurs twice in '{}'",
    "Name: y\nLibs: -lx\n": "Name field occurs twice in '{}'",
    "Conflicts: a\nConflicts: b\n": "Conflicts field occurs twice in '{}'",
    "Libs: -L'/usr/lib -lx\n": "Couldn't parse Libs field into an argument vector",
    "Libs: -lx \\": "Couldn't parse Libs field into an argument vector",
    'Cflags: -DX="a\n': "Couldn't parse Cflags field into an argument vector",
    "Requires: base == 1\n": "Unknown version comparison operator '==' after package name 'base' in file '{}'",
    "Requires.private: base >> 1\n": "Unknown version comparison operator '>>' after package name 'base' in file '{}'",
    "Requires: base >=0.5\n": "Unknown version comparison operator '>=0.5' after package name 'base' in file '{}'",
    "Requires: base >=, base\n": "Unknown version comparison operator '>=,' after package name 'base' in file '{}'",
    "Requires: base >=\n": "Comparison operator but no version after package name 'base' in file '{}'",
}
ACCEPTED = {
    "Libs: -L$${HOME} -lx\n": ("-L$\\{HOME\\}", "-lx"),
    "a=/x\nLibs: -L${a} -lx\n": ("-L/x", "-lx"),
    "_a=/x\n9=y\nLibs: -L${_a}/${9} -lx\n": ("-L/x/y", "-lx"),
    "libs: -lx\n": (),
    "Libs: -lx \\#c\n": ("-lx",),
    "Libs: -lx # c\n": ("-lx",),
    "Libs: -lx \\\n -ly\n": ("-lx", "-ly"),
    "Libs: -lx\nRequires: base\nRequires: base\n": ("-lx", "-lbase"),
    "Libs: -lx\nRequires: base , base >= 0.5\n": ("-lx", "-lbase"),
    "Libs: -lx\nLibs.private: -la\nLibs.private: '-lb\n": ("-lx",),
    "Libs: -lx\nNew-field: ${nope}\nCflags:\nCflags: -DX\n": ("-lx",),
}


def findings(root: Path, module: str = "odd") -> list[Finding]:
    facts = env.read(
        str(root),
        ARM,
        [module],
        cwd=str(root),
        environ={"PKG_CONFIG_ALLOW_CROSS": "1", "PKG_CONFIG_LIBDIR": f"/{FOLDER}"},
    )
    return [one for one in judged(facts).findings if one.check in ("pc-file-malformed", "pc-missing")]


@pytest.mark.parametrize("name", HIDDEN)
def test_a_field_that_pkgconf_ignores(tmp_path: Path, name: str) -> None:
    text, lost = HIDDEN[name]
    root = miniroot.make(tmp_path)
    raw = text if isinstance(text, bytes) else text.encode()
    (root / FOLDER / "odd.pc").write_bytes(HEAD.encode() + raw)
    (found,) = findings(root)
    assert found.severity.name == ("WARNING" if lost is False else "ERROR")
    assert ("undefined symbol" in found.consequence) == bool(lost)


@pytest.mark.parametrize("name", FINE)
def test_a_file_that_only_looks_malformed(tmp_path: Path, name: str) -> None:
    root = miniroot.make(tmp_path)
    (root / FOLDER / "odd.pc").write_text(HEAD.replace("Description: x\n", "") * (name == "a quote in another field"))
    (root / FOLDER / "odd.pc").write_text(HEAD + FINE[name], encoding="utf-8")
    assert findings(root) == []


def ask(folder: Path, fields: str) -> solver.Answer:
    (folder / "base.pc").write_text("Name: base\nDescription: d\nVersion: 1.0\nLibs: -lbase\n")
    (folder / "xx.pc").write_text(HEAD + fields)
    return solver.Resolver(Root("/"), [str(folder)], None, rules.rules("pkg-config", "0.29.2")).ask(["xx"])


@pytest.mark.parametrize("fields", REFUSED)
def test_what_the_original_pkg_config_refuses(tmp_path: Path, fields: str) -> None:
    assert ask(tmp_path, fields).refused == REFUSED[fields].format(tmp_path / "xx.pc")


@pytest.mark.parametrize("fields", ACCEPTED)
def test_what_the_original_pkg_config_accepts(tmp_path: Path, fields: str) -> None:
    answer = ask(tmp_path, fields)
    assert (answer.refused, answer.problems, answer.libs) == ("", (), ACCEPTED[fields])


def test_a_mandatory_field_is_missing(tmp_path: Path) -> None:
    (tmp_path / "xx.pc").write_text("Name: x\nDescription: x\nLibs: -lx\n")
    resolver = solver.Resolver(Root("/"), [str(tmp_path)], None, rules.rules("pkg-config", "0.29.2"))
    assert resolver.ask(["xx"]).refused == "Package 'xx' has no Version: field"


def test_a_variable_without_an_end_is_left_to_chance(tmp_path: Path) -> None:
    answer = ask(tmp_path, "a=/x\nLibs: -lx -L${a\n")
    assert "has no closing brace" in answer.erratic


def test_a_root_with_the_original_pkg_config(tmp_path: Path) -> None:
    root = miniroot.make(tmp_path)
    (root / "usr/bin/pkgconf").unlink()
    strings = b"\0PKG_CONFIG_PATH\x000.29.2\0/usr/lib/pkgconfig:/usr/share/pkgconfig\0"
    miniroot.write(root / "usr/bin/pkgconf", miniroot.elf("amd64") + strings, 0o755)
    (root / FOLDER / "odd.pc").write_text(HEAD + "Libs: -L${nope} -lx\n")
    (found,) = findings(root)
    assert found.check == "pc-file-malformed"
    assert f"Variable 'nope' not defined in '/{FOLDER}/odd.pc'" in found.evidence[0].detail
