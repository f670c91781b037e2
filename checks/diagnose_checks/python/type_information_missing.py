"""The type checker finds no types for a module that is imported.

mypy reads types from a package only if it is installed for the Python that mypy examines, and has a file ``py.typed``
or stubs (``.pyi``). A compiled module has no source to read: without a stub in its wheel, all its names are unknown.
For some packages the stubs are a distribution of their own (``types-requests``).

How to fix: install the package, or its stubs, where mypy runs; put ``py.typed`` and the ``.pyi`` files into your own
wheel.

References:
    https://mypy.readthedocs.io/en/stable/running_mypy.html#missing-imports
    https://typing.python.org/en/latest/spec/distributing.html
    https://www.maturin.rs/project_layout#adding-python-type-information
"""

from __future__ import annotations

from diagnose.authoring.log import builds_rust, distinct, finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit

CHECK = Check(
    since="0.1.0",
    phase=Phase.LATER,
    patterns=patterns_for(
        "no-types",
        (
            "Library stubs not installed",
            r"error: Library stubs not installed for \"(?P<module>[\w.]{1,100})\"(?P<stubs>)",
        ),
        (
            "library stubs or py.typed",
            r"error: Skipping analyzing \"(?P<module>[\w.]{1,100})\": module is installed, but missing library "
            r"stubs or py\.typed"
            r"(?P<typed>)",
        ),
        (
            "or library stub for module",
            r"error: Cannot find implementation or library stub for module named \"(?P<module>[\w.]{1,100})\"",
        ),
        ("failed to find stubs", r"error: (?P<module>[\w.]{1,200}) failed to find stubs(?P<none>)"),
        ("is not present in stub", r"error: (?P<module>[\w.]{1,200}) is not present in stub(?P<extra>)"),
        ("is not present at runtime", r"error: (?P<module>[\w.]{1,200}) is not present at runtime(?P<gone>)"),
    )
    + patterns_for(
        "stub-package",
        ("python3 -m pip install types-", r"note: Hint: \"python3 -m pip install (?P<stubs>types-[\w-]{1,80})\""),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See mypy or stubtest miss types."""
    if hits := distinct(log.find("no-types"), "module"):
        yield finding_from_hits(
            log, hits, _message(hits), "The step fails; nothing that is built changes.", _fixes(log, hits)
        )


def _message(hits: list[Hit]) -> str:
    first = hits[0]
    module, more = first.groups["module"], f", and {len(hits) - 1} more" if len(hits) > 1 else ""
    if "extra" in first.groups:
        return f"the stub (.pyi) lacks {module}{more}, which the module has"
    if "gone" in first.groups:
        return f"the stub (.pyi) has {module}{more}, which the module does not have"
    if "none" in first.groups:
        return f"stubtest finds no stub (.pyi) for the module {module}{more}"
    if "typed" in first.groups:
        return f"{module} is installed, and has no types for mypy (no py.typed){more}"
    if "stubs" in first.groups:
        return f"the types of {module} are a distribution of their own, which is not installed{more}"
    return f"mypy finds no module {module}{more}: it is not installed for the Python that mypy examines"


def _fixes(log: BuildLog, hits: list[Hit]) -> list[Fix]:
    first = hits[0]
    module = first.groups["module"]
    ignore = Fix(
        "let mypy go without its types",
        notes=f'In pyproject.toml: [[tool.mypy.overrides]] with module = "{module.partition(".")[0]}.*" and '
        "ignore_missing_imports = true.",
    )
    if "none" in first.groups:
        return [
            Fix(
                "write the stub, and install it beside the module",
                notes="maturin puts NAME.pyi of the project's folder, or of the package's, into the wheel, with an "
                "empty py.typed. A module for the package alone gets a name that begins with _, or an entry in the "
                "file for --allowlist.",
            )
        ]
    if {"extra", "gone"} & first.groups.keys():
        return [
            Fix(
                "bring the stub to the state of the module",
                notes="stubtest examines the module that is installed: build and install it first. What should "
                "differ goes "
                "into a file for --allowlist.",
            )
        ]
    if "typed" in first.groups:
        build = (
            "maturin: beside the Rust sources, NAME.pyi and an empty py.typed in the package's folder"
            if builds_rust(log)
            else ("setuptools: package-data")
        )
        return [Fix("in a package of your own: put py.typed and stubs into the wheel", notes=f"{build}."), ignore]
    hint = next((hit.groups["stubs"] for hit in log.find("stub-package")), "")
    if "stubs" in first.groups:
        name = hint or f"types-{module.partition('.')[0]}"
        return [
            Fix(
                "install the stubs where mypy runs",
                (Command(f"python3 -m pip install {name}", FixStage.BUILD),),
                notes="pre-commit: additional_dependencies of the hook mypy.",
            ),
            ignore,
        ]
    return [
        Fix(
            "install the package where mypy runs",
            notes="Or name that Python: mypy --python-executable .venv/bin/python. pre-commit: "
            "additional_dependencies of the "
            "hook mypy; its environment has nothing else.",
        ),
        ignore,
    ]
