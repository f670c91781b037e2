"""The wheel's thread-local variables do not fit into the space that a running program has left.

Code can address a thread-local variable in two ways. The general way works for every library. The fast one,
initial-exec, needs the variable at a fixed distance from the thread pointer, in a block that is laid out when the
program starts. Python imports a module later, so the module has to use the space that is left.

glibc reserves 1,664 bytes for such modules, and all of them share it. A module that needs more always fails to import
with "cannot allocate memory in static TLS block". musl reserves nothing: it refuses a module that addresses its own
variables like that, even one of four bytes.

jemalloc is the usual cause (about 2,700 bytes). Compilers also use initial-exec for variables marked
``tls_model("initial-exec")`` and for code compiled for programs (without ``-fPIC``).

How to fix: build with general dynamic TLS. For Rust's jemalloc allocator, enable the feature
``disable_initial_exec_tls``.

References:
    https://sourceware.org/glibc/manual/latest/html_node/Dynamic-Linking-Tunables.html
    https://www.akkadia.org/drepper/tls.pdf
"""

from __future__ import annotations

from diagnose.authoring.wheel import (
    bounded,
    has_linux_code,
    is_sample,
    load_error,
    loadable_elves,
    loaded_late,
    role,
    some,
)
from diagnose.loaders import glibc_loader, musl_loader
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Evidence, Finding, Fix, FixStage, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.elf.elf_parser import Elf
    from diagnose.readers.wheel.reader import Wheel

CHECK = Check(since="0.1.0", needs="tags", applies=has_linux_code)


#: Bytes of the space from which on a note is reported: an eighth of it. OpenMP's run-time library takes 136.
WORTH_A_NOTE = glibc_loader.TLS_ROOM // 8
MAX_STEPS = 1 << 16  # files visited to find those that are loaded together


def wheel(wheel: Wheel) -> Iterator[Finding]:
    """See libraries with more thread-local variables at fixed offsets than fit."""
    files = [elf for elf in loadable_elves(wheel) if not elf.is_executable and not is_sample(elf)]
    if wheel.verdict.libc == "musl":
        yield from _musl(wheel, [elf for elf in files if elf.initial_exec])
    else:
        yield from _glibc(wheel, [elf for elf in files if glibc_loader.static_tls(elf)])


def _glibc(wheel: Wheel, files: list[Elf]) -> Iterator[Finding]:
    if sum(map(glibc_loader.static_tls, files)) < WORTH_A_NOTE:
        return
    together = max(_together(wheel, files), key=lambda group: sum(map(glibc_loader.static_tls, group)))
    size = sum(map(glibc_loader.static_tls, together))
    if size < WORTH_A_NOTE:
        return
    largest = max(together, key=glibc_loader.static_tls)
    error = load_error(wheel, largest, glibc_loader.tls_refusal(largest).says)
    evidence = bounded(
        Evidence(f"{role(wheel, elf)}: {glibc_loader.tls_refusal(elf).detail}", elf.path) for elf in together
    )
    if size <= glibc_loader.TLS_ROOM:
        yield Finding(
            f"takes {size} of the {glibc_loader.TLS_ROOM} bytes that all libraries share for thread-local variables",
            Severity.NOTE,
            evidence,
            f"after other libraries that do the same: {error}",
            _fixes(wheel),
        )
        return
    sure = loaded_late(wheel)
    yield Finding(
        f"needs {size} bytes of static TLS; a running program has at most {glibc_loader.TLS_ROOM} left",
        Severity.ERROR if any(elf.path in sure for elf in together) else Severity.WARNING,
        evidence,
        f"on every glibc: {error}",
        _fixes(wheel),
    )


def _together(wheel: Wheel, files: list[Elf]) -> list[list[Elf]]:
    """Return the groups of *files* that are loaded together: each file alone, and those that one module loads."""
    wanted = {elf.path: elf for elf in files}
    needs: dict[str, list[str]] = {}
    for link in wheel.links:
        needs.setdefault(link.path, []).extend([link.target] if link.target else [])
    groups = [[elf] for elf in files]
    steps = 0
    for start in (elf for elf in wheel.elves if elf.is_extension):
        queue = [start.path]
        found = {start.path}
        for path in queue:
            steps += 1
            fresh = [target for target in needs.get(path, ()) if target not in found]
            queue += fresh
            found.update(fresh)
            if steps > MAX_STEPS:
                return groups
        groups.append([wanted[path] for path in queue if path in wanted])
    return groups


def _musl(wheel: Wheel, files: list[Elf]) -> Iterator[Finding]:
    if not files:
        return
    sure = loaded_late(wheel)
    first = next((elf for elf in files if elf.path in sure), files[0])
    says = next(musl_loader.relocations(first)).says
    yield Finding(
        f"uses initial-exec TLS, which musl allows only in programs: {some([elf.name for elf in files])}",
        Severity.ERROR if first.path in sure else Severity.WARNING,
        bounded(
            Evidence(f"{role(wheel, elf)}: initial-exec TLS for {elf.tls_size} bytes of its own", elf.path)
            for elf in files
        ),
        f"on every musl: {load_error(wheel, first, says)}",
        _fixes(wheel),
    )


def _fixes(wheel: Wheel) -> tuple[Fix, ...]:
    general = Fix(
        "compile with general dynamic TLS",
        env=(("CFLAGS", "-fPIC -ftls-model=global-dynamic"), ("CXXFLAGS", "-fPIC -ftls-model=global-dynamic")),
        notes='An attribute tls_model("initial-exec") in the source overrides that: remove it.',
    )
    if not wheel.generator.startswith(("maturin", "setuptools-rust")):
        return (general,)
    return (
        Fix(
            "for jemalloc, disable initial-exec TLS",
            (Command("cargo add tikv-jemallocator --features disable_initial_exec_tls", FixStage.BUILD),),
        ),
        general,
    )
