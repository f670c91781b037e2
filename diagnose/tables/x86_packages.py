"""Packages that distributions build for x86 alone.

Sources: ``ExclusiveArch`` in the spec files of Fedora and CentOS Stream, as of November 2026; the indexes of Debian 12
for amd64 and arm64.
"""

from __future__ import annotations

from diagnose.model._lazy_stdlib import re

_NAMES = re.compile(
    # boot loaders of PCs, and what reads or updates their firmware and processors
    r"syslinux(?:-extlinux|-utils|-efi|-efi64|-devel)?|extlinux|grub2-pc|grub2-efi-(?:x64|ia32)(?:-modules|-cdboot)?"
    r"|shim-(?:x64|ia32)|grub-pc(?:-bin)?|grub-efi-(?:amd64|ia32)(?:-bin)?|memtest86\+?|microcode_ctl|intel-microcode"
    r"|iucode-tool|mcelog|msr-tools|x86info|cpuid|biosdevname|tboot|libipt(?:-devel|-dev|2)?"
    # Intel's networks
    r"|libpsm2(?:-devel|-dev|-2)?|opa-(?:basic-tools|fastfabric)"
    # GCC's numbers of 128 bits
    r"|libquadmath(?:0|-devel)?"
    # packages of one processor by their names
    r"|[\w.+-]{1,100}[.:](?:i[36]86|x86_64|amd64)"
)


def is_of_x86(package: str) -> bool:
    """Whether *package*, of any distribution, exists on x86 alone; also on POWER, for ``libquadmath``."""
    return bool(_NAMES.fullmatch(package))
