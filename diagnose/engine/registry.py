"""Finds the checks: the built-in ones and those of plugins, all through the entry-point group ``diagnose.checks``.

An entry point names a package. Every module in an area folder (``package/area/check_id.py``) whose name does not start
with an underscore is one check: its id is its file name with dashes, its docstring is its documentation, ``CHECK``
declares the rest (:class:`diagnose.model.check.Check`), and each function named after a kind of subject (``wheel``,
``env``, ``log``, ``workflow``) is a detector, which takes the subject's facts and yields findings. A function
``leads_to(finding, other, subject)`` determines which other findings follow from its own.
"""

from __future__ import annotations

import os
import sys

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import KINDS, Check
from diagnose.model.pattern import Wordings
from diagnose.model.site import page_url

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import ModuleType
    from typing import Any

    from diagnose.model.check import Detector
    from diagnose.model.finding import Finding

GROUP = "diagnose.checks"
BUILT_IN = "diagnose_checks"
INDEX, ANCHORS = f"{BUILT_IN}.check_index", f"{BUILT_IN}.log_anchors"
"""The modules that repeat what the built-in checks declare. ``dev.py fmt`` writes them; ``lint`` and a test compare."""
_ROLES = frozenset({*KINDS, "leads_to"})


class DeclarationError(ValueError):
    """The declaration of a check's module is invalid; the message names the module and the fault."""


def packages() -> list[str]:
    """Return the packages that the entry-point group names, sorted.

    Reads ``entry_points.txt`` of every installed distribution itself: ``importlib.metadata`` takes several times as
    long to import as the whole command takes to start. The format is fixed by the packaging user guide.
    """
    found: set[str] = set()
    for folder in dict.fromkeys(sys.path):
        try:
            names = os.listdir(folder or ".")
        except OSError:
            continue
        for name in names:
            if name.endswith((".dist-info", ".egg-info")):
                found.update(_group_values(os.path.join(folder, name, "entry_points.txt")))
    return sorted(found)


def _group_values(path: str) -> Iterator[str]:
    try:
        with open(path, "rb", buffering=0) as file:
            data = file.read()
        text = data.decode() if GROUP.encode() in data else ""
    except (OSError, UnicodeDecodeError):
        return
    section = ""
    for line in map(str.strip, text.splitlines()):
        if line.startswith("["):
            section = line.strip("[] ")
        elif section == GROUP and "=" in line:
            yield line.partition("=")[2].partition(":")[0].strip()


def modules(package: str) -> dict[str, str]:
    """Return module name → source file of every check below *package*, as ``package.area.check_id``."""
    found = {}
    for root in getattr(_imported(package), "__path__", ()):
        for area in os.listdir(root):
            folder = os.path.join(root, area)
            if area.startswith(("_", ".")) or not os.path.isdir(folder):
                continue
            for name in os.listdir(folder):
                if name.endswith(".py") and name[0] != "_":
                    found[f"{package}.{area}.{name[:-3]}"] = os.path.join(folder, name)
    return found


def load(kind: str | None = None) -> list[Check]:
    """Import and return all checks, or those with a detector for *kind*, sorted by id.

    Raises:
        DeclarationError: two modules have the same id, or a declaration is invalid.
    """
    return _sorted(_loaded(package, kind) for package in packages() or [BUILT_IN])


def stand_ins(kind: str) -> list[Check]:
    """Return the checks with a detector for *kind*, sorted by id, importing as few as it takes.

    For most inputs most checks have nothing to say, and importing them all takes longer than everything else. So a
    built-in check is represented by its declaration in the index, without its documentation. Its module is imported
    when its detector looks at a subject that shows one of its signs (:attr:`Check.env_facts`, :attr:`Check.log_kinds`),
    and when a log has one of the anchors of its patterns. Checks of plugins are imported: nothing indexes them.

    Raises:
        DeclarationError: as of :func:`load`.
    """
    return _sorted(
        _built_in(kind) if package == BUILT_IN else _loaded(package, kind) for package in packages() or [BUILT_IN]
    )


def _sorted(groups: Iterable[Iterable[Check]]) -> list[Check]:
    checks: dict[str, Check] = {}
    for group in groups:
        for check in group:
            if check.id in checks:
                raise DeclarationError(f"two checks have the id {check.id}")
            checks[check.id] = check
    return [checks[key] for key in sorted(checks)]


def _loaded(package: str, kind: str | None) -> Iterator[Check]:
    """Yield the checks of *package*, imported, that detect *kind*; None: all of them."""
    for name, path in modules(package).items():
        if kind is None or _may_detect(path, kind):
            check = declared(_imported(name))
            if kind is None or kind in check.detectors:
                yield check


def _built_in(kind: str) -> Iterator[Check]:
    """Yield the stand-ins of the built-in checks that detect *kind*."""
    anchors: dict[str, tuple[bytes, ...]] = _imported(ANCHORS).CHECKS if kind == "log" else {}
    for name, row in _imported(INDEX).CHECKS.items():
        if kind in row["kinds"]:
            yield _stand_in(name, row, anchors.get(name, ()))


_BARE = Check("")


def _stand_in(name: str, row: dict[str, Any], anchors: tuple[bytes, ...]) -> Check:
    """Return the check of the built-in module *name* (``area/check_id``), as its *row* of the index declares it."""
    area, _, stem = name.partition("/")
    module = f"{BUILT_IN}.{area}.{stem}"
    signs, functions = row.get("signs", {}), row.get("functions", ())

    def detector(kind: str) -> Detector:
        def detect(subject: Any) -> Iterable[Finding]:
            if kind in signs and not subject.shows(signs[kind]):
                return ()
            found: Iterable[Finding] = getattr(_imported(module), kind)(subject)
            return found

        return detect

    check_id = stem.replace("_", "-")
    return _BARE._replace(
        **row["declared"],
        patterns=(Wordings(anchors, lambda: _imported(module).CHECK.patterns),) if anchors else (),
        id=check_id,
        area=area,
        url=page_url(check_id),
        detectors={kind: detector(kind) for kind in row["kinds"]},
        applies=(lambda subject: _imported(module).CHECK.applies(subject)) if "applies" in functions else None,
        leads_to=(lambda *findings: _imported(module).leads_to(*findings)) if "leads_to" in functions else None,
    )


def declared(module: ModuleType) -> Check:
    """Return the check that *module* declares, with its name, docstring and functions.

    Raises:
        DeclarationError: ``CHECK`` is missing, the module has no detector, or it defines a public function with another
            name (a misspelt detector would otherwise never run).
    """
    _, area, stem = module.__name__.rsplit(".", 2)
    check = module.__dict__.get("CHECK")
    if not isinstance(check, Check):
        raise DeclarationError(f"{module.__name__} declares no CHECK = Check(…)")
    roles = {}
    for name, value in module.__dict__.items():
        if name in _ROLES:
            if not callable(value):
                raise DeclarationError(f"{module.__name__}: {name} is not a function")
            roles[name] = value
        elif name[0] != "_" and callable(value) and getattr(value, "__module__", "") == module.__name__:
            raise DeclarationError(
                f"{module.__name__}: {name} is not a detector ({', '.join(KINDS)}) or leads_to; make it private"
            )
    built_in = module.__name__.startswith(f"{BUILT_IN}.")
    if not built_in:
        from diagnose.engine import plugin_guard

        if fault := plugin_guard.fault(check):
            raise DeclarationError(f"{module.__name__}: {fault}")
        roles = {name: _guarded(name, value) for name, value in roles.items()}
        if check.applies is not None:
            check = check._replace(applies=_guarded("applies", check.applies))
    detectors = {kind: roles[kind] for kind in KINDS if kind in roles}
    if not detectors:
        raise DeclarationError(f"{module.__name__} has no detector: define {' or '.join(KINDS)}")
    return check._replace(
        id=stem.replace("_", "-"),
        url=page_url(stem.replace("_", "-")) if built_in else "",
        area=area,
        doc=module.__doc__ or "",
        detectors=detectors,
        leads_to=roles.get("leads_to"),
    )


def _guarded(name: str, function: Any) -> Any:
    from diagnose.engine.plugin_guard import called, guarded

    return guarded(function) if name in KINDS else lambda *findings: bool(called(lambda: function(*findings)))


def _imported(name: str) -> ModuleType:
    """Import the module *name*.

    Raises:
        DeclarationError: it is a plugin's, and raises whatever it raises, or takes too long.
    """
    if name.partition(".")[0] == BUILT_IN:
        __import__(name)  # importlib's own function costs the import of a package
        return sys.modules[name]
    from diagnose.engine.plugin_guard import limited

    try:
        with limited():
            __import__(name)
    except (Exception, SystemExit) as error:
        said = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        raise DeclarationError(f"the plugin {name} cannot be imported: {said}") from error
    return sys.modules[name]


def _may_detect(path: str, kind: str) -> bool:
    """Whether the module's source may bind the name *kind* at its top level.

    A false positive costs one import: :func:`load` then examines the module itself.
    """
    with open(path, "rb") as file:
        source = file.read()
    name = kind.encode()
    return any(form % name in source for form in (b"\ndef %s(", b"\n%s =", b"\n%s:", b" %s\n", b" %s,", b" as %s"))


def select(checks: Iterable[Check], wanted: Iterable[str], unwanted: Iterable[str]) -> list[Check]:
    """Return the checks that *wanted* names (all if empty) and *unwanted* does not."""
    wanted, unwanted = list(wanted), list(unwanted)
    return [
        check
        for check in checks
        if (not wanted or any(map(check.matches, wanted))) and not any(map(check.matches, unwanted))
    ]
