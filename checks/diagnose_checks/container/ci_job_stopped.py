"""The service that runs the job stopped it; the build itself reported no error.

Time ran out, a newer run replaced this one, a job beside it failed, somebody cancelled it, or the machine was taken
away or no longer answered, often because its memory or its processors were used up.

How to fix: look who stopped it. Let the job take longer or do less; need less memory; run it again.

References:
    https://docs.github.com/actions/reference/limits
    https://docs.gitlab.com/ci/pipelines/settings/#set-a-limit-for-how-long-jobs-can-run
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit

_SPAN = r"(?P<limit>\d[\w.: ]{0,20}?)"
CHECK = Check(
    since="0.1.0",
    phase=Phase.LATER,
    patterns=(
        *patterns_for(
            "ci-time-over",
            ("exceeded the maximum", rf"has exceeded the maximum execution time of {_SPAN}\.?$"),
            ("has timed out after", rf"^The action .{{1,300}} has timed out after {_SPAN}\.?$"),
            ("execution took longer", rf"^ERROR: Job failed: execution took longer than {_SPAN}(?: seconds)?$"),
            ("longer than the maximum", rf"ran longer than the maximum time of {_SPAN}\. "),
            ("maximum time limit", r"^The job exceeded the maximum time limit for jobs, and has been terminated"),
            ("No output has been", rf"^No output has been received in the last {_SPAN}, this potentially"),
            ("Too long with no", rf"^Too long with no output \(exceeded {_SPAN}\)"),
        ),
        *patterns_for(
            "ci-replaced",
            ("Canceling since", r"Canceling since a (?:higher priority|deadlock)"),
            ("was canceled because", r"^The (?:strategy configuration|job) was cancell?ed because (?P<why>.{1,200})"),
        ),
        *patterns_for(
            "ci-runner-gone",
            ("received a shutdown", r"The runner has received a shutdown signal"),
            ("lost communication with", r"runner: .{1,200} lost communication with the server"),
            ("stopped hearing from", r"We stopped hearing from agent"),
            (
                "ob failed (system",
                r"ERROR: Job failed \(system failure\): .{0,200}(?:not found|evicted|OOMKilled|deleted)",
            ),
        ),
        *patterns_for(
            "ci-unprepared",
            (
                "ob failed (system",
                r"ERROR: Job failed \(system failure\): (?P<stage>prepare environment|preparing environment): "
                r"(?P<why>.{1,300}?)(?:\. Check https://docs\.gitlab\.com/\S{1,100} for more information)?$",
            ),
        ),
        *patterns_for("ci-cancelled", ("operation was cancel", r"^(?:Error: )?The operation was cancell?ed\.?$")),
    ),
)
_NEWER = Fix(
    "look at the newer run, or let runs of one branch not cancel each other",
    notes="concurrency: cancel-in-progress in the workflow. strategy: fail-fast: false lets the other jobs of a "
    "matrix end after one failed; that one's log has the error.",
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See a runner say that the job was stopped."""
    if over := log.find("ci-time-over"):
        limit = next((hit.groups["limit"] for hit in over if hit.groups["limit"]), "")
        quiet = any("output" in hit.text for hit in over)
        yield finding_from_hits(
            log,
            over,
            f"the job was stopped: {'it printed nothing for too long' if quiet else 'its time was over'}"
            f"{f' ({limit})' if limit else ''}",
            "What ran then is not finished. A program that waits for something looks the same.",
            [
                Fix(
                    "find out what takes so long: the last lines above show where it was",
                    notes="Emulated builds are five to twenty times as slow: cross compile, or use a runner of that "
                    "processor. Compile once and cache (sccache, ccache). A test that hangs: pytest-timeout.",
                ),
                Fix(
                    "allow more time, or split the job",
                    notes="GitHub: timeout-minutes, at most 360 on its runners. GitLab: timeout. Azure: "
                    "timeoutInMinutes. CircleCI: no_output_timeout. Travis: travis_wait.",
                ),
            ],
        )
        return
    if replaced := log.find("ci-replaced"):
        yield finding_from_hits(
            log,
            replaced,
            "the job was cancelled: a newer run replaced it"
            if "Canceling" in replaced[0].text
            else "the job was cancelled: another job of the matrix failed",
            "It says nothing about this build.",
            [_NEWER],
        )
        return
    if unprepared := log.find("ci-unprepared"):
        yield _of_preparation(log, unprepared)
        return
    if gone := log.find("ci-runner-gone"):
        yield finding_from_hits(
            log,
            gone,
            "the machine that ran the job was stopped, or no longer answered",
            "The build was ended from outside; the log does not show why.",
            [
                Fix(
                    "run it again, and watch memory and disk if it stops at the same place",
                    notes="A machine without memory loses the connection: build with fewer jobs (CARGO_BUILD_JOBS=2, "
                    "-j2), or on a larger runner. Self-hosted and spot machines may be switched off.",
                )
            ],
        )
        return
    hits = log.find("ci-cancelled")
    if hits and log.course.ending.failed and all(_is_cancelled(event.text) for event in log.course.standing):
        yield finding_from_hits(
            log,
            hits,
            "the job was cancelled: by somebody, a newer run, another job's failure, or a time limit",
            "The build was ended from outside; the log does not show why.",
            [_NEWER, Fix("if you did not cancel it: see whether it reached its time limit", notes="timeout-minutes.")],
        )


def _of_preparation(log: BuildLog, hits: list[Hit]) -> Finding:
    """Return the finding for a GitLab runner that did not get its shell, container or pod to start."""
    why = hits[0].groups["why"]
    profile = Fix(
        "let the shell's start files succeed for the runner's user",
        (Command("sudo mv /home/gitlab-runner/.bash_logout /home/gitlab-runner/.bash_logout.off", FixStage.TOOLCHAIN),),
        notes="The shell executor runs a login shell: what fails in .profile, .bash_profile or .bash_logout, which "
        "Debian's and Ubuntu's skeleton brings, ends the job.",
    )
    pod = Fix(
        "look why the pod does not start",
        (Command("kubectl describe pod --namespace NAMESPACE POD", FixStage.TOOLCHAIN),),
        notes="No room on the nodes, an image that cannot be pulled, a volume. poll_timeout in config.toml is how long "
        "the runner waits, 180 seconds by default.",
    )
    other = Fix(
        "correct what the message names, in the runner's config.toml or on its machine",
        notes="A network, a service or a container that is gone: `docker system prune` and a restart of the runner "
        "make them again. The job itself is not at fault.",
    )
    fixes = [profile] if why.startswith("exit status") else [pod] if "pod" in why else [other]
    return finding_from_hits(
        log, hits, f"GitLab's runner did not start the job: {why[:70]}", "No line of the job's script has run.", fixes
    )


def _is_cancelled(text: str) -> bool:
    return "operation was cancel" in text or "exit code" in text
