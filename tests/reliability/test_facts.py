"""Facts: what triage concluded of each alert, and the verdict that stands."""

import time
from datetime import timedelta
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from django.db import connection

from apps.alerts.models import Alert, Assessment, Disposition
from apps.reliability.models import AlertFact
from apps.reliability.operations.facts import gather_facts
from apps.reliability.queries.learning import labelled_table
from apps.reviews.models import ItemMember, ReviewItem
from tests.world import NOW, World, make_alert, make_tenant, make_waiting_alert

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)


def judge(alert: Alert, verdict: str, **fields: Any) -> Disposition:
    return Disposition.objects.create(
        tenant_id=alert.tenant_id,
        alert=alert,
        verdict=verdict,
        transfer_seen=verdict == "theft_confirmed",
        decided_by=uuid4(),
        decided_at=fields.pop("decided_at", NOW + timedelta(minutes=5)),
        sampling_probability=alert.sampling_probability,
        **fields,
    )


def gather(world: World) -> int:
    return gather_facts(tenant_id=world.tenant.id, now=LATER)


def test_an_assessed_alert_becomes_a_fact_with_what_triage_concluded(world: World) -> None:
    alert = make_waiting_alert(world.camera)

    assert gather(world) == 1

    fact = AlertFact.objects.get(alert_id=alert.id)
    assert (fact.camera_id, fact.site_id) == (world.camera.id, world.site.id)
    assert (fact.score, fact.sequence, fact.fairness) == (0.9, "unknown", "not_assessable")
    assert (fact.probability, fact.is_calibrated, fact.outcome) == (0.5, False, "verify")
    assert (fact.verdict, fact.labelled_at) == ("", None)


def test_gathering_again_writes_nothing_until_something_changed(world: World) -> None:
    alert = make_waiting_alert(world.camera)
    gather(world)

    assert gather(world) == 0
    judge(alert, "false_alarm")
    assert gather(world) == 1
    assert AlertFact.objects.get().verdict == "false_alarm"


def test_an_alert_that_nobody_assessed_is_no_fact(world: World) -> None:
    make_alert(world.camera)

    assert gather(world) == 0


def test_a_correction_reverses_the_label(world: World) -> None:
    alert = make_waiting_alert(world.camera)
    first = judge(alert, "theft_confirmed")
    gather(world)
    judge(alert, "false_alarm", supersedes=first, decided_at=NOW + timedelta(minutes=9))

    gather(world)

    found = labelled_table(tenant_id=world.tenant.id, until=LATER)
    assert found.labels.theft.tolist() == [0.0]
    assert found.labels.labelled_at.tolist() == [(NOW + timedelta(minutes=9)).timestamp()]


def test_inconclusive_is_no_label(world: World) -> None:
    judge(make_waiting_alert(world.camera), "inconclusive")

    gather(world)

    found = labelled_table(tenant_id=world.tenant.id, until=LATER)
    assert np.isnan(found.labels.theft).all()
    assert AlertFact.objects.get().verdict == "inconclusive"


def test_a_verdict_given_later_is_not_known_before(world: World) -> None:
    judge(make_waiting_alert(world.camera), "false_alarm")
    gather(world)

    before = labelled_table(tenant_id=world.tenant.id, until=NOW + timedelta(minutes=1))
    after = labelled_table(tenant_id=world.tenant.id, until=LATER)

    assert np.isnan(before.labels.theft).all()
    assert after.labels.theft.tolist() == [0.0]


def test_a_label_remembers_the_chance_with_which_it_was_drawn(world: World) -> None:
    alert = make_waiting_alert(world.camera)
    Alert.objects.filter(id=alert.id).update(sampling_probability=0.02)
    alert.refresh_from_db()
    judge(alert, "false_alarm")

    gather(world)

    found = labelled_table(tenant_id=world.tenant.id, until=LATER)
    assert found.labels.sampling_probability.tolist() == [0.02]


def test_only_the_strongest_signal_with_evidential_weight_counts(world: World) -> None:
    alert = make_waiting_alert(world.camera)
    weighs = {"state": "measured", "statistic": "auc", "figure": 0.8, "null": 0.5}
    give_signals(
        alert,
        [
            {"name": "reach", "value": 0.4, "validity": weighs},
            {"name": "reach", "value": 0.7, "validity": weighs},
            {"name": "crouch", "value": 0.9, "validity": {"state": "no_evidential_weight"}},
            {"name": "hand_to_bag", "value": None, "validity": {"state": "not_measurable"}},
        ],
    )

    gather(world)

    assert AlertFact.objects.get().signals == {"reach": 0.7}


def test_drills_teach_a_rehearsal_tenant_and_nobody_else(world: World) -> None:
    make_waiting_alert(world.camera, is_drill=True)
    make_waiting_alert(world.camera)
    gather(world)

    real = labelled_table(tenant_id=world.tenant.id, until=LATER)
    world.tenant.is_drill = True
    world.tenant.save()
    rehearsed = labelled_table(tenant_id=world.tenant.id, until=LATER)

    assert (len(real.table), real.is_simulated) == (1, False)
    assert (len(rehearsed.table), rehearsed.is_simulated) == (2, True)


def test_a_review_item_counts_once_until_it_is_split(world: World) -> None:
    lead, other = make_waiting_alert(world.camera), make_waiting_alert(world.camera)
    item = ReviewItem.objects.create(
        tenant=world.tenant, site=world.site, lead=lead, opened_at=NOW, settings_version="1"
    )
    for alert in (lead, other):
        ItemMember.objects.create(
            tenant=world.tenant, item=item, alert=alert, joined_at=NOW, starts_at=NOW, ends_at=NOW
        )
    gather(world)

    together = labelled_table(tenant_id=world.tenant.id, until=LATER)
    ItemMember.objects.filter(alert=other).update(
        split_at=NOW, split_by=uuid4(), split_reason="two people"
    )
    assert gather(world) == 1
    apart = labelled_table(tenant_id=world.tenant.id, until=LATER)

    assert (len(together.table), len(apart.table)) == (1, 2)


def test_without_alerts_there_is_an_empty_table(world: World) -> None:
    found = labelled_table(tenant_id=world.tenant.id, until=LATER)

    assert (len(found.table), len(found.labels), found.is_simulated) == (0, 0, False)


def test_another_tenant_is_neither_read_nor_written(world: World) -> None:
    make_waiting_alert(world.camera)

    assert gather_facts(tenant_id=make_tenant().id, now=LATER) == 0


def test_many_alerts_are_gathered_and_read_within_seconds(world: World) -> None:
    count = 20_000
    multiply(make_waiting_alert(world.camera), count - 1)

    began = time.perf_counter()
    assert gather(world) == count
    found = labelled_table(tenant_id=world.tenant.id, until=LATER)
    seconds = time.perf_counter() - began

    assert len(found.table) == count
    assert seconds < 30  # 3 s on an idle machine; machines are shared


def give_signals(alert: Alert, signals: list[dict[str, Any]]) -> None:
    """A later assessment of the alert that read these signals."""
    stored = Assessment.objects.get(alert=alert)
    record = stored.record | {"inputs": stored.record["inputs"] | {"signals": signals}}
    Assessment.objects.create(
        tenant_id=alert.tenant_id,
        alert=alert,
        record=record,
        digest="f" * 64,
        outcome=stored.outcome,
        created_at=NOW + timedelta(seconds=1),
    )


def multiply(alert: Alert, copies: int) -> None:
    """The alert and its assessment again, `copies` times, by SQL."""
    with connection.cursor() as cursor:
        for table, changed in (
            (
                "alerts_alert",
                {
                    "id": "md5(n::text)::uuid",
                    "idempotency_key": "n::text",
                    "state": "'received'",
                },
            ),
            (
                "alerts_assessment",
                {"id": "md5(n::text)::uuid", "alert_id": "md5(n::text)::uuid"},
            ),
        ):
            cursor.execute(
                "SELECT column_name FROM information_schema.columns WHERE table_name = %s", [table]
            )
            names = [row[0] for row in cursor.fetchall()]
            values = ", ".join(changed.get(name, f'"{name}"') for name in names)
            quoted = ", ".join(f'"{name}"' for name in names)
            cursor.execute(
                f"INSERT INTO {table} ({quoted}) SELECT {values} FROM {table}, "
                f"generate_series(1, %s) n WHERE tenant_id = %s AND "
                f"{'id' if table == 'alerts_alert' else 'alert_id'} = %s",
                [copies, alert.tenant_id, alert.id],
            )
