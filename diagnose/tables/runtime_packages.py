"""Which package has a library at run time: soname → its packages in Debian and Ubuntu, Enterprise Linux and Alpine.

Source: the packages of Debian 12 (each name tried with apt), of Enterprise Linux 9 with EPEL and CRB, and of Alpine
3.20, for libraries that modules in wheels and prebuilt programs need. As of November 2026. A name without t64 is one
that the package with t64 provides in later releases; ``-`` stands for one that was not looked up.
"""

from __future__ import annotations

_ROWS = """
libGL.so.1 libgl1 mesa-libGL mesa-gl
libEGL.so.1 libegl1 libglvnd-egl mesa-egl
libgbm.so.1 libgbm1 mesa-libgbm mesa-gbm
libglib-2.0.so.0 libglib2.0-0 glib2 glib
libgthread-2.0.so.0 libglib2.0-0 glib2 glib
libgobject-2.0.so.0 libglib2.0-0 glib2 glib
libgomp.so.1 libgomp1 libgomp libgomp
libatomic.so.1 libatomic1 libatomic libatomic
libstdc++.so.6 libstdc++6 libstdc++ libstdc++
libgcc_s.so.1 libgcc-s1 libgcc libgcc
libgfortran.so.5 libgfortran5 libgfortran libgfortran
libquadmath.so.0 libquadmath0 libquadmath libquadmath
libSM.so.6 libsm6 libSM libsm
libICE.so.6 libice6 libICE libice
libX11.so.6 libx11-6 libX11 libx11
libXext.so.6 libxext6 libXext libxext
libXrender.so.1 libxrender1 libXrender libxrender
libxcb.so.1 libxcb1 libxcb libxcb
libxkbcommon.so.0 libxkbcommon0 libxkbcommon libxkbcommon
libdbus-1.so.3 libdbus-1-3 dbus-libs dbus-libs
libpq.so.5 libpq5 libpq libpq
libsqlite3.so.0 libsqlite3-0 sqlite-libs sqlite-libs
libodbc.so.2 unixodbc unixODBC unixodbc
libcurl.so.4 libcurl4 libcurl libcurl
libsndfile.so.1 libsndfile1 libsndfile libsndfile
libportaudio.so.2 libportaudio2 portaudio portaudio
libasound.so.2 libasound2-dev alsa-lib alsa-lib
libpulse.so.0 libpulse0 pulseaudio-libs libpulse
libmagic.so.1 libmagic1 file-libs libmagic
libcairo.so.2 libcairo2 cairo cairo
libpango-1.0.so.0 libpango-1.0-0 pango pango
libpangocairo-1.0.so.0 libpangocairo-1.0-0 pango pango
libpangoft2-1.0.so.0 libpangoft2-1.0-0 pango pango
libgdk_pixbuf-2.0.so.0 libgdk-pixbuf-2.0-0 gdk-pixbuf2 gdk-pixbuf
libharfbuzz.so.0 libharfbuzz0b harfbuzz harfbuzz
libfontconfig.so.1 libfontconfig1 fontconfig fontconfig
libfreetype.so.6 libfreetype6 freetype freetype
libpng16.so.16 libpng16-16 libpng libpng
libopenblas.so.0 libopenblas0 openblas openblas
libnuma.so.1 libnuma1 numactl-libs numactl
libnss3.so libnss3 nss nss
libnspr4.so libnspr4 nspr nspr
libusb-1.0.so.0 libusb-1.0-0 libusbx libusb
libudev.so.1 libudev1 systemd-libs eudev-libs
libgeos_c.so.1 libgeos-c1v5 geos geos
libxml2.so.2 libxml2 libxml2 libxml2
libxslt.so.1 libxslt1.1 libxslt libxslt
libz.so.1 zlib1g zlib zlib
libbz2.so.1.0 libbz2-1.0 bzip2-libs libbz2
liblzma.so.5 liblzma5 xz-libs xz-libs
libzstd.so.1 libzstd1 libzstd zstd-libs
libffi.so.8 libffi8 libffi libffi
libssl.so.3 libssl3 openssl-libs libssl3
libcrypto.so.3 libssl3 openssl-libs libcrypto3
libtk8.6.so tk tk tk
libtcl8.6.so tcl tcl tcl
libmpi.so.40 openmpi-bin openmpi openmpi
libzmq.so.5 libzmq5 zeromq libzmq
libarchive.so.13 libarchive13 libarchive libarchive
libgssapi_krb5.so.2 libgssapi-krb5-2 krb5-libs krb5-libs
libzbar.so.0 libzbar0 - -
libdmtx.so.0 libdmtx0b - -
libgdal.so gdal-bin - -
libspatialindex_c.so libspatialindex-dev - -
libMagickWand-6.Q16.so.6 libmagickwand-dev - -
libenchant-2.so.2 libenchant-2-2 - -
"""


def packages() -> dict[str, dict[str, tuple[str, ...]]]:
    """Return soname → family of distributions → its package."""
    rows = (line.split() for line in _ROWS.split("\n") if line)
    named = ((soname, (("debian", deb), ("rhel", rpm), ("alpine", apk))) for soname, deb, rpm, apk in rows)
    return {soname: {family: (name,) for family, name in names if name != "-"} for soname, names in named}
