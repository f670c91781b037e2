"""The wheel could have the tag of an older policy.

No file in the wheel needs the policy of its tag. The wheel would work on older systems too, but installers there skip
it and build from source, or fail. Tools take the tag from the machine that they run on, or from an option.

Policies below ``manylinux_2_17`` are not reported, because hardly any such system is in use, and neither are steps
without a known distribution between them.

How to fix: use the older policy's tag (``python3 -m wheel tags --platform-tag``, maturin's ``--compatibility``).

References:
    https://peps.python.org/pep-0600/
"""

from __future__ import annotations

from diagnose import policies
from diagnose.authoring.wheel import has_linux_code, linux_tags, some, tagged_elves
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Evidence, Finding, Severity
from diagnose.model.versions import name_key
from diagnose.remedies.repack import retag
from diagnose.tables.libc_releases import older_than

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.wheel.reader import Wheel

CHECK = Check(since="0.1.0", applies=has_linux_code)


#: The oldest glibc that current installers and interpreters support.
OLDEST = (2, 17)


def wheel(wheel: Wheel) -> Iterator[Finding]:
    """See that the lowest possible tag is below every tag of the wheel."""
    tags = [(text, tag) for text, tag in linux_tags(wheel) if tag.arch == wheel.verdict.arch]
    lowest = policies.find(wheel.verdict.lowest_tag)
    if lowest is None or lowest.libc != "glibc" or not tags or any(tag.libc != "glibc" for _, tag in tags):
        return
    text, claimed = min(tags, key=lambda pair: name_key(pair[1].policy))
    known = [policy for policy in policies.load("glibc", lowest.arch) if policy.libc_version >= OLDEST]
    best = max(lowest, known[0], key=lambda policy: policy.libc_version) if known else lowest
    if best.libc_version >= name_key(claimed.policy) or not any(elf.dynamic for elf in tagged_elves(wheel)):
        return
    passed = [
        name for name in older_than(glibc=name_key(claimed.policy)) if name not in older_than(glibc=best.libc_version)
    ]
    if not passed:
        return
    cause = wheel.verdict.cause
    why = f"its highest need is {cause.detail or cause.library}" if cause else "it needs nothing newer"
    yield Finding(
        f"is tagged {text}, but meets {best.tag}",
        Severity.NOTE,
        (Evidence(why, cause.path) if cause else Evidence(why, where="its ELF files"),),
        f"installers skip it on systems that could run it, for example {some(passed)}",
        (
            retag(
                wheel,
                best.tag,
                notes="Only if you have tested it there: a policy covers libraries, not behaviour.",
            ),
        ),
    )
