"""The wheel's files are built for a newer macOS or iOS than its tag promises.

``macosx_11_0_arm64`` promises that macOS 11.0 is enough. Each Mach-O file states the oldest system that it is built for
(``LC_BUILD_VERSION``, in older ones ``LC_VERSION_MIN_MACOSX``): the deployment target. For a newer target, the compiler
calls newer functions without a test. Installers trust the tag. On an older system the wheel installs; the dynamic
linker does not compare the two, but it finds no such function, and the import fails.

The usual causes are a library that was copied from Homebrew, which builds for the system that it runs on, and a tag
that was written by hand or by a tool that did not look.

For arm64, the first macOS was 11.0 and the first simulator that of iOS 14.0: a tag for an older one promises no more
than these. From macOS 11 on, tags have no minor release, so only the major one is compared.

How to fix: set ``MACOSX_DEPLOYMENT_TARGET`` to the promised release for every library in the wheel, or use the tag that
the files meet; delocate writes that one, or refuses the wheel.

References:
    https://packaging.python.org/en/latest/specifications/platform-compatibility-tags/#macos
    https://peps.python.org/pep-0730/
    https://github.com/milesgranger/cramjam/issues/98
"""

from __future__ import annotations

from diagnose.authoring.wheel import bounded
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Evidence, Finding, Fix, Severity
from diagnose.policies import systems
from diagnose.remedies.repack import retag

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from diagnose.policies.systems import TaggedSystem
    from diagnose.readers.wheel.filekind import CodeFile
    from diagnose.readers.wheel.mach_o import Build
    from diagnose.readers.wheel.reader import Wheel


def _has_builds(wheel: Wheel) -> bool:
    """Whether a tag promises a system of Apple's, and a file states the one that it is built for."""
    stated = any(build.system for file in wheel.code for build in file.builds)
    return stated and any((one := systems.system(platform)) and one.built_for for platform in wheel.platforms)


CHECK = Check(since="0.1.0", needs="tags", applies=_has_builds)


def wheel(wheel: Wheel) -> Iterator[Finding]:
    """See Mach-O files whose deployment target is newer than the tag's release."""
    newest: dict[str, tuple[int, int]] = {}
    found: dict[str, dict[Build, None]] = {}
    for platform in wheel.platforms:
        promised = systems.system(platform)
        for file in wheel.code if promised else ():
            for build in _beyond(file, promised):
                newest[platform] = max(newest.get(platform, build.oldest), build.oldest)
                found.setdefault(file.path, {})[build] = None
    if not newest:
        return
    tag, oldest = next(iter(newest.items()))
    name = _system(tag)
    yield Finding(
        f"{tag} promises an older {name} than its files are built for: {_text(oldest)}",
        Severity.WARNING,
        bounded(Evidence(f"built for {_several(builds)}", path) for path, builds in sorted(found.items())),
        f"installs on {name} before {_text(oldest)}, where the import fails if a function is missing: "
        "ImportError: dlopen(…): Symbol not found: …",
        (
            _rebuild(tag, name),
            retag(wheel, ".".join(dict.fromkeys(_renamed(one, newest) for one in wheel.platforms))),
        ),
    )


def _beyond(file: CodeFile, promised: TaggedSystem | None) -> Iterator[Build]:
    """Yield the parts of *file* that the tag is about and that are built for a newer release than it promises."""
    for build in file.builds:
        if promised and build.arch in promised.arches and build.system == promised.built_for:
            least = max(promised.oldest, _FIRST.get((build.system, build.arch), (0, 0)))
            if _comparable(build.oldest, build.system) > _comparable(least, build.system):
                yield build


#: The first release of a system for a processor: a tag for an older one promises no more.
_FIRST = {("macOS", "arm64"): (11, 0), ("iOS simulator", "arm64"): (14, 0)}


def _comparable(release: tuple[int, int], system: str) -> tuple[int, int]:
    """Return what tags can say of *release*: no minor one from macOS 11 on, which macOS 10.16 is another name of."""
    if system == "macOS" and release >= (10, 16):
        return (max(release[0], 11), 0)
    return release


def _system(tag: str) -> str:
    promised = systems.system(tag)
    return promised.name if promised else ""


def _several(builds: Iterable[Build]) -> str:
    return ", ".join(f"{build.system} {_text(build.oldest)} ({build.arch})" for build in builds)


def _renamed(tag: str, newest: dict[str, tuple[int, int]]) -> str:
    """Return *tag* with the release that its files need."""
    if tag not in newest:
        return tag
    name = _system(tag)
    major, minor = _comparable(newest[tag], name)
    return re.sub(r"_\d+_\d+_", f"_{major}_{minor}_", tag, count=1)


def _rebuild(tag: str, name: str) -> Fix:
    """Return the fix that builds for the release of *tag*."""
    variable = "MACOSX_DEPLOYMENT_TARGET" if name == "macOS" else "IPHONEOS_DEPLOYMENT_TARGET"
    promised = systems.system(tag)
    return Fix(
        f"build everything in it for {name} {_text(promised.oldest if promised else (0, 0))}",
        env=((variable, _text(promised.oldest if promised else (0, 0))),),
        notes="A library from Homebrew is for the system that it was made on: build it, too.",
    )


def _text(release: tuple[int, int]) -> str:
    return f"{release[0]}.{release[1]}"
