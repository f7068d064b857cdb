"""Preparing what a person receives, another person's approval, and handing it over by a link that ends."""

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext

from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.accounts.tenancy import tenant_scope
from apps.audit.events import Actor, Event
from apps.cases.case_file.bag import ChunkReader, PayloadAltered, bag_bytes
from apps.cases.case_file.operations import hash_of
from apps.storage.errors import DigestMismatch, ObjectMissing
from apps.storage.keys import subject_package
from apps.storage.store import media_store
from apps.subject_requests.models import DisclosurePackage, RequestKind, SubjectRequest
from apps.subject_requests.operations.keeping import keep_what_it_needs
from apps.subject_requests.operations.moving import UnableToHandle, move, told, words
from apps.subject_requests.operations.searching import require_all_judged
from apps.subject_requests.queries.contents import NotRedacted, contents_of, require_redacted
from apps.triage.states import RequestState

LONGEST_DAYS: Final = 30
_DISCLOSED: Final = (RequestKind.ACCESS, RequestKind.EXPLANATION)


def prepare_disclosure(
    *, actor: Actor, user: User, request: SubjectRequest, now: datetime
) -> DisclosurePackage:
    """Close the findings and have the package written. Raises UnableToHandle.

    Every finding needs a person's word, and footage that goes out a finished copy with faces blurred.
    """
    if not user.may(Permission.HANDLE_SUBJECT_REQUESTS):
        raise UnableToHandle(gettext("Your role does not allow preparing a disclosure."))
    if request.kind not in _DISCLOSED:
        raise UnableToHandle(gettext("This request does not end with a disclosure."))
    require_all_judged(request)
    try:
        require_redacted(request)
    except NotRedacted as refusal:
        raise UnableToHandle(str(refusal)) from refusal
    with transaction.atomic():
        move(request, to=RequestState.PREPARED, prepared_by=user.id, prepared_at=now)
        package = DisclosurePackage.objects.create(
            tenant_id=request.tenant_id, request=request, asked_at=now
        )
        told(actor, request, Event.SUBJECT_REQUEST_PREPARED, details={"package": str(package.id)})
    return package


def write_package(*, tenant_id: UUID, package_id: UUID, now: datetime) -> None:
    """Write the archive into the store, or note why not. Repeating it changes nothing. Opens its own scopes.

    Raises StorageUnavailable; then it is tried again.
    """
    with tenant_scope(tenant_id):
        package = DisclosurePackage.objects.select_related("request__person").get(id=package_id)
        if package.written_at or package.ended_at or package.note:
            return
        request = package.request
        try:
            contents = contents_of(request=request, now=now)
        except NotRedacted as refusal:
            _failed(package, str(refusal))
            return
    key = subject_package(tenant_id=tenant_id, request_id=request.id, package_id=package.id)
    chunks = bag_bytes(parts=contents.parts, info=contents.info, at=now, folder=request.reference)
    try:
        stored = media_store().put_stream(
            key=key, stream=ChunkReader(chunks), content_type="application/zip"
        )
    except (PayloadAltered, DigestMismatch, ObjectMissing) as fault:
        with tenant_scope(tenant_id):
            _failed(package, f"{fault}. Nothing was written: have the evidence checked.")
        return
    with tenant_scope(tenant_id), transaction.atomic():
        DisclosurePackage.objects.filter(id=package.id).update(
            key=key, size_bytes=stored.size, sha256=stored.sha256, written_at=now
        )
        told(
            Actor.system(tenant_id),
            request,
            Event.SUBJECT_REQUEST_PACKAGE_WRITTEN,
            details={"package": str(package.id), "sha256": stored.sha256},
        )


def return_disclosure(
    *, actor: Actor, user: User, request: SubjectRequest, reason: str, now: datetime
) -> None:
    """Back to the findings; the package goes. Raises UnableToHandle."""
    if not user.may(Permission.HANDLE_SUBJECT_REQUESTS):
        raise UnableToHandle(gettext("Your role does not allow handling requests."))
    plain = words(reason, what=gettext("what has to change"))
    with transaction.atomic():
        move(
            request,
            to=RequestState.SEARCHING,
            prepared_by=None,
            prepared_at=None,
            approved_by=None,
            approved_at=None,
        )
        request.packages.filter(ended_at=None).update(ended_at=now)
        told(actor, request, Event.SUBJECT_REQUEST_RETURNED, reason=plain)


def approve_disclosure(
    *, actor: Actor, user: User, request: SubjectRequest, package_sha256: str, now: datetime
) -> None:
    """Another person than the preparer approves exactly the package they saw. The view asked for fresh authentication.

    Raises UnableToHandle.
    """
    if not user.may(Permission.APPROVE_DISCLOSURE):
        raise UnableToHandle(gettext("Your role does not allow approving a disclosure."))
    if user.id == request.prepared_by:
        raise UnableToHandle(
            gettext("Who prepared the disclosure cannot approve it: ask a colleague.")
        )
    package = standing_package(request)
    if package is None or not package.written_at:
        raise UnableToHandle(gettext("The package is not written yet."))
    if not hmac.compare_digest(package.sha256, package_sha256):
        raise UnableToHandle(gettext("The package changed since you looked. Look again."))
    with transaction.atomic():
        move(request, to=RequestState.APPROVED, approved_by=user.id, approved_at=now)
        told(
            actor,
            request,
            Event.SUBJECT_REQUEST_APPROVED,
            details={"package": str(package.id), "sha256": package.sha256},
        )


@dataclass(frozen=True, kw_only=True)
class Disclosed:
    """What the person needs; the secret of the link is shown this once."""

    package: DisclosurePackage
    link_secret: str


def disclose(
    *, actor: Actor, user: User, request: SubjectRequest, days: int, now: datetime
) -> Disclosed:
    """Let the approved package be fetched by whoever holds its link, for some days. Raises UnableToHandle."""
    if not user.may(Permission.HANDLE_SUBJECT_REQUESTS):
        raise UnableToHandle(gettext("Your role does not allow disclosing."))
    if not 1 <= days <= LONGEST_DAYS:
        raise UnableToHandle(gettext("A link lasts 1 to %(most)s days.") % {"most": LONGEST_DAYS})
    package = standing_package(request)
    if package is None:
        raise UnableToHandle(gettext("There is no package to hand over."))
    secret = secrets.token_urlsafe(32)
    with transaction.atomic():
        move(request, to=RequestState.DISCLOSED, ended_by=user.id, ended_at=now)
        keep_what_it_needs(actor=actor, request=request, now=now)
        DisclosurePackage.objects.filter(id=package.id).update(
            link_hash=hash_of(secret), expires_at=now + timedelta(days=days)
        )
        told(
            actor,
            request,
            Event.SUBJECT_REQUEST_DISCLOSED,
            details={"package": str(package.id), "sha256": package.sha256, "days": days},
        )
    package.refresh_from_db()
    return Disclosed(package=package, link_secret=secret)


def disclosed_by_link(
    *, package_id: UUID, link_secret: str, now: datetime
) -> DisclosurePackage | None:
    """The package this link opens, or None: wrong, over, or gone. Inside the tenant's scope."""
    found = DisclosurePackage.objects.filter(
        id=package_id, expires_at__gt=now, ended_at=None, request__state=RequestState.DISCLOSED
    )
    package = found.select_related("request").first()
    if package is None or not hmac.compare_digest(package.link_hash, hash_of(link_secret)):
        return None
    return package


def fetch_package(*, actor: Actor, package: DisclosurePackage, seconds: int) -> str:
    """An address that gives the archive for at most a minute, and a record that it was asked for."""
    with transaction.atomic():
        told(
            actor,
            package.request,
            Event.SUBJECT_REQUEST_PACKAGE_FETCHED,
            details={"package": str(package.id)},
        )
    return media_store().presigned_get(
        key=package.key, seconds=seconds, download_name=f"{package.request.reference}.zip"
    )


def remove_package(*, tenant_id: UUID, package_id: UUID, now: datetime) -> None:
    """Delete the bytes of a package that is over. Opens its own scopes. Raises StorageUnavailable."""
    with tenant_scope(tenant_id):
        package = DisclosurePackage.objects.select_related("request").get(id=package_id)
    over = package.ended_at or (package.expires_at and package.expires_at <= now)
    if not over or package.removed_at:
        return
    if package.key:
        media_store().delete(key=package.key)
    with tenant_scope(tenant_id), transaction.atomic():
        DisclosurePackage.objects.filter(id=package.id).update(removed_at=now)
        told(
            Actor.system(tenant_id),
            package.request,
            Event.SUBJECT_REQUEST_PACKAGE_REMOVED,
            details={"package": str(package.id)},
        )


def standing_package(request: SubjectRequest) -> DisclosurePackage | None:
    """The newest package that has not been taken back."""
    return request.packages.filter(ended_at=None).order_by("-asked_at").first()


def _failed(package: DisclosurePackage, note: str) -> None:
    with transaction.atomic():
        DisclosurePackage.objects.filter(id=package.id).update(note=note)
        told(
            Actor.system(package.tenant_id),
            package.request,
            Event.SUBJECT_REQUEST_PACKAGE_FAILED,
            details={"package": str(package.id)},
        )
