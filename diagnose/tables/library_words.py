"""What Python packages say in their own words when they do not find the C library that they open themselves.

Each row has a literal text of the message, a pattern, and the library as its package is known. Sources: the packages'
own loaders, as of November 2026: sounddevice.py, soundfile.py, pyzbar/zbar_library.py, pylibdmtx/dmtx_library.py,
magic/loader.py, shapely/geos.py, django/contrib/gis/gdal/libgdal.py and geos/libgeos.py, rtree/finder.py and core.py,
wand/api.py, enchant/_enchant.py, psycopg/pq/_pq_ctypes.py.
"""

from __future__ import annotations

#: (anchor, pattern, library)
WORDS = (
    ("PortAudio library not found", r"OSError: PortAudio library not found", "libportaudio.so.2"),
    ("sndfile library not found", r"OSError: sndfile library not found", "libsndfile.so.1"),
    ("find zbar shared library", r"ImportError: Unable to find zbar shared library", "libzbar.so.0"),
    ("find dmtx shared library", r"ImportError: Unable to find dmtx shared library", "libdmtx.so.0"),
    ("failed to find libmagic", r"ImportError: failed to find libmagic", "libmagic.so.1"),
    ("or load any of its variants", r"OSError: Could not find lib(?:rary)? geos_c\b", "libgeos_c.so.1"),
    ("Could not find the GDAL library", r"Could not find the GDAL library \(tried ", "libgdal.so"),
    ("Could not find the GEOS library", r"Could not find the GEOS library \(tried ", "libgeos_c.so.1"),
    ("find or load spatialindex_c", r"OSError: could not find or load spatialindex_c", "libspatialindex_c.so"),
    ("MagickWand shared library", r"ImportError: MagickWand shared library not found", "libMagickWand-6.Q16.so.6"),
    ("C library was not found", r"ImportError: The 'enchant' C library was not found", "libenchant-2.so.2"),
    ("libpq library not found", r"implementation: libpq library not found", "libpq.so.5"),
)
