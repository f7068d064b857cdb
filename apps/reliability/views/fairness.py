"""Aggregate fairness on screen: rates by group from audit samples, the sequential tests, the alarms."""

import math
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.actors import actor_of
from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.reliability.fairness_file import UnableToReadSample
from apps.reliability.forms.fairness import AuditSampleForm, CloseAlarmForm
from apps.reliability.models import FairnessAlarm, FairnessSample
from apps.reliability.operations.fairness import (
    UnableToCloseAlarm,
    UnableToImportSample,
    close_fairness_alarm,
    import_fairness_sample,
)
from apps.reliability.queries.fairness import (
    MEASURE_WORDS,
    StoredTest,
    alarms_of,
    fairness_settings_of,
    rates_of,
    samples_of,
    tests_of,
)
from apps.reliability.tabs import tabs_for
from apps.triage.fairness_alarm import SequentialTest
from apps.triage.fairness_rates import AttributeReport, MeasureReport

SAMPLES_SHOWN = 100
SCALES = (0.1, 0.2, 0.4, 0.6, 0.8, 1.0)


@dataclass(frozen=True, kw_only=True)
class MeasureCard:
    """One measure of one attribute: its groups, drawn to one scale."""

    words: str
    report: MeasureReport
    longest: float

    @property
    def chart_words(self) -> str:
        return gettext(
            "%(measure)s, of 100 alerts of each group; dashed: all groups, shaded: what may differ"
        ) % {"measure": self.words}

    @property
    def rate_100(self) -> float:
        return 100 * self.report.rate

    @property
    def longest_100(self) -> float:
        return 100 * self.longest


@dataclass(frozen=True, kw_only=True)
class TestRow:
    """One sequential test: how much evidence there is, and its path on a log scale."""

    words: str
    detector: str
    test: SequentialTest
    evidence: str
    path: list[float]
    has_crossed: bool


@dataclass(frozen=True, kw_only=True)
class AttributeCard:
    """One attribute of a sample."""

    key: str
    report: AttributeReport
    measures: list[MeasureCard]
    tests: list[TestRow]


@login_required
@never_cache
@require_GET
def fairness(request: HttpRequest) -> HttpResponse:
    """The newest audit sample (or ?sample=), its verdicts, and every alarm."""
    user = _viewer(request)
    samples = list(samples_of(user.tenant_id)[:SAMPLES_SHOWN])
    sample = _chosen(samples, request.GET.get("sample", ""))
    alarms = list(alarms_of(user.tenant_id))
    context: dict[str, Any] = {
        "tabs": tabs_for(request),
        "samples": samples,
        "sample": sample,
        "is_newest": bool(samples) and sample == samples[0],
        "open_alarms": [_alarm(alarm) for alarm in alarms if alarm.closed_at is None],
        "closed_alarms": [_alarm(alarm) for alarm in alarms if alarm.closed_at],
        "may_manage": user.may(Permission.MANAGE_FAIRNESS),
        "close_form": CloseAlarmForm(auto_id=False),
        "settings": fairness_settings_of(user.tenant_id),
    }
    if sample is not None:
        report = rates_of(sample)
        context |= {
            "report": report,
            "cards": _cards(sample, list(report.attributes)),
            "tolerance_100": 100 * report.settings.largest_difference,
        }
    return render(request, "reliability/fairness.html", context)


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def fairness_import(request: HttpRequest) -> HttpResponse:
    """Bring in an audit sample by hand: the same act as the command's."""
    user = _manager(request)
    if request.method == "GET":
        return _import_page(request, AuditSampleForm(), status=200)
    form = AuditSampleForm(request.POST, request.FILES)
    if not form.is_valid():
        return _import_page(request, form, status=422)
    try:
        imported = import_fairness_sample(
            actor=actor_of(request),
            tenant_id=user.tenant_id,
            name=form.cleaned_data["name"],
            method=form.cleaned_data["method"],
            content=form.cleaned_data["file"],
            is_simulated=form.cleaned_data["is_simulated"],
            now=timezone.now(),
        )
    except UnableToReadSample as refusal:
        for fault in refusal.faults:
            form.add_error("file", str(fault))
        if more := refusal.count - len(refusal.faults):
            form.add_error("file", gettext("… and %(more)s more lines") % {"more": more})
        return _import_page(request, form, status=422)
    except UnableToImportSample as refusal:
        form.add_error(None, str(refusal))
        return _import_page(request, form, status=409)
    messages.success(
        request,
        gettext("%(count)s judged alerts were imported.") % {"count": imported.sample.row_count},
    )
    for alarm in imported.alarms:
        messages.warning(
            request,
            gettext("An alarm was raised: %(attribute)s, %(measure)s.")
            % {"attribute": alarm.attribute, "measure": _measure(alarm)},
        )
    return redirect("reliability-fairness")


@login_required
@require_POST
def alarm_close(request: HttpRequest, alarm_id: UUID) -> HttpResponse:
    """Close an alarm with a reason, or say who was faster."""
    user = _manager(request)
    get_object_or_404(FairnessAlarm, id=alarm_id, tenant_id=user.tenant_id)
    form = CloseAlarmForm(request.POST)
    reason = form.cleaned_data["reason"] if form.is_valid() else ""
    try:
        close_fairness_alarm(
            actor=actor_of(request),
            tenant_id=user.tenant_id,
            alarm_id=alarm_id,
            reason=reason,
            now=timezone.now(),
        )
    except UnableToCloseAlarm as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, gettext("The alarm is closed; its test starts again."))
    return redirect(f"{reverse('reliability-fairness')}#alarms")


def _viewer(request: HttpRequest) -> User:
    user = request.user
    assert isinstance(user, User)
    if not user.may(Permission.VIEW_FAIRNESS):
        raise PermissionDenied(Permission.VIEW_FAIRNESS.value)
    return user


def _manager(request: HttpRequest) -> User:
    user = request.user
    assert isinstance(user, User)
    if not user.may(Permission.MANAGE_FAIRNESS):
        raise PermissionDenied(Permission.MANAGE_FAIRNESS.value)
    return user


def _import_page(request: HttpRequest, form: AuditSampleForm, *, status: int) -> HttpResponse:
    context = {"form": form, "tabs": tabs_for(request)}
    return render(request, "reliability/fairness_import.html", context, status=status)


def _chosen(samples: list[FairnessSample], wanted: str) -> FairnessSample | None:
    named = [sample for sample in samples if str(sample.id) == wanted]
    return next(iter(named or samples), None)


def _cards(sample: FairnessSample, reports: list[AttributeReport]) -> list[AttributeCard]:
    tests = tests_of(sample)
    return [
        AttributeCard(
            key=str(place),
            report=report,
            measures=[_measure_card(measure) for measure in report.measures],
            tests=[_test_row(one) for one in tests if one.attribute == report.attribute],
        )
        for place, report in enumerate(reports)
    ]


def _measure_card(report: MeasureReport) -> MeasureCard:
    highest = max(group.high for group in report.groups)
    longest = next((scale for scale in SCALES if highest <= scale), 1.0)
    return MeasureCard(words=gettext(MEASURE_WORDS[report.measure]), report=report, longest=longest)


def _test_row(stored: StoredTest) -> TestRow:
    """Evidence from 1 (nothing) up to the bound, as shares of the log of the bound."""
    test = stored.test
    bound = math.log(test.bound)
    path = [max(0.0, min(1.0, math.log(point.e_value) / bound)) for point in test.path]
    return TestRow(
        words=gettext(MEASURE_WORDS[test.measure]),
        detector=stored.detector,
        test=test,
        evidence=_evidence(test.e_value),
        path=[0.0, *path],
        has_crossed=test.crossed is not None,
    )


def _evidence(value: float) -> str:
    """ "0.02", "3.4", "12,000", "over a million"."""
    if value >= 1e6:
        return gettext("over a million")
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"


def _alarm(alarm: FairnessAlarm) -> dict[str, Any]:
    return {"alarm": alarm, "measure": _measure(alarm)}


def _measure(alarm: FairnessAlarm) -> str:
    return gettext(MEASURE_WORDS.get(alarm.measure, alarm.measure)).lower()
