"""The wheel's extension modules are named for another interpreter than its tag.

CPython imports an extension module only if its file name ends in one of a few suffixes: its own
(``.cpython-312-x86_64-linux-gnu.so``, which names version, threading mode, processor and C library), ``.abi3.so``, or
plain ``.so``. Installers look only at the tag. If the two disagree, the wheel installs and Python does not find the
module.

Common forms: a module built by another interpreter than the one that packed the wheel; ``-linux-gnu`` in a musllinux
wheel for Python 3.11 or newer; a module named for one version in an ``abi3`` wheel (``py_limited_api`` set for the
wheel but not for the extension) or in a ``py3-none`` wheel; ``NAME.abi3-x86_64-linux-gnu.so``, which setuptools writes
under CPython 3.15 and older versions do not import; only ``NAME.abi3.so`` in a wheel for ``abi3t``, which a
free-threaded Python never loads.

The names on other systems are compared too: a cross build for iOS, Android or Windows on Arm takes the suffix from the
Python that runs it, and writes ``.abi3-darwin.so`` or ``.cp313-win_amd64.pyd``.

How to fix: build the module with the interpreter that the tag names, and with the stable-ABI setting that it names. Or
use the tag that the module meets.

References:
    https://peps.python.org/pep-3149/
    https://peps.python.org/pep-0425/
"""

from __future__ import annotations

from diagnose.authoring.extension_names import (
    ExtensionName,
    ForeignName,
    TaggedPython,
    foreign_modules,
    interpreter_soabi,
    modules,
    oldest_of,
    outside_stable_abi,
    triplet,
)
from diagnose.authoring.wheel import bounded, has_modules, linux_tags, some
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Evidence, Finding, Fix, Severity
from diagnose.policies import python_tags, systems
from diagnose.readers.wheel.platform_tag import arch_of
from diagnose.remedies.repack import rename, rename_suffix, repack, retag

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.elf.elf_parser import Elf
    from diagnose.readers.wheel.filekind import CodeFile
    from diagnose.readers.wheel.reader import Tag, Wheel


def _has_named_modules(wheel: Wheel) -> bool:
    return has_modules(wheel) or bool(_foreign_tags(wheel) and foreign_modules(wheel))


CHECK = Check(since="0.1.0", applies=_has_named_modules)


def wheel(wheel: Wheel) -> Iterator[Finding]:
    """See modules without a file for some tagged interpreter, and modules of one version under an open tag."""
    if not has_modules(wheel):
        yield from _other_systems(wheel)
        return
    groups: dict[str, list[ExtensionName]] = {}
    promised = {tag.libc for _, tag in linux_tags(wheel) if tag.libc}
    for module in modules(wheel):
        if promised and module.elf.libc and module.elf.libc not in promised:
            continue  # another name would not help it: wheel-libc-mismatch
        groups.setdefault(module.key, []).append(module)
    possible = (tag for tag in wheel.tags if not python_tags.impossible(*tag))  # wheel-not-supported-bad-tag
    pairs = [tag for tag in dict.fromkeys(tag._replace(platform="") for tag in possible) if tag.python[2:3] == "3"]
    yield from _closed(wheel, groups, [tag for tag in pairs if interpreter_soabi(tag)])
    yield from _alpine(wheel, groups, pairs)
    stable = [tag for tag in pairs if tag.abi in ("abi3", "abi3t")]
    if stable:
        yield from _abi3(wheel, groups, stable)
    if any(tag.abi == "none" and not interpreter_soabi(tag) for tag in pairs):
        yield from _none(wheel, groups)


def _foreign_tags(wheel: Wheel) -> list[tuple[Tag, TaggedPython]]:
    """Return the tags for CPython on systems other than Linux, and the oldest interpreter that each promises."""
    found: list[tuple[Tag, TaggedPython]] = []
    for tag in wheel.tags:
        machine = systems.triplet(tag.platform)
        match = (
            re.fullmatch(r"cpython-3(\d{1,3})(t?)", interpreter_soabi(tag)) if machine and tag.abi != "none" else None
        )
        pythons = [TaggedPython(int(match[1]), bool(match[2]), machine)] if match else oldest_of(tag, machine)
        found += [(tag, python) for python in pythons if machine]
    return found


def _other_systems(wheel: Wheel) -> Iterator[Finding]:
    """See modules for macOS, Windows, iOS … whose names the tagged interpreter does not look for."""
    groups: dict[str, list[ForeignName]] = {}
    for module in foreign_modules(wheel):
        groups.setdefault(module.key, []).append(module)
    bad: dict[str, tuple[ForeignName, str]] = {}
    pythons: dict[str, None] = {}
    elves = {elf.path: elf for elf in wheel.elves}
    for tag, python in _foreign_tags(wheel):
        for key, files in groups.items():
            fit = all(_fits(m.file, elves.get(m.file.path), tag) for m in files)
            if fit and not any(map(python.imports, files)):
                bad.setdefault(key, (files[0], _foreign_suffix(files[0], tag, python)))
                pythons[str(python)] = None
    if not bad:
        return
    first = next(iter(bad.values()))[0]
    fallback = all(f"{key}.py" in wheel.files or f"{key}/__init__.py" in wheel.files for key in bad)
    renames = [line for m, end in bad.values() for line in rename_suffix(wheel, [m.file.path], m.suffix, end)]
    stable = any(module.soabi.startswith("abi3") and module.triplet for module, _ in bad.values())
    build = Fix(
        "build it with the interpreter of the tag's system",
        notes="A cross build takes the suffix from the Python that runs it. "
        + (
            "setuptools adds the platform under CPython 3.15 (python/cpython#152461): rename the file after the build."
            if stable
            else "With setuptools, SETUPTOOLS_EXT_SUFFIX replaces it."
        ),
    )
    same = all(_is_same_python(module, end) for module, end in bad.values())
    yield Finding(
        f"has extension modules that {some(list(pythons))} does not import",
        Severity.WARNING if fallback else Severity.ERROR,
        bounded(
            Evidence(f"ends in {module.suffix}, the tagged interpreter looks for {end}", module.file.path)
            for module, end in bad.values()
        ),
        f"ModuleNotFoundError: No module named '{first.key.rpartition('/')[2]}'"
        + ("; the pure Python version is used instead" if fallback else ""),
        (*((repack(wheel, "give the files the interpreter's suffix", renames),) if same else ()), build),
    )


def _is_same_python(module: ForeignName, suffix: str) -> bool:
    """Whether only the platform in the module's name differs from *suffix*: the code itself may be correct."""
    return module.soabi.startswith("abi3") or f".{module.soabi}-" in suffix.replace(".cp3", ".cpython-3")


def _fits(file: CodeFile, elf: Elf | None, tag: Tag) -> bool:
    """Whether another name would help: the file is for the tag's processor, and not for a libc of Linux."""
    promised = systems.system(tag.platform)
    if promised is None or (elf is not None and elf.libc):
        return False
    if elf is not None and promised.machine:
        return arch_of(elf) in ("", promised.machine)  # Android's soft-float Arm has no name among Linux's
    return not file.arches or set(promised.arches) <= set(file.arches)


def _foreign_suffix(module: ForeignName, tag: Tag, python: TaggedPython) -> str:
    """Return the suffix that the interpreter of the tag looks for, of the same kind as the module's."""
    if module.soabi.startswith("abi3") and not python.free_threaded:
        return ".abi3.so"
    number = f"3{python.minor}{'t' if python.free_threaded else ''}"
    if tag.abi in ("abi3", "abi3t"):
        return ".pyd" if tag.platform.startswith("win") else f".{tag.abi}.so"
    if tag.platform.startswith("win"):
        return f".cp{number}-{python.machine}.pyd"
    return f".cpython-{number}-{python.machine}.so"


def _alpine(wheel: Wheel, groups: dict[str, list[ExtensionName]], tags: list[Tag]) -> Iterator[Finding]:
    """Check musl modules for Python 3.9 and 3.10, which python.org's builds and Alpine's own name differently."""
    patched = {"cpython-39", "cpython-310"}
    soabis = sorted(patched.intersection(map(interpreter_soabi, tags)))
    if _libc(wheel) != "musl" or not soabis:
        return
    found = [m for files in groups.values() for m in files if m.soabi in patched and m.triplet.endswith("-gnu")]
    if found:
        yield Finding(
            "has extension modules that Alpine's own Python 3.9 and 3.10 do not import",
            Severity.NOTE,
            bounded(Evidence(f"ends in {m.suffix}; Alpine's looks for -linux-musl", m.elf.path) for m in found),
            "with Alpine's own Python packages (not in the official python images): "
            f"ModuleNotFoundError: No module named '{found[0].module}'",
            (
                repack(
                    wheel,
                    "give the files a suffix that both import",
                    [rename(wheel, module.elf.path, f"{module.key}.so") for module in found],
                ),
            ),
        )


def _libc(wheel: Wheel) -> str:
    libcs = {tag.libc for _, tag in linux_tags(wheel) if tag.libc}
    return libcs.pop() if len(libcs) == 1 else wheel.verdict.libc


def _closed(wheel: Wheel, groups: dict[str, list[ExtensionName]], tags: list[Tag]) -> Iterator[Finding]:
    """Check tags that name one interpreter."""
    wanted: dict[str, tuple[ExtensionName, str]] = {}
    for tag in tags:
        soabi = interpreter_soabi(tag)
        machine = triplet(soabi, wheel.verdict.arch, _libc(wheel))
        for files in groups.values():
            if not any(_imports(module, soabi, machine) for module in files):
                wanted.setdefault(files[0].elf.path, (files[0], f".{soabi}-{machine or '…'}.so"))
    bad = list(wanted.values())
    if not bad:
        return
    first = bad[0][0]
    fallback = all(_has_source(wheel, module) for module, _ in bad)
    yield Finding(
        f"has extension modules that {some(sorted({tag.python for tag in tags}))} does not import",
        Severity.WARNING if fallback else Severity.ERROR,
        bounded(
            Evidence(f"ends in {module.suffix}, the tagged interpreter looks for {end}", module.elf.path)
            for module, end in bad
        ),
        f"ModuleNotFoundError: No module named '{first.module}'"
        + ("; the pure Python version is used instead" if fallback else ""),
        _closed_fixes(wheel, bad, tags),
    )


def _imports(module: ExtensionName, soabi: str, machine: str) -> bool:
    match = re.fullmatch(r"cpython-3(\d+)(t?)", soabi)
    if match:
        return TaggedPython(int(match[1]), bool(match[2]), machine).imports(module)
    if not module.soabi or module.soabi == "abi3":
        return True
    return module.soabi == soabi and (not machine or not module.triplet or module.triplet == machine)


def _closed_fixes(wheel: Wheel, bad: list[tuple[ExtensionName, str]], tags: list[Tag]) -> tuple[Fix, ...]:
    soabis = {module.soabi for module, _ in bad}
    wanted = {interpreter_soabi(tag) for tag in tags}
    if soabis <= wanted:
        # Only the machine part is wrong: the code itself may be correct.
        renames: dict[tuple[str, str], list[str]] = {}
        for module, end in bad:
            renames.setdefault((module.suffix, end), []).append(module.elf.path)
        lines = [line for (old, new), paths in renames.items() for line in rename_suffix(wheel, paths, old, new)]
        return (repack(wheel, "give the files the interpreter's suffix", lines),)
    build = Fix(
        "build it with the interpreter that the tag names",
        notes="maturin build -i python3.X; in a cross build PYO3_CROSS_PYTHON_VERSION. cibuildwheel does it itself.",
    )
    match = bad[0][0].soabi.partition("-")[2]
    if len(soabis) == 1 and bad[0][0].soabi.startswith("cpython-") and match:
        python, abi = f"cp{match.rstrip('abcdefghijklmnopqrstuvwxyz')}", f"cp{match}"
        return (retag(wheel, title=f"use the tag that it meets: {python}-{abi}", python=python, abi=abi), build)
    return (build,)


def _abi3(wheel: Wheel, groups: dict[str, list[ExtensionName]], tags: list[Tag]) -> Iterator[Finding]:
    """Check tags of the stable ABI: every module needs a file that the oldest promised Python imports."""
    machine = triplet("cpython-315", wheel.verdict.arch, _libc(wheel))
    pythons = [python for tag in tags for python in oldest_of(tag, machine)]
    if not pythons:
        return
    named = [files for files in groups.values() if all(m.soabi not in ("", "abi3", "abi3t") for m in files)]
    if named:
        yield _named(wheel, named)
    rest = [files for files in groups.values() if files not in named]
    missed: dict[str, tuple[ExtensionName, list[TaggedPython]]] = {}
    for files in rest:
        without = [python for python in pythons if not any(map(python.imports, files))]
        if without:
            missed[files[0].key] = (files[0], without)
    if missed:
        yield _missed(wheel, list(missed.values()))


def _missed(wheel: Wheel, missed: list[tuple[ExtensionName, list[TaggedPython]]]) -> Finding:
    first, pythons = missed[0]
    fallback = all(_has_source(wheel, module) for module, _ in missed)
    both = any(python.free_threaded for _, without in missed for python in without)
    wanted = ".abi3t.so" if both or first.soabi == "abi3t" else ".abi3.so"
    early = min(python.minor for _, without in missed for python in without)
    renames = [
        rename(wheel, module.elf.path, module.key + wanted)
        for module, without in missed
        if module.triplet and not any(python.free_threaded and module.soabi == "abi3" for python in without)
    ]
    if pythons[0].free_threaded and first.soabi == "abi3":
        build = Fix(
            "build the modules for abi3t too, or remove that tag",
            notes="PyO3 0.30: feature abi3t-py315; C: Py_TARGET_ABI3T. The tag without it is cp315-abi3.",
        )
    elif wanted == ".abi3t.so" and early < 15:
        abis = ".".join(dict.fromkeys(tag.abi for tag in wheel.tags))
        title, notes = "promise it from CPython 3.15 on", "abi3t (PEP 803) begins there."
        build = retag(wheel, title=title, notes=notes, python="cp315", abi=abis)
    else:
        build = Fix(
            f"name the modules NAME{wanted}",
            notes="setuptools adds the platform to the name under CPython 3.15 (python/cpython#152461): use 3.14.",
        )
    machine = next((python.machine for python in pythons if python.machine), "")
    wrong = [module for module, _ in missed if module.triplet and machine and module.triplet != machine]
    old = "" if wrong else "; CPython 3.15 imports it, and so do Debian's own 3.13.5 and later"
    error = f"ModuleNotFoundError: No module named '{first.module}'"
    return Finding(
        f"has extension modules that {some([str(python) for python in pythons])} does not import",
        Severity.WARNING if fallback else Severity.ERROR,
        bounded(
            Evidence(
                f"ends in {module.suffix}"
                + (f", which is for another platform than {machine}" if module in wrong else "")
                + f", {some([str(python) for python in without])} looks for {_sought(without[0], wanted)}",
                module.elf.path,
            )
            for module, without in missed
        ),
        f"{error}{old if first.triplet else ''}",
        (
            *((repack(wheel, f"give the files the suffix {wanted}", renames),) if renames and not wrong else ()),
            build,
        ),
    )


def _sought(python: TaggedPython, wanted: str) -> str:
    """Return the suffix that the interpreter looks for: before 3.15 none of the stable ABI without the lock."""
    if python.minor >= 15:
        return wanted
    return f".cpython-3{python.minor}t-{python.machine}.so" if python.free_threaded else ".abi3.so"


def _named(wheel: Wheel, bad: list[list[ExtensionName]]) -> Finding:
    first = bad[0][0]
    foreign = sorted({name for files in bad for module in files for name in outside_stable_abi(module.elf)})
    moves = [rename(wheel, files[0].elf.path, files[0].key + ".abi3.so") for files in bad if len(files) == 1]
    match = first.soabi.partition("-")[2]
    python = f"cp{match.rstrip('abcdefghijklmnopqrstuvwxyz')}"
    one = retag(wheel, title="tag it for that one version", python=python, abi=f"cp{match}")
    fallback = all(_has_source(wheel, files[0]) for files in bad)
    evidence = [
        Evidence(f"ends in {module.suffix}, not in .abi3.so", module.elf.path) for files in bad for module in files
    ]
    if foreign:
        evidence.insert(0, Evidence(f"uses {some(foreign)}, not in the stable ABI", first.elf.path))
    return Finding(
        "is tagged abi3, but its extension modules are named for one Python version"
        + (" and use functions outside the stable ABI" if foreign else ""),
        Severity.WARNING if fallback else Severity.ERROR,
        bounded(evidence),
        f"every other version: ModuleNotFoundError: No module named '{first.module}'",
        (
            *((one,) if foreign else ()),
            Fix(
                "build the module for the stable ABI too",
                notes="setuptools: Extension(…, py_limited_api=True) and Py_LIMITED_API; PyO3: the feature abi3-py3X.",
            ),
            *(() if foreign else (one,)),
            *((repack(wheel, "rename it: it uses only the stable ABI", moves),) if moves and not foreign else ()),
        ),
    )


def _none(wheel: Wheel, groups: dict[str, list[ExtensionName]]) -> Iterator[Finding]:
    """Check tags that promise every Python."""
    closed = [files for files in groups.values() if all(module.soabi not in ("", "abi3", "abi3t") for module in files)]
    if closed:
        several = all(len(files) > 1 for files in closed)
        fallback = all(_has_source(wheel, files[0]) for files in closed)
        versions = sorted({module.soabi for files in closed for module in files})
        yield Finding(
            f"is tagged for every Python, but its extension modules are named for {some(versions)}",
            Severity.NOTE if several or fallback else Severity.ERROR,
            bounded(Evidence(f"ends in {module.suffix}", module.elf.path) for files in closed for module in files),
            f"every other version: ModuleNotFoundError: No module named '{closed[0][0].module}'"
            + (", unless pure Python replaces it" if fallback or several else ""),
            (_per_version(wheel, versions),),
        )
    opened = [m for files in groups.values() for m in files if not m.soabi and m.elf.is_extension and _uses_python(m)]
    if opened and not closed:
        yield Finding(
            "is tagged for every Python, but contains extension modules, which are for one version",
            Severity.WARNING,
            bounded(
                Evidence("defines an init function and uses functions of the interpreter", m.elf.path) for m in opened
            ),
            "with another Python version: undefined symbol, or a crash, unless it uses only the limited API",
            (Fix("tag it cpXY-cpXY, or cpXY-abi3 for the limited API"),),
        )


def _per_version(wheel: Wheel, versions: list[str]) -> Fix:
    number = versions[0].partition("-")[2]
    if len(versions) > 1 or not versions[0].startswith("cpython-"):
        return Fix("build one wheel per Python version, or use the stable ABI")
    python = f"cp{number.rstrip('abcdefghijklmnopqrstuvwxyz')}"
    return retag(wheel, title=f"use the tag that it meets: {python}-cp{number}", python=python, abi=f"cp{number}")


def _uses_python(module: ExtensionName) -> bool:
    return any(name.startswith(("Py", "_Py")) for name in module.elf.undefined)


def _has_source(wheel: Wheel, module: ExtensionName) -> bool:
    return f"{module.key}.py" in wheel.files or f"{module.key}/__init__.py" in wheel.files
