"""An image is judged as its root in a folder is: the same facts, the same findings, in the same words."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
from checks.roots import CAUSES, cases
from readers import image_making as making

from diagnose.engine.run import Report, run_checks
from diagnose.readers import env
from diagnose.readers.image.open_image import OpenImage, open_image
from diagnose.reports import json as json_report

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the roots have links")

STARTED = "variables that are set when a container starts: only the image's own were read"


def report(place: str | OpenImage, case: cases.Case, project: Path) -> list[str]:
    """Return the report on *place*, without what names it."""
    environ = cases.environ(case) if isinstance(place, str) else None

    def read() -> env.Environment:
        return env.read(place, case.target, case.libs, case.policy, str(project), environ)

    made = json.loads(json_report.render(Report((run_checks("env", "x", read, env.facts, CAUSES),))))
    (subject,) = made["subjects"]
    assert subject.get("error") is None
    del subject["facts"]["root"]
    image = subject["facts"].pop("image", None)
    assert (image is None) is isinstance(place, str)
    subject["unseen"] = [one for one in subject["unseen"] if one != STARTED]
    subject["headline"] = subject["headline"].partition("; not inspected")[0]
    return json.dumps(made, indent=1).splitlines()


def older(root: Path) -> tuple[bytes, bytes]:
    """Return a layer below that of *root*, with other content and more files, and one above that removes these."""
    below, above = [], []
    for top, folders, files in os.walk(root):
        inside = os.path.relpath(top, root)
        below += [(f"{inside}/{name}", "older") for name in files]
        below.append((f"{inside}/more", "more"))
        above.append((f"{inside}/.wh.more", ""))
        folders.sort()
    return making.layer(*below), making.layer(*above)


@pytest.mark.parametrize("name", cases.CASES)
def test_an_image_is_judged_as_its_root(name: str, tmp_path: Path) -> None:
    case = cases.CASES[name]
    root = cases.furnish(case, str(tmp_path))
    project = tmp_path / "project"
    expected = report(root, case, project)
    settings = {"Env": [f"{name}={value}" for name, value in cases.environ(case).items()]}
    layer = making.of_folder(Path(root))
    below, above = older(Path(root))
    saved = making.docker_save(tmp_path / "saved.tar", [below, layer, above], settings)
    layout = making.Layout(tmp_path / "layout").add([layer], settings)
    for source in (saved, layout.path):
        image = open_image(str(source))
        assert report(image, case, project) == expected
        image.close()
