"""Any settings at all, however odd: the pkg-config crate's decisions and answers, from the real crate and from us."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from readers import miniroot
from readers.test_pkgconfig import ARM, ENV, HOST, LINKER, P, Q, ask_the_crate, probe

from diagnose.readers import env

__all__ = ["probe"]  # a fixture

TARGETS = (ARM, ARM, ARM, HOST, "aarch64-unknown-linux-gnu", "x86_64-unknown-linux-musl")
SHARE = "/usr/share/pkgconfig"
FOLDERS = (
    P,
    Q,
    "/usr/lib/aarch64-linux-gnu/pkgconfig",
    SHARE,
    f"{P}:{SHARE}",
    f"{Q}:{P}",
    "/nowhere",
    "",
    f"{P}/",
    ":",
)
VALUES = {
    "PKG_CONFIG": (
        *("pkg-config", "pkgconf", "arm-linux-gnueabihf-pkg-config", "aarch64-linux-gnu-pkg-config"),
        *("/usr/bin/arm-linux-gnueabihf-pkg-config", "/usr/only/pkgconf", "riscv64-linux-gnu-pkg-config"),
        *("pkg-config --static", "/usr/bin", "/etc/os-release", ""),
    ),
    "PKG_CONFIG_PATH": FOLDERS,
    "PKG_CONFIG_LIBDIR": FOLDERS,
    "PKG_CONFIG_SYSROOT_DIR": ("/", "/sysroot", "/usr/arm-linux-gnueabihf", "", "/nowhere/"),
    "PKG_CONFIG_ALLOW_CROSS": ("1", "0", "", "true", "00"),
}
FORMS = (
    *("{0}", "{0}", "TARGET_{0}", "HOST_{0}", f"{{0}}_{ARM}", f"{{0}}_{ENV}", f"{{0}}_{ENV.upper()}"),
    *(
        f"{{0}}_{HOST}",
        "{0}_x86_64_unknown_linux_gnu",
        "{0}_x86_64_unknown_linux_musl",
        "{0}_aarch64-unknown-linux-gnu",
    ),
)
SWITCHES = (
    *("ALSA_STATIC", "ALSA_DYNAMIC", "PKG_CONFIG_ALL_STATIC", "PKG_CONFIG_ALL_DYNAMIC", "ALSA_NO_PKG_CONFIG"),
    *("TWO_WORDS_STATIC", "TWO_WORDS_NO_PKG_CONFIG", "alsa_STATIC", "NEEDY_DYNAMIC"),
)
MODULES = ("alsa", "alsa", "two-words", "shared", "needy", "nothing-of-the-kind")
setting = st.one_of(
    *(
        st.tuples(st.sampled_from(FORMS).map(lambda form, base=base: form.format(base)), st.sampled_from(values))  # type: ignore[misc]
        for base, values in VALUES.items()
    ),
    st.tuples(st.sampled_from(SWITCHES), st.sampled_from(("1", "0", ""))),
    st.tuples(st.just("PATH"), st.sampled_from(("/usr/only", "/usr/wrap:/usr/only", "/nowhere", "/nowhere:/usr/bin"))),
)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = miniroot.make(tmp_path_factory.mktemp("any"))
    for architecture in ("amd64", "armhf"):
        miniroot.module(folder, "two-words", "two", "2.0", architecture)
        miniroot.module(folder, "needy", "needy", "1.0", architecture, requires="alsa >= 1.2, nowhere")
    miniroot.write(
        folder / "usr/share/pkgconfig/shared.pc", "Name: shared\nDescription: data\nVersion: 3\nCflags: -DX\n"
    )
    for place in ("only", "wrap"):
        (folder / "usr" / place).mkdir()
    (folder / "usr/only/pkgconf").symlink_to("../bin/pkgconf")
    (folder / "usr/wrap/arm-linux-gnueabihf-pkg-config").symlink_to("../bin/pkgconf")
    return folder


@settings(max_examples=100, deadline=None)
@given(
    variables=st.lists(setting, max_size=7).map(dict),
    target=st.sampled_from(TARGETS),
    module=st.sampled_from(MODULES),
    version=st.sampled_from(("", "", "1.2", "9.9")),
)
def test_whatever_is_set_the_crate_and_the_facts_agree(
    probe: Path, root: Path, variables: dict[str, str], target: str, module: str, version: str
) -> None:
    environ = {"PATH": "/usr/bin", **variables}
    asked = [module, version] if version else [module]
    real = ask_the_crate(probe, root, {"TARGET": target, **environ}, *asked)
    wanted = f"{module} >= {version}" if version else module
    facts = env.read(str(root), target, [wanted], cwd=str(root), environ={**LINKER, **environ})
    (library,) = facts.libraries
    outcome = "found" if library.outcome in ("found", "wrong-arch", "file-missing") else library.outcome
    assert real["outcome"] == [outcome]
    assert real.get("dir", []) == list(library.link_dirs)
    assert real.get("lib", []) == [word[2:] for word in library.libs if word.startswith("-l")]
    assert real.get("version", [library.version]) == [library.version]
    assert real.get("command", [library.command]) == [library.command]
    assert real.get("variable", [library.disabled_by.name if library.disabled_by else ""])[0] == (
        library.disabled_by.name if library.disabled_by else ""
    )
