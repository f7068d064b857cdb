"""The retraining queue on screen: likely false positives, chosen and exported."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext, gettext_noop
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.actors import actor_of
from apps.accounts.permissions import Permission
from apps.reliability.forms.retraining import RetrainingForm, chosen_ids
from apps.reliability.models import FactOrigin
from apps.reliability.operations.retraining import UnableToExport, export_training
from apps.reliability.queries.atlas import condition_value, places_of
from apps.reliability.queries.retraining import (
    HIGH_SCORE,
    REASON_WORDS,
    Basis,
    Reason,
    RetrainingFilters,
    detector_counts,
    reasons_of,
    retraining_facts,
)
from apps.reliability.tabs import tabs_for
from apps.reliability.views.atlas import alert_rows, viewer
from apps.sites.queries import sites_visible_to

PAGE_ROWS = 50
BASIS_WORDS = {
    Basis.JUDGED: gettext_noop("Judged false by a person"),
    Basis.LIKELY: gettext_noop("Likely false, nobody judged"),
}
SAID = (Reason.FALSE_ALARM, Reason.BENIGN)  # by the verdict's own pill
SCORES = (0.5, 0.6, 0.7, 0.8, 0.9)


@login_required
@never_cache
@require_GET
def retraining(request: HttpRequest) -> HttpResponse:
    """What a detector could learn from, by version, highest score first."""
    user = viewer(request)
    filters = RetrainingForm(request.GET).filters()
    places = places_of(user)
    facts = retraining_facts(user, filters=filters, places=places)
    page = Paginator(facts, PAGE_ROWS).get_page(request.GET.get("page"))
    counts = detector_counts(user, filters=filters, places=places)
    site = sites_visible_to(user).first()
    context = {
        "tabs": tabs_for(request),
        "filters": filters,
        "page": page,
        "rows": _rows(alert_rows(list(page.object_list), user, places)),
        "counts": counts,
        "bases": [_basis(basis, filters, counts) for basis in Basis],
        "scores": sorted({*SCORES, filters.least_score}),
        "address": _address(filters),
        "is_simulated": any(fact.origin == FactOrigin.SIMULATED for fact in page),
        "may_export": user.may(Permission.EXPORT_TRAINING),
        "zone": site.timezone if site else "UTC",
    }
    return render(request, "reliability/retraining.html", context)


@login_required
@require_POST
def retraining_export(request: HttpRequest) -> HttpResponse:
    """The chosen alerts as NDJSON, or all that the filters name."""
    user = viewer(request)
    if not user.may(Permission.EXPORT_TRAINING):
        raise PermissionDenied(Permission.EXPORT_TRAINING.value)
    filters = RetrainingForm(request.POST).filters()
    everything = request.POST.get("everything") == "1"
    chosen = None if everything else chosen_ids(request.POST.getlist("fact"))
    try:
        export = export_training(actor=actor_of(request), user=user, filters=filters, chosen=chosen)
    except UnableToExport as refusal:
        messages.error(request, str(refusal))
        return redirect(f"{reverse('reliability-retraining')}?{_address(filters)}")
    response = HttpResponse(export.content, content_type="application/x-ndjson")
    name = f"retraining-{export.sha256[:12]}.ndjson"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _rows(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        row
        | {
            "reasons": [
                gettext(REASON_WORDS[one]) for one in reasons_of(row["fact"]) if one not in SAID
            ],
            "conditions": [
                condition_value(name, getattr(row["fact"], name))
                for name in ("zone_kind", "lighting", "daypart")
                if getattr(row["fact"], name)
            ],
        }
        for row in rows
    ]


def _basis(basis: Basis, filters: RetrainingFilters, counts: list[Any]) -> dict[str, object]:
    named = [one for one in counts if filters.detector in ("", one.detector)]
    return {
        "words": gettext(BASIS_WORDS[basis]),
        "count": sum(getattr(one, basis.value) for one in named),
        "address": _address(filters, basis="" if basis is Basis.JUDGED else basis.value),
        "is_current": basis is filters.basis,
    }


def _address(filters: RetrainingFilters, **changes: object) -> str:
    values: dict[str, object] = {
        "basis": "" if filters.basis is Basis.JUDGED else filters.basis.value,
        "detector": filters.detector,
        "site": filters.site,
        "least_score": "" if filters.least_score == HIGH_SCORE else filters.least_score,
    } | changes
    return urlencode(
        {name: str(value) for name, value in values.items() if value not in ("", None)}
    )
