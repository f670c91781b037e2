"""Which distribution brings a Python module that has another name.

Source: the distributions' own metadata (top_level.txt, RECORD), as of November 2026.
"""

from __future__ import annotations

from diagnose.model._lazy_stdlib import re

_ROWS = """
_cffi_backend cffi
attr attrs
bs4 beautifulsoup4
Crypto pycryptodome
cv2 opencv-python-headless
dateutil python-dateutil
docx python-docx
dotenv python-dotenv
faiss faiss-cpu
fitz PyMuPDF
gi PyGObject
git GitPython
google.protobuf protobuf
jose python-jose
jwt PyJWT
magic python-magic
mpl_toolkits matplotlib
MySQLdb mysqlclient
nacl PyNaCl
OpenSSL pyOpenSSL
PIL Pillow
pkg_resources setuptools
pptx python-pptx
psycopg2 psycopg2-binary
ruamel ruamel.yaml
serial pyserial
skbuild scikit-build
skimage scikit-image
sklearn scikit-learn
slugify python-slugify
socks PySocks
usb pyusb
websocket websocket-client
win32api pywin32
wx wxPython
yaml PyYAML
zmq pyzmq
"""
#: A name that is a module of the project itself in almost every log.
_LOCAL = re.compile(r"^(?:tests?|src|conftest|utils?|helpers?|config|common|main|app|lib)$")


def distribution(module: str) -> str:
    """Return what is installed for *module*, by its full name; empty if that is surely a module of the project."""
    known = dict(line.split() for line in _ROWS.split("\n") if line)
    top = module.partition(".")[0]
    name = known.get(".".join(module.split(".")[:2])) or known.get(top)
    return name or ("" if _LOCAL.match(top) else top.replace("_", "-"))
