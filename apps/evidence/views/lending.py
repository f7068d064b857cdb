"""Footage and files, handed out for a minute at a time and never without a record."""

import json
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from apps.accounts.actors import actor_of
from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.alerts.models import Alert
from apps.audit.events import Event, Subject
from apps.audit.operations import record
from apps.evidence.models import EvidenceItem, EvidenceKind
from apps.evidence.operations import record_viewed
from apps.evidence.queries import items_visible_to, shows_faces
from apps.reviews.footage_queries import Version, current_reveal, footage_for
from apps.sites.queries import sites_visible_to
from apps.storage.objects import VIEW_SECONDS, ObjectStore
from apps.storage.store import evidence_store, media_store


def _alert_for(request: HttpRequest, alert_id: UUID, permission: Permission) -> Alert:
    user = request.user
    assert isinstance(user, User)
    visible = Alert.objects.filter(site__in=sites_visible_to(user)).select_related("clip", "camera")
    alert = get_object_or_404(visible, id=alert_id)
    if not user.may(permission):
        raise PermissionDenied(permission.value)
    if not hasattr(alert, "clip"):
        raise Http404("this alert has no clip")
    return alert


@login_required
@never_cache
@require_GET
def clip(request: HttpRequest, alert_id: UUID) -> HttpResponse:
    """Send the player to the footage: faces blurred, unless this person revealed them.

    The address works for a minute and for one object; the record says which version it was.
    """
    alert = _alert_for(request, alert_id, Permission.VIEW_CLIPS)
    user = request.user
    assert isinstance(user, User)
    footage = footage_for(user=user, alert=alert, now=timezone.now())
    if footage is None or footage.version is None:
        raise Http404("there is nothing to play yet")
    details = {"sha256": alert.clip.sha256, "version": footage.version.value}
    if footage.version is Version.ORIGINAL and footage.revealed is not None:
        details["reveal"] = str(footage.revealed.id)
    record(
        actor=actor_of(request),
        event=Event.CLIP_VIEWED,
        subject=Subject("alert", alert.id),
        details=details,
    )
    return _lend(media_store(), footage.key)


@login_required
@never_cache
@require_GET
def before(request: HttpRequest, alert_id: UUID) -> HttpResponse:
    """The seconds before the clip, faces blurred: there is no other version of them to show."""
    alert = _alert_for(request, alert_id, Permission.VIEW_CLIPS)
    if not alert.clip.before_key:
        raise Http404("nothing before this clip was cut")
    record(
        actor=actor_of(request),
        event=Event.CLIP_VIEWED,
        subject=Subject("alert", alert.id),
        details={"sha256": alert.clip.sha256, "version": "before"},
    )
    return _lend(media_store(), alert.clip.before_key)


@login_required
@require_GET
def poster(request: HttpRequest, alert_id: UUID) -> HttpResponse:
    """The still of the queue row, faces blurred."""
    alert = _alert_for(request, alert_id, Permission.VIEW_ALERTS)
    if not alert.clip.poster_key:
        raise Http404("no still yet")
    _record_picture(request, alert, "poster")
    response = _lend(media_store(), alert.clip.poster_key)
    response["Cache-Control"] = f"private, max-age={VIEW_SECONDS - 10}"
    return response


@login_required
@require_GET
def tried_picture(request: HttpRequest, alert_id: UUID, name: str) -> HttpResponse:
    """One frame as the fairness check changed it, faces blurred: a still of this alert, by its file's name."""
    alert = _alert_for(request, alert_id, Permission.VIEW_CLIPS)
    stills = EvidenceItem.objects.filter(alert=alert, kind=EvidenceKind.STILL)
    item = get_object_or_404(stills, key__endswith=f"/working/{name}")
    if not item.is_there:
        raise Http404("the picture was deleted when its period was over")
    _record_picture(request, alert, "tried")
    response = _lend(media_store(), item.key)
    response["Cache-Control"] = f"private, max-age={VIEW_SECONDS - 10}"
    return response


@login_required
@require_GET
def analysis(request: HttpRequest, alert_id: UUID) -> HttpResponse:
    """What inference found, frame by frame, with the camera's zones: the player's layers."""
    alert = _alert_for(request, alert_id, Permission.VIEW_CLIPS)
    if not alert.clip.analysis_key:
        raise Http404("not analysed")
    with media_store().get_stream(key=alert.clip.analysis_key) as stream:
        found = json.loads(stream.read())
    zones = [
        {"name": zone.name, "kind": zone.kind, "polygon": zone.polygon}
        for zone in alert.camera.zones.all()
    ]
    return JsonResponse(found | {"zones": zones})


@login_required
@never_cache
@require_GET
def evidence_item(request: HttpRequest, item_id: UUID) -> HttpResponse:
    """Lend an evidence item for a minute; the custody record says to whom.

    A working copy with faces is footage like the player's: it needs a reveal. The original and its sealed copy are
    evidence byte for byte, and their own permission.
    """
    user = request.user
    assert isinstance(user, User)
    item = get_object_or_404(items_visible_to(user), id=item_id)
    if not user.may(Permission.VIEW_EVIDENCE):
        raise PermissionDenied(Permission.VIEW_EVIDENCE.value)
    if shows_faces(item) and not current_reveal(user=user, alert=item.alert, now=timezone.now()):
        raise PermissionDenied(Permission.REVEAL_FACES.value)
    if not item.is_there:
        return redirect("evidence-about", item.id)
    record_viewed(actor=actor_of(request), item=item, now=timezone.now())
    store = evidence_store() if item.retain_until else media_store()
    version = item.version_id or None
    return _lend(store, item.key, content_type=item.media_type, version_id=version)


def _record_picture(request: HttpRequest, alert: Alert, part: str) -> None:
    """A still was lent as well: an address that shows a picture of people is never given without a record."""
    record(
        actor=actor_of(request),
        event=Event.EVIDENCE_VIEWED,
        subject=Subject("alert", alert.id),
        details={"part": part},
    )


def _lend(
    store: ObjectStore, key: str, *, content_type: str = "", version_id: str | None = None
) -> HttpResponse:
    address = store.presigned_get(
        key=key, seconds=VIEW_SECONDS, content_type=content_type, version_id=version_id
    )
    return redirect(address)
