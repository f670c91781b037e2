"""The sysroot leads pkg-config's answer to folders that do not exist.

``PKG_CONFIG_SYSROOT_DIR`` is put in front of every ``-I`` and ``-L`` of the answer, whether or not the library lies in
that sysroot. With the ``.pc`` files of Debian's multiarch folders, a sysroot such as ``/usr/arm-linux-gnueabihf`` gives
``-L/usr/arm-linux-gnueabihf/usr/lib/...``, which does not exist. The build may pass all the same, by accident: the
linker has a folder of its own in which it finds the library, or a different copy of it.

Mend it: no sysroot (``/``) for libraries that are installed in the system's own folders.

References:
    https://github.com/pkgconf/pkgconf/blob/master/man/pkg-config.1 (PKG_CONFIG_SYSROOT_DIR)
"""

from __future__ import annotations

from collections.abc import Iterator

from checks._advice import fix, pkgconfig_configuration
from checks._env import link_files, seen
from diagnose.finding import Evidence, Finding, Phase, Severity
from diagnose.readers.env import Environment

PHASE = Phase.LINK


def env(env: Environment) -> Iterator[Finding]:
    """See whether a sysroot sends the linker to where nothing is."""
    sysroot = env.pkgconfig.sysroot
    if sysroot is None or not sysroot.value.rstrip("/"):
        return
    for library, file in link_files(env):
        lost = [folder for folder in library.link_dirs if folder.startswith(sysroot.value.rstrip("/") + "/")]
        if not lost or not file.default or file.kind == "missing":
            continue
        yield Finding(
            message=f"pkg-config answers {library.module} with {lost[0]}, where there is no lib{file.name}",
            severity=Severity.WARNING,
            evidence=(
                seen(sysroot),
                Evidence(" ".join(library.libs), where=f"`{library.command}`"),
                Evidence("found in the linker's own folder instead", file.path),
            ),
            consequence="The build passes by accident; another linker, or maturin's search for the library, will not.",
            fixes=(fix(env, "no sysroot for this target", configuration=pkgconfig_configuration(env)),),
        )
