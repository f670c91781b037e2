"""The container roots of ``fixtures/containers``, created in a folder and judged as ``diagnose env --root`` does."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from diagnose.engine import registry
from diagnose.engine.run import Result, run_checks
from diagnose.readers import env

FIXTURES = Path(__file__).parents[2] / "fixtures"
sys.path.insert(0, str(FIXTURES))
try:
    from containers import cases
finally:
    sys.path.remove(str(FIXTURES))

CAUSES = registry.stand_ins("env")  # as the command has them: so each test shows that their signs are complete


def read(case: cases.Case, folder: str) -> env.Environment:
    """Create *case* below *folder* and read it."""
    root = cases.furnish(case, folder)
    return look(case, root)


def look(case: cases.Case, root: str, unset: Iterable[str] = (), **changes: Any) -> env.Environment:
    """Read the created *root* of *case* again, without *unset* and with *changes* in its environment."""
    project = os.path.join(os.path.dirname(root), "project")
    gone = set(unset)
    environ = {name: value for name, value in cases.environ(case).items() if name not in gone} | changes
    return env.read(root, case.target, case.libs, case.policy, project, environ)


def judged(facts: env.Environment) -> Result:
    """Let every cause look at *facts*."""
    result = run_checks("env", "root", lambda: facts, lambda facts: {}, CAUSES)
    assert result.error is None
    return result
