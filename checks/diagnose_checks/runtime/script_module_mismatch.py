"""A compiled module of Node.js, Ruby or Perl was built for another release of it than the one that loads it.

Each release has a number for what compiled modules may call: ``NODE_MODULE_VERSION`` (108 for Node.js 18, 127 for 22;
Electron has its own), Ruby's version of its API, Perl's handshake key. A module that was installed earlier, by another
version manager, or in another image has another number.

How to fix: build the module again with the release that runs.

References:
    https://nodejs.org/en/about/previous-releases
    https://guides.rubygems.org/command-reference/#gem-pristine
    https://perldoc.perl.org/perldiag
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
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
        "script-module",
        (
            "different Node.js version",
            r"was compiled against a different Node\.js version using\s+NODE_MODULE_VERSION (?P<built>\d+)\. This "
            r"version of "
            r"Node\.js requires\s+NODE_MODULE_VERSION (?P<runs>\d+)",
            4,
        ),
        ("NODE_MODULE_VERSION", r"Module version mismatch\. Expected (?P<runs>\d+), got (?P<built>\d+)(?P<old>)"),
        (
            "ncompatible library version - ",
            r"[Ii]ncompatible library version - (?P<ruby>/\S{1,300}\.(?:so|bundle))(?: \(LoadError\))?",
        ),
        (
            "binaries are mismatched",
            r"(?P<perl>[\w:./-]{1,200}): loadable library and perl binaries are mismatched",
        ),
    )
    + patterns_for("node-module", ("The module '", r"The module '(?P<path>[^']{1,300}\.node)'$")),
)
_ABOVE = 3  # lines from the module's name to the message


def log(log: BuildLog) -> Iterator[Finding]:
    """See an interpreter refuse a compiled module."""
    for hit in log.find("script-module")[:1]:
        modules = log.near(hit.line, "node-module", before=_ABOVE)[-1:]
        message, fixes = _ruby(hit) if hit.groups["ruby"] else _perl(hit) if hit.groups["perl"] else _node(hit, modules)
        yield finding_from_hits(log, [*modules, hit], message, "It cannot be loaded.", fixes)


def _node(hit: Hit, modules: list[Hit]) -> tuple[str, list[Fix]]:
    path = modules[0].groups["path"] if modules else ""
    name = path.rpartition("/node_modules/")[2].partition("/build/")[0] if "/node_modules/" in path else "NAME"
    return (
        f"{path.rpartition('/')[2] or 'a module'} was built for another Node.js (module version "
        f"{hit.groups['built']}) than "
        f"the one that runs ({hit.groups['runs']})",
        [
            Fix(
                "build it again for this Node.js",
                (Command(f"npm rebuild {name}" if name != "NAME" else "npm rebuild", FixStage.BUILD),),
                notes="With the node that runs the program first on PATH (`node -p process.versions.modules` prints "
                "its "
                "number). In Electron: npx @electron/rebuild. In a container: do not copy node_modules into it.",
            ),
        ],
    )


def _ruby(hit: Hit) -> tuple[str, list[Fix]]:
    file = hit.groups["ruby"]
    gem = file.partition("/gems/")[2].rpartition("/gems/")[2].partition("/")[0].rpartition("-")[0] or "NAME"
    return (
        f"{file.rpartition('/')[2]} was built for another release of Ruby than the one that runs",
        [
            Fix(
                "build the gem again with this Ruby",
                (Command(f"gem pristine {gem} --extensions", FixStage.BUILD),),
                notes="With Bundler: bundle pristine. The folder of gems may belong to another Ruby: `gem env` "
                "prints it; "
                "unset GEM_HOME and GEM_PATH.",
            ),
        ],
    )


def _perl(hit: Hit) -> tuple[str, list[Fix]]:
    return (
        f"a module of Perl was built for another release than the one that runs: "
        f"{hit.groups['perl'].rpartition('/')[2]}",
        [
            Fix(
                "leave the modules of the other Perl out",
                unset=("PERL5LIB", "PERL_LOCAL_LIB_ROOT"),
                notes="Or build them again with this one: cpan -f -i MODULE, cpanm --reinstall MODULE.",
            ),
        ],
    )
