"""A C header is not installed.

C and C++ code includes headers of libraries. Distributions keep headers in development packages:
``libcurl4-openssl-dev`` on Debian, ``libcurl-devel`` on Fedora, ``curl-dev`` on Alpine. The run-time package of the
library contains none.

How to fix: install the development package of the library. In a cross build, install the target's, into a folder that
the cross compiler searches.

References:
    https://packages.debian.org (search the contents of packages)
    https://gcc.gnu.org/onlinedocs/cpp/Search-Path.html
"""

from __future__ import annotations

from diagnose.authoring.log import advise, finding_from_hits, install_by_family, other_system, sees_install
from diagnose.authoring.own_headers import is_generated
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Command, Evidence, Finding, Fix, FixStage, Phase, Severity
from diagnose.model.pattern import patterns_for
from diagnose.remedies.install import install, system
from diagnose.remedies.package_names import called_here, module_of
from diagnose.tables import debian_headers
from diagnose.tables.translations import no_header

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit
    from diagnose.readers.cargo.build_tools import ToolNeed
    from diagnose.readers.env import Environment

CHECK = Check(
    since="0.1.0",
    phase=Phase.COMPILE,
    patterns=(
        *patterns_for(
            "no-header",
            (
                "No such file",
                r"(?:fatal )?error: (?P<header>[\w][\w./+-]*\.(?:h|hpp|hh|hxx|H)): No such file or "
                r"directory",
            ),
            # Visual C++ writes in the language of Windows
            ("error C1083", r"error C1083: .{3,100}?[\"'«„「] ?(?P<header>[\w][\w./+-]*\.(?:h|hpp)) ?[\"'»“”」]"),
            # Eigen's have no ending
            ("Eigen/", r"fatal error: '?(?P<header>(?:unsupported/)?Eigen/\w+)'?(?:: No such file| file not found)"),
            ("ailed to find '", r"[Ff]ailed to find '(?P<header>[\w][\w./+-]*\.(?:h|hpp))'\."),  # a script's own search
            # CMake's find_path with REQUIRED
            (
                "(find_path):",
                r"\(find_path\):\s+Could not find \w{1,80} using the following files: "
                r"(?P<header>[\w][\w./+-]{0,200}\.(?:h|hpp|hh|hxx))(?:,|\s|$)",
                3,
            ),
            ("file not found", r"(?:fatal )?error: '(?P<header>[\w][\w./+-]*\.(?:h|hpp|hh|hxx))' file not found"),
            ("configure: error: ", r"configure: error: .{0,60}kernel header file <(?P<header>linux/[\w./-]+\.h)>"),
        ),
        *no_header("no-header"),
    ),
    env_facts=("absent_headers",),
)


def env(env: Environment) -> Iterator[Finding]:
    """See whether the headers are there that build scripts need: those that one command brings are one finding."""
    together: dict[tuple[bool, tuple[Fix, ...]], list[tuple[str, ToolNeed]]] = {}
    for header in env.absent_headers:
        needs = [need for need in env.project.tools if need.tool.startswith((f"<{header}>", f"<{header}|"))]
        need = next((need for need in needs if need.certain), needs[0])
        fixes = tuple(_bring(env, header, env.absent_headers))
        together.setdefault((need.certain, fixes), []).append((header, need))
    for (certain, fixes), needed in together.items():
        headers = [header for header, _ in needed]
        crates = " and ".join(dict.fromkeys(need.crate for _, need in needed))
        where = f" for {env.target.triple}" if env.cross else ""
        named = f"the header {headers[0]} is" if len(headers) == 1 else f"the headers {' and '.join(headers[:2])} are"
        if len(headers) > 2:
            named = f"the header {headers[0]} and {len(headers) - 1} others are"
        yield Finding(
            message=f"{named} not installed{where}",
            severity=Severity.ERROR if certain else Severity.WARNING,
            evidence=(
                *(Evidence(f"{need.crate} includes {header}", need.path) for header, need in needed[:_SHOWN]),
                Evidence(
                    f"no {headers[0] if len(headers) == 1 else 'such header'} there",
                    where=f"/usr/include and /usr/include/{env.target.multiarch}",
                ),
            ),
            consequence=f"C code of {crates} cannot be compiled.",
            fixes=fixes,
        )


#: So many headers are shown as evidence.
_SHOWN = 9


def log(log: BuildLog) -> Iterator[Finding]:
    """See a compiler not find a header of a known library."""
    missed: dict[str, list[Hit]] = {}
    for hit in log.find("no-header"):
        header = hit.groups["header"]
        if owner := next((row for pattern, row in _VENDORS.items() if re.match(pattern, header)), None):
            yield finding_from_hits(
                log,
                [hit],
                f"{header} is not installed: it comes with {owner[0]}",
                "C code of the build cannot be compiled.",
                (Fix(f"install {owner[0]}, and name its include folder", notes=owner[1]),),
            )
            return
        if log.crate_at(hit.line)[0] == "openssl-sys":
            continue  # openssl-not-found-cross
        if is_generated(header, hit.text):
            continue  # c-header-unknown
        if "C1083" in hit.text and (header in _POSIX or re.match(r"(?:linux|asm|arpa|netinet|net)/", header)):
            yield _of_posix(log, hit, header)
            return
        if header.startswith("asm") and hit.text.startswith("/usr/include/linux/"):
            continue  # toolchain-crt-missing: the kernel's headers are there, and not those for the word size
        if header in _GLIBC and re.match(_OF_LIBC, hit.text):
            continue  # toolchain-crt-missing: glibc's own headers are there in part
        if header in _GLIBC or re.match(r"(?:linux|asm|asm-generic)/", header):
            missed.setdefault(header, []).append(hit)
            continue
        if not re.search(_SPECIAL, header) and debian_headers.package(header):
            missed.setdefault(header, []).append(hit)
    kernels = {header: hits for header, hits in missed.items() if re.match(r"(?:linux|asm|asm-generic)/", header)}
    if kernels:
        yield finding_from_hits(
            log,
            [hit for hits in kernels.values() for hit in hits],
            f"the kernel's header {next(iter(kernels))} is not installed",
            "C code of the build cannot be compiled.",
            install_by_family(log, next(iter(kernels.values()))[0].line, "install the kernel's headers", _KERNEL),
        )
    for header in [header for header in missed if header in _GLIBC and not other_system(log)]:
        yield finding_from_hits(
            log,
            missed[header],
            f"{header} is glibc's, and the C library of this build does not have it",
            "C code of the build cannot be compiled for musl, as on Alpine, and for other systems without glibc.",
            _without_glibc(log, header),
        )
    for header, hits in missed.items():
        if header in kernels or header in _GLIBC:
            continue
        target = log.target_at(hits[0].line) if log.cross_at(hits[0].line) else None
        crate, version = log.crate_at(hits[0].line)
        fixes = advise(log, hits[0].line, _bring, header)
        state = "not found" if sees_install(fixes) else "not installed"
        yield finding_from_hits(
            log,
            hits,
            f"the header {header} is {state}{f' for {target.triple}' if target else ''}",
            f"C code of {f'{crate} {version}' if crate else 'the build'} cannot be compiled.",
            fixes,
        )


#: Headers that no package of Debian has: what they come with, and how to tell a build where that is.
_VENDORS = {
    r"ta-lib/ta_\w+\.h$": ("TA-Lib's C library", "https://ta-lib.org/install; TA_INCLUDE_PATH and TA_LIBRARY_PATH."),
    r"(?:cuda(?:_\w+)?|cu(?:blas|rand|sparse|fft|solver)\w*|nvrtc|nvml|nvToolsExt|device_launch_parameters)\.h$": (
        "NVIDIA's CUDA toolkit",
        "Images nvidia/cuda:…-devel have it; CUDA_HOME names it. Debian and Ubuntu: nvidia-cuda-toolkit.",
    ),
    r"cudnn\w*\.h$": ("NVIDIA's cuDNN", "CUDNN_INCLUDE_DIR and CUDNN_LIBRARY in many builds."),
    r"nccl\.h$": ("NVIDIA's NCCL", "Package libnccl-dev of NVIDIA's repository."),
    r"NvInfer\w*\.h$": ("NVIDIA's TensorRT", "Package libnvinfer-dev of NVIDIA's repository."),
    r"hip/hip_\w+\.h$": ("AMD's ROCm", "ROCM_PATH names it."),
    r"oci\.h$": ("Oracle's Instant Client with its SDK", "ORACLE_HOME names it."),
    r"mkl\w*\.h$": ("Intel's oneMKL", "From pip: mkl-include and mkl-devel. MKLROOT names it."),
    r"jni\.h$": ("a JDK", "JAVA_HOME names it; Debian: default-jdk-headless."),
    r"sqlcli1\.h$": ("IBM's Db2 driver", "IBM_DB_HOME names it."),
}
# Headers of the compiler, libc, the kernel and Python: other checks report these.
_SPECIAL = (
    r"^(?:bits|gnu|sys|asm|linux|c\+\+)/|^std\w+\.h$|^(?:Python|pyconfig|limits|errno|features)\.h$"
    r"|^openssl/(?:opensslconf|configuration)\.h$"
)


#: A header of the C library that includes another one.
_OF_LIBC = r"/\S{1,200}/include/(?:features|std\w{2,6}|string|unistd|errno|sys/\w{1,20}|bits/[\w-]{1,40})\.h:"
#: Headers that glibc has and musl does not → Alpine's package with one of its own; empty without one.
_GLIBC = {
    "argp.h": "argp-standalone",
    "error.h": "",
    "execinfo.h": "",
    "fts.h": "musl-fts-dev",
    "gnu/libc-version.h": "",
    "obstack.h": "musl-obstack-dev",
    "printf.h": "",
    "rpc/rpc.h": "libtirpc-dev",
    "sys/cdefs.h": "bsd-compat-headers",
    "sys/queue.h": "bsd-compat-headers",
    "sys/tree.h": "bsd-compat-headers",
}
#: Headers of POSIX and of Unix systems that Visual C++ and the Windows SDK do not have (POSIX.1-2024; SDK 10.0.26100).
_POSIX = frozenset((
    "alloca.h", "curses.h", "dirent.h", "dlfcn.h", "execinfo.h", "fnmatch.h", "ftw.h", "getopt.h", "glob.h", "grp.h",
    "ifaddrs.h", "langinfo.h", "libgen.h", "netdb.h", "poll.h", "pthread.h", "pty.h", "pwd.h", "regex.h", "sched.h",
    "semaphore.h", "spawn.h", "strings.h", "sys/epoll.h", "sys/event.h", "sys/eventfd.h", "sys/file.h", "sys/ioctl.h",
    "sys/ipc.h", "sys/mman.h", "sys/param.h", "sys/prctl.h", "sys/resource.h", "sys/select.h", "sys/sem.h",
    "sys/shm.h", "sys/socket.h", "sys/statvfs.h", "sys/sysctl.h", "sys/time.h", "sys/times.h", "sys/uio.h", "sys/un.h",
    "sys/utsname.h", "sys/wait.h", "syslog.h", "termios.h", "ucontext.h", "unistd.h", "utime.h", "util.h",
))  # fmt: skip


def _of_posix(log: BuildLog, hit: Hit, header: str) -> Finding:
    """Return that code for Unix is compiled with Visual C++."""
    return finding_from_hits(
        log,
        [hit],
        f"{header} is a header of Unix systems, which Visual C++ does not have: this code is not for Windows",
        "C code of the build cannot be compiled on Windows.",
        [
            Fix(
                "leave the package out on Windows, or take one that is for it",
                notes="In requirements: NAME; sys_platform != 'win32'. Another release, or a wheel for Windows "
                "(--only-binary NAME), may be for it.",
            ),
            Fix("build and run it in WSL, or in a Linux container"),
            Fix(
                "your own code: include it behind #ifndef _WIN32",
                notes="Windows has io.h, process.h, winsock2.h and conio.h in the place of many.",
            ),
        ],
    )


_KERNEL = {
    "debian": ("linux-libc-dev",),
    "rhel": ("kernel-headers",),
    "alpine": ("linux-headers",),
    "arch": ("linux-api-headers",),
    "suse": ("linux-glibc-devel",),
}


def _without_glibc(log: BuildLog, header: str) -> list[Fix]:
    package = _GLIBC[header]
    fixes = []
    if package:
        fixes.append(Fix(f"on Alpine: install {package}", (Command(f"apk add {package}", FixStage.PACKAGES),)))
    elif header == "execinfo.h":
        notes = "Alpine had libexecinfo-dev until 3.16. Many projects have an option that leaves out backtraces."
        fixes.append(Fix("build without backtraces, or with a newer release of the project", notes=notes))
    else:
        fixes.append(Fix("use a release of the project that supports musl"))
    fixes.append(Fix("build on a system with glibc, such as Debian", notes="There libc6-dev brings the header."))
    return fixes


def _bring(env: Environment, header: str, others: tuple[str, ...] = ()) -> list[Fix]:
    """Return the fix that installs *header*, and in Debian the *others* that are missing with it."""
    package = debian_headers.package(header, env.distro.codename)
    if env.distro.family == "debian":
        suffix = f":{env.target.debian}" if env.cross and env.target.debian else ""
        owners = (package, *(debian_headers.package(other, env.distro.codename) for other in others))
        packages = sorted({f"{owner}{suffix}" for owner in owners if owner})
        commands = install(system(env), packages, env.target.debian if suffix else "")
        title = f"install {' '.join(packages)}" if len(packages) < 4 else f"install all {len(packages)} packages"
        return [Fix(f"{title}{' with headers' if len(packages) > 3 else ''}", commands, safe=True)] if commands else []
    module = module_of(package)
    name = called_here(package, env.distro.family)
    if not name and module and not env.cross:
        name = {"rhel": f"pkgconfig({module})", "suse": f"pkgconfig({module})", "alpine": f"pc:{module}"}.get(
            env.distro.family, ""
        )
    if not name:
        return [Fix(f"install the package with {header}", notes=f"Debian calls it {package}.")]
    commands = install(system(env), [name])
    return [Fix(f"install {name}", commands, safe=True)] if commands else []
