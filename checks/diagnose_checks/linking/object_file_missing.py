"""The linker does not find an object file that this build should have compiled.

A link names the objects that were compiled before. Where one is not there, its compilation failed or was skipped, or it
was written to another place: setuptools, and PyTorch's ninja files, put the object of a source with an absolute path or
with ``..`` in it elsewhere than they look for it. Windows also refuses paths of more than 260 characters.

How to fix: look for the compiler's error above; name sources by relative paths inside the project.

References:
    https://learn.microsoft.com/en-us/cpp/error-messages/tool-errors/linker-tools-error-lnk1181
    https://setuptools.pypa.io/en/latest/userguide/ext_modules.html
    https://docs.pytorch.org/docs/stable/cpp_extension.html
"""

from __future__ import annotations

from diagnose.authoring.log import finding_from_hits
from diagnose.model._lazy_stdlib import TYPE_CHECKING, re
from diagnose.model.check import Check
from diagnose.model.finding import Command, Finding, Fix, FixStage, Phase
from diagnose.model.pattern import patterns_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diagnose.readers.buildlog import BuildLog

CHECK = Check(
    since="0.1.0",
    phase=Phase.LINK,
    patterns=(
        *patterns_for(
            "no-object",
            # in any language
            ("LNK1181", r"fatal error LNK1181: .{0,80}?[\"'«„「] ?(?P<file>[^\"'«»“”「」]{1,400}\.obj) ?[\"'»“”」]"),
            ("LNK1104", r"fatal error LNK1104: .{0,80}?[\"'«„「] ?(?P<file>[^\"'«»“”「」]{1,400}\.obj) ?[\"'»“”」]"),
            (
                "o such file or directory: '",
                r"(?<!\S)clang\S{0,10}: error: no such file or directory: '(?P<file>[^'\s]{1,400}\.o)'",
            ),
            (
                "o such file or directory",
                r"(?<!\S)(?:\S{1,100}-)?(?:gcc|g\+\+|cc|c\+\+)(?:-\d+)?(?:\.exe)?: (?:fatal )?error: "
                r"(?P<file>(?!/usr/|\S*(?:crt|san_preinit))\S{1,400}\.o): No such file or directory",
            ),
            (
                "cannot find ",
                r"(?:^|[\s/\\])ld(?:\.bfd|\.gold|\.exe)?: cannot find "
                r"(?P<file>(?!/usr/|\S*(?:crt|san_preinit))[^\s:]{1,400}\.o): No such",
            ),
        ),
        *patterns_for(
            "object-of-torch", ("BuildExtension", r"\bBuildExtension\b"), ("cpp_extension.py", "cpp_extension\\.py")
        ),
    ),
)


def log(log: BuildLog) -> Iterator[Finding]:
    """See a linker miss an object file."""
    for hit in log.find("no-object")[:1]:
        file = hit.groups["file"]
        name = re.split(r"[\\/]", file)[-1]
        windows = file.endswith(".obj")
        folders = re.split(r"[\\/]", file)[:-1]
        twice = len([one for one in folders if len(one) > 3 and folders.count(one) > 1]) > 1  # a path inside a path
        paths = Fix(
            "name the sources by relative paths inside the project",
            notes="In setup.py: sources=['src/NAME.cpp'], without os.path.abspath, __file__ and '..'; "
            "run it from the project's own folder. The object's folder repeats the source's path"
            + (", as here." if twice else "."),
        )
        torch = Fix(
            "for PyTorch's extensions: compile without ninja",
            notes="cmdclass={'build_ext': BuildExtension.with_options(use_ninja=False)}: ninja's file and the link "
            "then have one idea of the paths.",
        )
        long = Fix(
            "build in a shorter folder",
            (Command("git config --system core.longpaths true", FixStage.BUILD),),
            notes="A path of more than 260 characters cannot be written without LongPathsEnabled.",
        )
        yield finding_from_hits(
            log,
            [hit],
            f"the linker does not find {name}, which this build should have compiled",
            "Linking fails: the object was not compiled, or is in another folder.",
            (
                *((paths,) if twice else ()),
                Fix(
                    "look for the compiler's error above",
                    (Command("python -m pip install -v .", FixStage.BUILD),) if _of_python(file) else (),
                    notes=f"Search the whole output for the source of {name}; build with one job (-j1, MAX_JOBS=1), in "
                    "a build folder without remains of an earlier one.",
                ),
                *(() if twice else (paths,) if _of_python(file) else ()),
                *((torch,) if log.find("object-of-torch") or (windows and twice) else ()),
                *((long,) if windows and len(file) > _LONG else ()),
            ),
        )


_LONG = 240


def _of_python(file: str) -> bool:
    """Whether *file* is in a build folder of setuptools."""
    return bool(re.search(r"(?:^|[\\/])temp\.[\w.-]+[\\/]", file))
