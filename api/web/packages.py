"""What the pages take from npm packages, which `make setup` puts beside this file as the lock names them.

Nothing of them is committed. A service whose packages are missing or other ones than the lock's says so when it starts.
"""

import json
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent
MODULES = FOLDER / "node_modules"


class PackagesError(Exception):
    """The npm packages of the pages are not those of the lock; the message names the command that mends it."""


def check_packages() -> None:
    """Refuse what is installed if it is not what the lock says.

    Raises:
        PackagesError: a package is missing or of another version.
    """
    for name, version in _wanted().items():
        try:
            found = json.loads((MODULES / name / "package.json").read_text(encoding="utf-8"))["version"]
        except FileNotFoundError:
            found = None
        if found != version:
            msg = f"{name} {version} is wanted, {found or 'nothing'} is installed: run make setup"
            raise PackagesError(msg)


def _wanted() -> dict[str, str]:
    locked = json.loads((FOLDER / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    wanted = json.loads((FOLDER / "package.json").read_text(encoding="utf-8"))["dependencies"]
    return {name: locked[f"node_modules/{name}"]["version"] for name in wanted}


@cache
def package_file(name: str, path: str) -> bytes:
    """Return a file of a package.

    Raises:
        FileNotFoundError: there is none.
    """
    return (MODULES / name / path).read_bytes()
