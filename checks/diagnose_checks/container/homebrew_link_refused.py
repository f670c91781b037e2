"""Homebrew installs a formula, and does not link it into its prefix.

``brew link`` makes a symbolic link for each file of a formula. Where another file is already there, it links nothing:
one of another formula (``python@3.11`` and ``python@3.12`` both have 2to3), or one that an installer or the image of a
CI runner put there. ``brew install`` then fails, although the formula is in the Cellar.

How to fix: link with ``--overwrite``, or unlink the other formula first.

References:
    https://docs.brew.sh/FAQ
    https://docs.brew.sh/Manpage
    https://github.com/actions/runner-images/issues/9966
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits, is_later
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

leads_to = is_later
_FORMULA = r"[\w@.+-]{1,80}"
CHECK = Check(
    since="0.1.0",
    phase=Phase.START,
    patterns=(
        *patterns_for(
            "brew-unlinked",
            ("brew link", r"^Error: The `brew link` step did not complete successfully"),
            ("Could not symlink ", r"^(?:Error: )?Could not symlink \S{1,300}"),
        ),
        *patterns_for(
            "brew-in-the-way",
            ("Target /", r"^Target (?P<file>/\S{1,300})"),
            ("is a symlink belonging to", rf"^is a symlink belonging to (?P<owner>{_FORMULA}?)\.(?: |$)"),
            ("brew link --overwrite ", rf"^brew link --overwrite (?:--dry-run )?(?P<formula>(?!-){_FORMULA})"),
            ("is not writable", r"^(?P<closed>/\S{1,300}) is not writable\."),
        ),
        *patterns_for("brew-no-keg", ("No such keg: ", r"^Error: No such keg: (?P<keg>/\S{1,300})")),
        *patterns_for(
            "brew-asked",
            (
                "brew ",
                rf"\bbrew (?:link|unlink|switch) (?:--\S{{1,30}} )*(?P<formula>{_FORMULA}) (?P<second>\d[\w.]{{0,40}})",
            ),
        ),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See brew not link a formula, or not find one under the name that it got."""
    for hit in log.find("brew-unlinked")[:1]:
        around = log.near(hit.line, "brew-in-the-way", after=14)
        shown = {key: next((one.groups[key] for one in around if one.groups[key]), "") for key in _SHOWN}
        formula = shown["formula"] or "FORMULA"
        if shown["closed"]:
            why = f"{shown['closed']} is not writable"
            first = Fix(
                "give the folder to the user who runs brew",
                (Command(f'sudo chown -R "$(whoami)" {shown["closed"]}', FixStage.PACKAGES),),
            )
        elif shown["owner"]:
            why = f"{shown['file'] or 'a file'} is {shown['owner']}'s"
            first = Fix(
                f"unlink {shown['owner']}, and link {formula}",
                (Command(f"brew unlink {shown['owner']} && brew link {formula}", FixStage.PACKAGES),),
            )
        else:
            why = f"{shown['file'] or 'a file'} is already there"
            first = _overwrite(formula)
        yield finding_from_hits(
            log,
            [hit, *around[:3]],
            f"Homebrew does not link {formula if shown['formula'] else 'the formula'}: {why}",
            "Its programs and libraries are in the Cellar, but not on PATH and in Homebrew's folders.",
            (first, *(() if first == _overwrite(formula) else (_overwrite(formula),)), _FROM_CELLAR),
        )
        return
    for hit in log.find("brew-no-keg")[:1]:
        asked = [one for one in log.find("brew-asked") if one.line <= hit.line][-1:]
        name = asked[0].groups["formula"] if asked else ""
        yield finding_from_hits(
            log,
            [*asked, hit],
            f"brew takes {asked[0].groups['second']}, a version, for another formula"
            if asked
            else f"Homebrew has no installed formula in {hit.groups['keg']}",
            "Nothing is linked.",
            (
                Fix(
                    f"name the formula alone: {name}" if asked else "install the formula, under its present name",
                    (
                        Command(
                            f"brew link --overwrite {name}"
                            if asked
                            else f"brew install {hit.groups['keg'].split('/')[-1]}",
                            FixStage.PACKAGES,
                        ),
                    ),
                    notes="Several versions are formulae of their own (python@3.12); `brew list --versions` shows what "
                    "is installed.",
                ),
            ),
        )


_SHOWN = ("file", "owner", "formula", "closed")


def _overwrite(formula: str) -> Fix:
    return Fix(
        f"let Homebrew replace the files: link {formula} with --overwrite",
        (Command(f"brew link --overwrite {formula}", FixStage.PACKAGES),),
        notes="--dry-run lists what it would delete. On GitHub's macOS runners the files are of python.org's Python in "
        "the image: before `brew install`, `rm -f /usr/local/bin/2to3* /usr/local/bin/idle3* /usr/local/bin/pydoc3* "
        "/usr/local/bin/python3*`.",
    )


_FROM_CELLAR = Fix(
    "use it without links",
    notes='`export PATH="$(brew --prefix FORMULA)/bin:$PATH"`; where only the link may fail: `brew install FORMULA '
    "|| true`.",
)
