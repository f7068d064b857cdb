"""Asking for a case file, writing it, releasing it to its recipient, and ending it."""

import hashlib
import hmac
import secrets
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import close_old_connections, transaction
from django.db.models import F

from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.accounts.tenancy import tenant_scope
from apps.alerts.signing import seal, unseal
from apps.audit.events import Actor, Event, Subject
from apps.audit.operations import record
from apps.cases.case_file.bag import ChunkReader, PayloadAltered, bag_bytes
from apps.cases.case_file.contents import Contents, NotShareable, contents_of, with_reading_copies
from apps.cases.models import Case, CaseFile
from apps.evidence.operations.custody import note_exported
from apps.sites.queries import allows
from apps.storage.errors import DigestMismatch, ObjectMissing
from apps.storage.keys import case_file as key_of
from apps.storage.store import media_store
from apps.triage.states import CASE_FILE, CaseFileState
from workflows.case_file_messages import CaseFileStanding, CaseFileStep

LONGEST_DAYS: Final = 30
TELL_EVERY_SECONDS: Final = 2.0
_ENDS: Final = {
    CaseFileState.WITHDRAWN: Event.CASE_FILE_WITHDRAWN,
    CaseFileState.EXPIRED: Event.CASE_FILE_EXPIRED,
}


class UnableToExport(Exception):
    """The case file was not asked for, released or ended; the message says why."""


def request_case_file(
    *,
    actor: Actor,
    user: User,
    case: Case,
    recipient: str,
    purpose: str,
    with_originals: bool,
    with_password: bool,
    days: int,
    now: datetime,
) -> CaseFile:
    """Ask for an export of the case as it stands. Inside the tenant's scope. Raises UnableToExport.

    Nobody receives it before an administrator has released it; after `days` it is deleted.
    """
    if not allows(user, Permission.EXPORT_CASES, case.site_id):
        raise UnableToExport("Your role does not allow exporting cases of this site.")
    if not recipient.strip() or not purpose.strip():
        raise UnableToExport("Say who receives the file and what for: both are part of it.")
    if not 1 <= days <= LONGEST_DAYS:
        raise UnableToExport(f"A case file lasts 1 to {LONGEST_DAYS} days.")
    with transaction.atomic():
        file = CaseFile.objects.create(
            tenant_id=case.tenant_id,
            case=case,
            recipient=recipient.strip(),
            purpose=purpose.strip(),
            with_originals=with_originals,
            has_password=with_password,
            password_sealed=seal(secrets.token_urlsafe(18)) if with_password else None,
            requested_by=user.id,
            requested_at=now,
            expires_at=now + timedelta(days=days),
            tell_at=now,
        )
        reason = f"For {file.recipient}: {file.purpose}"
        _record(actor, file, Event.CASE_FILE_REQUESTED, reason=reason)
    return file


@dataclass(frozen=True, kw_only=True)
class Handover:
    """What the recipient needs, shown this once: the secret of the link, and the password ("" without one)."""

    link_secret: str
    password: str


def release_case_file(*, actor: Actor, user: User, file: CaseFile, now: datetime) -> Handover:
    """Let the file be fetched by whoever holds its link. Raises UnableToExport.

    The view has asked for fresh authentication. Inside the tenant's scope.
    """
    if not allows(user, Permission.RELEASE_CASE_FILES, file.case.site_id):
        raise UnableToExport("Only an administrator releases a case file.")
    link_secret = secrets.token_urlsafe(32)
    with transaction.atomic():
        sealed = CaseFile.objects.select_for_update().get(id=file.id).password_sealed
        _move(
            file,
            to=CaseFileState.RELEASED,
            released_by=user.id,
            released_at=now,
            password_sealed=None,
            link_hash=hash_of(link_secret),
            tell_at=now,
        )
        reason = f"For {file.recipient}: {file.purpose}"
        _record(actor, file, Event.CASE_FILE_RELEASED, reason=reason)
        note_exported(
            actor=actor,
            case_id=file.case_id,
            file_id=file.id,
            with_originals=file.with_originals,
            now=now,
        )
    return Handover(link_secret=link_secret, password=unseal(sealed) if sealed else "")


def released_by_link(*, file_id: UUID, link_secret: str, now: datetime) -> CaseFile | None:
    """The released file that this link opens, or None: wrong, over, or withdrawn. Inside the tenant's scope."""
    released = CaseFile.objects.filter(id=file_id, state=CaseFileState.RELEASED, expires_at__gt=now)
    file = released.select_related("case__site").first()
    if file is None or not hmac.compare_digest(file.link_hash, hash_of(link_secret)):
        return None
    return file


def hash_of(link_secret: str) -> str:
    return hashlib.sha256(link_secret.encode()).hexdigest()


def withdraw_case_file(
    *, actor: Actor, user: User, file: CaseFile, reason: str, now: datetime
) -> None:
    """Take the file back: it can no longer be fetched and is deleted. Raises UnableToExport.

    Copies that were fetched before are out of reach; the audit chain says who fetched them.
    """
    if user.id != file.requested_by and not allows(
        user, Permission.RELEASE_CASE_FILES, file.case.site_id
    ):
        raise UnableToExport("Only an administrator, or whoever asked for it, withdraws it.")
    if not reason.strip():
        raise UnableToExport("Say why it is withdrawn.")
    with transaction.atomic():
        _move(file, to=CaseFileState.WITHDRAWN, ended_at=now, password_sealed=None, tell_at=now)
        _record(actor, file, Event.CASE_FILE_WITHDRAWN, reason=reason.strip())


def try_again(*, actor: Actor, user: User, file: CaseFile, now: datetime) -> None:
    """Write a file anew that could not be written. Raises UnableToExport."""
    if not allows(user, Permission.EXPORT_CASES, file.case.site_id):
        raise UnableToExport("Your role does not allow exporting cases of this site.")
    with transaction.atomic():
        _move(file, to=CaseFileState.REQUESTED, note="", progress=0.0, tell_at=now)
        _record(actor, file, Event.CASE_FILE_REQUESTED)


def fetch_case_file(*, actor: Actor, file: CaseFile, seconds: int) -> str:
    """An address that gives the released file for at most a minute, and a record of who asked. Raises UnableToExport."""
    if file.state != CaseFileState.RELEASED:
        raise UnableToExport("The file is not released.")
    with transaction.atomic():
        _record(actor, file, Event.CASE_FILE_DOWNLOADED)
    return media_store().presigned_get(
        key=file.key, seconds=seconds, download_name=f"{file.archive_name}.zip"
    )


def advance_case_file(*, file_id: UUID, now: datetime) -> CaseFileStanding:
    """What comes next for a file; one whose time is over is ended here. Inside the tenant's scope."""
    with transaction.atomic():
        file = CaseFile.objects.select_for_update().get(id=file_id)
        if file.state in (CaseFileState.READY, CaseFileState.RELEASED) and file.expires_at <= now:
            _move(file, to=CaseFileState.EXPIRED, ended_at=now, password_sealed=None)
            _record(Actor.system(file.tenant_id), file, Event.CASE_FILE_EXPIRED)
    state = CaseFileState(file.state)
    if state is CaseFileState.REQUESTED:
        return CaseFileStanding(state=state, step=CaseFileStep.WRITE)
    if state in _ENDS:
        step = CaseFileStep.DONE if file.removed_at or not file.key else CaseFileStep.REMOVE
        return CaseFileStanding(state=state, step=step)
    wake_at = None if state is CaseFileState.FAILED else file.expires_at
    return CaseFileStanding(state=state, step=CaseFileStep.WAIT, wake_at=wake_at)


def write_case_file(*, tenant_id: UUID, file_id: UUID, now: datetime) -> None:
    """Write the archive into the store: whole, or the file says why not. Repeating it changes nothing.

    Opens its own scopes: reading and storing happen outside any transaction. Raises StorageUnavailable, NotSignedYet.
    """
    with tenant_scope(tenant_id):
        file = CaseFile.objects.select_related("case__site").get(id=file_id)
        if file.state != CaseFileState.REQUESTED:
            return
        try:
            contents = contents_of(file=file, now=now)
        except NotShareable as refusal:
            _fail(file, str(refusal))
            return
    try:
        _store(file, with_reading_copies(contents, file=file), now=now)
    except (PayloadAltered, DigestMismatch, ObjectMissing) as fault:
        with tenant_scope(tenant_id):
            _fail(file, f"{fault}. Nothing was exported: have the evidence checked.")


def remove_case_file(*, tenant_id: UUID, file_id: UUID, now: datetime) -> None:
    """Delete the bytes of a file that has ended. Opens its own scopes. Raises StorageUnavailable."""
    with tenant_scope(tenant_id):
        file = CaseFile.objects.get(id=file_id)
    if CaseFileState(file.state) not in _ENDS or file.removed_at:
        return
    media_store().delete(key=file.key)
    with tenant_scope(tenant_id), transaction.atomic():
        if CaseFile.objects.filter(id=file.id, removed_at=None).update(removed_at=now):
            _record(Actor.system(tenant_id), file, Event.CASE_FILE_REMOVED)


def _store(file: CaseFile, contents: Contents, *, now: datetime) -> None:
    teller = _ProgressTeller(file, total=max(contents.payload_bytes, 1))
    password = unseal(file.password_sealed) if file.password_sealed else ""
    chunks: Iterator[bytes] = bag_bytes(
        parts=contents.parts,
        info=contents.info,
        at=now,
        folder=file.archive_name,
        password=password,
        progress=teller.passed,
    )
    key = key_of(tenant_id=file.tenant_id, case_id=file.case_id, file_id=file.id)
    with teller:
        stored = media_store().put_stream(
            key=key, stream=ChunkReader(chunks), content_type="application/zip"
        )
    with tenant_scope(file.tenant_id), transaction.atomic():
        _move(
            file,
            to=CaseFileState.READY,
            key=key,
            size_bytes=stored.size,
            sha256=stored.sha256,
            written_at=now,
            progress=1.0,
        )
        _record(Actor.system(file.tenant_id), file, Event.CASE_FILE_WRITTEN)


class _ProgressTeller:
    """Writes down every two seconds how far it is, on a thread and a connection of its own."""

    def __init__(self, file: CaseFile, *, total: int) -> None:
        self._file, self._total, self._bytes = file, total, 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._tell, name="case file progress", daemon=True)

    def passed(self, count: int) -> None:
        self._bytes = count

    def __enter__(self) -> "_ProgressTeller":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _tell(self) -> None:
        try:
            while not self._over.wait(TELL_EVERY_SECONDS):
                with tenant_scope(self._file.tenant_id):
                    CaseFile.objects.filter(id=self._file.id).update(
                        progress=min(1.0, self._bytes / self._total)
                    )
        finally:
            close_old_connections()


def _fail(file: CaseFile, note: str) -> None:
    with transaction.atomic():
        _move(file, to=CaseFileState.FAILED, note=note)
        _record(Actor.system(file.tenant_id), file, Event.CASE_FILE_FAILED)


def _move(file: CaseFile, *, to: CaseFileState, **fields: object) -> None:
    """One arrow of the table, guarded by the state and version read before; updates `file`."""
    if not CASE_FILE.allows(file.state, to):
        raise UnableToExport(f"A case file that is {file.state} cannot become {to.value}.")
    moved = CaseFile.objects.filter(id=file.id, state=file.state, version=file.version).update(
        state=to, version=F("version") + 1, **fields
    )
    if moved != 1:
        raise UnableToExport("Somebody else changed this case file meanwhile. Look again.")
    file.state, file.version = to, file.version + 1
    for name, value in fields.items():
        setattr(file, name, value)


def _record(actor: Actor, file: CaseFile, event: Event, *, reason: str = "") -> None:
    record(
        actor=actor,
        event=event,
        subject=Subject("case_file", file.id),
        after={"state": file.state, "sha256": file.sha256, "originals": file.with_originals},
        reason=reason,
        details={"case": str(file.case_id), "state": str(file.state), "sha256": file.sha256},
    )
