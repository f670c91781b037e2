"""The library is found, and a word of pkg-config's answer that names it does not reach the linker.

The pkg-config crate hands on ``-L`` and ``-l`` with their values in one word, and the path of a file that is called
``libNAME.so`` or ``libNAME.a`` and exists where the build script runs. ``-l:FILE`` becomes an argument for the crate's
own targets, of which a ``-sys`` crate has none. All else is left out without an error: the build succeeds, and the
extension fails when it is imported, with an undefined symbol.

How to fix: write ``-LFOLDER -lNAME`` in the ``.pc`` file, or a copy of it, in a folder that is searched first.

References:
    https://docs.rs/pkg-config/latest/pkg_config/
    https://doc.rust-lang.org/cargo/reference/build-scripts.html#rustc-link-arg
"""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Evidence, Finding, Fix, Phase, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.env import Environment
    from diagnose.readers.pkgconfig.link_metadata import LostWord

CHECK = Check(since="0.1.0", phase=Phase.LINK, env_facts=("libraries.links.lost",))

_WHY = {
    "colon": "-l: with the name of a file does not reach the linker of the crate that depends on it",
    "versioned": "the path of a file that is not called libNAME.so or libNAME.a is left out",
    "absent": "the path of a file that does not exist on this machine is left out",
    "split": "an option and its value in two words are left out",
    "archive": "a static library becomes -lNAME, for which the linker takes the shared one beside it",
}


def env(env: Environment) -> Iterator[Finding]:
    """See words of an answer that name a library and link nothing, or another file."""
    for library in env.libraries:
        if library.outcome not in ("found", "file-missing"):
            continue
        lost = [one for one in library.links.lost if not _linked_anyway(one, library.links.names)]
        if not lost:
            continue
        first = lost[0]
        words = ", ".join(one.word for one in lost)
        kinds = dict.fromkeys(one.kind for one in lost)
        nothing = any(one.kind != "archive" for one in lost)
        yield Finding(
            message=f"{first.word}, in pkg-config's answer for {library.module}, does not reach the linker"
            if nothing
            else f"{first.word} is static, and {first.taken} is linked in its place",
            severity=Severity.ERROR if nothing else Severity.WARNING,
            evidence=(
                Evidence(words, library.pc or library.module),
                *(Evidence(_WHY[kind], where="the pkg-config crate") for kind in kinds),
            ),
            consequence="The build succeeds, and the extension fails when it is imported: undefined symbol."
            if nothing
            else "The wheel needs the shared library.",
            fixes=(
                Fix(
                    f"write -LFOLDER -lNAME for it in a copy of {library.module}.pc",
                    notes="In a folder of its own that PKG_CONFIG_PATH names for the target.",
                ),
            ),
        )


def _linked_anyway(lost: LostWord, names: tuple[str, ...]) -> bool:
    """Whether the library that a lost word names is linked by another word too."""
    file = lost.word.rpartition("/")[2].removeprefix("-l:").partition(".so")[0].removesuffix(".a")
    return lost.kind != "archive" and file.removeprefix("lib") in names
