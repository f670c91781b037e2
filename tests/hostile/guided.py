"""Attacks a reader with input that atheris (libFuzzer) makes, guided by what of the code each input reaches.

    python -m tests.hostile.guided KIND SECONDS     # KIND: archive cargo elf image loglines pc root

Needs ``pip install atheris`` (Linux, and the releases of Python that it has wheels for). An input is the whole file, or
of a kind with several files the one that its first byte chooses; the others are as in an input that ``dev.py fuzz``
makes. The corpus begins with such inputs, and is kept in the folder that ``DIAGNOSE_FUZZ_KEEP`` names, if it does.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import random
import sys
import tempfile
from pathlib import Path

from diagnose.model.finding import InputError

SEEDS = 200


def main(name: str, seconds: str) -> None:
    """Attack the reader *name* for so many *seconds*; an exception other than a refusal ends the process."""
    import atheris  # type: ignore[import-not-found, unused-ignore]  # only by hand

    with atheris.instrument_imports(include=["diagnose"]):
        kind = importlib.import_module(f"hostile.{name}").kind()
    example = kind.make(random.Random(1))
    parts = example if isinstance(example, tuple) else (example,)
    files = next((part for part in parts if isinstance(part, dict)), {})

    def value(data: bytes) -> object:
        if isinstance(example, str):
            return data.decode("utf-8", "replace")
        if not files:
            return data
        changed = {**files, sorted(files)[data[0] % len(files)]: data[1:]} if data else files
        return tuple(changed if part is files else part for part in parts) if len(parts) > 1 else changed

    def read(data: bytes) -> None:
        with contextlib.suppress(InputError):
            kind.read(value(data))

    with tempfile.TemporaryDirectory() as folder:
        corpus = Path(os.environ.get("DIAGNOSE_FUZZ_KEEP", folder))
        if files:
            seeds = [bytes([number]) + files[path] for number, path in enumerate(sorted(files))]
        else:
            made = (kind.make(random.Random(number)) for number in range(SEEDS))
            seeds = [one if isinstance(one, bytes) else str(one).encode("utf-8", "replace") for one in made]
        for number, seed in enumerate(seeds):
            (corpus / f"seed-{number}").write_bytes(seed)
        limits = (f"-max_total_time={seconds}", "-timeout=10", "-rss_limit_mb=800")
        atheris.Setup([sys.argv[0], str(corpus), *limits], read)
        atheris.Fuzz()


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    main(*sys.argv[1:])
