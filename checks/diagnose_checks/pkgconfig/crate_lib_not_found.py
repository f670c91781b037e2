"""A crate's own search finds no library.

Some crates do not ask pkg-config, or have a search of their own after it: they look for a program such as
``mysql_config``, for headers in usual folders, or for a variable. Their last words differ from crate to crate, and
often do not name a package.

How to fix: install the development package of the library for the target, or set the variable that the crate reads.

References:
    https://docs.rs/hdf5-metno-sys
    https://docs.rs/gdal-sys
    https://docs.rs/opencv
    https://docs.rs/mysqlclient-sys
    https://docs.rs/tch
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits, install_by_family
from diagnose.model._lazy_stdlib import TYPE_CHECKING
from diagnose.model.check import Check
from diagnose.model.finding import Finding, Fix, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

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
    "libtorch": ("LIBTORCH", {}),
    "GSSAPI": (
        "LIBGSSAPI_IMPL and LIBGSSAPI_PREFIX, where the search by pkg-config does not suffice",
        {
            "debian": ("libkrb5-dev", "pkgconf", "libclang-dev"),
            "rhel": ("krb5-devel", "pkgconf-pkg-config", "clang-devel"),
            "alpine": ("krb5-dev", "pkgconf", "clang-dev"),
        },
    ),
    "R": ("R_HOME", {"debian": ("r-base-dev",), "rhel": ("R-core-devel",), "alpine": ("R-dev",)}),
    "CUDA": ("CUDA_PATH", {}),
}  # fmt: skip
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
        ("`nvcc`", r"Failed to execute `(?P<lib>nvcc)`"),
        ("cuda.h", r"[Uu]nable to find `include/(?P<lib>cuda)\.h`"),
    ),
)
_CALLED = {"gssapi": "GSSAPI", "gdal": "GDAL", "mysqlclient": "libmysqlclient", "nvcc": "CUDA", "cuda": "CUDA"}


def log(log: BuildLog) -> Iterator[Finding]:
    """See a build script give up its search."""
    for hit in log.find("crate-found-none")[:1]:
        name = _CALLED.get(hit.groups["lib"], hit.groups["lib"])
        variables, packages = _LIBRARIES[name]
        crate, version = log.crate_at(hit.line)
        yield finding_from_hits(
            log,
            [hit],
            f"{f'{crate} {version}' if crate else 'the crate'} does not find {name}",
            "Its build script stops.",
            (
                *(install_by_family(log, hit.line, "install", packages) if packages else ()),
                Fix(f"if {name} is installed elsewhere: name its folder", notes=f"The crate reads {variables}."),
            ),
        )
