"""Reports words that this project does not write, with the field's word for each.

    python scripts/words.py [PATH...]

Without paths it checks ``CLEAN``, the folders and files that are rewritten already; ``dev.py lint`` runs it like that.
The list is ``scripts/words.txt``. In Python files, comments, docstrings and strings are read; elsewhere all lines.
"""

from __future__ import annotations

import io
import re
import subprocess
import sys
import tokenize
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

HERE = Path(__file__).resolve().parents[1]
LIST = HERE / "scripts" / "words.txt"
CLEAN = (
    ".ci",
    ".github",
    ".pre-commit-config.yaml",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "README.md",
    "SECURITY.md",
    "action.yml",
    "benchmarks",
    "checks",
    "dev.py",
    "diagnose",
    "docs",
    "findings",
    "fixtures",
    "pyproject.toml",
    "scripts/pages.py",
    "scripts/words.py",
    "tests/bench.py",
    "tests/checks",
    "tests/cli",
    "tests/conftest.py",
    "tests/e2e",
    "tests/fixes",
    "tests/hostile",
    "tests/outputs.py",
    "tests/policies",
    "tests/readers",
    "tests/real_wheels.py",
    "tests/remedies",
    "tests/reports",
    "tests/tables",
    "tests/test_cargo_config.py",
    "tests/test_light.py",
    "tests/test_registry.py",
    "tests/test_run.py",
    "tests/test_snapshots.py",
    "tests/test_targets.py",
)
"""What is held to the list; widen it when a folder has been rewritten."""

TEXT = {".py", ".md", ".yml", ".yaml", ".toml", ".sh", ".html", ".cfg", ""}


def entries() -> list[tuple[re.Pattern[str], str]]:
    """Return the list: what is searched for, and what to write."""
    found = []
    for line in LIST.read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            pattern, advice = re.split(r"\s{2,}", line.strip(), maxsplit=1)
            found.append((re.compile(pattern, re.IGNORECASE), advice))
    return found


def files(paths: Iterable[str]) -> list[Path]:
    """Return the text files below *paths* that git knows or would know, apart from the list itself."""
    names = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *paths],
        cwd=HERE,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    found = sorted(HERE / name for name in names)
    return [path for path in found if path.suffix in TEXT and path.is_file() and path != LIST]


def prose(path: Path) -> Iterator[tuple[int, str]]:
    """Yield (line number, text) of everything in *path* that people read as language."""
    text = path.read_text(encoding="utf-8", errors="replace")
    if path.suffix != ".py":
        yield from enumerate(text.splitlines(), 1)
        return
    spoken = {tokenize.COMMENT, tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING)}
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type in spoken:
            yield from enumerate(token.string.splitlines(), token.start[0])


def faults(path: Path, words: list[tuple[re.Pattern[str], str]]) -> Iterator[str]:
    """Yield one line for every word of the list in *path*."""
    for number, line in prose(path):
        for pattern, advice in words:
            for match in pattern.finditer(line):
                yield f"{path.relative_to(HERE)}:{number}: {match.group().strip()!r}: write {advice}"


def main() -> None:
    """Check what is named on the command line, or what is clean; end with 1 if a word of the list is there."""
    words = entries()
    found = [fault for path in files(sys.argv[1:] or CLEAN) for fault in faults(path, words)]
    print("".join(f"{fault}\n" for fault in found), end="")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
