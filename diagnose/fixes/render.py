"""Renders a plan as a shell script, a build step or a configuration block. One function per format."""

from __future__ import annotations

import shlex

from diagnose.fixes import differences
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.finding import Command, FileEdit, FixStage, unsetting
from diagnose.remedies import cargo_config

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from diagnose.fixes.plan import Plan
    from diagnose.model.targets import Target


def sh(plan: Plan, target: Target) -> str:
    """Return a POSIX shell script with all steps; it is idempotent."""
    lines = ["#!/bin/sh", f"# Makes this system ready to build for {target.triple}.", "set -eu", *_manual(plan)]
    lines += [*_quietly(plan), *_body(plan), *map(_line, plan.build)]
    for edit in plan.settings:
        lines += _heredoc(edit)
    if plan.env or plan.unset:
        said = f", also permanently in {plan.settings[0].path}" if plan.settings and plan.env else ""
        lines += [f"# For the shell that builds{said}:", *_exports(plan)]
    return "\n".join(lines) + "\n"


def before_script(plan: Plan, target: Target) -> str:
    """Return the body of maturin-action's ``before-script-linux`` or cibuildwheel's ``before-all``.

    The former runs in the shell of the build, so exports reach the build. The latter runs in its own shell, so the
    variables must be set in ``environment``.
    """
    lines = [f"# Makes the container ready to build for {target.triple}.", "set -eu", *_manual(plan)]
    lines += [*_quietly(plan), *_body(plan)]
    lines += _exports(plan)
    lines += [f"# With cibuildwheel: remove {name} where it is set." for name in plan.unset]
    if plan.env:
        pairs = " ".join(f"{name}={shlex.quote(value)}" for name, value in plan.env)
        lines += [
            "# With cibuildwheel the exports have no effect after this script: set them in its configuration.",
            "# [tool.cibuildwheel]",
        ]
        lines += [f"# environment = {_toml(pairs)}"]
    return "\n".join(lines) + "\n"


def dockerfile(plan: Plan, target: Target) -> str:
    """Return steps for a Dockerfile."""
    lines = [f"# Ready to build for {target.triple}.", *_manual(plan)]
    for edit in plan.sources:
        content = " ".join(shlex.quote(line) for line in _lines(edit.after))
        lines.append(f"RUN printf '%s\\n' {content} > {shlex.quote(edit.path)}")
    system = [command.line for command in plan.commands if command.stage is not FixStage.TOOLCHAIN]
    if any(line.startswith("apt-get") for line in system):
        system = [f"DEBIAN_FRONTEND=noninteractive {line}" if " install " in line else line for line in system]
        system.append("rm -rf /var/lib/apt/lists/*")
    if system:
        lines.append("RUN " + " \\\n && ".join(system))
    lines += [f"RUN {command.line}" for command in plan.commands if command.stage is FixStage.TOOLCHAIN]
    lines += [f"# Remove {name} where it is set: a Dockerfile cannot unset it." for name in plan.unset]
    if plan.env:
        lines.append("ENV " + " \\\n    ".join(f"{name}={_quoted(value)}" for name, value in plan.env))
    return "\n".join(lines) + "\n"


def cargo_config_block(plan: Plan, target: Target) -> str:
    """Return the block for ``.cargo/config.toml``."""
    gone = "".join(f"# Remove {name} where it is set: it overrides this file.\n" for name in plan.unset)
    if not plan.env:
        return gone or f"# No configuration is needed for {target.triple}.\n"
    return gone + cargo_config.block(plan.env)


def cross_toml(plan: Plan, target: Target) -> str:
    """Return the block for ``Cross.toml``; without ``set -e`` only the failure of its last command ends the build."""
    steps = ["set -eu"]
    for edit in plan.sources:
        content = " ".join(shlex.quote(line) for line in _lines(edit.after))
        steps.append(f"printf '%s\\n' {content} > {shlex.quote(edit.path)}")
    steps += [command.line for command in plan.commands if command.stage is not FixStage.TOOLCHAIN]
    lines = [*_manual(plan), *(f"# Remove {name} from passthrough, or where it is set." for name in plan.unset)]
    if len(steps) > 1:
        lines += [f"[target.{target.triple}]", "pre-build = [", *(f"    {_toml(step)}," for step in steps), "]"]
    if plan.env:
        lines += ["", f"[target.{target.triple}.env]", "passthrough = ["]
        lines += [*(f"    {_toml(f'{name}={value}')}," for name, value in plan.env), "]"]
    return "\n".join(lines).lstrip("\n") + "\n"


def json(plan: Plan, target: Target) -> str:
    """Return the plan as data."""
    from json import dumps

    data = {
        "target": target.triple,
        "files": [edit._asdict() for edit in plan.files],
        "commands": [{"line": one.line, "stage": one.stage.name.lower()} for one in (*plan.commands, *plan.build)],
        "env": dict(plan.env),
        "unset": list(plan.unset),
        "manual": [
            {"message": message, "advice": advice, "commands": list(commands)}
            for message, advice, commands in plan.manual
        ],
    }
    return dumps(data, indent=2) + "\n"


FORMATS: dict[str, Callable[[Plan, Target], str]] = {
    "sh": sh,
    "before-script": before_script,
    "dockerfile": dockerfile,
    "cargo-config": cargo_config_block,
    "cross-toml": cross_toml,
    "json": json,
}


def diff(plan: Plan) -> str:
    """Return all edits as one unified diff."""
    lines: list[str] = []
    for edit in plan.files:
        before = _lines(edit.before or "", "\n")
        old = "/dev/null" if edit.before is None else f"a/{edit.path.lstrip('/')}"
        found = differences.unified(before, _lines(edit.after, "\n"), old, f"b/{edit.path.lstrip('/')}")
        lines += (line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in found)
    return "".join(lines)


def _lines(text: str, end: str = "") -> list[str]:
    """Return the lines of *text*, each with *end*, except the last one of a text without a final newline.

    Only a newline ends a line for the programs that read it; ``str.splitlines`` also removes carriage returns.
    """
    if not text:
        return []
    *whole, last = text.split("\n")
    return [line + end for line in whole] + ([last] if last else [])


def _manual(plan: Plan) -> Iterator[str]:
    for message, advice, commands in plan.manual:
        yield f"# Not done here: {message}."
        yield f"#   {advice}"
        yield from (f"#   $ {line}" for line in commands)


def _quietly(plan: Plan) -> Iterator[str]:
    if any(command.line.startswith("apt-get") for command in plan.commands):
        yield "export DEBIAN_FRONTEND=noninteractive"


def _body(plan: Plan) -> Iterator[str]:
    for edit in plan.sources:
        yield from _heredoc(edit)
    yield from map(_line, plan.commands)


def _line(command: Command) -> str:
    return command.line


def _exports(plan: Plan) -> list[str]:
    return [
        *map(unsetting, plan.unset),
        *(f"export {name}={shlex.quote(value)}" for name, value in plan.env),
    ]


def _heredoc(edit: FileEdit) -> Iterator[str]:
    end, lines = "END", set(_lines(edit.after))
    while end in lines:
        end += "_"
    folder, slash, _ = edit.path.rpartition("/")
    if slash and edit.before is None:
        yield f"mkdir -p {shlex.quote(folder)}"
    yield f"cat > {shlex.quote(edit.path)} <<'{end}'"
    yield from _lines(edit.after)
    yield end


def _toml(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _quoted(value: str) -> str:
    return value if value.replace("-", "").replace("_", "").isalnum() else '"' + value.replace('"', '\\"') + '"'
