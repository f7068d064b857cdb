"""Settings of webhooks: where integrators are told of events, and how that went. A secret is shown once."""

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.actors import actor_of
from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.accounts.sessions import (
    authenticated_recently,
    forget_kept,
    kept_lists_for,
    prove_it_is_you,
)
from apps.triage.states import DeliveryState
from apps.webhooks.kinds import WORDS
from apps.webhooks.models import Webhook, WebhookDelivery
from apps.webhooks.operations.setup import (
    UnableToChange,
    change_webhook,
    create_webhook,
    ping_webhook,
    retry_delivery,
    rotate_webhook_secret,
    switch_off_webhook,
    switch_on_webhook,
)
from apps.webhooks.queries import log_of, webhooks_of

WRONG: Final = 422
_A_PAGE: Final = 25
_FIELDS: Final = ("name", "url", "beyond_network", "kinds")


class WebhookForm(forms.Form):
    name = forms.CharField(
        label=_("Name"), max_length=120, help_text=_("Such as the system that listens there.")
    )
    url = forms.CharField(
        label=_("Address"),
        max_length=300,
        help_text=_("Inside your network by http or https; outside it by https only."),
    )
    beyond_network = forms.BooleanField(
        label=_("The address may lie outside the network"), required=False
    )
    kinds = forms.MultipleChoiceField(
        label=_("What it is told"), choices=list(WORDS.items()), widget=forms.CheckboxSelectMultiple
    )


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def webhooks(request: HttpRequest) -> HttpResponse:
    """Every address that is told of events, and a form that adds one."""
    user = _may(request)
    form = WebhookForm(request.POST or None, initial=_kept(request))
    if request.method == "POST" and form.is_valid():
        if not authenticated_recently(request):
            return prove_it_is_you(request, request.path)
        made = _tried(
            form,
            lambda: create_webhook(
                actor=actor_of(request), user=user, now=timezone.now(), **form.cleaned_data
            ),
        )
        if made is not None:
            return _shown_once(request, made[0], made[1], title=f"{made[0].name} is told")
    context = {"webhooks": webhooks_of(user.tenant_id), "form": form}
    status = WRONG if request.method == "POST" else 200
    return render(request, "console/setup/webhooks.html", context, status=status)


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def webhook(request: HttpRequest, webhook_id: UUID) -> HttpResponse:
    """One address: what it is told, and the log of what was sent."""
    row = _webhook(request, webhook_id)
    form = WebhookForm(request.POST or None, initial={name: getattr(row, name) for name in _FIELDS})
    if form.is_bound and form.is_valid():
        if not authenticated_recently(request):
            return prove_it_is_you(request, request.path)
        if _tried(form, lambda: _change(request, row, form)):
            messages.success(request, gettext("%(row_name)s is saved.") % {"row_name": row.name})
            return redirect("setup-webhook", webhook_id=row.id)
    state = request.GET.get("state", "")
    pages = Paginator(log_of(row, state=state), _A_PAGE)
    context = {
        "webhook": Webhook.objects.get(id=row.id),
        "form": form,
        "page": pages.get_page(request.GET.get("page")),
        "state": state,
        "states": [(one.value, one.value.replace("_", " ")) for one in DeliveryState],
    }
    status = WRONG if form.is_bound else 200
    return render(request, "console/setup/webhook.html", context, status=status)


@login_required
@require_POST
def webhook_rotate(request: HttpRequest, webhook_id: UUID) -> HttpResponse:
    """Make a new secret; for a day both sign."""
    row = _webhook(request, webhook_id)
    if not authenticated_recently(request):
        return prove_it_is_you(request, request.path.removesuffix("rotate/"))
    with transaction.atomic():
        secret = rotate_webhook_secret(actor=actor_of(request), webhook=row, now=timezone.now())
    return _shown_once(request, row, secret, title=f"A new secret for {row.name}")


@login_required
@require_POST
def webhook_on(request: HttpRequest, webhook_id: UUID) -> HttpResponse:
    row = _webhook(request, webhook_id)
    return _act(request, row, switch_on_webhook, f"{row.name} is told again.")


@login_required
@require_POST
def webhook_off(request: HttpRequest, webhook_id: UUID) -> HttpResponse:
    row = _webhook(request, webhook_id)
    said = f"{row.name} is told nothing until somebody switches it on again."
    return _act(request, row, switch_off_webhook, said)


@login_required
@require_POST
def webhook_ping(request: HttpRequest, webhook_id: UUID) -> HttpResponse:
    row = _webhook(request, webhook_id)
    said = "A test message is on its way. The log says in a few seconds how it went."
    return _act(request, row, ping_webhook, said)


@login_required
@require_POST
def webhook_retry(request: HttpRequest, webhook_id: UUID, delivery_id: UUID) -> HttpResponse:
    row = _webhook(request, webhook_id)
    log = WebhookDelivery.objects.filter(webhook=row).select_related("webhook")
    delivery = get_object_or_404(log, id=delivery_id)

    def again(*, actor: Any, webhook: Webhook, now: Any) -> None:
        retry_delivery(actor=actor, delivery=delivery, now=now)

    return _act(request, row, again, "The event is sent again, under the same id.")


def _kept(request: HttpRequest) -> dict[str, Any]:
    """What was filled in before the person proved who they are."""
    kept = kept_lists_for(request)
    if request.method != "GET" or not kept:
        return {}
    forget_kept(request)
    last = {name: values[-1] for name, values in kept.items() if values}
    return last | {"kinds": kept.get("kinds", [])}


def _act(
    request: HttpRequest, row: Webhook, work: Callable[..., object], said: str
) -> HttpResponse:
    try:
        with transaction.atomic():
            work(actor=actor_of(request), webhook=row, now=timezone.now())
    except UnableToChange as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, said)
    return redirect("setup-webhook", webhook_id=row.id)


def _change(request: HttpRequest, row: Webhook, form: WebhookForm) -> bool:
    change_webhook(actor=actor_of(request), webhook=row, **form.cleaned_data)
    return True


def _tried(form: WebhookForm, work: Callable[[], Any]) -> Any:
    try:
        with transaction.atomic():
            return work()
    except ValidationError as refusal:
        for name, sentences in refusal.message_dict.items():
            form.add_error(name if name in form.fields else None, list(sentences))
        return None


def _shown_once(request: HttpRequest, row: Webhook, secret: str, *, title: str) -> HttpResponse:
    context = {
        "title": title,
        "words": "Every message is signed with this secret. It is shown once and cannot be read again.",
        "secret": secret,
        "onward": "setup-webhook",
        "onward_id": row.id,
    }
    return render(request, "console/setup/shown_once.html", context)


def _may(request: HttpRequest) -> User:
    user = request.user
    assert isinstance(user, User)
    if not user.may(Permission.MANAGE_WEBHOOKS):
        raise PermissionDenied(Permission.MANAGE_WEBHOOKS.value)
    return user


def _webhook(request: HttpRequest, webhook_id: UUID) -> Webhook:
    return get_object_or_404(Webhook, id=webhook_id, tenant_id=_may(request).tenant_id)
