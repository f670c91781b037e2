"""Qt cannot load the plugin for the screen, or there is no screen.

Programs with Qt (PyQt, PySide, the GUI of opencv-python) load a plugin for the platform, on Linux ``xcb`` for X11.
Its wheel does not contain all libraries that the plugin needs: containers and servers lack them. Without an X server
the plugin cannot start, either. Qt then ends the process by abort.

How to fix: install the libraries; without a screen, use the platform ``offscreen``, or a package without GUI.

References:
    https://doc.qt.io/qt-6/linux-requirements.html
    https://doc.qt.io/qt-6/qpa.html
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits, install_by_family
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(
    since="0.1.0",
    phase=Phase.LATER,
    patterns=patterns_for(
        "qt-plugin",
        ("no Qt platform plugin could be", r"no Qt platform plugin could be initialized"),
        ("load the Qt platform plugin", r"Could not load the Qt platform plugin \"(?P<plugin>\w{1,30})\" in"),
        (
            "could not connect to display",
            r"^(?:qt\.qpa\.(?:xcb|screen): )?(?:QXcbConnection: )?[Cc]ould not connect to display(?P<display>)",
        ),
    ),
)
#: What xcb's plugin needs, in Debian and in Enterprise Linux (Qt 6.5 and later need libxcb-cursor).
_LIBRARIES = {
    "debian": ("libxcb-cursor0", "libxkbcommon-x11-0", "libxcb-icccm4", "libxcb-keysyms1", "libegl1", "libgl1"),
    "rhel": ("xcb-util-cursor", "libxkbcommon-x11", "xcb-util-wm", "xcb-util-keysyms", "mesa-libEGL", "mesa-libGL"),
}


def log(log: BuildLog) -> Iterator[Finding]:
    """See Qt give up, and say which plugin it tried."""
    hits = log.find("qt-plugin")
    if not any("plugin" in hit.text for hit in hits):
        return
    plugin = next((hit.groups["plugin"] for hit in hits if hit.groups["plugin"]), "xcb")
    display = any("display" in hit.groups for hit in hits)
    offscreen = Fix(
        "without a screen: let Qt draw into memory",
        env=(("QT_QPA_PLATFORM", "offscreen"),),
        notes="Or run the program under a virtual X server: xvfb-run -a PROGRAM.",
    )
    headless = Fix(
        "for opencv without windows: install the package without GUI",
        notes="pip uninstall -y opencv-python opencv-contrib-python, then pip install opencv-python-headless.",
    )
    install = install_by_family(log, hits[0].line, f"install the libraries of the plugin {plugin}", _LIBRARIES)
    cv2 = [headless] if any("/cv2/" in hit.text for hit in hits) else []
    yield finding_from_hits(
        log,
        hits,
        "there is no screen that Qt could show windows on"
        if display
        else f"Qt finds its platform plugin {plugin}, and cannot load it: libraries of the system are missing",
        "Qt ends the process: Aborted (core dumped).",
        [*cv2, offscreen, *install] if display else [*cv2, *install, offscreen],
    )
