"""``diagnose env``: checks whether this machine, a root filesystem or an image can build for a target."""

from __future__ import annotations

import os

from diagnose.cli import console
from diagnose.cli.destinations import planned
from diagnose.cli.errors import UsageError
from diagnose.cli.report import chosen, finish, inspect, print_fixes, traces
from diagnose.model._lazy_stdlib import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from diagnose.cli.options import EnvOptions, FixOptions, Output, Selection
    from diagnose.engine.run import Result
    from diagnose.readers.image.open_image import OpenImage


def main(options: EnvOptions, fixes: FixOptions, selection: Selection, output: Output) -> int:
    """Report on this machine, a root filesystem or an image as a place to build; or print or apply its fixes."""
    from diagnose.readers import env as reader
    from diagnose.readers.system import host

    if options.policy:
        from diagnose import policies

        if why := policies.refusal(options.policy):
            raise UsageError(f"--policy: {why}")
    chosen("env", selection)  # a wrong --select fails before any work
    planned(output)
    here = options.root == "/" and options.image is None
    name = "this machine" if here else options.image or options.root
    targets: tuple[str | None, ...] = options.target or (None,)
    if len(targets) > 1 and (fixes.apply or fixes.fix_format or fixes.diff):
        raise UsageError("--apply, --diff and --fix-format need one --target: their fixes are for one target")
    if fixes.apply and not here:
        other = "--root" if options.image is None else "--image"
        raise UsageError(f"--apply cannot be combined with {other}; use --diff or --fix-format")
    image = _opened(options)

    def look(target: str | None = targets[0]) -> Result:
        def read() -> reader.Environment:
            if here:
                host.require_linux()
            if isinstance(image, Exception):
                raise image
            return reader.read(image or options.root, target=target, libs=options.lib, policy=options.policy)

        return inspect("env", name, read, reader.facts, selection)

    if fixes.apply:
        if fixes.fix_format or fixes.diff:
            raise UsageError("--apply cannot be combined with --fix-format or --diff")
        _apply(look, fixes.yes, fixes.unsafe)
    try:
        if not (fixes.fix_format or fixes.diff):
            return finish(map(look, targets), output, selection)
        result = look()
        if result.error is not None:
            return finish([result], output, selection)
        return _print_fixes(result, fixes, output, selection)
    finally:
        if image is not None and not isinstance(image, Exception):
            image.close()


def _opened(options: EnvOptions) -> OpenImage | Exception | None:
    """Open the image that is asked for, if one is; return why it cannot be read, so that the report says it."""
    if options.platform is not None and options.image is None:
        raise UsageError("--platform needs --image")
    if options.image is None:
        return None
    if options.root != "/":
        raise UsageError("--image cannot be combined with --root")
    from diagnose.readers.image.open_image import ImageChoiceError, open_image

    try:
        return open_image(options.image, options.platform or "")
    except ImageChoiceError as error:
        raise UsageError(str(error)) from None
    except Exception as error:
        return error


def _print_fixes(result: Result, fixes: FixOptions, output: Output, selection: Selection) -> int:
    from diagnose.fixes import plan, render
    from diagnose.model import targets as table

    if output.traceback:
        traces([result])
    merged = plan.plan(result.findings)
    row = table.resolve(result.facts["target"]["triple"])
    assert row is not None
    text = render.diff(merged) if fixes.diff else render.FORMATS[fixes.fix_format](merged, row)
    return print_fixes(text, [result], output, selection)


def _apply(look: Callable[[], Result], yes: bool, unsafe: bool = False) -> None:
    """Apply the fixes, and those of later findings, until nothing is left that can be applied."""
    import shlex

    from diagnose.cli.apply_edits import agreed
    from diagnose.fixes import apply, plan
    from diagnose.fixes.disk import ApplyError

    done = None
    for _ in range(6):
        merged = plan.plan(look().findings)
        if merged == done or not (merged.files or merged.commands):
            for message, advice, commands in merged.manual:
                console.warn("\n".join((f"left  {message}: {advice}", *(f"      $ {line}" for line in commands))))
            for command in merged.build:
                console.warn(f"left  {command.line}")
            for name, value in () if merged.settings else merged.env:  # they are for a file that could not be edited
                console.warn(f"left  export {name}={shlex.quote(value)}")
            for name in merged.unset:
                console.warn(f"left  unset {name}")
            return
        done = merged
        if not _is_root() and any(not command.line.startswith("rustup") for command in merged.commands):
            raise UsageError("--apply needs root to install packages: run it as root, or use --fix-format sh")
        if not yes and not agreed(merged):
            raise UsageError("Nothing was applied. Pass --yes to apply these fixes.")
        try:
            apply.apply(merged.files, merged.commands, "/", os.getcwd(), console.warn, unsafe)
        except ApplyError as error:
            raise UsageError(str(error)) from None


def _is_root() -> bool:
    return not hasattr(os, "geteuid") or os.geteuid() == 0
