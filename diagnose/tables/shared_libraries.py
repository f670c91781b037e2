"""Shared libraries that must not, or need not, travel inside a wheel, by the stem of their soname."""

from __future__ import annotations

from diagnose.model._lazy_stdlib import NamedTuple, re
from diagnose.tables.repaired_names import plain


class Hazard(NamedTuple):
    """A library that works badly as a private copy: why, what the user meets, and whether that is sure."""

    what: str
    why: str
    meets: str
    serious: bool


_ALSA = Hazard(
    "ALSA's library",
    "reads alsa.conf and loads plugins from folders compiled in where it was built, and the plugins want the system's "
    "own libasound.so.2: two copies in one process",
    "ALSA lib conf.c: Cannot access file …/alsa.conf, Unknown PCM default; no sound through PulseAudio or PipeWire",
    True,
)
_GL = Hazard(
    "a loader of graphics drivers",
    "hands every call to the driver of the user's own card, whose interface it has to match",
    "no GPU is found, software rendering, or a crash when the context is made",
    True,
)
_CUDA = Hazard(
    "a part of the NVIDIA driver",
    "must have exactly the version of the kernel module on the user's machine",
    "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH, or: Driver/library version mismatch",
    True,
)
_VA = Hazard(
    "a loader of video drivers",
    "loads the card's driver from a folder compiled in where it was built, by an entry point of its own version",
    "va_openDriver() returns -1: hardware video is off",
    False,
)
_DBUS = Hazard(
    "D-Bus's library",
    "looks for the bus socket, machine id and configuration under the prefix it was built with, and shares no state "
    "with the copy that toolkits in the same process use",
    "Failed to connect to socket …/system_bus_socket where that prefix is not the distribution's",
    False,
)
_UDEV = Hazard(
    "udev's library",
    "reads the private database of the udev that runs on the user's machine",
    "devices without properties where the database has another format",
    False,
)
_NSS = Hazard(
    "Mozilla NSS",
    "loads its softoken by name and checks it against a .chk signature that patching breaks",
    "SEC_ERROR_PKCS11_DEVICE_ERROR, or no FIPS mode",
    False,
)
_PAM = Hazard(
    "PAM",
    "loads the modules that the administrator configured, from a folder compiled in where it was built",
    "every authentication fails: PAM unable to dlopen",
    True,
)
_PIPEWIRE = Hazard(
    "PipeWire's or JACK's client library",
    "speaks the protocol of its own version's server, and loads plugins from a folder compiled in where it was built",
    "no connection to the sound server",
    True,
)

# The patterns below are compiled when the first name is held against them: few wheels need any of them.

#: soname stem (hash and version taken off) → what happens. The first that matches counts.
HAZARDS: tuple[tuple[str, Hazard], ...] = (
    (r"libasound", _ALSA),
    (r"lib(?:GL|EGL|GLX|OpenGL|GLdispatch|GLESv[12]|GLESv1_CM|vulkan|gbm)(?:_\w+)?", _GL),
    (r"lib(?:cuda|nvidia-(?!ml-)\w+|nvidia-ml|nvcuvid)", _CUDA),
    (r"lib(?:va|vdpau)(?:-\w+)?", _VA),
    (r"libdbus", _DBUS),
    (r"libudev", _UDEV),
    (r"lib(?:nss3|nssutil3|softokn3|freebl3|freeblpriv3|smime3)", _NSS),
    (r"libpam(?:_misc)?", _PAM),
    (r"lib(?:pipewire|jack)", _PIPEWIRE),
)

#: Pieces of glibc and musl. libcrypt and libnsl ≥ 2 live on their own by now, libmvec uses only public symbols.
_PIECES = "c m dl rt pthread util resolv anl thread_db BrokenLocale nss_files nss_dns nss_compat nss_db nss_hesiod"
LIBC_PIECES = (
    rf"lib(?:{_PIECES.replace(' ', '|')})(?:-2\.\d+)?\.so(?:\.[126])?|libnsl\.so\.1"
    r"|ld-linux[\w.-]*\.so\.\d|ld-2\.\d+\.so|ld64\.so\.[12]|ld-musl-\w+\.so\.1|libc\.musl-\w+\.so\.1"
)

_CUDA_LIBRARIES = (
    "cudart cublas cublasLt cudnn\\w* cufft cufftw cufile curand cusolver cusolverMg cusparse cusparseLt cupti nccl "
    "nvJitLink nvrtc nvshmem\\w* nvToolsExt npp\\w+ nvjpeg cutensor\\w*"
)

#: soname → what usually brings it, and the distributions that a wheel names if it expects them to be installed.
OTHER_WHEELS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (r"lib(?:torch|c10|shm|caffe2)\w*\.so.*", "torch", ("torch",)),
    (r"lib(?:tensorflow|_pywrap_tensorflow)\w*\.so.*", "tensorflow", ("tensorflow", "tensorflow-cpu")),
    (
        rf"lib(?:{_CUDA_LIBRARIES.replace(' ', '|')})\.so.*",
        "the CUDA toolkit, or NVIDIA's wheels of it",
        ("nvidia-*", "cuda-toolkit", "cutensor-*", "torch"),
    ),
    (
        r"lib(?:amdhip64|hip\w*|roc\w*|MIOpen|rccl)\.so.*",
        "ROCm, or torch built for it",
        ("torch", "rocm-*"),
    ),
    (r"lib(?:arrow\w*|parquet)\.so.*", "pyarrow", ("pyarrow",)),
    (
        r"libQt[56]\w+\.so.*",
        "the Qt wheels",
        ("PyQt5-Qt5", "PyQt6-*", "PySide2", "PySide6", "PySide6-Essentials", "PySide6-Addons"),
    ),
    (r"libpyside[26][\w.-]*\.so.*", "PySide", ("PySide2", "PySide6", "PySide6-Essentials")),
    (r"libshiboken[26][\w.-]*\.so.*", "Shiboken", ("shiboken2", "shiboken6", "PySide2", "PySide6")),
    (r"libmkl_\w+\.so.*", "mkl", ("mkl",)),
    (
        r"libtbb(?:malloc(?:_proxy)?|bind\w*)?\.so.*",
        "Intel's oneTBB",
        ("tbb",),
    ),
    (
        r"lib(?:iomp5|sycl|ur_\w+|imf|intlc|irng|irc|svml)\.so.*",
        "the runtime of Intel's compilers",
        ("intel-openmp", "dpcpp-cpp-rt", "intel-*", "torch"),
    ),
    (r"libopenvino\w*\.so.*", "openvino", ("openvino",)),
)

#: soname → what brings it to the machine; it cannot come from a wheel at all.
DRIVERS: tuple[tuple[str, str], ...] = (
    (r"libcuda\.so\.1|libnvidia-\w+\.so\.1|libnvcuvid\.so\.1", "the NVIDIA driver"),
    (r"libOpenCL\.so\.1|libze_loader\.so\.1|libze_intel_gpu\.so\.1", "the driver of the graphics card"),
    (r"libclntsh\.so.*", "Oracle Instant Client"),
)

_VERSION = re.compile(r"(?:-\d[\d.]*)?\.so(?:\.[\d.]+)?$")


def hazard(name: str) -> Hazard | None:
    """Return what is wrong with bundling the library, None if nothing is known."""
    stem = _VERSION.sub("", plain(name))
    return next((found for pattern, found in HAZARDS if re.fullmatch(pattern, stem)), None)


def is_libc_piece(name: str) -> bool:
    """Whether the file is a part of a C library."""
    return re.fullmatch(LIBC_PIECES, plain(name)) is not None


def another_wheels(name: str, requires: tuple[str, ...]) -> str:
    """Return the other package or driver that provides the library; empty if unknown."""
    for pattern, what in DRIVERS:
        if re.fullmatch(pattern, name):
            return f"comes with {what}"
    for pattern, usually, distributions in OTHER_WHEELS:
        if re.fullmatch(pattern, name):
            if line := _requirement(distributions, requires):
                return f"comes with {project(line)}, which {'an extra of ' if is_extra(line) else ''}the wheel requires"
            return f"usually comes with {usually}"
    return ""


def is_required(name: str, requires: tuple[str, ...]) -> bool:
    """Whether the library comes with a distribution that the wheel requires in any case."""
    lines = [_requirement(names, requires) for pattern, _, names in OTHER_WHEELS if re.fullmatch(pattern, name)]
    return any(line and not is_extra(line) for line in lines)


def _requirement(distributions: tuple[str, ...], requires: tuple[str, ...]) -> str:
    """Return the line that requires one of *distributions*: rather one that counts in any case than an extra's."""
    wanted = [line for line in requires if any(_matches(project(line), name) for name in distributions)]
    return min(wanted, key=lambda line: (is_extra(line), project(line)), default="")


def project(requirement: str) -> str:
    """Return the normalized name of the distribution that a Requires-Dist line names."""
    match = re.match(r"[\w.-]+", requirement)
    return re.sub(r"[-_.]+", "-", match.group().lower()) if match else ""


def is_extra(requirement: str) -> bool:
    """Whether a Requires-Dist line counts only for those who ask for an extra."""
    return re.search(r"\bextra\b", requirement.partition(";")[2]) is not None


def _matches(wanted: str, distribution: str) -> bool:
    name = distribution.lower()
    return wanted.startswith(name[:-1]) if name.endswith("*") else wanted == name
