"""Ubuntu's two servers, set right on a machine of which only a log is known: commands that suit both styles of sources.

Where the files themselves can be read, :mod:`diagnose.remedies.apt_sources` edits them exactly.
"""

from __future__ import annotations

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.finding import Command, FileEdit, Fix, FixStage
from diagnose.remedies.apt_sources import PORTS
from diagnose.remedies.install import add_architecture

if TYPE_CHECKING:
    from collections.abc import Sequence

_ONE_LINE = "/etc/apt/sources.list"
_DEB822 = "/etc/apt/sources.list.d/ubuntu.sources"


def split(codename: str, arches: Sequence[str], native: str) -> Fix:
    """Return the fix that asks the archive for *native* only, and the ports server for *arches*."""
    release = codename or "$(. /etc/os-release; echo $VERSION_CODENAME)"
    limit = (
        f"if [ -f {_DEB822} ]; then "
        f"sed -i -e '/^Architectures:/d' -e 's/^URIs:.*/&\\nArchitectures: {native}/' {_DEB822}; "
        f"else sed -i -e '/arch=/!s/^deb \\[/deb [arch={native} /' "
        f"-e '/arch=/!s/^deb \\([^[]\\)/deb [arch={native}] \\1/' {_ONE_LINE}; fi"
    )
    suites = " ".join(release + suffix for suffix in ("", "-updates", "-security"))
    path = f"/etc/apt/sources.list.d/ports-{'-'.join(arches)}.sources"
    text = (
        f"Types: deb\nURIs: {PORTS}\nSuites: {suites}\nComponents: main restricted universe multiverse\n"
        f"Architectures: {' '.join(arches)}\nSigned-By: /usr/share/keyrings/ubuntu-archive-keyring.gpg\n"
    )
    written = text.replace("\n", "\\n")
    commands = [Command(limit, FixStage.SOURCES)]
    files: tuple[FileEdit, ...] = ()
    if codename:
        files = (FileEdit(path, None, text),)
    else:
        commands.append(Command(f'printf "{written}" > {path}', FixStage.SOURCES))
    added = [command for arch in arches for command in add_architecture(arch)]
    commands += sorted(dict.fromkeys(added), key=lambda command: command.stage.value)  # one update, at the end
    return Fix(
        f"ask Ubuntu's archive for {native} only, and its ports server for {' and '.join(arches)}",
        tuple(commands),
        files=files,
        notes="`diagnose env --target …` on that machine shows the edit of its own files.",
    )
