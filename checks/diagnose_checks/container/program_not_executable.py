"""A program may not be started: its file lacks the permission, or its file system forbids it.

A script needs the permission ``x``; git, zip archives and Windows lose it. On a file system that is mounted
``noexec`` nothing can be started, whatever the permissions: ``/tmp`` on hardened systems, shared folders, a memory
card. Then cargo compiles a build script and cannot run it.

How to fix: give the permission (``chmod +x``, ``git update-index --chmod=+x``), or build in a folder from which
programs may run.

References:
    https://man7.org/linux/man-pages/man2/execve.2.html (EACCES, ETXTBSY)
    https://man7.org/linux/man-pages/man8/mount.8.html (noexec)
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for
from diagnose.remedies.shell_quoting import quote

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

#: A file that is started: a shell says the same of one into which it may not write.
_SCRIPT = (
    r"(?P<script>\.{1,2}/[^\s:]{1,300}|/[^\s:]{1,300}\.(?:sh|py|pl)"
    r"|/[^\s:]{0,300}/(?:bin|configure|autogen)[^\s:]{0,60})"
)
CHECK = Check(
    since="0.1.0",
    phase=Phase.START,
    patterns=patterns_for(
        "not-executable",
        (
            "ermission denied",
            rf"(?:^|(?:bash|sh|dash|ash|zsh|make(?:\[\d+\])?|execvp): |line \d{{1,6}}: |sh: \d{{1,6}}: )"
            rf"{_SCRIPT}: Permission denied$",
        ),
        (
            "unable to execute ",
            r"^unable to execute '?(?P<script>\.{1,2}/[^\s':]{1,300})'?: Permission denied",
        ),  # distutils
        ("permission denied", r"zsh: permission denied: (?P<script>\S{1,300})$"),
        ("permission denied", r"exec: \"(?P<script>[^\"]{1,300})\": permission denied"),
        ("permission denied", r"(?:^|ERROR: |error: )exec (?P<script>/[^\s:]{1,300}): permission denied$"),
        (
            "never executed",
            r"could not execute process `(?P<program>[^`\s]{1,400})[^`]{0,2000}` \(never executed\)\s{1,12}"
            r"(?:Caused by:\s{1,12})?(?P<why>Permission denied|Text file busy) \(os error (?:13|26)\)",
            5,
        ),
        (
            "Text file busy",
            r"(?P<script>(?<![^\s:])[^\s:]{1,300}): (?:[^\s:]{1,300}: bad interpreter: )?(?P<why>Text file busy)",
        ),
    ),
)
_PROGRAM = re.compile(r"/(?:rustc|cargo|sccache|clippy-driver)$|^[\w-]+$")


def log(log: BuildLog) -> Iterator[Finding]:
    """See the kernel refuse to start a program that is there."""
    for hit in log.find("not-executable")[:1]:
        path = hit.groups["script"] or hit.groups["program"]
        name = path.rpartition("/")[2]
        if hit.groups["why"] == "Text file busy":
            yield finding_from_hits(
                log,
                [hit],
                f"{name} is started while another process still writes it (Text file busy)",
                "It is not run.",
                [
                    Fix(
                        "run the step again",
                        notes="On a shared folder or an overlay it comes back: build on a local disk.",
                    ),
                    Fix(
                        "in a script that writes a program and starts it: sync, or write to another name and mv "
                        "it there"
                    ),
                ],
            )
            return
        built = bool(hit.groups["program"]) and not _PROGRAM.search(path)
        yield finding_from_hits(
            log,
            [hit],
            f"{name} was compiled, and may not be started where it is"
            if built
            else f"{name} may not be started: it lacks the permission, or its file system forbids it",
            "It is not run.",
            [_ELSEWHERE, _PERMIT] if built else [_permit(path), _ELSEWHERE],
        )


_ELSEWHERE = Fix(
    "build where programs may run",
    (
        Command('mkdir -p "$HOME/tmp"', FixStage.BUILD),
        Command('export TMPDIR="$HOME/tmp" CARGO_TARGET_DIR="$HOME/target"', FixStage.BUILD),
    ),
    notes="`findmnt -no OPTIONS -T .` shows noexec if the file system forbids it. pip and maturin build below "
    "TMPDIR. A shared folder of Windows, or a phone's storage, has no permission x at all.",
)
_PERMIT = Fix(
    "if it is not noexec: look at the rights of its folders",
    notes="`namei -l PATH`; a policy as SELinux's may forbid it.",
)


def _permit(path: str) -> Fix:
    return Fix(
        "give it the permission",
        (Command(f"chmod +x {quote(path)}", FixStage.BUILD),),
        notes=f"In the repository, once: git update-index --chmod=+x {path}. In a Dockerfile: COPY --chmod=755. "
        f"Or start it "
        f"with its interpreter: sh {path}.",
    )
