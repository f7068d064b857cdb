"""Where the servers' programs lie: inside the wheels that brought them, never on the PATH."""

from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from config.stack.server import UnableToStart


@cache
def program(package: str, ending: str) -> Path:
    """The installed file of `package` whose path ends with `ending`, e.g. "bin/postgres".

    The package is not imported: only its binaries are wanted.

    Raises UnableToStart when it is not installed or has no such file.
    """
    wanted = Path(ending).parts
    try:
        files = distribution(package).files or []
    except PackageNotFoundError:
        files = []
    for file in files:
        if file.parts[-len(wanted) :] == wanted:
            return Path(str(file.locate())).resolve()
    raise UnableToStart(f"{ending} is missing: install {package} (see requirements/base.in).")
