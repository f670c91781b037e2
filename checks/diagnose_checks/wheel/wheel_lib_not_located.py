"""The repair does not find a library that it has to copy into the wheel.

auditwheel and maturin look where the loader would: RPATH, ``LD_LIBRARY_PATH``, the system's folders, and for another
architecture those of the sysroot. The library was linked from another place: a build folder, a separate prefix, or a
cross compiler's sysroot that the tool does not know.

How to fix: name the folder in ``LD_LIBRARY_PATH`` for the repair. In a cross build install the library for the target,
or set ``TARGET_SYSROOT``.

References:
    https://github.com/pypa/auditwheel
    https://github.com/PyO3/maturin/issues/1589
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for
from diagnose.remedies.shell_quoting import quote
from diagnose.tables.repaired_names import is_hashed
from diagnose_checks.wheel._triage import from_another_wheel, unlocated_libraries

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog, Hit

CHECK = Check(
    since="0.1.0",
    phase=Phase.AUDIT,
    patterns=patterns_for(
        "not-located",
        ("could not be located", r"required library \"?(?P<lib>[^\s\"]+)\"? could not be located"),
        ("Unable to find library: ", r"FileNotFoundError: Unable to find library: (?P<dll>\S{1,200})"),  # delvewheel
        ("ERROR:delocate.", r"^ERROR:delocate\.\w{1,30}:\s*(?P<dylib>\S{1,300}\.dylib) not found", 2),
        ("DependencyNotFound: ", r"^delocate\.libsana\.DependencyNotFound: (?P<dylib>\S{1,300})"),
        ("does not exist", r"DelocationError: library \"(?P<dylib>[^\"]{1,300})\" does not exist"),
        ("not found:", r"^(?P<dylib>\S{1,300}\.dylib) not found:$"),
        ("ould not find all depend", r"DelocationError: (?P<delocate>Could not find all dependencies)"),
        ("could not be", r"required\s+library\s+\"?(?P<lib>[^\s\"]+)\"?\s+could\s+not\s+be\s+located", 3),
    ),
)
_COMPILERS = re.compile(r"^lib(?:gcc_s|stdc\+\+|atomic|gomp|c|m|dl|pthread)\.so")


def log(log: BuildLog) -> Iterator[Finding]:
    """See the repair miss a library of the system or of the build."""
    for hit in log.find("not-located"):
        if hit.groups["dll"] or hit.groups["delocate"] or hit.groups["dylib"]:
            yield _elsewhere(log, hit)
            return
    for hit in unlocated_libraries(log):
        name = hit.groups["lib"]
        if from_another_wheel(name) or is_hashed(name):
            continue
        if name in _BIONIC:
            yield _of_android(log, hit, name)
            return
        target = log.target_at(hit.line)
        fixes: list[Fix] = []
        fixes += _installed(log, hit.line, name)
        if target and log.cross_at(hit.line) is not False and not fixes:
            folder = f"/usr/lib/{target.multiarch}" if target.multiarch else "FOLDER"
            where = "the cross compiler's own sysroot" if _COMPILERS.match(name) else f"the target's, as in {folder}"
            fixes.append(
                Fix(
                    "name the folder of the target's libraries",
                    env=(("TARGET_SYSROOT", "SYSROOT"),),
                    notes=f"It is {where}.",
                )
            )
        fixes.append(
            Fix(
                "name the folder that it was linked from",
                env=(("LD_LIBRARY_PATH", "FOLDER"),),
                notes=f"FOLDER stands for the folder of {name}: a prefix's lib, or OUT_DIR of its crate.",
            )
        )
        if not _COMPILERS.match(name):
            fixes.append(
                Fix(
                    "if another wheel or every user's system brings it: leave it out",
                    (Command(f"auditwheel repair --exclude {quote(name)} WHEEL", FixStage.BUILD),),
                    notes="Needs auditwheel 5.2 or later, and a dependency on that wheel. The module finds it by "
                    "RPATH, or imports that package first.",
                )
            )
        yield finding_from_hits(
            log, [hit], f"the repair does not find {name}, which the wheel needs", "No wheel is written.", fixes
        )


#: Libraries of Android's C library, whose names have no version; those of glibc and musl have one.
_BIONIC = ("libc.so", "libm.so", "libdl.so", "liblog.so", "libandroid.so")


def _of_android(log: BuildLog, hit: Hit, name: str) -> Finding:
    """Return that a wheel for Android, as in Termux, is repaired as if it was for Linux."""
    return finding_from_hits(
        log,
        [hit],
        f"the repair does not find {name}, a library of Android itself: no manylinux policy is for Android",
        "No wheel is written.",
        (
            Fix(
                "build without the repair",
                (Command("maturin build --release --auditwheel skip", FixStage.BUILD),),
                env=(("MATURIN_PEP517_ARGS", "--auditwheel skip"),),
                notes="The variable is for pip. maturin before 1.8 calls the option --skip-auditwheel; "
                "--compatibility linux gives the tag without a policy.",
            ),
            Fix(
                "take a newer maturin, which knows Android",
                (Command("pip install --upgrade maturin", FixStage.BUILD),),
                notes="In Termux also `pkg install python-NAME`, where its maintainers built the package.",
            ),
        ),
    )


def _elsewhere(log: BuildLog, hit: Hit) -> Finding:
    """Return the finding about delvewheel, on Windows, or delocate, on macOS."""
    dll = hit.groups["dll"]
    dylib = hit.groups["dylib"]
    if dll:
        fix = Fix(
            "name the folder of the DLL",
            (Command("delvewheel repair --add-path FOLDER -w wheelhouse WHEEL", FixStage.BUILD),),
            notes=f"vcpkg: installed/x64-windows/bin. If every user has {dll}: --exclude {dll}.",
        )
        inside = Fix(
            "if the wheel itself brings the DLL: let delvewheel look there",
            (Command("delvewheel repair --ignore-existing -w wheelhouse WHEEL", FixStage.BUILD),),
            notes="`python -m zipfile -l WHEEL` lists its files. --add-path takes folders of this machine only; "
            "--analyze-existing "
            "also looks for what those DLLs need.",
        )
    else:
        fix = Fix(
            "name the folder of the libraries",
            env=(("DYLD_LIBRARY_PATH", "FOLDER"),),
            notes="The lines above name them. A library with the name @rpath/… needs the folder where it was linked "
            "from: a "
            "prefix's lib, or OUT_DIR of its crate. One that begins with ../ was never given its install name: "
            "install_name_tool -change OLD @rpath/NAME FILE. What every user has: delocate-wheel --exclude NAME.",
        )
    return finding_from_hits(
        log,
        [hit],
        f"the repair does not find {dll or dylib or 'a library'}, which the wheel needs",
        "No wheel is written.",
        (fix, inside) if dll else (fix,),
    )


#: soname → the package of Enterprise Linux, of Alpine and of Debian, for libraries that wheels often bundle.
_PACKAGES = {
    "libavahi-common.so.3": ("avahi-libs", "avahi-libs", "libavahi-common3"),
    "libavahi-client.so.3": ("avahi-libs", "avahi-libs", "libavahi-client3"),
    "libgssapi_krb5.so.2": ("krb5-libs", "krb5-libs", "libgssapi-krb5-2"),
    "libkrb5.so.3": ("krb5-libs", "krb5-libs", "libkrb5-3"),
    "libssl.so.3": ("openssl-libs", "libssl3", "libssl3"),
    "libcrypto.so.3": ("openssl-libs", "libcrypto3", "libssl3"),
    "libpq.so.5": ("libpq", "libpq", "libpq5"),
    "libldap.so.2": ("openldap", "libldap", "libldap2"),
    "libsasl2.so.3": ("cyrus-sasl-lib", "libsasl", ""),
    "libasound.so.2": ("alsa-lib", "alsa-lib", "libasound2"),
    "libusb-1.0.so.0": ("libusbx", "libusb", "libusb-1.0-0"),
    "libudev.so.1": ("systemd-libs", "eudev-libs", "libudev1"),
    "libcurl.so.4": ("libcurl", "libcurl", "libcurl4"),
}


def _installed(log: BuildLog, line: int, name: str) -> list[Fix]:
    """Return the fix that installs the library in the log's container; RPM and apk find it by its soname."""
    distro = log.distro_at(line)
    known = _PACKAGES.get(name, ("", "", ""))
    target = log.target_at(line)
    if (
        log.cross_at(line) is True
        or _COMPILERS.match(name)
        or not (distro.id and distro.manager in ("dnf", "yum", "apk"))
    ):
        return []
    if distro.manager == "apk":
        package = known[1] or f"so:{name}"
        command = f"apk add {package}"
    else:
        package = known[0] or (f"{name}()(64bit)" if target is None or target.bits == 64 else name)
        command = (
            f"{distro.manager} install -y '{package}'" if "(" in package else f"{distro.manager} install -y {package}"
        )
    return [
        Fix(
            f"install {package} in the container before the build",
            (Command(command, FixStage.PACKAGES),),
            notes="In cibuildwheel: CIBW_BEFORE_ALL_LINUX. Link against the container's library as well.",
        )
    ]
