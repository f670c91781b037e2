#!/bin/sh
# Installs what the end-to-end tests need, on Debian or Ubuntu, as root. Run it again at will.
#
#   mmdebstrap, debian-archive-keyring   make fresh Debian roots
#   apt-utils, gnupg, xz-utils           make and sign the package archives that the tests serve on loopback
#   qemu-user-static                     runs what was built for another processor
#   util-linux, iproute2                 private mounts and processes for a root
#   acl                                  gives folders the access lists that a written file keeps
#   cmake, make, git                     build and fail for the advice on logs (tests/fixes/test_log_fixes.py)
#   strace                               injects faults into system calls (tests/hostile/kills.py)
#   zsh, fish, bash-completion           complete the command line (tests/cli/test_completion.py)
#   man-db, groff, mandoc                show the manual page (tests/test_man_page.py)
#   pkg-config, lib{asound2,dbus-1}-dev  build the reference crate for this machine
#   cargo                                fetches the crates' sources (rustup's, where there is one)
#   chromium                             shows the HTML report; without any browser its tests skip
#   buildah, skopeo, podman              write images in every form (tests/e2e/test_image_tools.py)
#   docker                               runs the same roots as containers (used where it is; never installed from here)
set -eu

tools='mmdebstrap apt-ftparchive gpg xz qemu-arm-static qemu-aarch64-static unshare setfacl strace cmake make git zsh fish man groff mandoc buildah skopeo podman'
missing=
for tool in $tools; do
    command -v "$tool" >/dev/null || missing="$missing $tool"
done
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
test -e "$keyring" || missing="$missing $keyring"
command -v pkg-config >/dev/null && pkg-config --exists alsa dbus-1 || missing="$missing alsa.pc dbus-1.pc"
cargo=
command -v cargo >/dev/null || test -x "${CARGO_HOME:-$HOME/.cargo}/bin/cargo" || cargo=cargo
chromium=chromium # the tests of the HTML report skip without it
for name in chromium chromium-browser google-chrome google-chrome-stable; do
    if command -v "$name" >/dev/null; then chromium=; fi
done
# Ubuntu's package is a snap, which does not start in a container.
if ! command -v apt-get >/dev/null || test "$(id -u)" -ne 0 || grep -q '^ID=ubuntu' /etc/os-release; then chromium=; fi
test -n "$missing$cargo$chromium" || exit 0

if ! command -v apt-get >/dev/null; then
    echo "tests/e2e/setup.sh: missing${missing} ${cargo}, and no apt-get to install it with" >&2
    exit 1
fi
if test "$(id -u)" -ne 0; then
    echo "tests/e2e/setup.sh: missing${missing} ${cargo}; run it as root" >&2
    exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# shellcheck disable=SC2086  # empty when there is a cargo already
apt-get install -y -qq --no-install-recommends \
    mmdebstrap arch-test debian-archive-keyring apt-utils gnupg xz-utils qemu-user-static util-linux acl strace cmake make git \
    zsh fish bash-completion man-db groff mandoc buildah skopeo podman \
    pkg-config libasound2-dev libdbus-1-dev gcc libc6-dev $cargo >/dev/null
test -z "$chromium" || apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null ||
    echo "tests/e2e/setup.sh: no chromium: the tests of the HTML report will skip" >&2
