"""Random folders of ``.pc`` files and random questions, asked of real releases of pkgconf and of the resolver.

Run by hand: ``python tests/readers/pc_worlds.py COUNT [FIRST]`` compares all releases on so many settings. Settings
from ``ODD`` on also have what people rarely write: continued lines, comments, other layouts, variables that are
defined twice or late or by the environment, ``.shared`` fields, strange versions, and questions about several modules.
"""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from diagnose.model.finding import InputError
from diagnose.readers.pkgconfig import rules, solver
from diagnose.readers.system.root import Root

#: Releases of the Python package ``pkgconf``, each with the program of that release.
RELEASES = ("2.1.1.post9", "2.2.0.post0", "2.3.0.post2", "2.4.3.post3", "2.5.1.post2", "3.0.1.post0", "3.0.7.post0")
CACHE = Path.home() / ".cache" / "diagnose-tests" / "pkgconf"

SWITCHES = (
    *("PKG_CONFIG_DISABLE_UNINSTALLED", "PKG_CONFIG_FDO_SYSROOT_RULES", "PKG_CONFIG_PKGCONF1_SYSROOT_RULES"),
    *("PKG_CONFIG_RELOCATE_PATHS", "PKG_CONFIG_IGNORE_CONFLICTS", "PKG_CONFIG_DONT_RELOCATE_PATHS"),
)
NAMES = ("aa", "bb", "cc", "dd", "ee")  # 2.5.1 loses a module whose name is one letter
WORDS = (
    *("-lfoo", "-la", "-lb", "-L${libdir}", "-L/usr/lib", "-L/lit/lib", "-L${pc_sysrootdir}/p/lib", "-DX", "-DY=1"),
    *("-I${includedir}", "-I/usr/include", "-pthread", "-Wl,-z,now", "-Wl,--start-group -la -lb -Wl,--end-group"),
    *(
        "-isystem /inc",
        "-framework A",
        "-l:libx.so",
        "/usr/lib/libz.a",
        "/abs//libq.so",
        "-L /two -l two",
        "-include b",
    ),
    *("-nodefaultlibs", "-lm", "-lc", "word", "-std=c11", "-L${prefix}//lib", "-L${pcfiledir}/../lib", "$HOME", "-I/é"),
    *("-Wl,--as-needed", "-Wl,-rpath,/usr/lib", '"-I/q r"', "-I/q\\ r"),
)
#: The first setting with rarely written text.
ODD = 1_000_000_000
ODD_WORDS = (
    *("${a}", "-L${a}", "-l${b}", "$$x", "-L/x/$$y", "-Lrel/lib", "-L/usr/lib/", "-L/usr//lib", "-L/usr/lib/../lib"),
    *("-DX='y z'", '-DX=\\"y\\"', "-F/f", "--sysroot=/s", "-Wl,-L${libdir}", "-lfoo-bar_1.2", "-Xlinker --x"),
    *("-L=/eq/lib", "-l:lib${a}.a", "${libdir}/libfull.so", "-idirafter /late", "-U X"),
)
ODD_VARIABLES = ("a=/a", "a=${b}/a", "b=bee", "b=", "a = /spaced ", "libdir=/twice", "c=${a}")
ODD_VERSIONS = ("1.0-1", "1.0a", "01.2", "1.0 beta", "1.2.3+git", "v1", "1..0", "1.0~", "10")
ODD_REQUIREMENTS = ("aa>=1.0", "bb  >=  1.0", "cc >= 1.0-1", "dd,ee", "ee , aa", "bb <= 1.0", "aa != 1.0")
PREFIXES = ("/usr", "/opt/x", "${pc_sysrootdir}/usr", "${pcfiledir}/../..", '"/usr"', "SYSROOT/usr")
LIBDIRS = ("${exec_prefix}/lib", "/usr/lib/x", "${prefix}/lib", "${pc_sysrootdir}/usr/lib")


def program(release: str) -> Path:
    """Return pkgconf's program of a *release* of the Python package, installed into the cache.

    Raises:
        subprocess.CalledProcessError: it cannot be fetched.
    """
    folder = CACHE / release
    found = folder / "pkgconf" / ".bin" / "pkgconf"
    if not found.exists():
        install = [sys.executable, "-m", "pip"] if not shutil.which("uv") else ["uv", "pip"]
        command = [*install, "install", "--quiet", "--no-deps", "--target", str(folder), f"pkgconf=={release}"]
        subprocess.run(command, check=True, capture_output=True, timeout=300)
    return found


def programs() -> dict[str, Path]:
    """Return the programs of all releases, and the installed one, by their versions."""
    return {**installed(), **{release.partition(".post")[0]: program(release) for release in RELEASES}}


def installed() -> dict[str, Path]:
    """Return the program of this machine by its version; empty if it has no pkgconf."""
    path = shutil.which("pkgconf")
    if not path:
        return {}
    done = subprocess.run([path, "--version"], capture_output=True, text=True, check=True)
    return {done.stdout.strip(): Path(path)}


def _words(choose: random.Random, odd: bool = False) -> str:
    words = (*WORDS, *ODD_WORDS) if odd else WORDS
    return " ".join(choose.choice(words) for _ in range(choose.randint(0, 4)))


def _requirements(choose: random.Random, odd: bool = False) -> str:
    if odd and choose.random() < 0.2:
        return choose.choice(ODD_REQUIREMENTS)
    found = []
    for _ in range(choose.choice((0, 0, 1, 1, 2, 3))):
        name = choose.choice((*NAMES, "virt", "none") if choose.random() < 0.15 else NAMES)
        found.append(name + choose.choice(("", "", "", " >= 1", " >=1.0", " < 9", " = 1.0", " != 3", ", ")))
    return " ".join(found) if choose.random() < 0.7 else ", ".join(found)


def _file(choose: random.Random, name: str, sysroot: Path, odd: bool = False) -> str:
    prefix = choose.choice(PREFIXES).replace("SYSROOT", str(sysroot))
    lines = [f"prefix={prefix}", "exec_prefix=${prefix}", f"libdir={choose.choice(LIBDIRS)}"]
    lines += ["includedir=${prefix}/include", "", f"Name: {name}"]
    if choose.random() < 0.97:
        versions = ("1.0", "1.2", "2~rc1", "3", *(ODD_VERSIONS if odd else ()))
        lines += ["Description: d", f"Version: {choose.choice(versions)}"]
    if odd:
        lines += choose.sample(ODD_VARIABLES, choose.randint(0, 3))
    fields = []
    for field, likely, make in (
        ("Libs", 0.9, _words),
        ("Libs", 0.1, _words),
        ("Cflags", 0.7, _words),
        ("Libs.private", 0.4, _words),
        ("Cflags.private", 0.3, _words),
        ("Requires", 0.55, _requirements),
        ("Requires.private", 0.45, _requirements),
        ("Requires.internal", 0.15, _requirements),
    ):
        if choose.random() < likely:
            fields.append(f"{field}: {make(choose, odd)}")
    if odd:
        more = ("Libs.shared", "Cflags.shared", "Requires.shared", "CFlags", "libs", "URL", "License")
        fields += [
            f"{field}: {_requirements(choose) if field.startswith('Req') else _words(choose, odd)}"
            for field in choose.sample(more, choose.choice((0, 0, 1, 2)))
        ]
    if choose.random() < 0.1:
        fields.append("Provides: virt = 2")
    if choose.random() < 0.06:
        fields.append(f"Conflicts: {choose.choice(NAMES)} {choose.choice(('>= 1', '< 1'))}")
    choose.shuffle(fields)
    if odd:
        fields = [_odd_layout(choose, field) for field in fields]
        lines, fields = (lines, fields) if choose.random() < 0.8 else (fields, lines)  # variables may come last
    end = "\r\n" if odd and choose.random() < 0.05 else "\n"
    return end.join((*lines, *fields)) + end


def _odd_layout(choose: random.Random, field: str) -> str:
    name, _, rest = field.partition(": ")
    broken, wide = rest.replace(" ", " \\\n  ", 1), rest.replace(" ", "  ")
    layouts = (f"{name}:{rest}", f"{name} : {rest}", f"{name}:\t{rest} ", f"  {name}: {rest}", f"{name}: {rest} # more")
    return choose.choice((*layouts, f"{name}: {broken}", f"{name}: {wide}")) if choose.random() < 0.25 else field


def _make(
    choose: random.Random, base: Path, odd: bool = False
) -> tuple[list[str], str | None, list[str], dict[str, str], bool]:
    """Make folders; return (folders, sysroot, what is asked for, the environment, whether statically)."""
    inside, outside = base / "sys/usr/lib/pkgconfig", base / "out/pkgconfig"
    for folder in (inside, outside):
        folder.mkdir(parents=True)
    for name in NAMES:
        for folder in (inside, outside):
            if choose.random() < 0.55:
                (folder / f"{name}.pc").write_text(_file(choose, name, base / "sys", odd))
            if choose.random() < 0.06:
                (folder / f"{name}-uninstalled.pc").write_text(_file(choose, name, base / "sys", odd))
    if choose.random() < 0.2 and not (inside / "ee.pc").exists():
        (inside / "ee.pc").symlink_to("../../../../out/pkgconfig/aa.pc")
    own = str(base / "sys")
    sysroot = choose.choice((None, None, "/", "", own, own, f"{own}/", "/nowhere"))
    folders = [str(inside), str(outside)][: choose.choice((1, 2))]
    environ = {name: choose.choice(("1", "0", "")) for name in SWITCHES if choose.random() < 0.06}
    module = choose.choice(NAMES)
    asked = [module, *([f"{module} >= {choose.choice(('1', '1.2', '9'))}"] if choose.random() < 0.3 else [])]
    if odd and choose.random() < 0.15:
        asked.append(choose.choice(NAMES))
    if odd and choose.random() < 0.1:
        name = choose.choice(NAMES).upper()
        environ[f"PKG_CONFIG_{name}_{choose.choice(('LIBDIR', 'PREFIX', 'A'))}"] = "/from/outside"
    if odd and choose.random() < 0.1:
        folders = choose.choice(([*folders, "/nowhere"], [folders[0] + "/", *folders[1:]], [*folders, folders[0]]))
    return folders, sysroot, asked, environ, choose.random() < 0.35


def disagreement(seed: int, programs: dict[str, Path], base: Path, unsure: Counter[str] | None = None) -> str:
    """Return how the programs and the resolver differ on the setting *seed*; empty if they do not.

    *unsure* counts, by release, the questions on which the resolver says that it cannot tell.
    """
    base = base / str(seed)
    folders, sysroot, asked, switches, static = _make(random.Random(seed), base, seed >= ODD)
    environ = {"PATH": "/usr/bin", "PKG_CONFIG_LIBDIR": ":".join(folders), **switches}
    environ |= {"PKG_CONFIG_ALLOW_SYSTEM_LIBS": "1", "PKG_CONFIG_ALLOW_SYSTEM_CFLAGS": "1"}
    if sysroot is not None:
        environ["PKG_CONFIG_SYSROOT_DIR"] = sysroot
    difference = ""
    for version, path in programs.items():
        command = [str(path), *(["--static"] if static else []), "--libs", "--cflags", *asked]
        try:
            done = subprocess.run(command, env=environ, capture_output=True, timeout=5)
        except subprocess.TimeoutExpired:
            continue  # some releases do not end on some circles
        if done.returncode < 0:
            continue
        own = rules.rules("pkgconf", version, environ.get)
        try:
            answer = solver.Resolver(Root("/"), folders, sysroot, own).ask(asked, static)
        except InputError as error:
            difference += f"setting {seed}, pkgconf {version}: {error}\n{done}\n"
            continue
        if answer.erratic:
            if unsure is not None:
                unsure[version] += 1
            continue
        words = " ".join((*answer.cflags, *answer.libs)).encode("utf-8", "surrogateescape").split()
        real = done.stdout.split() if done.returncode == 0 else None
        ours = None if answer.problems else words
        if real != ours:
            difference += f"setting {seed}, pkgconf {version}\n{command}\n{environ}\n"
            difference += f"real {real}\nours {ours}\n{done.stderr!r}\n"
    if not difference:
        shutil.rmtree(base)
    return difference


def main() -> None:
    """Compare on as many settings as are asked for."""
    count, first = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0
    found_programs = programs()
    different = 0
    unsure: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(first, first + count):
            if found := disagreement(seed, found_programs, Path(folder), unsure):
                different += 1
                print(found)
    print(f"{count} settings of {', '.join(found_programs)}: {different} disagreements")
    print(f"cannot tell: {dict(unsure)}")


if __name__ == "__main__":
    main()
