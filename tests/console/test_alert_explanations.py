"""The alert page and the dossier say the surrogate's rule and what would clear an alert, and how far to rely on them."""

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from django.urls import reverse
from pypdf import PdfReader

from apps.accounts.permissions import Permission
from apps.accounts.tenancy import tenant_scope
from apps.alerts.models import Alert
from apps.alerts.operations.analysis import record_assessment
from apps.cases.dossier.operations import render_dossier
from apps.evidence.models import EvidenceItem
from apps.storage.store import media_store
from apps.triage.assessment import AssessmentInputs, assess, record_json
from apps.triage.counterfactual import surrogate_counterfactual
from apps.triage.fairness import judge_invariance
from apps.triage.probability import ProbabilityBasis, TheftProbability
from apps.triage.segments import Drift, ReliabilityState, Segment, SegmentReliability
from apps.triage.signals import Signal, Validity, ValidityState
from apps.triage.surrogate import Surrogate
from tests.console.people import signed_in
from tests.triage.test_surrogate import alerts, fitted, labels_for
from tests.world import NOW, World, assess_alert, make_waiting_alert, make_world

Waiting = Callable[..., Alert]
MEASURED = Validity(state=ValidityState.MEASURED, statistic="auc", figure=0.8, null=0.5, samples=90)


@pytest.fixture(scope="module")
def twin() -> Surrogate:
    table = alerts()
    return fitted(table, labels=labels_for(table, 1.0))


def write(alert: Alert, twin: Surrogate, **change: object) -> None:
    """Store a later assessment of the alert that rests on a fitted twin and a calibrator."""
    segment = Segment(camera=str(alert.camera_id), detector_version="1", lighting="low")
    signals = tuple(
        Signal(name=name, value=0.9, validity=MEASURED) for name in ("item_taken", "hand_to_bag")
    )
    inputs = replace(
        assess_alert(alert).inputs,
        signals=signals,
        probability=TheftProbability(
            mean=0.86,
            low=0.79,
            high=0.91,
            basis=ProbabilityBasis.CALIBRATED,
            version="theft-7",
            label_count=1412,
        ),
        reliability=SegmentReliability(
            state=ReliabilityState.AMBER,
            segment=segment,
            false_positive_rate=0.2,
            low=0.12,
            high=0.3,
            label_count=61,
            version="isa-2",
            drift=Drift.RISING,
        ),
        surrogate=twin.explain(
            label="item_to_bag", signals=signals, segment=segment, score=alert.score
        ),
        counterfactual=surrogate_counterfactual(
            surrogate=twin, label="item_to_bag", signals=signals, segment=segment
        ),
    )
    store(alert, replace(inputs, **change))  # type: ignore[arg-type]


def store(alert: Alert, inputs: AssessmentInputs) -> None:
    found = assess(inputs=inputs)
    record_assessment(
        alert=alert,
        record_json=record_json(found),
        digest=found.digest,
        outcome=found.decision.outcome.value,
        reason_codes=[code.value for code in found.decision.reason_codes],
        priority=found.decision.loss_avoided_per_minute,
        now=NOW + timedelta(seconds=1),
    )


def page_of(world: World, alert: Alert) -> str:
    answer = signed_in(world.operator).get(f"/alerts/{alert.id}/")
    assert answer.status_code == 200
    return " ".join(answer.content.decode().replace("&#x27;", "'").split())


@pytest.mark.django_db
def test_the_page_shows_the_rule_with_support_precision_and_fidelity(
    world: World, waiting: Waiting, twin: Surrogate
) -> None:
    alert = waiting()
    write(alert, twin)
    page = page_of(world, alert)
    assert "Hand to a bag ≥ 0.6 and item taken from the shelf ≥ 0.4" in page
    assert "Of the labelled ones 100 of 100 were confirmed" in page
    assert "of 4,000 alerts of this kind fell under this rule." in page
    assert "later alerts" in page
    assert "1,000 held out" in page
    assert "Cohen's kappa" in page
    assert "Not reliable" not in page


@pytest.mark.django_db
def test_the_page_shows_the_score_after_each_removal_and_how_it_was_worked_out(
    world: World, waiting: Waiting, twin: Surrogate
) -> None:
    alert = waiting()
    write(alert, twin)
    page = page_of(world, alert)
    assert "By the rule, without hand to a bag it is not raised" in page
    assert "without hand to a bag" in page
    assert page.count('class="removal removal-clears"') == 2
    assert "through the surrogate, not the detector itself (sur-1)" in page
    assert "never identity, looks or place" in page


@pytest.mark.django_db
def test_the_page_says_on_what_the_probability_rests_and_where_the_segment_drifts(
    world: World, waiting: Waiting, twin: Surrogate
) -> None:
    alert = waiting()
    write(alert, twin)
    page = page_of(world, alert)
    assert "14 of 100 alerts like this were false (9–21)." in page
    assert "Calibrated on 1,412 labels, version theft-7." in page
    assert "20 of 100 were false (12–30), 61 labels, amber." in page
    assert "Drift: more alerts are false here than some weeks ago." in page
    assert "Simulated" not in page


@pytest.mark.django_db
def test_a_surrogate_below_its_floor_is_marked_wherever_it_speaks(
    world: World, waiting: Waiting
) -> None:
    alert = waiting()
    write(alert, fitted(fidelity_floor=1.0))
    page = page_of(world, alert)
    assert page.count("pill-amber") >= 2
    assert "Not reliable: it agrees with the detector less often than 100 of 100 times." in page
    assert "Not reliable: the surrogate imitates this detector too poorly." in page
    assert "How many of them were confirmed is not known yet (0 labels)." in page


@pytest.mark.django_db
def test_what_was_learned_from_simulated_alerts_is_labelled(
    world: World, waiting: Waiting, twin: Surrogate
) -> None:
    alert = waiting()
    write(alert, twin, simulated=("probability", "surrogate"))
    page = page_of(world, alert)
    assert "Simulated: the probability and the rule were learned from simulated alerts" in page
    assert page.count("</svg>Simulated</span>") == 5


@pytest.mark.django_db
def test_without_a_surrogate_nothing_is_invented(world: World, waiting: Waiting) -> None:
    page = page_of(world, waiting())
    assert "No surrogate model yet: no rule has been fitted" in page
    assert "Not known yet: this detector's score cannot be computed again here" in page
    assert "Drift: not known yet." in page
    assert "removal-score" not in page
    assert "Rule of the surrogate" not in page


@pytest.mark.django_db(transaction=True)
def test_the_dossier_stays_pdf_a_and_tells_the_rule_and_what_would_clear_the_alert(
    s3: dict[str, str], twin: Surrogate
) -> None:
    world = make_world()
    with tenant_scope(world.tenant.id):
        alert = make_waiting_alert(world.camera)
        write(alert, twin, simulated=("surrogate",))
    item_id = render_dossier(tenant_id=world.tenant.id, alert_id=alert.id, now=NOW)
    with tenant_scope(world.tenant.id):
        item = EvidenceItem.objects.get(id=item_id)
    with media_store().get_stream(key=item.key) as stream:
        pdf = stream.read()
    assert (
        b"pdfaid" in pdf or b"pdfaid" in PdfReader(io.BytesIO(pdf)).xmp_metadata.stream.get_data()
    )  # type: ignore[union-attr]
    words = " ".join(
        " ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split()
    )
    for expected in (
        "Rule of the surrogate: Hand to a bag ≥ 0.6",
        "later alerts",
        "What would clear it: By the rule, without",
        "Calibrated on 1,412 labels",
        "Simulated: the rule was learned",
    ):
        assert expected in words


@pytest.mark.django_db
def test_the_fairness_record_shows_every_change_that_was_tried(
    world: World, waiting: Waiting, twin: Surrogate
) -> None:
    alert = waiting()
    checked = judge_invariance(
        score=0.9, changed={"clothing hue": 0.93}, tolerance=0.05, method="6 frames × 1 change"
    )
    write(alert, twin, fairness=checked)
    page = page_of(world, alert)
    told = " ".join(page.split())
    assert '<span>Clothing hue</span> <span class="looks-score"> (+0.03)' in told
    assert "Allowed: 0.05 in either direction" in page


@pytest.mark.django_db
def test_who_may_look_at_reliability_gets_from_the_alert_to_its_segment(
    world: World, waiting: Waiting, twin: Surrogate
) -> None:
    alert = waiting()
    write(alert, twin)
    link = f'href="{reverse("reliability-alert-segment", args=[alert.id])}"'
    lead = signed_in(world.lead).get(f"/alerts/{alert.id}/").content.decode()
    assert (link in lead) is world.lead.may(Permission.VIEW_RELIABILITY)
    assert (link in page_of(world, alert)) is world.operator.may(Permission.VIEW_RELIABILITY)
