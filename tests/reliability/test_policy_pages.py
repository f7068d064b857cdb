"""The pages under /reliability/policy/, backtests/ and costs/: who sees them, drafts, previews, activation, results."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from apps.reliability.forms.cost_model import CostModelForm
from apps.reliability.forms.sequence_policy import SequencePolicyForm
from apps.reliability.forms.triage_policy import TriagePolicyForm
from apps.reliability.models import (
    Backtest,
    CostModelVersion,
    FactOrigin,
    SequencePolicyVersion,
    TriagePolicyVersion,
)
from apps.reliability.operations import draft_version, run_backtest
from apps.triage.cost_model import default_cost_model
from apps.triage.decision import DEFAULT_TRIAGE_POLICY
from apps.triage.decoding import decode
from apps.triage.sequence import DEFAULT_POLICIES, Order, SequencePolicy, Step
from tests.console.people import HTMX, signed_in
from tests.reliability.history import make_facts
from tests.reviews.conftest import sign_in
from tests.world import World

pytestmark = pytest.mark.django_db
PAGES = [
    "/reliability/policy/",
    "/reliability/policy/cost-model/new/",
    "/reliability/policy/triage-policy/new/",
    "/reliability/policy/sequence-policy/new/",
    "/reliability/policy/sequence-policy/new/?label=item_to_bag",
    "/reliability/backtests/",
    "/reliability/costs/",
]
WHY = "Our own wages of this year"
NEW_COST = "/reliability/policy/cost-model/new/"
PREVIEW_COST = "/reliability/policy/cost-model/preview/"


def filled(form, value, **changes) -> dict[str, object]:
    """The form as a browser would send it."""
    initial = form.initial_of(value) | {"note": "Our own wages of this year"} | changes
    return {k: one for k, one in initial.items() if one is not None and one is not False}


def costs(**changes) -> dict[str, object]:
    return filled(CostModelForm, default_cost_model(), **changes)


def draft(world: World, value=None, **more):
    return draft_version(
        actor=sign_in(world.lead),
        user=world.lead,
        value=value or replace(default_cost_model(), minute_price=3.0),
        note="Minutes are dearer here",
        now=timezone.now(),
        **more,
    )


def address(version, kind="cost-model", then="") -> str:
    return f"/reliability/policy/{kind}/{version.id}/{then}"


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("who", ["lead", "administrator"])
def test_who_manages_policy_sees_every_page(world: World, page: str, who: str) -> None:
    assert signed_in(getattr(world, who)).get(page).status_code == 200


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("who", ["operator", "store_manager", "compliance", "ops", "stranger"])
def test_nobody_else_does(world: World, page: str, who: str) -> None:
    assert signed_in(getattr(world, who)).get(page).status_code == 403


def test_a_version_of_another_retailer_is_not_there(world: World) -> None:
    client = signed_in(world.lead)
    assert client.get(f"/reliability/policy/cost-model/{uuid4()}/").status_code == 404
    assert client.get(f"/reliability/backtests/{uuid4()}/").status_code == 404
    assert client.get(f"{NEW_COST}?from={uuid4()}").status_code == 404
    assert client.get(f"{NEW_COST}?from=nonsense").status_code == 404
    assert client.get("/reliability/policy/anything/new/").status_code == 404


def test_the_shipped_defaults_stand_until_somebody_chooses(world: World) -> None:
    page = signed_in(world.lead).get("/reliability/policy/").content.decode()
    assert "The shipped defaults stand" in page
    assert "12 of its figures are still assumptions" in page
    assert "Sequence: Item to bag" in page


def test_a_draft_is_filled_in_and_kept(world: World) -> None:
    answer = signed_in(world.lead).post(NEW_COST, costs(minute_price=0.75, assumed_recovery=""))
    made = CostModelVersion.objects.get()
    assert answer.headers["Location"] == address(made)
    assert made.parameters["minute_price"] == 0.75
    assert "recovery" not in made.parameters["assumed"]
    assert (made.is_active, made.created_by, made.note) == (
        False,
        world.lead.id,
        "Our own wages of this year",
    )


def test_a_draft_saved_unchanged_is_what_it_started_from(world: World) -> None:
    client = signed_in(world.lead)
    client.post(NEW_COST, costs())
    client.post(
        "/reliability/policy/triage-policy/new/", filled(TriagePolicyForm, DEFAULT_TRIAGE_POLICY)
    )
    stored = CostModelVersion.objects.get().parameters | {"version": "default-1"}
    assert decode(type(default_cost_model()), stored) == default_cost_model()
    policy = TriagePolicyVersion.objects.get().parameters | {"version": "triage-1"}
    assert decode(type(DEFAULT_TRIAGE_POLICY), policy) == DEFAULT_TRIAGE_POLICY
    page = client.get("/reliability/policy/triage-policy/new/").content.decode()
    assert f'value="{world.tenant.blind_audit_share * 100:g}"' in page


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"note": ""}, "This field is required"),
        ({"note": "so"}, "at least 10 characters"),
        ({"wrong_intervention_low": 90_000}, "low ≤ high"),
        ({"verify_specificity": 90}, "Escalation must not be more specific than verification."),
        ({"verify_sensitivity": 140}, "less than or equal to 100"),
        ({"recovery_share_1": ""}, "Each point of recovery has its minutes and its share."),
        ({"minute_price": "nan"}, "Enter a number"),
    ],
)
def test_what_makes_no_sense_is_said_in_words(world: World, wrong, said: str) -> None:
    answer = signed_in(world.lead).post(NEW_COST, costs(**wrong))
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not CostModelVersion.objects.exists()


def test_a_sequence_is_edited_step_by_step(world: World) -> None:
    shipped = DEFAULT_POLICIES[0]
    data = filled(
        SequencePolicyForm,
        shipped,
        detector_id="acme",
        order="any",
        max_gap_seconds=12,
        required_signal_2="exit_reached",
        required_at_least_2=1.8,
        required_unit_2="usual",
        required_weight_2=40,
        required_gap_2=5,
    )
    client = signed_in(world.lead)
    client.post("/reliability/policy/sequence-policy/new/", data)
    made = SequencePolicyVersion.objects.get()
    policy = decode(SequencePolicy, made.parameters)
    assert (made.detector_id, made.label, policy.order) == ("acme", "item_to_bag", Order.ANY)
    assert [step.signal for step in policy.required] == [
        "item_taken",
        "item_to_bag",
        "exit_reached",
    ]
    page = client.get(address(made, "sequence-policy")).content.decode()
    assert policy.required[2] == Step(
        signal="exit_reached", at_least=1.8, relative=True, least_weight=0.4, max_gap_seconds=5
    )
    assert "exit reached (from 1.8 times the usual, weight 40 of 100 or more, within 5 s)" in page
    assert "Sequence: Item to bag, not to basket, detector acme" in (
        client.get("/reliability/policy/").content.decode()
    )


def test_a_draft_from_a_version_starts_with_all_of_it(world: World) -> None:
    steps = (
        Step(signal="dwell_in_view", at_least=4, relative=True, least_weight=0.25),
        Step(signal="item_to_bag", max_gap_seconds=7.5),
    )
    policy = replace(DEFAULT_POLICIES[0], required=steps, max_gap_seconds=11)
    made = draft(world, policy, detector_id="acme")
    client = signed_in(world.lead)
    at = f"/reliability/policy/sequence-policy/new/?from={made.id}"
    form = client.get(at).context["form"]
    client.post(at, {k: v for k, v in (form.initial | {"note": WHY}).items() if v is not None})
    again = SequencePolicyVersion.objects.get(version=2)
    assert again.detector_id == "acme"
    assert again.parameters == made.parameters | {"version": "sequence-item_to_bag@acme-2"}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"required_signal_0": "", "required_signal_1": ""}, "names no signal"),
        ({"required_signal_1": "item_taken"}, "at most once"),
        ({"required_signal_0": "Not A Name"}, "Lower-case letters"),
        ({"label": ""}, "This field is required"),
    ],
)
def test_a_sequence_that_makes_no_sense_is_refused(world: World, wrong, said: str) -> None:
    data = filled(SequencePolicyForm, DEFAULT_POLICIES[0], **wrong)
    answer = signed_in(world.lead).post("/reliability/policy/sequence-policy/new/", data)
    assert (answer.status_code, said in answer.content.decode()) == (422, True)


def test_the_preview_shows_what_the_draft_does_to_the_golden_cases(world: World) -> None:
    client = signed_in(world.lead)
    shipped = client.post(PREVIEW_COST, costs(note=""), headers=HTMX).content.decode()
    assert shipped.count("would be chosen if") > 3
    assert "the shipped defaults" not in shipped
    dear = client.post(PREVIEW_COST, costs(minute_price=40), headers=HTMX).content.decode()
    assert "the shipped defaults" in dear
    wrong = client.post(PREVIEW_COST, costs(minute_price=""), headers=HTMX).content.decode()
    assert "this decides nothing" in wrong
    assert not CostModelVersion.objects.exists()


def test_the_preview_works_without_javascript(world: World) -> None:
    page = signed_in(world.lead).post(NEW_COST, costs(minute_price=40, note="", preview="1"))
    assert page.status_code == 200
    assert "the shipped defaults" in page.content.decode()
    assert not CostModelVersion.objects.exists()


def test_a_version_shows_before_and_after(world: World) -> None:
    page = signed_in(world.lead).get(address(draft(world))).content.decode()
    assert "€0.50" in page
    assert "€3" in page
    assert "Only an administrator activates a version" in page


def test_an_administrator_activates_with_a_reason(world: World) -> None:
    made = draft(world)
    client = signed_in(world.administrator)
    assert "instead_of" in client.get(address(made)).content.decode()
    answer = client.post(address(made, then="activate/"), {"reason": "Tried on the last quarter"})
    assert answer.headers["Location"] == "/reliability/policy/"
    made.refresh_from_db()
    assert (made.is_active, made.activated_by) == (True, world.administrator.id)
    assert "Version 1 is active" in client.get("/reliability/policy/").content.decode()
    assert "What activating it changes" not in client.get(address(made)).content.decode()


def test_a_lead_does_not_activate(world: World) -> None:
    made = draft(world)
    answer = signed_in(world.lead).post(address(made, then="activate/"), {"reason": "x" * 20})
    assert answer.status_code == 403
    made.refresh_from_db()
    assert not made.is_active


def test_activating_asks_who_you_are_when_that_was_long_ago(world: World) -> None:
    made = draft(world)
    client = signed_in(world.administrator, seconds_ago=3600)
    answer = client.post(address(made, then="activate/"), {"reason": "Tried on the past"})
    assert answer.headers["Location"].startswith("/accounts/reauthenticate/")
    made.refresh_from_db()
    assert not made.is_active
    assert "Tried on the past" in client.get(address(made)).content.decode()


def test_an_activation_without_a_reason_is_refused(world: World) -> None:
    made = draft(world)
    answer = signed_in(world.administrator).post(address(made, then="activate/"), {"reason": "ok"})
    assert answer.status_code == 409
    assert "at least 10 characters" in answer.content.decode()


def test_whoever_looked_at_an_old_page_is_told(world: World) -> None:
    mine, theirs = draft(world), draft(world)
    client = signed_in(world.administrator)
    client.post(address(theirs, then="activate/"), {"reason": "Tried on the past"})
    answer = client.post(address(mine, then="activate/"), {"reason": "Tried on the past"})
    assert answer.status_code == 409
    assert "Somebody else activated version 2 meanwhile" in answer.content.decode()


def started(world: World, **more) -> Backtest:
    answer = signed_in(world.lead).post(
        "/reliability/backtests/",
        {"first_day": "2026-09-01", "last_day": "2026-09-07", "cost_model": draft(world).id} | more,
    )
    assert answer.status_code == 302, answer.content.decode()
    return Backtest.objects.latest("created_at")


def test_a_backtest_is_started_followed_and_read(world: World) -> None:
    make_facts(world.tenant, site_id=world.site.id, camera_id=world.camera.id)
    row, client = started(world), signed_in(world.lead)
    at = f"/reliability/backtests/{row.id}/"
    assert 'hx-trigger="every 2s"' in client.get(at).content.decode()
    run_backtest(backtest_id=row.id, clock=timezone.now)
    part = client.get(at, headers=HTMX).content.decode()
    assert "<html" not in part
    assert "every 2s" not in part
    assert "of 200 alerts would be decided otherwise" in part
    assert world.site.name in part
    assert "What this cannot know" in part
    assert world.camera.name in client.get(f"{at}?by=camera").content.decode()
    assert client.get(f"{at}?by=nonsense").status_code == 200
    assert "Sep 2026" in client.get("/reliability/backtests/").content.decode()


def test_a_failed_backtest_says_why(world: World) -> None:
    row = started(world)
    run_backtest(backtest_id=row.id, clock=timezone.now)
    page = signed_in(world.lead).get(f"/reliability/backtests/{row.id}/").content.decode()
    assert "There are no alerts in this period." in page


def test_a_backtest_on_simulated_history_says_so(world: World) -> None:
    make_facts(world.tenant, origin=FactOrigin.SIMULATED)
    row = started(world)
    run_backtest(backtest_id=row.id, clock=timezone.now)
    page = signed_in(world.lead).get(f"/reliability/backtests/{row.id}/").content.decode()
    assert "Simulated" in page


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"last_day": "2026-08-01"}, "ends after it starts"),
        ({"first_day": "soon"}, "Enter a valid date"),
        ({"first_day": "0001-01-01"}, "greater than or equal to"),
        ({"cost_model": uuid4()}, "There is no such version."),
        ({"cost_model": ""}, "Choose a cost model, a triage policy, or both."),
        ({"first_day": "2999-01-01", "last_day": "2999-02-01"}, "future"),
    ],
)
def test_a_backtest_that_cannot_run_is_refused_in_words(world: World, wrong, said) -> None:
    data = {"first_day": "2026-09-01", "last_day": "2026-09-07", "cost_model": draft(world).id}
    answer = signed_in(world.lead).post("/reliability/backtests/", data | wrong)
    assert answer.status_code == 422
    assert said in answer.content.decode()


def test_a_backtest_runs_to_the_end_of_its_last_day(world: World) -> None:
    row = started(world)
    assert row.period_to - row.period_from == timedelta(days=7)
    assert str(row) == "backtest 2026-09-01–2026-09-07"
