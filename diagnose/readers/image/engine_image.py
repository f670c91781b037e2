"""Images of the local engine, which ``docker save`` writes as an archive; no container is made, nothing in it runs."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import threading

from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.finding import InputError

if TYPE_CHECKING:
    from diagnose.readers.image.regions import Region, Spool

PREFIX = "docker:"
#: The longest time in which the engine has to write the archive, in seconds.
TIME_LIMIT = 1800
#: The most bytes of its messages that are read.
MESSAGE_LIMIT = 4096


def save(name: str, spool: Spool) -> Region:
    """Have the engine write its image *name* into *spool*, and return where it is.

    Raises:
        InputError: there is no such image, or no engine, or it fails; or the image is too large for *spool*.
    """
    label = f"{PREFIX}{name}"
    if not name or name.startswith("-") or not name.isprintable() or " " in name:
        raise InputError(f"{label}: not the name of an image")
    program = shutil.which("docker")
    if program is None:
        raise InputError(f"{label}: docker is not installed; save the image elsewhere: docker save {name} -o image.tar")
    with tempfile.TemporaryFile() as said:
        try:
            process = subprocess.Popen(
                [program, "image", "save", name], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said
            )
        except OSError as error:
            raise InputError(f"{label}: {program}: {(error.strerror or str(error)).lower()}") from None
        clock = threading.Timer(TIME_LIMIT, process.kill)
        clock.daemon = True
        clock.start()
        try:
            with process:
                try:
                    found = spool.take(process.stdout, label)
                except BaseException:
                    process.kill()
                    raise
        finally:
            clock.cancel()
        if process.returncode != 0:
            said.seek(0)
            lines = said.read(MESSAGE_LIMIT).decode("utf-8", "replace").split("\n")
            reason = next((" ".join(line.split()) for line in lines if line.strip()), "")
            raise InputError(f"{label}: docker image save failed: {reason or f'exit status {process.returncode}'}")
    return found
