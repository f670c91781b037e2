"""The own search of a crate, or of a Python package's build, finds no library.

Some crates and setup scripts do not ask pkg-config, or have a search of their own after it: they look for a program
such as ``mysql_config``, for headers in usual folders, or for a variable. Their last words differ from one to the
other, and often do not name a package.

How to fix: install the development package of the library for the target, or set the variable that the crate reads.

References:
    https://docs.rs/hdf5-metno-sys
    https://docs.rs/gdal-sys
    https://docs.rs/opencv
    https://docs.rs/mysqlclient-sys
    https://docs.rs/tch
"""

from __future__ import annotations

from diagnose.authoring.log import advise, finding_from_hits, host
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Command, Evidence, Finding, Fix, FixStage, Phase, Severity
from diagnose.model.pattern import patterns_for
from diagnose.remedies.configuration import Configuration
from diagnose.remedies.fix import fix
from diagnose.remedies.install import install, system, unavailable_reason
from diagnose.remedies.libraries import install_fixes
from diagnose.remedies.package_names import library_module

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from diagnose.readers.buildlog import BuildLog, Hit
    from diagnose.readers.cargo.build_tools import ToolNeed
    from diagnose.readers.env import Environment

_FLAGS = "CFLAGS and LDFLAGS, for -I and -L"
#: Library → the variables that its crate reads (build scripts of the crates' newest releases, November 2026), and its
#: packages by family of distributions.
_LIBRARIES: dict[str, tuple[str, dict[str, tuple[str, ...]]]] = {
    "HDF5": ("HDF5_DIR", {"debian": ("libhdf5-dev",), "rhel": ("hdf5-devel",), "alpine": ("hdf5-dev",)}),
    "GDAL": ("GDAL_HOME", {"debian": ("libgdal-dev",), "rhel": ("gdal-devel",), "alpine": ("gdal-dev",)}),
    "OpenCV": (
        "OPENCV_LINK_LIBS, OPENCV_LINK_PATHS and OPENCV_INCLUDE_PATHS",
        {
            "debian": ("libopencv-dev", "clang", "libclang-dev"),
            "rhel": ("opencv-devel", "clang-devel"),
            "alpine": ("opencv-dev", "clang-dev"),
        },
    ),
    "libmysqlclient": (
        "MYSQLCLIENT_LIB_DIR and MYSQLCLIENT_VERSION",
        {
            "debian": ("default-libmysqlclient-dev", "pkgconf"),
            "rhel": ("mariadb-connector-c-devel", "pkgconf-pkg-config"),
            "alpine": ("mariadb-connector-c-dev", "pkgconf"),
        },
    ),
    "libxml2 and libxslt": (
        "WITH_XML2_CONFIG and WITH_XSLT_CONFIG, or PATH with xml2-config and xslt-config",
        {
            "debian": ("libxml2-dev", "libxslt1-dev"),
            "rhel": ("libxml2-devel", "libxslt-devel"),
            "alpine": ("libxml2-dev", "libxslt-dev"),
        },
    ),
    "jpeg": (_FLAGS, {"debian": ("libjpeg-dev",), "rhel": ("libjpeg-turbo-devel",), "alpine": ("libjpeg-turbo-dev",)}),
    "zlib": (_FLAGS, {"debian": ("zlib1g-dev",), "rhel": ("zlib-devel",), "alpine": ("zlib-dev",)}),
    "libtorch": ("LIBTORCH", {}),
    "GSSAPI": (
        "LIBGSSAPI_IMPL and LIBGSSAPI_PREFIX, where the search by pkg-config does not suffice",
        {
            "debian": ("libkrb5-dev", "pkgconf", "libclang-dev"),
            "rhel": ("krb5-devel", "pkgconf-pkg-config", "clang-devel"),
            "alpine": ("krb5-dev", "pkgconf", "clang-dev"),
        },
    ),
    "BLAS": (
        "PKG_CONFIG_PATH, where openblas.pc is. Without any BLAS: pip install -Csetup-args=-Dallow-noblas=true",
        {
            "debian": ("libopenblas-dev", "pkgconf"),
            "rhel": ("openblas-devel", "pkgconf-pkg-config"),
            "alpine": ("openblas-dev", "pkgconf"),
        },
    ),
    "Boost": (
        "BOOST_ROOT, or BOOST_INCLUDEDIR and BOOST_LIBRARYDIR",
        {"debian": ("libboost-all-dev",), "rhel": ("boost-devel",), "alpine": ("boost-dev",)},
    ),
    "R": ("R_HOME", {"debian": ("r-base-dev",), "rhel": ("R-core-devel",), "alpine": ("R-dev",)}),
    "CUDA": ("CUDA_HOME or CUDA_PATH; NVIDIA's packages and images (nvidia/cuda:…-devel) bring the toolkit", {}),
}  # fmt: skip
# A configure script's own words; what is named counts where a package of that library is known.
_NOT_FIND = (
    "(?:[Cc]ould(?: not|n't) (?:find|link)|[Cc]an(?:not|'t) (?:find|link)|[Uu]nable to find"
    "|[Mm]issing)(?: or link)?(?: to| with| against)?"
)
_NAME = r"[A-Za-z][\w.+-]{0,40}"
_KIND = r"(?: (?:librar(?:y|ies)|headers?|development (?:files|package|headers)))?"
_ABSENT = r"(?:(?:was|were|is|are) )?(?:not found|missing|not installed|required)\b"
CHECK = Check(
    since="0.1.0",
    phase=Phase.SEARCH,
    patterns=patterns_for(
        "crate-found-none",
        ("HDF5 root directory", r"Unable to locate (?P<lib>HDF5) root directory and/or headers"),
        ("gdal_i.lib", r"requires (?P<lib>gdal)_i\.lib to be present"),
        ("OpenCV package using probes", r"Failed to find (?:installed )?(?P<lib>OpenCV) package using probes"),
        ("mysqlclient", r"[Dd]id not find a compatible version of lib(?P<lib>mysqlclient)"),
        ("libtorch install", r"[Cc]annot find a (?P<lib>libtorch) install"),
        ("local R instal", r"Problem locating local (?P<lib>R) install"),
        ("eimdal", r"no (?P<lib>gssapi) implementation found, install mit kerberos or heimdal"),  # older releases
        ("eimdal", r"no MIT or Heimdal (?P<lib>gssapi) library found"),
        ("CUDA_HOME environment var", r"(?P<lib>CUDA)_HOME environment variable is not set"),
        ("valid pkg-config name", r"Can not find valid pkg-config names?(?P<lib>)\."),  # mysqlclient of Python
        ("libxslt development pack", r"make sure the (?P<lib>libxml2 and libxslt) development packages are installed"),
        ("could not be found for ", r"headers or library files could not be found for (?P<lib>jpeg|zlib),"),  # Pillow
        ("local HDF5 installation", r"Could not find a local (?P<lib>HDF5) installation"),  # PyTables
        ("load dependency HDF5", r"Unable to load dependency (?P<lib>HDF5), make sure"),  # h5py
        (
            "configure: error: ",
            rf"^configure: error: .{{0,8}}?(?:{_NOT_FIND} )?(?:the )?(?P<named>{_NAME}){_KIND} {_ABSENT}",
        ),
        ("configure: error: ", rf"^configure: error: .{{0,8}}?{_NOT_FIND} (?:the )?(?P<named>{_NAME}){_KIND}[.!]?$"),
        (
            "configure: error: ",
            rf"^configure: error: .{{0,8}}?{_NOT_FIND} (?:the )?(?P<named>{_NAME}) (?:library|headers?)[.,;] ",
        ),
        ("BLAS", r"ERROR: Problem encountered: No C?(?P<lib>BLAS) (?:library|interface) detected!"),  # numpy
        # hdf5-metno-sys loads the library, which a build machine cannot do with another machine's
        ("library runtime version", r"Unable to infer HDF5 library runtime version (?P<unloadable>\(can't find)"),
        (
            "oost",
            r"ERROR: Dependency \"(?P<lib>boost)\" " r"not found(?! \(tried pkg)",
        ),  # Meson, which asks no pkg-config for it
        ("Boost library '", r"^Requested (?P<lib>Boost) library '\w{1,40}' not found$"),
        ("`nvcc`", r"Failed to execute `(?P<lib>nvcc)`"),
        ("cuda.h", r"[Uu]nable to find `include/(?P<lib>cuda)\.h`"),
    )
    # mysqlclient of Python 2.2: one name after the other, until pkg-config knows one
    + patterns_for("exists-tried", ("Trying pkg-config", r"Trying pkg-config --exists (?P<module>[\w.+-]{1,60})"))
    + patterns_for(
        "exists-none",
        (
            "pkg-config --exists",
            r"Command 'pkg-config --exists (?P<module>[\w.+-]{1,60})' returned non-zero exit status 1\b",
        ),
    ),
    env_facts=("project.tools",),
)
#: What runs on the build machine, whatever is built for.
_OF_HOST = frozenset({"libclang-dev", "r-base-dev"})
#: The variables without which a build script does not find the library in a cross build: libgssapi-sys 0.3.4 then asks
#: no pkg-config, and searches only folders such as /usr/lib.
_CROSS = {"GSSAPI": (("LIBGSSAPI_IMPL", "mit"),)}
_CALLED = {
    "": "libmysqlclient",
    "gssapi": "GSSAPI",
    "boost": "Boost",
    "gdal": "GDAL",
    "mysqlclient": "libmysqlclient",
    "nvcc": "CUDA",
    "cuda": "CUDA",
}


def _by_configure(log: BuildLog, hit: Hit) -> Iterator[Finding]:
    """Yield that a configure script does not find a library that some package is known to bring."""
    named = hit.groups["named"].rstrip(".")
    names = (named, named.lower(), named.lower().removeprefix("lib"), f"lib{named.lower()}")
    module = next((found for name in names if (found := library_module(name))), "")
    if module:
        yield finding_from_hits(
            log,
            [hit],
            f"the configure script does not find {named}",
            "Nothing is compiled.",
            advise(log, hit.line, install_fixes, module) or (Fix(f"install the development files of {named}"),),
        )


def _install(env: Environment, name: str, packages: Mapping[str, Sequence[str]]) -> list[Fix]:
    """Return the fix that installs *packages*: in a cross build the target's own libraries, where there are any."""
    here = system(env)
    wanted = packages.get(here.family, ())
    if not env.cross:
        commands = install(here, wanted)
        return [Fix(f"install: {' '.join(wanted)}", commands, safe=True)] if commands else []
    if here.family != "debian" or unavailable_reason(here, env.target):
        return []
    own = [f"{one}:{env.target.debian}" if one.endswith("-dev") and one not in _OF_HOST else one for one in wanted]
    configuration = Configuration(_CROSS.get(name, ()))
    return [fix(env, f"install for {env.target.triple}: {' '.join(own)}", own, configuration)]


def env(env: Environment) -> Iterator[Finding]:
    """See a crate whose own search finds no library in a cross build, whatever is installed."""
    for need in env.project.tools:
        kind, name = need.tool[:1], need.tool[1:]
        if kind == "$":
            library = next((one for one, found in _CROSS.items() if name in dict(found)), "")
            fixes = _install(env, library, _LIBRARIES[library][1]) if library else []
            fixes.append(Fix(f"set {' or '.join(need.unset)}, which its build script reads"))
            yield _unfound(env, need, f"without {name}", fixes)
        elif kind == "+":
            yield _unfound(env, need, f"without its feature {name}", list(_own_copy(env, need, name)))


def _unfound(env: Environment, need: ToolNeed, lacking: str, fixes: Sequence[Fix]) -> Finding:
    return Finding(
        message=f"{need.crate} finds no library for {env.target.triple} {lacking}",
        severity=Severity.ERROR if need.certain else Severity.WARNING,
        evidence=(Evidence(f"{need.crate} searches in another way in a cross build", need.path),),
        consequence="Its build script stops.",
        fixes=tuple(fixes),
    )


def _own_copy(env: Environment, need: ToolNeed, feature: str) -> Iterator[Fix]:
    """Yield how to switch on *feature*, with which a crate builds its own copy of the library."""
    crate = need.crate.partition(" ")[0]
    local = {name for one in env.project.crates if one.local for name in one.dependencies}
    ways = sorted(one.name for one in env.project.crates if one.name in local and _brings(env, one.name, crate))
    if ways:
        yield _with_feature(ways[0], feature, crate)
    yield Fix(f"switch on the feature {feature} of {crate}, with which it builds its own copy of the library")


def _with_feature(way: str, feature: str, crate: str) -> Fix:
    passed = f"If {way} has no such feature: that of the crate between them. " if way != crate else ""
    return Fix(
        f"build the library with it: switch on the feature {feature} of {way}",
        (Command(f"cargo add {way} --features {feature}", FixStage.BUILD),),
        notes=f"{passed}{crate} loads the library to ask for its version, which works for this machine's own only.",
    )


def _brings(env: Environment, name: str, wanted: str) -> bool:
    """Whether crate *name* is *wanted*, or depends on it, directly or not."""
    needed = {one.name: one.dependencies for one in env.project.crates}
    seen, left = set(), [name]
    while left:
        if (here := left.pop()) not in seen:
            seen.add(here)
            left += needed.get(here, ())
    return wanted in seen


def _none_exists(log: BuildLog) -> Iterator[Finding]:
    """Yield that pkg-config knows none of the names of MySQL's library that mysqlclient tries."""
    tried, none = log.find("exists-tried"), log.find("exists-none")
    known = {hit.groups["module"] for hit in tried} - {hit.groups["module"] for hit in none}
    missed = {hit.groups["module"] for hit in none}
    # a copy of the log can end before the last of them: then the next one was not asked yet
    if known or not any(missed.issuperset(some) for some in (_MYSQL, _FIRST)):
        return
    if any(probe.outcome == "tool-missing" for probe in log.probes):
        return  # pkgconfig-tool-missing
    yield finding_from_hits(
        log,
        none,
        "pkg-config knows none of MySQL's client libraries that mysqlclient takes: "
        f"{', '.join(dict.fromkeys(hit.groups['module'] for hit in none))}",
        "The package is not built.",
        (
            *advise(log, none[0].line, _install, "libmysqlclient", _LIBRARIES["libmysqlclient"][1]),
            Fix(
                "if the library is installed elsewhere: name its folder",
                notes="PKG_CONFIG_PATH for its .pc file, or MYSQLCLIENT_CFLAGS and MYSQLCLIENT_LDFLAGS.",
            ),
        ),
    )


_FIRST = frozenset({"mysqlclient", "mariadb"})
_MYSQL = frozenset({"mysqlclient", "libmariadb"})  # the first, and the last that every release of mysqlclient tries


def _unloadable(log: BuildLog, hit: Hit) -> Iterator[Finding]:
    """Yield that a build script cannot load the library that it found, if it builds for another machine."""
    crate, version = log.crate_at(hit.line)
    target = log.target_at(hit.line)
    if not crate:
        return
    if not target or target.triple == host(log).triple:
        fixes = advise(log, hit.line, _install, "HDF5", _LIBRARIES["HDF5"][1])
    else:
        fixes = (_with_feature(crate, "static", crate),)
    yield finding_from_hits(
        log,
        [hit],
        f"{crate} {version} finds no HDF5 that it can load",
        "Its build script stops.",
        fixes,
    )


def leads_to(finding: Finding, other: Finding, log: BuildLog) -> bool:
    """Whether *other* is what the same search said before: that it could not load the library."""
    here, there = log.position(finding.evidence[0]), log.position(other.evidence[0])
    return other.check == "runtime-lib-missing" and abs(here - there) <= _AROUND


_AROUND = 6  # lines of one search


def log(log: BuildLog) -> Iterator[Finding]:
    """See a build script give up its search."""
    found_none = log.find("crate-found-none")
    if not found_none:
        yield from _none_exists(log)
    for hit in found_none[:1]:
        if hit.groups["unloadable"]:
            yield from _unloadable(log, hit)
            return
        if not hit.groups["lib"] and any(probe.outcome == "tool-missing" for probe in log.probes):
            return  # pkgconfig-tool-missing
        if hit.groups["named"]:
            yield from _by_configure(log, hit)
            return
        name = _CALLED.get(hit.groups["lib"], hit.groups["lib"])
        variables, packages = _LIBRARIES[name]
        crate, version = log.crate_at(hit.line)
        yield finding_from_hits(
            log,
            [hit],
            f"{f'{crate} {version}' if crate else 'the build'} does not find {name}",
            "Its build script stops.",
            (
                *(advise(log, hit.line, _install, name, packages) if packages else ()),
                Fix(f"if {name} is installed elsewhere: name its folder", notes=f"It reads {variables}."),
            ),
        )
