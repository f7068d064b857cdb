"""Install one hash-pinned requirements file into this virtual environment, once.

    .venv/bin/python requirements/install.py base|dev

Standard library only: it runs before anything is installed. pip brings the installer
(bootstrap.txt), the installer brings the rest. What the user told pip (package index, certificates,
proxy) holds for the installer too. A stamp in the environment lets the next run return at once.
"""

import ast
import hashlib
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
EVERY_INDEX = "unsafe-best-match"
"""Look in every index, as pip does. The name warns of unpinned packages; ours carry hashes."""

# What pip calls it, what the installer calls it, and how several values are joined there.
TRANSLATIONS = (
    ("index-url", "UV_DEFAULT_INDEX", None),
    ("extra-index-url", "UV_INDEX", " "),
    ("find-links", "UV_FIND_LINKS", ","),
    ("no-index", "UV_NO_INDEX", None),
    ("trusted-host", "UV_INSECURE_HOST", " "),
    ("cert", "SSL_CERT_FILE", None),
    ("timeout", "UV_HTTP_TIMEOUT", None),
    ("default-timeout", "UV_HTTP_TIMEOUT", None),
    ("proxy", "ALL_PROXY", None),
    ("no-cache-dir", "UV_NO_CACHE", None),
)


def main(name: str) -> int:
    """Bring the environment to `<name>.txt`; 0 when it is there, else the failed tool's status."""
    wanted = HERE / f"{name}.txt"
    stamp = Path(sys.prefix) / f"second-look-{name}.sha256"
    digest = hashlib.sha256(wanted.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == digest:
        return 0
    status = install_installer() or install(wanted)
    if status == 0:
        stamp.write_text(digest)
    return status


def install_installer() -> int:
    """pip, which every virtual environment has, installs the installer."""
    print("Installing the installer …", flush=True)
    pins = str(HERE / "bootstrap.txt")
    return subprocess.call(
        [sys.executable, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", pins]
    )


def install(requirements: Path) -> int:
    """The installer brings everything else, showing what it downloads."""
    print(f"Installing requirements/{requirements.name} …", flush=True)
    return subprocess.call(
        [
            *(sys.executable, "-m", "uv", "pip", "install", "--python", sys.executable),
            *("--require-hashes", "-r", str(requirements)),
        ],
        env=installer_environment(pip_configuration()),
    )


def pip_configuration() -> dict[str, str]:
    """What the user's files and PIP_ variables tell pip; a variable wins over a file, as in pip."""
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False
    )
    found: dict[str, dict[str, str]] = {}
    for line in listed.stdout.splitlines():
        key, _, value = line.partition("=")
        section, _, option = (
            key.partition(".") if not key.startswith(":") else key[1:].partition(":.")
        )
        if value:
            found.setdefault(section, {})[option] = ast.literal_eval(value)
    return found.get("global", {}) | found.get("install", {}) | found.get("env", {})


def installer_environment(pip: dict[str, str]) -> dict[str, str]:
    """Our environment, with pip's configuration said in the installer's words where it has none."""
    environment = {"UV_INDEX_STRATEGY": EVERY_INDEX} | os.environ
    for option, variable, separator in TRANSLATIONS:
        value = pip.get(option, "").strip()
        if value and variable not in os.environ:
            environment[variable] = value if separator is None else separator.join(value.split())
    return environment


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in {"base", "dev"}:
        sys.exit("usage: python requirements/install.py base|dev")
    if sys.prefix == sys.base_prefix:
        sys.exit("Run this with the virtual environment's Python: make does.")
    sys.exit(main(sys.argv[1]))
