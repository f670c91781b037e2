"""The wheel's files use features of the dynamic linker that musl does not have.

musl's loader supports fewer kinds of relocations and symbols than glibc's. Functions that select their implementation
when they are bound (IFUNC: GCC's ``target_clones``, ``__attribute__((ifunc))``) produce a relocation of type IRELATIVE,
or an exported symbol of a type that musl ignores. Then the import fails, on every musl release.

The cause is code written for glibc in a build for musl, or objects compiled for glibc.

How to fix: select the implementation at run time, by a function pointer or ``__builtin_cpu_supports``, or build without
``target_clones``.

References:
    https://wiki.musl-libc.org/functional-differences-from-glibc
    https://gcc.gnu.org/onlinedocs/gcc/Common-Attributes.html
"""

from __future__ import annotations

from diagnose.authoring.wheel import (
    bounded,
    has_musl_code,
    is_sample,
    load_error,
    loadable_elves,
    reachable_members,
    role,
    some,
)
from diagnose.loaders import musl_loader
from diagnose.loaders.refusal import LoadRefusal
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Evidence, Finding, Fix, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.wheel.reader import Wheel

CHECK = Check(since="0.1.0", needs="tags", applies=has_musl_code)


def wheel(wheel: Wheel) -> Iterator[Finding]:
    """See IRELATIVE relocations and IFUNC symbols in files for musl."""
    if wheel.verdict.libc != "musl":
        return
    elves = {elf.path: elf for elf in loadable_elves(wheel) if elf.dynamic and not elf.interp and not is_sample(elf)}
    found: dict[str, LoadRefusal] = {}
    for elf in elves.values():
        for refusal in musl_loader.relocations(elf, static=True):
            found.setdefault(elf.path, refusal)
    for link in wheel.links:
        user, provider = elves.get(link.path), elves.get(link.target)
        if (
            user
            and provider
            and provider.ifuncs
            and (names := sorted(set(provider.ifuncs).intersection(user.undefined)))
        ):
            says = f"Error relocating {user.name}: {names[0]}: symbol not found"
            found.setdefault(user.path, LoadRefusal(says, f"{names[0]} of {provider.name} is an IFUNC"))
    if not found:
        return
    sure = reachable_members(wheel)
    first = next((elves[path] for path in found if path in sure), elves[next(iter(found))])
    shown = some([elves[path].name for path in found])
    yield Finding(
        f"uses indirect functions (IFUNC), which musl does not support: {shown}",
        Severity.ERROR if first.path in sure else Severity.WARNING,
        bounded(Evidence(f"{role(wheel, elves[path])}: {one.detail}", path) for path, one in found.items()),
        f"on every musl: {load_error(wheel, first, found[first.path].says)}",
        (
            Fix(
                "select the implementation without IFUNC",
                notes="Use a function pointer that is set once with __builtin_cpu_supports. Remove "
                "__attribute__((target_clones)), __attribute__((ifunc)) and objects compiled for glibc.",
            ),
        ),
    )
