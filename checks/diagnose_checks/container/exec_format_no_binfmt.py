"""Programs of another processor cannot run on this machine.

A container or root of another architecture needs an emulator registered with the kernel (binfmt_misc). Without it,
every program in it fails with "exec format error". Cross compiling needs no emulator: it runs no program of the target.

How to fix: register QEMU's user emulation on the machine: ``docker run --privileged --rm tonistiigi/binfmt --install
ARCH``, docker/setup-qemu-action in a workflow, or the packages ``qemu-user-static`` and ``binfmt-support``.

References:
    https://docs.kernel.org/admin-guide/binfmt-misc.html
    https://github.com/tonistiigi/binfmt
"""

from __future__ import annotations

from diagnose.authoring.libc_demands import BUILD_SCRIPT
from diagnose.authoring.log import finding_from_hits, is_later
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for
from diagnose.tables.translations import not_executable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit

CHECK = Check(
    since="0.1.0",
    phase=Phase.START,
    patterns=(
        *patterns_for(
            "exec-format",
            (
                "exec format error",
                r"exec (?:user process caused:? )?[\"'`]?(?P<program>/[^\s\"':]*)?[\"'`]?:? ?[\"']?exec format error",
            ),
            (
                "xec format error",
                r"^(?!.{0,80}Error loading shared)(?:.*?[\s:])??(?P<program>(?!error:)[^\s:]+): "
                r"(?:cannot execute binary file: )?[Ee]xec format error",
            ),
            ("xec format error", r"[Ee]xec format error: '(?P<program>[^']+)'"),
            ("xec format error", r"^(?!.{0,80}Error loading shared).*[Ee]xec format error(?: \(os error 8\))?"),
            (
                "cannot execute binary file",
                r"(?<![^\s:])(?P<program>[^\s:]+): cannot execute binary file(?!: Permission)",
            ),
        ),
        *not_executable("exec-format"),
        *patterns_for("windows-refused", ("OSError: [WinError ", r"OSError: \[WinError (?:193|216)\] ")),
        *patterns_for(
            "emulated-loader",
            (
                "Could not open ",
                r"(?P<emulator>qemu-\w{2,12}(?:-static)?): Could not open '(?P<loader>/lib\S{0,60}/?ld-[\w.-]{1,40})'",
            ),
            (
                "failed to open elf at",
                r"(?P<emulator>rosetta) error: failed to open elf at (?P<loader>/lib\S{0,60}ld-[\w.-]{1,40})",
            ),
        ),
        *patterns_for(
            "platform-note",
            (
                "requested image's platform",
                r"requested image's platform \((?P<want>[\w/]+)\) does not match the detected host platform",
            ),
            ("--platform", r"--platform[= ](?P<want>linux/[\w/]+)"),
            ("[linux/", r"\[(?P<want>linux/[\w/]+)(?: [\w.-]+)? +\d+/\d+\]"),
        ),
        *patterns_for(
            "lambda-note",
            ("Runtime.Invalid", r"\bRuntime\.InvalidEntrypoint\b"),
            ("/lambda-entrypoint.sh", r"(?:^|[\s\"'])/lambda-entrypoint\.sh: exec format error"),
            ("RequestId: ", r"RequestId: [\w-]{36} Error: (?:fork/)?exec \S{1,300}: exec format error"),
        ),
        *patterns_for("meson-note", ("mesonbuild", r"mesonbuild[/\\]")),
        *patterns_for(
            "never-ran",
            ("never executed", r"could not execute process `(?P<program>[^`\s]+)(?:\s[^`]*)?` \(never executed\)"),
            ("not exec the linker", r"could not exec the linker `(?P<linker>[^`]+)`"),
        ),
    ),
)
_SCRIPT = r"\.(?:sh|py|bash)$|(?:^|/)(?:docker-)?entrypoint$"
_FRAMES = 60  # lines of a traceback
_ANDROID = re.compile(r"(?i)android")
_EXE_WRAPPER = (
    "[binaries] exe_wrapper = 'qemu-aarch64-static' (wine for Windows). Without one, and with needs_exe_wrapper = true "
    "in [properties], Meson skips what it cannot run."
)
_ON_ANDROID = "adb push FILE /data/local/tmp, then adb shell. No qemu-user runs what is linked with Android's libc."
_BUILT = r"/target/(?:[^/]+/)*(?:release|debug)/"
#: Host tools in SDKs of OpenWrt, OpenEmbedded and Buildroot, and the loader of x86-64 that they bring.
_OF_SDK = re.compile(
    r"/staging_dir/(?:host|toolchain)[^/]*/|/sysroots/(?:x86_64|aarch64|i686)-[\w-]*sdk|-sdk-buildroot/|/ld-linux-x86-64\.so\.2$"
)
#: What Meson, CMake and autoconf compile to try a compiler: its output is of another machine, not this container.
_PROBE = re.compile(r"(?:^|[\\/])(?:sanitycheck\w*\.exe|cmTC_\w+|conftest(?:\.exe)?|a\.out)$")
_HELPERS = frozenset(
    {"patchelf", "protoc", "cmake", "ninja", "sccache", "rustc", "cargo", "maturin", "zig", "uv", "node"}
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See a program for another processor fail to start; a script without its first line looks similar."""
    for hit in log.find("windows-refused")[:1]:
        if not any("starts" in frame.groups for frame in log.near(hit.line, "windows-at-work", before=4)):
            continue  # runtime-windows-dll-unfit
        yield finding_from_hits(
            log,
            [hit],
            "Windows cannot start a file as a program: it is a script, or for another processor",
            "The program is not run.",
            [
                Fix(
                    "start a script with its interpreter",
                    notes="[sys.executable, 'script.py'], ['bash', 'script.sh']; npm, yarn and such are "
                    "NAME.cmd there. A "
                    "wheel's own scripts are NAME.exe in the Scripts folder.",
                ),
                Fix(
                    "if it is a program: install it for this Windows",
                    notes="An empty or half downloaded file looks so, too.",
                ),
            ],
        )
        return
    for hit in log.find("emulated-loader")[:1]:
        yield _without_loader(log, hit)
        return
    hits = [hit for hit in log.find("exec-format") if not log.near(hit.line, "postinst-failed", after=3)]
    hits = [hit for hit in hits if not _PROBE.search(hit.groups["program"])]  # configure-cannot-run
    if not hits:
        return
    wanted = [note for note in log.find("platform-note") if note.line < hits[0].line]
    ran = log.near(hits[0].line, "never-ran", before=4)
    linker = ran[-1].groups["linker"] if ran else ""
    if log.near(hits[0].line, "lambda-note", before=_AWAY, after=_AWAY):
        yield _in_lambda(log, hits)
        return
    if not wanted and all(re.search(_SCRIPT, linker or hit.groups["program"]) for hit in hits):
        return
    program = linker or (ran[-1].groups["program"] if ran else hits[0].groups["program"])
    platform = wanted[-1].groups["want"] if wanted else ""
    helper = program.rpartition("/")[2]
    if re.search(BUILD_SCRIPT, program):
        hits = [*ran, *hits]
        message = f"a build script was linked for another processor than this machine's: {program}"
        fixes = [
            Fix(
                "link build scripts with the host's compiler",
                notes="Set the target with --target or [build] target, and the cross linker only in [target.TRIPLE]: "
                "in RUSTFLAGS or for the host's triple it also links build scripts.",
            )
        ]
    elif re.search(_BUILT, program):
        hits = [*ran, *hits]
        message = f"{program} was built for another processor, and this machine cannot run it"
        fixes = [_runner(log, hits[0].line), Fix("build here, and test on a machine of that architecture")]
    elif log.near(hits[0].line, "meson-note", before=_FRAMES) and not wanted:
        message = f"Meson starts {program or 'a program'}, which was built for another system, on this machine"
        fixes = [
            Fix(
                "name what runs it in Meson's cross file, or do not run tests in a cross build",
                notes=_EXE_WRAPPER,
            ),
            Fix("run the tests on a machine of that system", notes=_ON_ANDROID if _ANDROID.search(program) else ""),
        ]
    elif _OF_SDK.search(program):
        message = f"{program} is a host tool of an SDK for another processor than this machine's"
        fixes = [
            Fix(
                "use the SDK on a machine, or in a container, of its processor",
                (Command('docker run --platform linux/amd64 -v "$PWD:/w" -w /w -it debian:stable', FixStage.BUILD),),
                notes="SDKs and toolchains for download are most often for x86-64. On Apple silicon or another Arm "
                "machine that container is emulated.",
            ),
            Fix(
                "build the SDK and its host tools here, from source",
                notes="Or take a download for this processor, where there is one.",
            ),
        ]
    elif _ANDROID.search(program):
        message = f"{program} is for Android, or for another processor, and this machine cannot run it"
        fixes = [Fix("run it on a device or in an emulator", notes=_ON_ANDROID)]
    elif re.fullmatch(r"(?:python|pypy)[\d.]*", helper) and not wanted:
        message = f"{program} is a Python for another processor or system, and this machine cannot run it"
        fixes = [
            Fix(
                "name a Python of this machine",
                notes="By version, as in maturin build -i python3.12, not by the path of one that was downloaded or "
                "copied. "
                "`file PATH` shows what it is for.",
            ),
            Fix(
                "if the wheel is for that other system: cross compile",
                notes="maturin build --target TRIPLE -i python3.12, and PYO3_CROSS_LIB_DIR with the lib folder of "
                "that Python: "
                "nothing of it is run then.",
            ),
        ]
        if not program.startswith(("/Users/", "/Applications/", "/Library/", "/opt/homebrew/")):
            fixes.append(_emulate("all"))
    elif helper in _HELPERS or linker:
        fixes = [Fix(f"install {helper} for this machine's processor", notes="The wrong one is first on PATH.")]
        message = f"{program} is a program for another processor"
    else:
        architecture = platform.removeprefix("linux/").replace("/v7", "").replace("/v6", "").replace("/v8", "") or "all"
        fixes = [_emulate(architecture), Fix("run the job on a machine of that architecture, or cross compile")]
        message = f"{program or 'a program'} is for {platform or 'another processor'}, and this machine cannot run it"
        if not program and not platform:
            message = "a program is for another processor, or a script without a first line: the kernel says the same"
            fixes.append(Fix("if a script is started: begin it with #!/bin/sh", notes="As its very first characters."))
    yield finding_from_hits(log, [*wanted[-1:], *hits], message, "No program in that container or root can run.", fixes)


leads_to = is_later
_AWAY = 6  # lines of a function's answer


def _in_lambda(log: BuildLog, hits: list[Hit]) -> Finding:
    """Return that a function's image is for another processor than the function."""
    program = next((hit.groups["program"] for hit in hits if hit.groups["program"]), "")
    own = program in ("", "/lambda-entrypoint.sh")  # of the images of AWS, which begins with #!/bin/sh
    script = "" if own or not re.search(_SCRIPT, program) else f", or {program} has no first line #!/bin/sh"
    return finding_from_hits(
        log,
        hits,
        f"the image is for another processor than the Lambda function{script}",
        "The function does not start.",
        [
            Fix(
                "build the image for the function's processor",
                (Command("docker build --platform linux/amd64 --provenance=false -t IMAGE .", FixStage.BUILD),),
                notes="linux/arm64 where the function's Architectures is arm64. Without --platform, a Mac with an "
                "Apple "
                "processor builds for arm64, and a function is for x86_64 by default.",
            ),
            Fix(
                "let the function run on the image's processor",
                (
                    Command(
                        "aws lambda update-function-code --function-name NAME --architectures arm64 --image-uri URI",
                        FixStage.BUILD,
                    ),
                ),
                notes="In a template: Architectures: [arm64].",
            ),
        ],
    )


def _without_loader(log: BuildLog, hit: Hit) -> Finding:
    """Return that an emulator starts a program, and this system has no C library for that processor."""
    return finding_from_hits(
        log,
        [hit],
        f"a program for another processor is run in {hit.groups['emulator'].partition('-static')[0]}, and its loader "
        f"{hit.groups['loader']} is not in this system",
        "It does not start.",
        [
            Fix(
                "take the program for this system's processor",
                notes="Most often a downloaded one: `uname -m` shows aarch64 where x86_64 was taken, or the reverse.",
            ),
            Fix(
                "run a whole system of the program's processor",
                notes="docker run --platform linux/amd64 IMAGE; FROM --platform=linux/amd64 in the Dockerfile.",
            ),
        ],
    )


def _runner(log: BuildLog, line: int) -> Fix:
    target = log.target_at(line)
    name = target.cargo_env_name if target else "TARGET"
    return Fix(
        "let cargo run it under QEMU's user emulation",
        env=((f"CARGO_TARGET_{name}_RUNNER", f"qemu-{_QEMU.get(target.wheel, target.wheel) if target else 'ARCH'}"),),
        notes="From the package qemu-user; -L names the folder with the target's C library.",
    )


_QEMU = {"armv7l": "arm", "armv6l": "arm", "i686": "i386"}


def _emulate(architecture: str) -> Fix:
    command = f"docker run --privileged --rm tonistiigi/binfmt --install {architecture}"
    return Fix(
        "register the emulator on the machine that runs the container",
        (Command(command, FixStage.ARCHITECTURE),),
        notes="In a workflow, the action docker/setup-qemu-action before the step.",
    )
