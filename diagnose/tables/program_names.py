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
