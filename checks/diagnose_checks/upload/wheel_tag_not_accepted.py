"""The wheel has a platform tag that the package index, or every installer, rejects.

A tag can be well-formed and still mean nothing. The old names exist for few architectures only: ``manylinux1`` and
``manylinux2010`` for x86_64 and i686; no glibc older than 2.17 is promised on others; no manylinux policy covers
``armv6l``. No installer ever asks for such a tag. Others are good tags that the public index has no place for:
``loongarch64``, ``musllinux`` on ``ppc64`` or ``armv6l``; those wheels install from another index or from a file.

How to fix: say a tag that exists; ``auditwheel repair`` and maturin find it.

References:
    https://peps.python.org/pep-0600/
    https://peps.python.org/pep-0656/
    https://github.com/pypi/warehouse/blob/main/warehouse/forklift/legacy.py
    https://github.com/pypa/packaging/blob/main/src/packaging/_manylinux.py
"""

from __future__ import annotations

from diagnose import policies
from diagnose.authoring.log import finding_from_hits
from diagnose.authoring.wheel import is_for_linux, linux_tags, some
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Evidence, Finding, Fix, Severity, Stage
from diagnose.policies import PlatformTag
from diagnose.readers.wheel.platform_tag import version_key
from diagnose.readers.wheel.reader import Wheel
from diagnose.remedies.repack import by_shell, quote, repair, retag
from diagnose_checks.upload._triage import rejected

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(since="0.1.0", applies=is_for_linux)


_X86 = frozenset({"x86_64", "i686"})
_INDEX_MUSL = frozenset({"x86_64", "i686", "aarch64", "armv7l", "ppc64le", "s390x", "riscv64"})
_INDEX_GLIBC = _INDEX_MUSL | {"ppc64"}
# packaging asks for no manylinux tag elsewhere, since it cannot tell the ABI.
_INSTALLED_GLIBC = _INDEX_GLIBC | {"loongarch64"}
_LEGACY = {"manylinux1": _X86, "manylinux2010": _X86, "manylinux2014": _INDEX_GLIBC - {"riscv64"}}


def wheel(wheel: Wheel) -> Iterator[Finding]:
    """See tags that the index or the installers do not take; plain linux ones are another check's."""
    judged = [(text, _reason(text, tag)) for text, tag in linux_tags(wheel) if tag.family != "linux"]
    dead = [(text, why) for text, (why, nobody) in judged if why and nobody]
    unlisted = [(text, why) for text, (why, nobody) in judged if why and not nobody]
    if dead:
        names = [text for text, _ in dead]
        yield Finding(
            f"is tagged {some(names)}, which nobody takes",
            Severity.ERROR,
            tuple(Evidence(f"{text}: {why}", where="the file name") for text, why in dead[:10]),
            "no installer chooses the wheel by this tag, and the index refuses the upload",
            _fixes(wheel, names, len(names) < len(wheel.platforms)),
        )
    if unlisted:
        yield Finding(
            f"is tagged {some([text for text, _ in unlisted])}, which the package index does not take",
            Severity.WARNING,
            tuple(Evidence(f"{text}: {why}", where="the file name") for text, why in unlisted[:10]),
            "upload fails: 400 Bad Request, Binary wheel has an unsupported platform tag; it installs from a file or "
            "from another index",
        )


def _reason(text: str, tag: PlatformTag) -> tuple[str, bool]:
    """Return why the index refuses the tag, if it does, and whether no installer takes it either."""
    legacy = text.partition("_")[0]
    if legacy in _LEGACY and tag.arch not in _LEGACY[legacy]:
        why = f"{legacy} exists for {some(sorted(_LEGACY[legacy]), 8)} only"
        return why, legacy != "manylinux2014" or tag.arch not in _INSTALLED_GLIBC
    if tag.family == "musllinux":
        return ("" if tag.arch in _INDEX_MUSL else f"the index takes no musllinux wheels for {tag.arch}"), False
    if tag.arch not in _INSTALLED_GLIBC:
        return f"installers ask for no manylinux tag on {tag.arch}", True
    if tag.arch not in _X86 and version_key(tag.policy) < (2, 17):
        return f"manylinux on {tag.arch} begins with glibc 2.17", True
    return ("" if tag.arch in _INDEX_GLIBC else f"the index takes no manylinux wheels for {tag.arch}"), False


def _fixes(wheel: Wheel, bad: list[str], others: bool) -> tuple[Fix, ...]:
    if others:
        options = "".join(f"-{text}" if not index else f".{text}" for index, text in enumerate(bad))
        line = f"python -m wheel tags --remove --platform-tag={options} {quote(wheel.path)}"
        return (by_shell("drop the tag", [line]),)
    lowest = wheel.verdict.lowest_tag
    if lowest and (not lowest.startswith("linux_") or lowest == "linux_armv6l"):
        return (retag(wheel, lowest),)
    return (
        Fix(
            "repair the wheel, which sets a tag that it keeps",
            (repair(wheel),),
        ),
    )


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
            (Fix("have the tag set by the tool that knows it", (Command("auditwheel repair WHEEL", Stage.BUILD),)),),
        )
