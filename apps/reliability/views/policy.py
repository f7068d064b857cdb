"""Policy on screen: what is active, its history, a draft with its preview, and activating it."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.actors import actor_of
from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.accounts.sessions import authenticated_recently, kept_for, prove_it_is_you
from apps.reliability.forms.activation import ActivationForm, BacktestForm
from apps.reliability.forms.choices import ChoiceForm
from apps.reliability.forms.cost_model import CostModelForm
from apps.reliability.forms.sequence_policy import SequencePolicyForm
from apps.reliability.forms.triage_policy import TriagePolicyForm
from apps.reliability.models import Backtest, SequencePolicyVersion
from apps.reliability.operations import (
    UnableToActivate,
    UnableToDraft,
    activate_version,
    draft_version,
)
from apps.reliability.queries.choices import (
    active_cost_model,
    active_sequence_policies,
    standing_triage_policy,
)
from apps.reliability.queries.golden import GoldenLine, golden_lines
from apps.reliability.queries.realised import wrong_cost_words
from apps.reliability.queries.version_words import worded_changes, worded_fields
from apps.reliability.queries.versions import (
    AnyChoice,
    AnyVersion,
    VersionKind,
    active_instead_of,
    standing_value,
    value_of,
    versions_of,
)
from apps.reliability.tabs import tabs_for
from apps.triage.cost_model import CostModel
from apps.triage.decision import TriagePolicy
from apps.triage.decoding import UnableToDecode
from apps.triage.sequence import SequencePolicy
from apps.triage.vocabulary import label_words

WRONG = 422
CONFLICT = 409
MOST_SHOWN = 20
FORMS: Mapping[VersionKind, type[ChoiceForm]] = MappingProxyType(
    {
        VersionKind.COST_MODEL: CostModelForm,
        VersionKind.TRIAGE_POLICY: TriagePolicyForm,
        VersionKind.SEQUENCE_POLICY: SequencePolicyForm,
    }
)


@dataclass(frozen=True, kw_only=True)
class Line:
    """One thing that is versioned: what stands now, in words, and every version of it."""

    kind: VersionKind
    title: str
    standing: str
    fields: list[tuple[str, str]]
    versions: list[AnyVersion]
    edit_query: str = ""
    assumed: int = 0


@login_required
@never_cache
@require_GET
def policy(request: HttpRequest) -> HttpResponse:
    """What new alerts are judged by, and every version there was."""
    user = keeper(request)
    context = {"tabs": tabs_for(request), "lines": _lines(user.tenant_id)}
    return render(request, "reliability/policy.html", context)


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, kind: VersionKind) -> HttpResponse:
    """A draft to fill in; saving it makes a version that decides nothing yet."""
    user = keeper(request)
    currency = active_cost_model(user.tenant_id)[1].currency
    records = wrong_cost_words(user.tenant, currency=currency)
    if request.method == "GET":
        initial = _initial(request, user, kind)
        form = FORMS[kind](initial=initial, currency=currency, records=records)
        return _editor(request, user, kind, form, _start(request, user, kind)[0])
    form = FORMS[kind](request.POST, currency=currency, records=records)
    if "preview" in request.POST:
        form.fields["note"].required = False
        return _editor(request, user, kind, form, _draft_value(form))
    if not form.is_valid():
        return _editor(request, user, kind, form, _draft_value(form), status=WRONG)
    try:
        made = draft_version(
            actor=actor_of(request),
            user=user,
            value=form.cleaned_data["value"],
            detector_id=form.cleaned_data.get("detector_id", ""),
            note=form.cleaned_data["note"],
            now=timezone.now(),
        )
    except UnableToDraft as refusal:
        form.add_error("note", str(refusal))
        return _editor(request, user, kind, form, _draft_value(form), status=WRONG)
    messages.success(
        request,
        gettext("Version %(version)s is a draft: it decides nothing yet.")
        % {"version": made.version},
    )
    return redirect("reliability-version", kind=kind, version_id=made.id)


@login_required
@never_cache
@require_POST
def preview(request: HttpRequest, kind: VersionKind) -> HttpResponse:
    """The four golden cases under what is filled in so far."""
    user = keeper(request)
    form = FORMS[kind](request.POST, currency=active_cost_model(user.tenant_id)[1].currency)
    form.fields["note"].required = False
    value = _draft_value(form)
    context = {"form": form, "kind": kind} | _previewed(user, value)
    return render(request, "reliability/_preview.html", context)


@login_required
@never_cache
@require_GET
def version(request: HttpRequest, kind: VersionKind, version_id: UUID) -> HttpResponse:
    """One version: what it says, what activating it would change, and what it did to the past."""
    user = keeper(request)
    return _version(request, user, kind, _version_of(user, kind, version_id))


@login_required
@never_cache
@require_POST
def activate(request: HttpRequest, kind: VersionKind, version_id: UUID) -> HttpResponse:
    """Judge new alerts by this version from now on."""
    user = keeper(request)
    found = _version_of(user, kind, version_id)
    if not user.may(Permission.ACTIVATE_POLICY):
        raise PermissionDenied(Permission.ACTIVATE_POLICY.value)
    if not authenticated_recently(request):
        return prove_it_is_you(request, f"{request.path.removesuffix('activate/')}#activate")
    form = ActivationForm(request.POST)
    if not form.is_valid():
        return _version(request, user, kind, found, form=form, status=WRONG)
    try:
        activate_version(
            actor=actor_of(request),
            user=user,
            version=found,
            instead_of=form.cleaned_data["instead_of"],
            reason=form.cleaned_data["reason"],
            now=timezone.now(),
        )
    except UnableToActivate as refusal:
        found.refresh_from_db()
        form.add_error(None, str(refusal))
        return _version(request, user, kind, found, form=form, status=CONFLICT)
    messages.success(
        request,
        gettext("New alerts are judged by version %(version)s from now on.")
        % {"version": found.version},
    )
    return redirect("reliability-policy")


def keeper(request: HttpRequest) -> User:
    """The person asking, who may draft what triage rests on."""
    user = request.user
    assert isinstance(user, User)
    if not user.may(Permission.MANAGE_POLICY):
        raise PermissionDenied(Permission.MANAGE_POLICY.value)
    return user


def _version_of(user: User, kind: VersionKind, version_id: UUID) -> AnyVersion:
    found: AnyVersion = get_object_or_404(
        versions_of(kind, tenant_id=user.tenant_id), id=version_id
    )
    return found


def _lines(tenant_id: UUID) -> list[Line]:
    number, model = active_cost_model(tenant_id)
    policy_number, triage = standing_triage_policy(tenant_id)
    models = versions_of(VersionKind.COST_MODEL, tenant_id=tenant_id)
    policies = versions_of(VersionKind.TRIAGE_POLICY, tenant_id=tenant_id)
    return [
        Line(
            kind=VersionKind.COST_MODEL,
            title=gettext("Cost model"),
            standing=_standing(number),
            fields=worded_fields(model),
            versions=list(models[:MOST_SHOWN]),
            assumed=len(model.assumed),
        ),
        Line(
            kind=VersionKind.TRIAGE_POLICY,
            title=gettext("Triage policy"),
            standing=_standing(policy_number),
            fields=worded_fields(triage),
            versions=list(policies[:MOST_SHOWN]),
        ),
        *_sequence_lines(tenant_id),
    ]


def _sequence_lines(tenant_id: UUID) -> list[Line]:
    stored: dict[tuple[str, str], list[Any]] = {}
    for one in versions_of(VersionKind.SEQUENCE_POLICY, tenant_id=tenant_id):
        stored.setdefault((one.detector_id, one.label), []).append(one)
    standing = active_sequence_policies(tenant_id)
    lines = []
    for detector, label in sorted({*stored, *standing}, key=lambda key: (key[1], key[0])):
        versions = stored.get((detector, label), [])
        active = next((one.version for one in versions if one.is_active), 0)
        value = standing.get((detector, label))
        lines.append(
            Line(
                kind=VersionKind.SEQUENCE_POLICY,
                title=_sequence_title(label, detector),
                standing=_standing(active) if value else gettext("Drafts only: nothing stands yet"),
                fields=worded_fields(value) if value else [],
                versions=versions[:MOST_SHOWN],
                edit_query=urlencode({"label": label, "detector": detector}),
            )
        )
    return lines


def _standing(number: int) -> str:
    if not number:
        return gettext("The shipped defaults stand")
    return gettext("Version %(version)s is active") % {"version": number}


def _sequence_title(label: str, detector: str) -> str:
    said = {"label": label_words(label), "detector": detector}
    if detector:
        return gettext("Sequence: %(label)s, detector %(detector)s") % said
    return gettext("Sequence: %(label)s") % said


def _start(request: HttpRequest, user: User, kind: VersionKind) -> tuple[AnyChoice | None, str]:
    """What a new draft starts from: a version (?from=), or what stands; and the detector it is for."""
    wanted = request.GET.get("from", "")
    if wanted:
        try:
            found = _version_of(user, kind, UUID(wanted))
            return value_of(found), getattr(found, "detector_id", "")
        except (ValueError, ValidationError) as fault:
            raise Http404 from fault
    if kind is VersionKind.COST_MODEL:
        return active_cost_model(user.tenant_id)[1], ""
    if kind is VersionKind.TRIAGE_POLICY:
        return standing_triage_policy(user.tenant_id)[1], ""
    detector, label = request.GET.get("detector", ""), request.GET.get("label", "")
    return active_sequence_policies(user.tenant_id).get((detector, label)), detector


def _initial(request: HttpRequest, user: User, kind: VersionKind) -> dict[str, Any]:
    value, detector = _start(request, user, kind)
    initial: dict[str, Any] = {"detector_id": detector}
    if value is not None:
        initial |= FORMS[kind].initial_of(value)
    return initial


def _draft_value(form: ChoiceForm) -> AnyChoice | None:
    return form.cleaned_data.get("value") if form.is_valid() else None


def _previewed(user: User, value: AnyChoice | None) -> dict[str, Any]:
    """The golden cases, for a draft that has a say in costs; a sequence in words."""
    active_model = active_cost_model(user.tenant_id)[1]
    active_policy = standing_triage_policy(user.tenant_id)[1]
    if isinstance(value, SequencePolicy):
        return {"golden": [], "sequence": worded_fields(value), "is_readable": True}
    golden: list[GoldenLine] = []
    if value is not None:
        golden = golden_lines(
            model=value if isinstance(value, CostModel) else active_model,
            policy=value if isinstance(value, TriagePolicy) else active_policy,
            active_model=active_model,
            active_policy=active_policy,
        )
    return {"golden": golden, "is_readable": value is not None}


def _editor(
    request: HttpRequest,
    user: User,
    kind: VersionKind,
    form: ChoiceForm,
    value: AnyChoice | None,
    *,
    status: int = 200,
) -> HttpResponse:
    context = {"tabs": tabs_for(request), "kind": kind, "form": form, "sections": form.sections()}
    return render(
        request, "reliability/policy_edit.html", context | _previewed(user, value), status=status
    )


def _version(
    request: HttpRequest,
    user: User,
    kind: VersionKind,
    found: AnyVersion,
    *,
    form: ActivationForm | None = None,
    status: int = 200,
) -> HttpResponse:
    instead = active_instead_of(found)
    context: dict[str, Any] = {
        "tabs": tabs_for(request),
        "kind": kind,
        "version": found,
        "instead": instead,
        "title": _title(kind, found),
        "may_activate": user.may(Permission.ACTIVATE_POLICY),
        "form": form or ActivationForm(initial=kept_for(request)),
        "backtest_form": BacktestForm(initial=BacktestForm.last_quarter(timezone.now().date())),
        "backtests": _backtests(found),
    }
    try:
        value = value_of(found)
    except UnableToDecode as fault:
        context["unreadable"] = str(fault)
        return render(request, "reliability/version.html", context, status=status)
    context |= {
        "fields": worded_fields(value),
        "changes": [] if found.is_active else worded_changes(standing_value(found), value),
    }
    return render(
        request, "reliability/version.html", context | _previewed(user, value), status=status
    )


def _title(kind: VersionKind, found: AnyVersion) -> str:
    if isinstance(found, SequencePolicyVersion):
        said = {
            "label": label_words(found.label).lower(),
            "detector": found.detector_id,
            "version": found.version,
        }
        if found.detector_id:
            return (
                gettext("Sequence of %(label)s, detector %(detector)s, version %(version)s") % said
            )
        return gettext("Sequence of %(label)s, version %(version)s") % said
    return gettext("%(kind)s, version %(version)s") % {
        "kind": gettext(kind.words).capitalize(),
        "version": found.version,
    }


def _backtests(found: AnyVersion) -> list[Backtest]:
    if isinstance(found, SequencePolicyVersion):
        return []
    return list(found.backtests.all()[:5])
