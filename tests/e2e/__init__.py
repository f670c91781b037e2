"""Builds and runs for real: fresh Debian roots, real compilers, real apt, emulated processors.

``setup.sh`` installs what is needed. Everything that is downloaded or made once (packages, crates, Python wheels,
roots) is kept in ``$XDG_CACHE_HOME/diagnose-e2e``; remove that folder to begin from nothing. Each test works in a
throw-away overlay over such a root.

    python3 dev.py e2e                run
    python3 dev.py e2e --save-logs    run, and write the logs of the failures to fixtures/logs/ladder

``states.py`` is the table of all rungs, ``walk.py`` visits each of them, ``climb.py`` goes from nothing to the top by
printed fixes alone.
"""
