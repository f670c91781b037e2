"""Which formula of Homebrew has what a package of Debian has.

Source: formulae.brew.sh, as of November 2026. ``openssl@3`` and others of the list are keg-only, and on Apple silicon
Homebrew's own folder is one that compilers do not search: so the folders have to be named in any case.
"""

from __future__ import annotations

_ROWS = """
autoconf autoconf
automake automake
capnproto capnp
cmake cmake
default-libmysqlclient-dev mysql-client
flatbuffers-compiler flatbuffers
gettext gettext
gcc-mingw-w64-i686 mingw-w64
gcc-mingw-w64-x86-64 mingw-w64
gfortran gcc
graphviz-dev graphviz
libgraphviz-dev graphviz
golang-go go
gobject-introspection gobject-introspection
libgirepository1.0-dev gobject-introspection
libgirepository-2.0-dev glib
libarchive-dev libarchive
libatlas-base-dev openblas
libavcodec-dev ffmpeg
libavdevice-dev ffmpeg
libavfilter-dev ffmpeg
libavformat-dev ffmpeg
libavutil-dev ffmpeg
libswresample-dev ffmpeg
libswscale-dev ffmpeg
libblas-dev openblas
libboost-all-dev boost
libboost-dev boost
libbz2-dev bzip2
libcairo2-dev cairo
libclang-dev llvm
libcurl4-openssl-dev curl
libcurl4-gnutls-dev curl
libdbus-1-dev dbus
libeigen3-dev eigen
libevent-dev libevent
libexpat1-dev expat
libffi-dev libffi
libfftw3-dev fftw
libfontconfig-dev fontconfig
libfontconfig1-dev fontconfig
libfreetype-dev freetype
libfreetype6-dev freetype
libfribidi-dev fribidi
libgdal-dev gdal
libgdbm-dev gdbm
libgeos-dev geos
libgit2-dev libgit2
libglib2.0-dev glib
libgmp-dev gmp
libgsl-dev gsl
libgtk-3-dev gtk+3
libgtk-4-dev gtk4
libharfbuzz-dev harfbuzz
libhdf5-dev hdf5
libhidapi-dev hidapi
libicu-dev icu4c
libjpeg-dev jpeg-turbo
libjpeg62-turbo-dev jpeg-turbo
libkrb5-dev krb5
liblapack-dev openblas
liblcms2-dev little-cms2
libldap-dev openldap
libldap2-dev openldap
liblmdb-dev lmdb
liblz4-dev lz4
liblzma-dev xz
libmagic-dev libmagic
libmagic1 libmagic
libmariadb-dev mariadb-connector-c
libmecab-dev mecab
libmpc-dev libmpc
libmpfr-dev mpfr
libmysqlclient-dev mysql-client
libncurses-dev ncurses
libnetcdf-dev netcdf
libnghttp2-dev nghttp2
libonig-dev oniguruma
libopenblas-dev openblas
libopencv-dev opencv
libopenjp2-7-dev openjpeg
libopenmpi-dev open-mpi
libpango1.0-dev pango
libpcre2-dev pcre2
libpcre3-dev pcre
libpng-dev libpng
libpoppler-cpp-dev poppler
libportmidi-dev portmidi
libpq-dev libpq
libproj-dev proj
libprotobuf-dev protobuf
libraw-dev libraw
librdkafka-dev librdkafka
libreadline-dev readline
librocksdb-dev rocksdb
libsasl2-dev cyrus-sasl
libsdl2-dev sdl2
libsdl2-image-dev sdl2_image
libsdl2-mixer-dev sdl2_mixer
libsdl2-ttf-dev sdl2_ttf
libsnappy-dev snappy
libsndfile1-dev libsndfile
libsodium-dev libsodium
libsqlite3-dev sqlite
libssh-dev libssh
libssh2-1-dev libssh2
libssl-dev openssl@3
libsuitesparse-dev suite-sparse
libtesseract-dev tesseract
libleptonica-dev leptonica
libtiff-dev libtiff
libtool libtool
libusb-1.0-0-dev libusb
libuv1-dev libuv
libvirt-dev libvirt
libwebp-dev webp
libx11-dev libx11
libxcb1-dev libxcb
libxml2-dev libxml2
libxmlsec1-dev libxmlsec1
libxslt1-dev libxslt
libyaml-dev libyaml
libzmq3-dev zeromq
libzstd-dev zstd
llvm-dev llvm
meson meson
nasm nasm
ninja-build ninja
pkg-config pkgconf
pkgconf pkgconf
portaudio19-dev portaudio
protobuf-compiler protobuf
swig swig
tcl-dev tcl-tk
tk-dev tcl-tk
unixodbc-dev unixodbc
yasm yasm
zlib1g-dev zlib
"""

#: Formulae of programs alone, whose folders no compiler needs.
_PROGRAMS = frozenset(
    {
        "autoconf",
        "automake",
        "capnp",
        "cmake",
        "gcc",
        "gettext",
        "go",
        "libtool",
        "meson",
        "mingw-w64",
        "nasm",
        "ninja",
        "pkgconf",
    }
    | {"swig", "yasm"}
)

#: Formulae with programs that builds ask, such as pg_config, and that Homebrew does not put on PATH.
_OFF_PATH = frozenset({"curl", "icu4c", "libpq", "llvm", "mysql-client"})


#: Homebrew's formulae that bring a library (formulae.brew.sh, November 2026).
_LIBRARIES = {
    "libcairo": "cairo", "libcrypto": "openssl@3", "libffi": "libffi", "libfreetype": "freetype", "libgdal": "gdal",
    "libgeos_c": "geos", "libgfortran": "gcc", "libglib-2": "glib", "libgobject-2": "glib", "libhdf5": "hdf5",
    "libintl": "gettext", "libjpeg": "jpeg-turbo", "liblzma": "xz", "libmagic": "libmagic", "libmpi": "open-mpi",
    "libmysqlclient": "mysql-client", "libodbc": "unixodbc", "libomp": "libomp", "libopenblas": "openblas",
    "libpango-1": "pango", "libpng16": "libpng", "libportaudio": "portaudio", "libpq": "libpq",
    "librdkafka": "librdkafka", "libsndfile": "libsndfile", "libsodium": "libsodium", "libsqlite3": "sqlite",
    "libssl": "openssl@3", "libtbb": "tbb", "libtiff": "libtiff", "libxml2": "libxml2", "libxslt": "libxslt",
    "libdmtx": "libdmtx", "libenchant-2": "enchant", "libMagickWand-6": "imagemagick@6",
    "libspatialindex_c": "spatialindex",
    "libyaml-0": "libyaml", "libz": "zlib", "libzbar": "zbar", "libzmq": "zeromq", "libzstd": "zstd",
    "liballegro": "allegro", "liballegro_acodec": "allegro", "liballegro_audio": "allegro",
    "liballegro_dialog": "allegro", "liballegro_font": "allegro", "liballegro_image": "allegro",
    "liballegro_main": "allegro", "liballegro_memfile": "allegro", "liballegro_physfs": "allegro",
    "liballegro_primitives": "allegro", "liballegro_ttf": "allegro", "liballegro_color": "allegro",
}  # fmt: skip


def formula_of(library: str) -> str:
    """Return the formula that brings *library*, a file's name; empty if it is not known."""
    return _LIBRARIES.get(library.partition(".")[0], "")


def formulae(packages: tuple[str, ...]) -> tuple[str, ...]:
    """Return the formulae for *packages* of Debian; nothing if one of them has none."""
    known = dict(line.split() for line in _ROWS.split("\n") if line)
    names = [known.get(package.partition(":")[0], "") for package in packages]
    return tuple(dict.fromkeys(names)) if all(names) else ()


def libraries(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return those of the formulae *names* that have headers or libraries for a compiler."""
    return tuple(name for name in names if name not in _PROGRAMS)


def off_path(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return those of the formulae *names* whose programs are not on PATH after the installation."""
    return tuple(name for name in names if name in _OFF_PATH)
