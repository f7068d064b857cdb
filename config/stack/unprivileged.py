"""Running PostgreSQL when we are root, which it refuses: whose account, which folder, which copy.

No account is created. Among those every machine has, the first one found is used, and it must be
able to reach both its data and its programs: a home below /root is closed to it, so the data then
lies under /var/lib/second-look (linked from the home), with a copy of the programs beside it when
these are closed too.
"""

import os
import secrets
import shutil
import subprocess
from pathlib import Path

from config.stack.home import Home
from config.stack.server import UnableToStart, account

ACCOUNTS = ("second-look", "postgres", "nobody")
OUTSIDE = Path("/var/lib/second-look")


def unprivileged_user() -> str | None:
    """The account to run as: None unless we are root.

    Raises UnableToStart when the machine has none of ACCOUNTS.
    """
    if os.geteuid() != 0:
        return None
    import pwd

    known = {entry.pw_name for entry in pwd.getpwall() if entry.pw_uid != 0}
    for name in ACCOUNTS:
        if name in known:
            return name
    raise UnableToStart(
        f"PostgreSQL refuses to run as root, and none of the accounts {', '.join(ACCOUNTS)} exists."
    )


def reachable_folder(home: Home, name: str, *, user: str | None) -> Path:
    """The folder `name` of the home, owned and reachable by `user`; created on the first call.

    Where `user` cannot enter the home, the folder is a link to one outside it.
    """
    folder = home.path / name
    if not folder.exists():
        if folder.is_symlink():  # the data it pointed to is gone
            folder.unlink()
        home.folder()
        if user is None or _can_enter(home.path, user):
            folder.mkdir(mode=0o700)
        else:
            folder.symlink_to(_outside(), target_is_directory=True)
        give(folder, user=user)
    return folder.resolve()


def reachable_programs(binary: Path, *, beside: Path, user: str | None) -> Path:
    """The binary itself when `user` may run it, else its copy, with its package, beside the data.

    Raises UnableToStart when not even the copy can be run.
    """
    if user is None or _runs(binary, user):
        return binary
    package = binary.parents[2]  # …/site-packages/<package>/pginstall18/bin/postgres
    copy = beside / "programs" / _fingerprint(binary)
    copied = copy / binary.relative_to(package.parent)
    if not copied.exists():
        _copy_package(package, copy, installation=binary.parents[1].name)
    if not _runs(copied, user):
        raise UnableToStart(f"{user} can run neither {binary} nor a copy of it at {copied}.")
    return copied


def give(path: Path, *, user: str | None) -> None:
    """Make `user` the owner of the file or folder; nothing to do without one."""
    if user is not None:
        owner = account(user)
        os.chown(path, owner["user"], owner["group"])


def _outside() -> Path:
    OUTSIDE.mkdir(mode=0o711, parents=True, exist_ok=True)
    place = OUTSIDE / secrets.token_hex(8)
    place.mkdir(mode=0o700)
    return place


def _can_enter(folder: Path, user: str) -> bool:
    return _succeeds(["test", "-x", str(folder)], user)


def _runs(binary: Path, user: str) -> bool:
    return _succeeds([str(binary), "--version"], user)


def _succeeds(command: list[str], user: str) -> bool:
    try:
        done = subprocess.run(
            command,
            cwd="/",
            env={"PATH": os.defpath},
            capture_output=True,
            check=False,
            **account(user),
        )
    except OSError:
        return False
    return done.returncode == 0


def _fingerprint(binary: Path) -> str:
    """Differs between versions, so that an upgrade is copied again."""
    status = binary.stat()
    return f"{status.st_size:x}-{int(status.st_mtime):x}"


def _copy_package(package: Path, copy: Path, *, installation: str) -> None:
    """Copy one installation and the libraries it finds relative to itself; all of it or nothing."""
    draft = copy.with_name(copy.name + ".draft")
    shutil.rmtree(draft, ignore_errors=True)
    shutil.copytree(package / installation, draft / package.name / installation, symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, draft / libraries.name)
    for path in [draft.parent, draft, *draft.rglob("*")]:
        _open_to_all(path)
    draft.rename(copy)


def _open_to_all(path: Path) -> None:
    if not path.is_symlink():
        mode = path.stat().st_mode
        path.chmod(mode | 0o444 | (0o111 if mode & 0o100 else 0))
