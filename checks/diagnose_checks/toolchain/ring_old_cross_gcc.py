"""The C compiler of the manylinux2014 cross image is too old for ring's assembly.

ring's assembly for AArch64 needs ``__ARM_ARCH``. gcc 4.8, the compiler of the ``manylinux2014-cross`` images, does not
define it. Only this job of a build matrix fails. The release looks complete, and users of that architecture fall back
to the source distribution.

How to fix: define it in the target's CFLAGS, or use the ``manylinux_2_28`` image.

References:
    https://github.com/briansmith/ring/issues/1728
    https://github.com/rust-cross/manylinux-cross
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(
    since="0.1.0",
    phase=Phase.COMPILE,
    patterns=patterns_for("arm-arch", ("must define __ARM_ARCH", r"ARM assembler must define __ARM_ARCH")),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See ring's own error message."""
    for hit in log.find("arm-arch")[:1]:
        target = log.target_at(hit.line)
        triple = target.env_name if target else "aarch64_unknown_linux_gnu"
        level = "7" if target and target.wheel == "armv7l" else "8"
        yield finding_from_hits(
            log,
            [hit],
            "the cross compiler does not define __ARM_ARCH, which ring's assembly needs",
            "ring cannot be built for this target.",
            [
                Fix("define it for the target", env=((f"CFLAGS_{triple}", f"-D__ARM_ARCH={level}"),)),
                Fix("build in the image for manylinux_2_28, whose compiler is newer"),
            ],
        )
