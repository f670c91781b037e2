"""MinGW's linkers in logs: they link for Windows, where Unix's libraries do not exist.

Sources: mingw-w64's list of import libraries; the packages ``gcc-mingw-w64-*`` (Debian), ``mingw32-gcc`` and
``mingw64-gcc`` (Fedora), ``mingw-w64-gcc`` (Alpine, Arch), as of November 2026.
"""

from __future__ import annotations

from diagnose.authoring.log import install_by_family
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re

if TYPE_CHECKING:
    from diagnose.model.finding import Fix
    from diagnose.readers.buildlog import BuildLog, LinkStep

#: Parts of Unix's C library that Windows has no library for; mingw-w64 has an empty libm and its own libpthread.
_UNIX = ("c", "dl", "rt", "util", "resolv", "crypt", "nsl")


def is_mingw(name: str) -> bool:
    """Whether *name* is a program of MinGW, such as ``x86_64-w64-mingw32-ld``."""
    return "-mingw32" in name


def without_unix(link: LinkStep) -> list[str]:
    """Return the libraries of Unix that a linker of MinGW does not find in *link*."""
    if not is_mingw(link.ld) and not is_mingw(link.program):
        return []
    return [name for name in _UNIX if name in link.missing]


#: Import libraries of mingw-w64 (its mingw-w64-crt/lib-common): their files' names have small letters only.
_LIBRARIES = (
    r"advapi32|avicap32|avrt|bcrypt|bthprops|cfgmgr32|comctl32|comdlg32|comsvcs|credui|crypt32"
    r"|cryptui|d2d1|d3d11|d3d12|d3d9|dbghelp|dinput8|dnsapi|dsound|dwmapi|dwrite|dxgi|dxguid"
    r"|dxva2|fwpuclnt|gdi32|gdiplus|glu32|hid|imagehlp|imm32|iphlpapi|kernel32|ksuser|mf|mfplat"
    r"|mfreadwrite|mfuuid|mpr|mswsock|ncrypt|netapi32|ntdll|odbc32|ole32|oleacc|oleaut32|opengl32"
    r"|pdh|powrprof|propsys|psapi|rasapi32|rpcrt4|runtimeobject|secur32|setupapi|shcore|shell32"
    r"|shlwapi|strmiids|synchronization|user32|userenv|usp10|uuid|uxtheme|version|wbemuuid|wer"
    r"|winhttp|wininet|winmm|winscard|winspool|wintrust|wlanapi|wldap32|ws2_32|wsock32|wtsapi32"
    r"|xinput"
)
#: Headers of Windows that people write as its documentation does: mingw-w64-headers/include has small letters only.
_HEADERS = (
    r"accctrl|aclapi|bluetoothapis|cfgmgr32|commctrl|commdlg|cryptuiapi|d3d11|d3d9|d3dcompiler"
    r"|dbghelp|dbt|devguid|dinput|dsound|dwmapi|dxgi|evntrace|hidsdi|imagehlp|initguid|iphlpapi"
    r"|ksmedia|lm|lmaccess|mfapi|mfidl|mmdeviceapi|mmreg|mmsystem|mstcpip|mswsock|ntsecapi|ntstatus"
    r"|objbase|ole2|oleauto|olectl|pdh|powrprof|propsys|psapi|rpc|sddl|security|setupapi|shellapi"
    r"|shellscalingapi|shlobj|shlwapi|sspi|strsafe|synchapi|timeapi|tlhelp32|urlmon|usbiodef|userenv"
    r"|versionhelpers|winbase|wincon|wincrypt|windef|windows|windowsx|winerror|wingdi|winhttp"
    r"|wininet|winioctl|winnt|winreg|winscard|winsock|winsock2|winspool|winsvc|winternl|winuser"
    r"|ws2ipdef|ws2tcpip|wtsapi32|xinput"
)


def file_of_library(name: str) -> str:
    """Return the name in small letters if *name* is an import library of Windows with capital ones; else empty."""
    lower = name.lower().removesuffix(".lib").removesuffix(".dll")
    return lower if lower != name and re.fullmatch(_LIBRARIES, lower) else ""


def file_of_header(name: str) -> str:
    """Return the name in small letters if *name* is a header of Windows with capital ones; else empty."""
    lower = name.lower()
    return lower if lower != name and re.fullmatch(rf"(?:{_HEADERS})\.h", lower) else ""


def linker_fixes(log: BuildLog, line: int, name: str) -> tuple[Fix, ...]:
    """Return the fixes that install the MinGW program *name*."""
    bits = "32" if name.rpartition("/")[2].startswith("i") else "64"
    packages = {
        "debian": ("gcc-mingw-w64-i686" if bits == "32" else "gcc-mingw-w64-x86-64",),
        "rhel": (f"mingw{bits}-gcc",),
        "alpine": ("i686-mingw-w64-gcc" if bits == "32" else "mingw-w64-gcc",),
        "arch": ("mingw-w64-gcc",),
    }
    return install_by_family(log, line, "install the compiler for Windows", packages)
