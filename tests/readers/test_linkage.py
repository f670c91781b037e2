"""How files of a wheel find each other once installed: the dynamic linkers' rules."""

from __future__ import annotations

import pytest

from diagnose.loaders import glibc_loader
from diagnose.readers.elf.elf_parser import Elf
from diagnose.readers.wheel import linkage
from diagnose.readers.wheel import reader as wheel
from diagnose.readers.wheel.linkage import LoadLink, expand

SITE = "lib/python/site-packages"


@pytest.mark.parametrize(
    ("search_path", "folders"),
    [
        ("$ORIGIN", [f"{SITE}/pkg"]),
        ("${ORIGIN}/../pkg.libs", [f"{SITE}/pkg.libs"]),
        ("$ORIGIN/../pkg.libs:$ORIGIN:$ORIGIN/.", [f"{SITE}/pkg.libs", f"{SITE}/pkg"]),
        ("$ORIGIN/../../..", ["lib"]),
        ("$ORIGIN/../../../../lib", ["lib"]),
        ("$ORIGIN/../../../../../../usr/lib", []),
        ("/usr/lib:/opt/x", []),
        ("pkg.libs", []),
        ("", []),
        (":", []),
        ("@loader_path/", []),
        ("$ORIGINAL/x", []),
        ("$ORIGIN/$LIB", []),
    ],
)
def test_search_paths(search_path: str, folders: list[str]) -> None:
    assert expand(search_path, f"{SITE}/pkg") == folders


def test_interpreter_versions_do_not_matter() -> None:
    for version in ("lib/python3.12", "lib64/python3.9", "lib/pypy3.11", "lib/python3.13t"):
        assert expand(f"$ORIGIN/../{version}/site-packages/pkg.libs", "bin") == [f"{SITE}/pkg.libs"]


def _elf(path: str, *needed: str, **facts: object) -> Elf:
    values: dict[str, object] = {"path": path, "installed": wheel.installed_path(path, "p-1.data/"), "needed": needed}
    return Elf(**{**values, "machine": 62, "bits": 64, "endian": "little", **facts})  # type: ignore[arg-type]


def _links(*elves: Elf, musl: bool = False) -> dict[tuple[str, str], LoadLink]:
    return {(link.path, link.needed): link for link in linkage.links(linkage.Index(elves), elves, musl)}


LIBS = "$ORIGIN/p.libs"


def test_own_paths_reach() -> None:
    lib = _elf("p.libs/liba.so")
    for kind in ("rpath", "runpath"):
        found = _links(_elf("m.so", "liba.so", **{kind: LIBS}), lib)
        assert found["m.so", "liba.so"] == LoadLink("m.so", "liba.so", "p.libs/liba.so", kind, ("p.libs/liba.so",), ())


def test_no_path_misses_what_is_there() -> None:
    found = _links(_elf("m.so", "liba.so", "libc.so.6"), _elf("p.libs/liba.so"))
    assert list(found) == [("m.so", "liba.so")]
    assert found["m.so", "liba.so"] == LoadLink("m.so", "liba.so", "", "", ("p.libs/liba.so",), ("m.so",))


def test_rpath_is_inherited_and_runpath_is_not() -> None:
    a, b = _elf("p.libs/liba.so", "libb.so"), _elf("p.libs/libb.so")
    by_rpath = _links(_elf("m.so", "liba.so", rpath=LIBS), a, b)["p.libs/liba.so", "libb.so"]
    assert (by_rpath.target, by_rpath.via, by_rpath.missed_from) == ("p.libs/libb.so", "inherited", ())
    by_runpath = _links(_elf("m.so", "liba.so", runpath=LIBS), a, b)["p.libs/liba.so", "libb.so"]
    assert (by_runpath.target, by_runpath.missed_from) == ("", ("m.so",))


def test_a_runpath_of_its_own_ends_inheritance() -> None:
    a, b = _elf("p.libs/liba.so", "libb.so", runpath="$ORIGIN/nowhere"), _elf("p.libs/libb.so")
    assert _links(_elf("m.so", "liba.so", rpath=LIBS), a, b)["p.libs/liba.so", "libb.so"].target == ""


def test_an_rpath_beside_a_runpath_is_ignored() -> None:
    found = _links(_elf("m.so", "liba.so", rpath=LIBS, runpath="$ORIGIN/nowhere"), _elf("p.libs/liba.so"))
    assert found["m.so", "liba.so"].target == ""


def test_musl_inherits_both() -> None:
    a, b = _elf("p.libs/liba.so", "libb.so"), _elf("p.libs/libb.so")
    found = _links(_elf("m.so", "liba.so", runpath=LIBS), a, b, musl=True)
    assert found["p.libs/liba.so", "libb.so"].via == "inherited"


def test_what_is_loaded_already_is_not_searched() -> None:
    """Libraries load breadth first: the module's second library is there when the first one's are looked for."""
    a, b = _elf("p.libs/liba.so", "libb.so"), _elf("p.libs/libb.so")
    found = _links(_elf("m.so", "liba.so", "libb.so", runpath=LIBS), a, b)
    link = found["p.libs/liba.so", "libb.so"]
    assert (link.target, link.via, link.missed_from) == ("p.libs/libb.so", "loaded", ())


def test_a_library_found_from_one_module_only() -> None:
    a, b = _elf("p.libs/liba.so", "libb.so"), _elf("p.libs/libb.so")
    good = _elf("good.so", "liba.so", "libb.so", runpath=LIBS, init=("good",))
    bad = _elf("bad.so", "liba.so", runpath=LIBS, init=("bad",))
    link = _links(good, bad, a, b)["p.libs/liba.so", "libb.so"]
    assert (link.target, link.missed_from) == ("p.libs/libb.so", ("bad.so",))


def test_a_library_known_by_its_soname_only() -> None:
    link = _links(_elf("m.so", "liba.so.1", rpath=LIBS), _elf("p.libs/liba.so", soname="liba.so.1"))[
        "m.so", "liba.so.1"
    ]
    assert (link.target, link.candidates) == ("", ("p.libs/liba.so",))


def test_a_library_of_another_machine_is_passed_over() -> None:
    found = _links(_elf("m.so", "liba.so", rpath=LIBS), _elf("p.libs/liba.so", machine=183))
    assert found["m.so", "liba.so"].target == ""


def test_programs_reach_site_packages_and_modules_the_environments_lib() -> None:
    program = _elf("p-1.data/scripts/tool", "liba.so", rpath="$ORIGIN/../lib/python3.11/site-packages/p.libs")
    module = _elf("p/m.so", "libd.so", rpath="$ORIGIN/../../../../lib")
    found = _links(program, module, _elf("p.libs/liba.so"), _elf("p-1.data/data/lib/libd.so"))
    assert found["p-1.data/scripts/tool", "liba.so"].target == "p.libs/liba.so"
    assert found["p/m.so", "libd.so"].target == "p-1.data/data/lib/libd.so"


def test_loops_end() -> None:
    found = _links(_elf("a.so", "b.so", rpath="$ORIGIN"), _elf("b.so", "a.so", "b.so", rpath="$ORIGIN"))
    assert {link.target for link in found.values()} <= {"a.so", "b.so"}


def test_a_maze_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linkage, "MAX_STEPS", 1000)
    names = [f"l{n}.so" for n in range(60)]
    elves = [_elf(name, *names, rpath="$ORIGIN", init=(name.partition(".")[0],)) for name in names]
    index = linkage.Index(elves)
    linkage.links(index, elves, False)
    assert index.exhausted


def test_folders_of_glibc_hwcaps_come_first_on_newer_processors() -> None:
    """A copy for newer processors has an $ORIGIN of its own, and may not find what the plain one finds."""
    module = _elf("m.so", "liba.so", runpath=LIBS)
    plain = _elf("p.libs/liba.so", "libb.so", runpath="$ORIGIN")
    other = _elf("p.libs/libb.so")
    folder = "p.libs/glibc-hwcaps/x86-64-v3"
    lost = _elf(f"{folder}/liba.so", "libb.so", runpath="$ORIGIN")
    elves = (module, plain, other, lost)
    every = linkage.links(linkage.Index(elves), elves, False)
    assert [link.target for link in every if link.path == "m.so"] == [f"{folder}/liba.so", "p.libs/liba.so"]
    (missing,) = (link for link in every if link.path == lost.path)
    assert (missing.target, missing.missed_from) == ("", ("m.so",))
    found = _links(module, plain, other, lost._replace(runpath="$ORIGIN/../.."))
    assert found[lost.path, "libb.so"].target == "p.libs/libb.so"
    assert [link.target for link in linkage.links(linkage.Index(elves), elves, True) if link.path == "m.so"] == [
        "p.libs/liba.so"
    ]


def test_which_folders_a_processor_searches() -> None:
    assert glibc_loader.searched("a", 62, 2) == ("a/glibc-hwcaps/x86-64-v3", "a/glibc-hwcaps/x86-64-v2", "a")
    assert glibc_loader.searched("a", 183, 3) == ("a",)
