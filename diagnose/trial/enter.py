"""The last step into the sandbox: changes the root, gives up all capabilities, sets limits, and starts the program.

Run by this machine's interpreter inside the namespaces: ``enter.py ROOT FOLDER BYTES COMMAND…``. A process of the user
0 gets capabilities again when it starts a program, as far as its bounding set has them; so that is emptied.
Source: capabilities(7), prctl(2).
"""

import ctypes
import os
import resource
import sys

_CAPBSET_DROP, _NO_NEW_PRIVS = 24, 38  # source: linux/prctl.h
_CAPABILITIES = 64  # more than any kernel has; dropping an unknown one fails, which is harmless


def main() -> None:
    """Enter the root, and run the command; end as it does, with 128 + N after signal N."""
    root, folder, data, command = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4:]
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    os.chroot(root)
    os.chdir(folder)
    for number in range(_CAPABILITIES):
        prctl(_CAPBSET_DROP, number, 0, 0, 0)
    if prctl(_NO_NEW_PRIVS, 1, 0, 0, 0):
        sys.exit("the kernel cannot forbid new privileges")
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_DATA, (data, data))
    os.write(int(os.environ["DIAGNOSE_EVENTS"]), b"entered\n")
    child = os.fork()  # signals do not end the first process of a namespace
    if child:
        _, status = os.waitpid(child, 0)
        ended = os.waitstatus_to_exitcode(status)
        os._exit(ended if ended >= 0 else 128 - ended)
    try:
        os.execv(command[0], command)
    except OSError as error:
        sys.exit(f"{command[0]}: {error.strerror}")


if __name__ == "__main__":
    main()
