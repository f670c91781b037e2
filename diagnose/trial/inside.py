"""The program that runs in the sandbox: imports modules, and writes one event per step to a descriptor.

The interpreter of the place runs it, so it must work with every Python 3 and use nothing of ``diagnose``. Its arguments
are the folder with the installed wheel, and the modules; without modules it only describes the interpreter.
"""

import importlib
import json
import os
import platform
import site
import sys
import sysconfig
import traceback


def say(**event: object) -> None:
    """Write one event as a line of JSON."""
    os.write(int(os.environ["DIAGNOSE_EVENTS"]), (json.dumps(event) + "\n").encode())


def describe() -> "dict[str, object]":
    """Return what decides which wheels this interpreter takes."""
    try:
        libc = os.confstr("CS_GNU_LIBC_VERSION") or ""
    except (ValueError, OSError, AttributeError):
        libc = ""
    return {
        "implementation": platform.python_implementation(),
        "name": sys.implementation.name,
        "soabi": sysconfig.get_config_var("SOABI"),
        "version": list(sys.version_info[:3]),
        "machine": platform.machine(),
        "bits": 64 if sys.maxsize > 1 << 32 else 32,
        "libc": libc,
        "musl": "musl" in (sysconfig.get_config_var("SOABI") or "") + (sysconfig.get_config_var("HOST_GNU_TYPE") or ""),
        "threaded": bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
    }


def main() -> None:
    """Import the modules one after the other, but none below a package that failed."""
    folder, names = sys.argv[1], sys.argv[2:]
    say(python=describe())
    site.addsitedir(folder)
    sys.path.insert(0, folder)
    failed = set()
    for name in names:
        if name.partition(".")[0] in failed:
            continue
        say(begin=name)
        try:
            importlib.import_module(name)
        except BaseException as error:
            failed.add(name)
            say(failed=name, error=type(error).__name__, trace=traceback.format_exc()[-20000:])
        else:
            say(done=name)


if __name__ == "__main__":
    main()
