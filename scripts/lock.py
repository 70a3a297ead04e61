"""Print requirements.lock: the exact version, here and now, of everything that pyproject.toml asks for.

Follows the requirements of the project and of all its extras through the packages that are installed beside this
Python. Local version labels (`+cpu`) are left out, so that the same file serves every build of a package.
"""

from __future__ import annotations

import tomllib
from importlib.metadata import distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

PYPROJECT = Path(__file__).parents[1] / "pyproject.toml"

EDITABLE_BUILD = "editables"
"""What hatchling needs for an editable install and asks for only then."""

HEADER = """\
# Exact versions of everything that Oncontour needs to run, to be tested and to be documented (`make lock` writes this).
# torch has no build label here: any build of that version will do, and the CPU build is enough (docs/install.md).
"""


def wanted() -> list[Requirement]:
    """The requirements of pyproject.toml: to run, of every extra, to build."""
    content = tomllib.loads(PYPROJECT.read_text("utf-8"))
    project = content["project"]
    extras = [text for texts in project["optional-dependencies"].values() for text in texts]
    texts = [*project["dependencies"], *extras, *content["build-system"]["requires"], EDITABLE_BUILD]
    return [Requirement(text) for text in texts]


def locked(requirements: list[Requirement]) -> dict[str, str]:
    """Name -> public version of the requirements, and of all that they require in turn."""
    versions: dict[str, str] = {}
    seen: set[tuple[str, frozenset[str]]] = set()
    queue = list(requirements)
    while queue:
        requirement = queue.pop()
        key = (canonicalize_name(requirement.name), frozenset(requirement.extras))
        if key in seen:
            continue
        seen.add(key)
        found = distribution(requirement.name)
        versions[key[0]] = Version(found.version).public
        environments = [{"extra": extra} for extra in ("", *requirement.extras)]
        for text in found.requires or ():
            inner = Requirement(text)
            if inner.marker is None or any(inner.marker.evaluate(environment) for environment in environments):
                queue.append(inner)
    return versions


if __name__ == "__main__":
    print(HEADER, end="")
    for name, version in sorted(locked(wanted()).items()):
        print(f"{name}=={version}")
