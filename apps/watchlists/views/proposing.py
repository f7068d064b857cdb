"""Proposing an entry from an alert that a person confirmed as theft."""

from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from apps.accounts.actors import actor_of
from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.alerts.models import Alert
from apps.alerts.queries import is_viewable
from apps.sites.queries import sites_visible_to
from apps.storage.errors import StorageError
from apps.watchlists.forms import ProposalForm
from apps.watchlists.models import EntryCategory
from apps.watchlists.operations.pictures import (
    UnableToReadPicture,
    delete_upload,
    store_upload,
)
from apps.watchlists.operations.proposing import (
    ClipMoment,
    EntryProposal,
    ProposedImage,
    Term,
    UnableToPropose,
    UploadedPicture,
    propose_entry,
)
from apps.watchlists.queries.entries import standing_theft
from apps.watchlists.queries.gate import gate_of
from apps.watchlists.views.access import CONFLICT, WRONG
from apps.watchlists.views.tabs import tabs_for


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def propose(request: HttpRequest, alert_id: UUID) -> HttpResponse:
    """The proposal's form; sending it stores a proposal that another person decides on."""
    user, alert = _alert_for(request, alert_id)
    if request.method == "GET":
        return _page(
            request, user, alert, ProposalForm(user=user, initial={"sites": [alert.site_id]})
        )
    form = ProposalForm(request.POST, request.FILES, user=user)
    if not form.is_valid():
        return _page(request, user, alert, form, status=WRONG)
    entry_id, images = uuid4(), []
    try:
        images = _images(user, entry_id, form.cleaned_data)
        entry = propose_entry(
            actor=actor_of(request),
            user=user,
            alert=alert,
            proposal=_proposal(alert, form.cleaned_data, images),
            now=timezone.now(),
            entry_id=entry_id,
        )
    except (UnableToPropose, UnableToReadPicture, StorageError) as refusal:
        _take_back(images)
        form.add_error(None, _sentence(refusal))
        return _page(request, user, alert, form, status=CONFLICT)
    messages.success(
        request,
        gettext("%(entry_reference)s is proposed. It is checked, then another person decides.")
        % {"entry_reference": entry.reference},
    )
    return redirect("watchlist-entry", entry_id=entry.id)


def _alert_for(request: HttpRequest, alert_id: UUID) -> tuple[User, Alert]:
    user = request.user
    assert isinstance(user, User)
    visible = Alert.objects.filter(site__in=sites_visible_to(user)).select_related("clip", "site")
    alert = get_object_or_404(visible, id=alert_id)
    if not user.may(Permission.PROPOSE_WATCHLIST):
        raise PermissionDenied(Permission.PROPOSE_WATCHLIST.value)
    return user, alert


def _images(user: User, entry_id: UUID, data: dict[str, Any]) -> list[ProposedImage]:
    found: list[ProposedImage] = []
    if data["at_seconds"] is not None:
        found.append(
            ClipMoment(
                at_seconds=data["at_seconds"], at_x=data["at_x"] / 100, at_y=data["at_y"] / 100
            )
        )
    if data["picture"]:
        found.append(
            store_upload(tenant_id=user.tenant_id, entry_id=entry_id, data=data["picture"].read())
        )
    return found


def _proposal(alert: Alert, data: dict[str, Any], images: list[ProposedImage]) -> EntryProposal:
    incident = getattr(alert, "incident", None)
    return EntryProposal(
        category=EntryCategory(data["category"]),
        seriousness=data["seriousness"],
        necessity=data["necessity"],
        site_ids=frozenset(site.id for site in data["sites"]),
        term=Term(valid_days=data["valid_days"], review_days=data["review_days"]),
        images=images,
        display_name=data["display_name"],
        incident_id=incident.id if incident else None,
        declared_adult=data["declared_adult"],
        declared_not_vulnerable=data["declared_not_vulnerable"],
        declared_not_staff=data["declared_not_staff"],
    )


def _take_back(images: list[ProposedImage]) -> None:
    for image in images:
        if isinstance(image, UploadedPicture):
            try:
                delete_upload(image)
            except StorageError:
                continue  # an unnamed object of no entry; nothing refers to it


def _sentence(refusal: Exception) -> str:
    if isinstance(refusal, StorageError):
        return gettext(
            "The object store does not answer, so nothing was proposed. Try again in a moment."
        )
    return str(refusal)


def _page(
    request: HttpRequest, user: User, alert: Alert, form: ProposalForm, *, status: int = 200
) -> HttpResponse:
    context = {
        "tabs": tabs_for(request),
        "standing": gate_of(user.tenant_id, now=timezone.now()),
        "alert": alert,
        "form": form,
        "theft": standing_theft(alert),
        "has_clip": is_viewable(alert) and user.may(Permission.VIEW_CLIPS),
    }
    return render(request, "watchlists/propose.html", context, status=status)
