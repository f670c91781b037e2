"""Tables: the catalogue of checks, the names of architectures, the summary of several wheels."""

from __future__ import annotations

import io
from itertools import zip_longest

from diagnose.engine.headline import glibc_needed, platforms
from diagnose.model._lazy_stdlib import TYPE_CHECKING, NamedTuple
from diagnose.model.targets import MACHINES, Target
from diagnose.reports.style import Style, one_line, terminal_style

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from diagnose.engine.run import Report, Result
    from diagnose.model.check import Check
    from diagnose.model.finding import Severity


def catalogue(causes: Iterable[Check]) -> str:
    """Return the table of all checks: id, kinds of input, title."""
    rows = [(cause.id, " ".join(cause.detectors), cause.title) for cause in causes]
    return _table(("check", "found in", "problem"), rows)


def targets(rows: Iterable[Target]) -> str:
    """Return the table of all architectures by their most common names."""
    header = ("Rust target", "Debian", "GNU triplet", "RPM", "Alpine", "platform tag", "OCI platform", "uname -m")
    return _table(
        header,
        [(t.triple, t.debian, t.gnu, t.rpm, t.alpine, t.wheel, t.oci, t.uname) for t in rows],
    )


def plain_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table of any *rows*."""
    return _table(header, rows)


def target(rows: Sequence[Target]) -> str:
    """Return all facts of the first of *rows*, and one line for each other meaning of the name."""
    first, others = rows[0], rows[1:]
    flags = f"e_flags & {first.flags.mask:#x} in {{{', '.join(map(hex, first.flags.values))}}}"
    machine = next(name for name, number in MACHINES.items() if number == first.machine)
    elf = f"{machine} ({first.machine}), ELFCLASS{first.bits}, {first.endian}-endian"
    if first.flags.mask:
        elf += f", {flags}: {first.flags.meaning}"
    facts = {
        "Rust target": first.triple,
        "C library": first.libc,
        "baseline": first.baseline,
        "Debian, Ubuntu": first.debian,
        "multiarch": first.multiarch,
        "GNU tools": f"{first.gnu}-gcc" if first.gnu else "",
        "RPM": first.rpm,
        "Alpine": first.alpine,
        "platform tag": f"{_platform_family(first)}_{first.wheel}",
        "uname -m": first.uname,
        "OCI platform": first.oci,
        "ELF": elf,
        "QEMU": f"qemu-{first.qemu}",
        "variables": f"PKG_CONFIG_{first.env_name}, CARGO_TARGET_{first.cargo_env_name}_LINKER",
        "also": ", ".join(first.aliases),
    }
    lines = [f"{name:<16}{value or '—'}" for name, value in facts.items() if value or name != "also"]
    if others:
        lines += ["", "the name may also mean:", *(f"  {row.triple} ({row.baseline})" for row in others)]
    return "".join(line + "\n" for line in lines)


def _platform_family(row: Target) -> str:
    # PEP 600 and 656 leave these to the tools; auditwheel and the index have no policy for any other processor.
    if row.wheel not in ("x86_64", "i686", "aarch64", "armv7l", "ppc64", "ppc64le", "s390x", "riscv64", "loongarch64"):
        return "linux"
    return "manylinux_X_Y" if row.libc == "glibc" else "musllinux_X_Y"


def wheels(results: Iterable[Result], style: Style) -> str:
    """Return the first table of a report on several wheels: the claimed tags, the real one, and the outcome."""
    rows: list[tuple[str, ...]] = []
    for result in results:
        if result.error is not None:
            rows.append((one_line(result.name), "", "", "", "unreadable"))
            continue
        facts = result.facts
        worst = result.findings[0].severity.value if result.findings else result.outcome.value
        arch = facts["arch"] or ("any" if facts.get("judged", True) else "–")
        real = facts["lowest_tag"] or ""
        claimed, could = ([tag.removesuffix(f"_{arch}") for tag in tags] for tags in (platforms(facts), [real]))
        if facts.get("conda"):  # which has no tag, and asks for a glibc among its dependencies
            given = (facts["conda"]["glibc"] or "", glibc_needed(facts))
            claimed, could = ([f"glibc {version}" if version else ""] for version in given)
        rows.append(
            (
                _short(result.name),
                arch,
                one_line(" ".join(claimed)),
                could[0] or ("any" if facts.get("judged", True) else "–"),
                worst,
            )
        )
    header = ("wheel", "arch", "claimed", "real", "outcome")
    # Fold only the claimed tags; if that is not enough, put each name on a separate line.
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    widths[2] = max(len(word) for row in (header, *rows) for word in row[2].split() or [""])
    if not style.width or sum(widths) + 3 * len(widths) <= style.width:
        return _table(header, rows, style, fold=("claimed",))
    if sum(widths[1:]) + 2 * len(widths[1:]) <= style.width >= widths[0]:
        return _stacked(header, rows, widths)
    return _table(header, rows, style)


def statistics(report: Report, style: Style) -> str:
    """Return the table of how often each check found something, the most frequent first; empty without findings."""
    rows = counts(report)
    cells = [(str(row.findings), str(row.subjects), row.severity.value, row.check) for row in rows]
    return _table(("findings", "subjects", "severity", "check"), cells, style) if rows else ""


class CheckCount(NamedTuple):
    """How many findings of one severity a check has, in how many subjects."""

    check: str
    severity: Severity
    findings: int
    subjects: int


def counts(report: Report) -> list[CheckCount]:
    """Return how often each check found something, the most frequent first."""
    found: dict[tuple[str, Severity], list[int]] = {}
    for number, result in enumerate(report.results):
        for finding in result.findings:
            found.setdefault((finding.check, finding.severity), []).append(number)
    rows = [CheckCount(*key, len(numbers), len(set(numbers))) for key, numbers in found.items()]
    return sorted(rows, key=lambda row: (-row.findings, row.check, row.severity.rank))


def _short(name: str) -> str:
    """Return distribution, version and Python tags of a wheel's file name: the platform has its own columns."""
    parts = one_line(name).removesuffix(".whl").split("-")
    return "-".join(parts[:-1]) if len(parts) in (5, 6) else one_line(name)


def _stacked(header: Sequence[str], rows: Iterable[Sequence[str]], widths: Sequence[int]) -> str:
    lines = [header[0]]
    for name, *cells in (("", *header[1:]), *rows):
        lines += [name] if name else []
        for texts in zip_longest(*(cell.split() for cell in cells), fillvalue=""):
            padded = (text.ljust(width) for text, width in zip(texts, widths[1:], strict=True))
            lines.append("  " + "  ".join(padded).rstrip())
        lines += [] if name else ["─" * (sum(widths[1:]) + 2 * len(widths[1:]))]
    return "".join(line + "\n" for line in lines)


def _table(
    header: Sequence[str], rows: Iterable[Sequence[str]], style: Style | None = None, fold: Sequence[str] = ()
) -> str:
    """Render a table; if it is too wide, fold the columns called *fold*, or all of them."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    style = style or terminal_style()
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in header:
        table.add_column(name, overflow="fold", no_wrap=bool(fold) and name not in fold)
    for row in rows:
        table.add_row(*(Text(one_line(cell)) for cell in row))
    file = io.StringIO()
    # Without wrapping, a table is as wide as its contents, for other programs.
    Console(file=file, width=style.width or 1000, force_terminal=style.color, no_color=not style.color).print(table)
    return "".join(line.rstrip() + "\n" for line in file.getvalue().splitlines() if line.strip())
