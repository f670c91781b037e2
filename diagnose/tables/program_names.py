"""The names of programs that builds call, as regular expressions."""

from __future__ import annotations

#: Programs that builds call.
TOOL = (
    r"(?:cmake|make|gmake|ninja|meson|protoc|nasm|yasm|git|perl|flex|bison|m4|autoreconf|autoconf"
    r"|automake|aclocal|libtoolize"
    r"|sccache|ccache|cachepot|libtool|makeinfo|swig|go|gfortran|llvm-config|unzip|patch|xxd|gperf"
    r"|gettext|msgfmt|cython"
    r"|autopoint|autoheader|gtkdocize|intltoolize|xgettext|help2man|doxygen|bc|rsync|cpio|xsltproc"
    r"|xmlto|dos2unix|bzip2|xz"
    r"|glib-(?:mkenums|genmarshal|compile-resources)|wayland-scanner|dtc|nvcc|capnp|flatc|thrift|ragel|re2c|lemon|javac"
    r"|clang-cl|lld-link|llvm-(?:lib|rc|mt|ar|dlltool)|pg_config|mysql_config|mariadb_config"
    r"|add-apt-repository|gnupg|gpg|file|fakeroot|zip|tar|which"
    r"|(?:krb5|curl|xml2|xslt|gdal|geos|net-snmp|sdl2?|pcre2|gsl|nc|cups|apr-1)-config"
    r"|bazel|ar|ranlib|strip|objcopy)"
)
#: Those of them that no library has for a name: what a configure script does not find.
ONLY_TOOL = (
    "(?:bison|flex|yacc|nasm|yasm|m4|gperf|makeinfo|swig|cmake|autoconf|automake|libtool|protoc|msgfmt|xgettext)"
)
#: Programs that pip installs.
PYTHON_TOOL = (
    r"(?:maturin|auditwheel|cibuildwheel|twine|cargo-zigbuild|abi3audit|uv|pipx|tox|nox|hatch|poetry|pdm|pipenv|pytest"
    r"|py\.test|mypy|ruff|flake8|black|coverage|pre-commit|sphinx-build|virtualenv|delocate-wheel|delvewheel|cython)"
)
FAMILIES = ("debian", "rhel", "alpine", "arch", "suse")
#: Program → packages that contain it, by family: Debian, Enterprise Linux and Fedora, Alpine, Arch, openSUSE.
PACKAGES = {
    "cmake": (("cmake", "make"), ("cmake", "make"), ("cmake", "make"), ("cmake", "make"), ("cmake", "make")),
    "protoc": (
        ("protobuf-compiler",),
        ("protobuf-compiler",),
        ("protoc", "protobuf-dev"),
        ("protobuf",),
        ("protobuf-devel",),
    ),
    "capnp": (("capnproto",), ("capnproto",), ("capnproto",), ("capnproto",), ("capnproto",)),
    "ninja": (("ninja-build",), ("ninja-build",), ("samurai",), ("ninja",), ("ninja",)),
    "meson": (("meson",),) * 5,
    "git": (("git",),) * 5,
    "pkg-config": (("pkgconf",), ("pkgconf-pkg-config",), ("pkgconf",), ("pkgconf",), ("pkgconf-pkg-config",)),
    "add-apt-repository": (("software-properties-common",), (), (), (), ()),
    "gpg": (("gnupg",), ("gnupg2",), ("gnupg",), ("gnupg",), ("gpg2",)),
    "gnupg": (("gnupg",), ("gnupg2",), ("gnupg",), ("gnupg",), ("gpg2",)),
    "perl": (("perl",), ("perl-core",), ("perl",), ("perl",), ("perl",)),
    "autoreconf": (("autoconf", "automake", "libtool"),) * 5,
    "aclocal": (("automake",),) * 5,
    "automake": (("automake",),) * 5,
    "libtoolize": (("libtool",),) * 5,
    "libtool": (("libtool",),) * 5,
    "makeinfo": (("texinfo",),) * 5,
    "go": (("golang-go",), ("golang",), ("go",), ("go",), ("go",)),
    **dict.fromkeys(("as", "ar", "ranlib", "strip", "objcopy"), (("binutils",),) * 5),
    "swig": (("swig",),) * 5,
    "yacc": (("bison",),) * 5,
    "gfortran": (("gfortran",), ("gcc-gfortran",), ("gfortran",), ("gcc-fortran",), ("gcc-fortran",)),
    "llvm-config": (("llvm-dev",), ("llvm-devel",), ("llvm-dev",), ("llvm",), ("llvm-devel",)),
    "autopoint": (("autopoint",), ("gettext-devel",), ("gettext-dev",), ("gettext",), ("gettext-tools",)),
    "autoheader": (("autoconf",),) * 5,
    "autoconf": (("autoconf",),) * 5,
    "gtkdocize": (("gtk-doc-tools",), ("gtk-doc",), ("gtk-doc",), ("gtk-doc",), ("gtk-doc",)),
    "intltoolize": (("intltool",),) * 5,
    "xgettext": (("gettext",), ("gettext",), ("gettext",), ("gettext",), ("gettext-tools",)),
    "msgfmt": (("gettext",), ("gettext",), ("gettext",), ("gettext",), ("gettext-tools",)),
    "xz": (("xz-utils",), ("xz",), ("xz",), ("xz",), ("xz",)),
    "xsltproc": (("xsltproc",), ("libxslt",), ("libxslt",), ("libxslt",), ("libxslt-tools",)),
    "dtc": (("device-tree-compiler",), ("dtc",), ("dtc",), ("dtc",), ("dtc",)),
    "flatc": (
        ("flatbuffers-compiler",),
        ("flatbuffers-compiler",),
        ("flatc",),
        ("flatbuffers",),
        ("flatbuffers-devel",),
    ),
    "thrift": (("thrift-compiler",), ("thrift",), ("thrift",), ("thrift",), ("thrift",)),
    "javac": (("default-jdk-headless",), ("java-21-openjdk-devel",), ("openjdk21",), ("jdk-openjdk",), ("java-devel",)),
    "wayland-scanner": (
        ("libwayland-bin",),
        ("wayland-devel",),
        ("wayland-dev",),
        ("wayland",),
        ("wayland-devel",),
    ),
    **dict.fromkeys(
        ("glib-mkenums", "glib-genmarshal", "glib-compile-resources"),
        (("libglib2.0-dev",), ("glib2-devel",), ("glib-dev",), ("glib2-devel",), ("glib2-devel",)),
    ),
    "clang-cl": (("clang", "lld"), ("clang", "lld"), ("clang", "lld"), ("clang", "lld"), ("clang", "lld")),
    "lld-link": (("lld",),) * 5,
    **dict.fromkeys(("llvm-lib", "llvm-rc", "llvm-mt", "llvm-ar", "llvm-dlltool"), (("llvm",),) * 5),
    # programs of development packages that print how to compile and link
    "krb5-config": (("libkrb5-dev",), ("krb5-devel",), ("krb5-dev",), ("krb5",), ("krb5-devel",)),
    "pg_config": (("libpq-dev",), ("libpq-devel",), ("libpq-dev",), ("postgresql-libs",), ("postgresql-devel",)),
    "mysql_config": (
        ("default-libmysqlclient-dev",),
        ("mysql-devel",),
        ("mariadb-connector-c-dev",),
        ("mariadb-libs",),
        ("libmariadb-devel",),
    ),
    "mariadb_config": (
        ("libmariadb-dev",),
        ("mariadb-connector-c-devel",),
        ("mariadb-connector-c-dev",),
        ("mariadb-libs",),
        ("libmariadb-devel",),
    ),
    "curl-config": (("libcurl4-openssl-dev",), ("libcurl-devel",), ("curl-dev",), ("curl",), ("libcurl-devel",)),
    "xml2-config": (("libxml2-dev",), ("libxml2-devel",), ("libxml2-dev",), ("libxml2",), ("libxml2-devel",)),
    "xslt-config": (("libxslt1-dev",), ("libxslt-devel",), ("libxslt-dev",), ("libxslt",), ("libxslt-devel",)),
    "gdal-config": (("libgdal-dev",), ("gdal-devel",), ("gdal-dev",), ("gdal",), ("gdal-devel",)),
    "geos-config": (("libgeos-dev",), ("geos-devel",), ("geos-dev",), ("geos",), ("geos-devel",)),
    "net-snmp-config": (("libsnmp-dev",), ("net-snmp-devel",), ("net-snmp-dev",), ("net-snmp",), ("net-snmp-devel",)),
    "sdl2-config": (("libsdl2-dev",), ("SDL2-devel",), ("sdl2-dev",), ("sdl2",), ("SDL2-devel",)),
    "sdl-config": (
        ("libsdl1.2-dev",),
        ("SDL-devel",),
        ("sdl12-compat-dev",),
        ("sdl12-compat",),
        ("sdl12_compat-devel",),
    ),
    "pcre2-config": (("libpcre2-dev",), ("pcre2-devel",), ("pcre2-dev",), ("pcre2",), ("pcre2-devel",)),
    "gsl-config": (("libgsl-dev",), ("gsl-devel",), ("gsl-dev",), ("gsl",), ("gsl-devel",)),
    "nc-config": (("libnetcdf-dev",), ("netcdf-devel",), ("netcdf-dev",), ("netcdf",), ("netcdf-devel",)),
    "cups-config": (("libcups2-dev",), ("cups-devel",), ("cups-dev",), ("libcups",), ("cups-devel",)),
    "apr-1-config": (("libapr1-dev",), ("apr-devel",), ("apr-dev",), ("apr",), ("apr-devel",)),
    "xxd": (("xxd",), ("vim-common",), ("xxd",), ("vim",), ("xxd",)),
}
