"""Print requirements.lock: the exact version, here and now, of everything that pyproject.toml asks for.

    python scripts/lock.py          requirements.lock: everything but the extra "peers"
    python scripts/lock.py peers    requirements-peers.lock: what that extra needs on top

Follows the requirements of the project and of its extras through the packages that are installed beside this
Python. Local version labels (`+cpu`) are left out, so that the same file serves every build of a package.
"""

from __future__ import annotations

import sys
import tomllib
from importlib.metadata import distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[1]

PEERS = "peers"
"""The extra with a lock of its own: programs that only benchmarks and tests run beside ours."""

EDITABLE_BUILD = "editables"
"""What hatchling needs for an editable install and asks for only then."""

HEADER = """\
# Exact versions of everything that Oncontour needs to run, to be tested and to be documented (`make lock` writes this).
# torch has no build label here: any build of that version will do, and the CPU build is enough (docs/install.md).
"""

PEERS_HEADER = """\
# Exact versions of what the extra "peers" needs on top of requirements.lock (`make lock-peers` writes this).
--requirement requirements.lock
"""


def wanted(peers: bool) -> list[Requirement]:
    """The requirements of pyproject.toml: of the peers alone, or to run, of every other extra, to build."""
    content = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    project = content["project"]
    extras = [t for name, texts in project["optional-dependencies"].items() if (name == PEERS) == peers for t in texts]
    if peers:
        return [Requirement(text) for text in extras]
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


def main(peers: bool) -> None:
    """Print one of the locks."""
    there = (ROOT / "requirements.lock").read_text("utf-8").splitlines() if peers else ()
    print(PEERS_HEADER if peers else HEADER, end="")
    for name, version in sorted(locked(wanted(peers)).items()):
        if (line := f"{name}=={version}") not in there:
            print(line)


if __name__ == "__main__":
    main(sys.argv[1:] == [PEERS])
