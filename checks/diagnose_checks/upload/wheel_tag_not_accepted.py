"""The package index, or every installer, rejects the wheel's platform tag.

A well-formed tag can still be invalid. The old names exist for few architectures: ``manylinux1`` and ``manylinux2010``
for x86_64 and i686. On other architectures manylinux begins with glibc 2.17, and no manylinux policy covers ``armv6l``.
No installer accepts such a tag. Other tags are valid, but the public index does not accept them: ``loongarch64``, and
``musllinux`` on ``ppc64`` or ``armv6l``. Those wheels install from another index or from a file.

How to fix: use a tag that exists. ``auditwheel repair`` and maturin determine it.

References:
    https://peps.python.org/pep-0600/
    https://peps.python.org/pep-0656/
    https://github.com/pypi/warehouse/blob/main/warehouse/forklift/legacy.py
    https://github.com/pypa/packaging/blob/main/src/packaging/_manylinux.py
"""

from __future__ import annotations

from diagnose import policies
from diagnose.authoring.log import finding_from_hits
from diagnose.authoring.tag_rejections import rejected
from diagnose.authoring.wheel import is_for_linux, linux_tags, some
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Evidence, Finding, Fix, FixStage, Severity
from diagnose.model.versions import name_key
from diagnose.remedies.repack import repair, retag

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.policies import PlatformTag
    from diagnose.readers.buildlog import BuildLog
    from diagnose.readers.wheel.reader import Wheel

CHECK = Check(since="0.1.0", applies=is_for_linux, log_kinds=("tag-rejected",))


_X86 = frozenset({"x86_64", "i686"})
_INDEX_MUSL = frozenset({"x86_64", "i686", "aarch64", "armv7l", "ppc64le", "s390x", "riscv64"})
_INDEX_GLIBC = _INDEX_MUSL | {"ppc64"}
# packaging accepts no manylinux tag on others, because it cannot determine their ABI.
_INSTALLED_GLIBC = _INDEX_GLIBC | {"loongarch64"}
_LEGACY = {"manylinux1": _X86, "manylinux2010": _X86, "manylinux2014": _INDEX_GLIBC - {"riscv64"}}


def wheel(wheel: Wheel) -> Iterator[Finding]:
    """See tags that the index or the installers reject; another check reports plain linux tags."""
    judged = [(text, _reason(text, tag)) for text, tag in linux_tags(wheel) if tag.family != "linux"]
    dead = [(text, why) for text, (why, nobody) in judged if why and nobody]
    unlisted = [(text, why) for text, (why, nobody) in judged if why and not nobody]
    if dead:
        names = [text for text, _ in dead]
        yield Finding(
            f"is tagged {some(names)}, which no installer accepts",
            Severity.ERROR,
            tuple(Evidence(f"{text}: {why}", where="the file name") for text, why in dead[:10]),
            "no installer chooses the wheel by this tag, and the index refuses the upload",
            _fixes(wheel, names, len(names) < len(wheel.platforms)),
        )
    if unlisted:
        yield Finding(
            f"is tagged {some([text for text, _ in unlisted])}, which the package index rejects",
            Severity.WARNING,
            tuple(Evidence(f"{text}: {why}", where="the file name") for text, why in unlisted[:10]),
            "upload fails: 400 Bad Request, Binary wheel has an unsupported platform tag; the wheel installs from a "
            "file or from another index",
        )


def _reason(text: str, tag: PlatformTag) -> tuple[str, bool]:
    """Return why the index refuses the tag (empty if it accepts it), and whether every installer rejects it, too."""
    legacy = text.partition("_")[0]
    if legacy in _LEGACY and tag.arch not in _LEGACY[legacy]:
        why = f"{legacy} exists for {some(sorted(_LEGACY[legacy]), 8)} only"
        return why, legacy != "manylinux2014" or tag.arch not in _INSTALLED_GLIBC
    if tag.family == "musllinux":
        return ("" if tag.arch in _INDEX_MUSL else f"the index accepts no musllinux wheels for {tag.arch}"), False
    if tag.arch not in _INSTALLED_GLIBC:
        return f"installers accept no manylinux tag on {tag.arch}", True
    if tag.arch not in _X86 and name_key(tag.policy) < (2, 17):
        return f"manylinux on {tag.arch} begins with glibc 2.17", True
    return ("" if tag.arch in _INDEX_GLIBC else f"the index accepts no manylinux wheels for {tag.arch}"), False


def _fixes(wheel: Wheel, bad: list[str], others: bool) -> tuple[Fix, ...]:
    if others:
        return (retag(wheel, ".".join(text for text in wheel.platforms if text not in bad), "drop the tag"),)
    lowest = wheel.verdict.lowest_tag
    if lowest and (not lowest.startswith("linux_") or lowest == "linux_armv6l"):
        return (retag(wheel, lowest),)
    return (repair(wheel, "repair the wheel, which sets a tag that it meets"),)


def log(log: BuildLog) -> Iterator[Finding]:
    """See the index refuse a tag that is not a plain linux one."""
    for hit, platform in rejected(log):
        if platform.startswith("linux"):
            continue
        why, _ = _reason(platform, policies.split(platform))
        yield finding_from_hits(
            log,
            [hit],
            f"the package index refuses the tag {platform}" + (f": {why}" if why else ""),
            "The wheel is not uploaded.",
            (
                Fix(
                    f"remove {platform} from the wheel's name and metadata",
                    (Command("python3 -m wheel tags --remove --platform-tag TAGS WHEEL", FixStage.BUILD),),
                    notes="TAGS are the name's others, joined by dots. Then remove it where it is set: --plat-name of "
                    "setup.py or setup.cfg, --plat of auditwheel, --compatibility of maturin, a script that renames.",
                ),
                Fix(
                    "if it has no other tag: set the one that it meets",
                    (Command("auditwheel repair WHEEL", FixStage.BUILD),),
                ),
            ),
        )
