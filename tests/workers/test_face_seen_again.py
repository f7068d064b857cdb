"""A face that is enrolled is met again in a clip: a lead for two people, whose agreement makes the sighting.

Real footage, real detector, real embedding; nothing is stood in for. The footage is the development clip, enlarged so
that its faces have the pixels enrolment asks for; picture and clip come from the same walk, so this tells that the
parts fit together, and nothing about how well faces are told apart (docs/faces.md has those figures).
"""

import hashlib
import io
from fractions import Fraction
from pathlib import Path

import av
import pytest
from django.utils import timezone

from apps.accounts.tenancy import tenant_scope
from apps.alerts.models import Alert, Clip
from apps.audit.models import InboxEntry
from apps.storage.store import media_store
from apps.watchlists.models import Sighting, SightingLead, WatchlistEntry
from apps.watchlists.models.sightings import Answer
from apps.watchlists.operations.leads import judge_lead
from tests.watchlists.people import actor
from tests.watchlists.people import fill as fill_gate
from tests.watchlists.test_face_enrolment import (
    WALKING,
    check,
    enrol,
    proposed,
    put_in_force,
    walkers,
    with_footage,
)
from tests.world import World, make_alert
from workers.activities.footage import analyse_clip
from workers.activities.matching import compare_faces
from workflows.messages import AlertRef

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(600), with_footage]
SECONDS, RATE = 6, 5
REASON = "Same face, same walk, same coat."


@pytest.fixture(scope="module")
def footage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The walk at five pictures a second, four times as large."""
    path = tmp_path_factory.mktemp("walk") / "walk.mp4"
    with av.open(str(WALKING)) as source, av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=RATE, options={"crf": "16"})
        stream.width, stream.height, stream.pix_fmt = 1920, 1080, "yuv420p"
        count = 0
        for frame in source.decode(video=0):
            if frame.time < count / RATE:
                continue
            if count == SECONDS * RATE:
                break
            large = frame.reformat(1920, 1080, format="yuv420p", interpolation="BICUBIC")
            large.pts, large.time_base = count, Fraction(1, RATE)
            output.mux(stream.encode(large))
            count += 1
        output.mux(stream.encode(None))
    return path


def alert_with(world: World, footage: Path) -> Alert:
    alert, content = make_alert(world.camera), footage.read_bytes()
    key = f"test/{alert.id}/master"
    media_store().put_stream(
        key=key, stream=io.BytesIO(content), length=len(content), content_type="video/mp4"
    )
    Clip.objects.filter(alert=alert).update(
        state="stored",
        container="mov",
        master_key=key,
        sha256=hashlib.sha256(content).hexdigest(),
        size_bytes=len(content),
    )
    return alert


def enrolled(world: World) -> WatchlistEntry:
    entry = proposed(world, walkers(left=False))
    passed, findings = check(entry)
    assert passed, findings
    enrol(put_in_force(world, entry))
    return entry


def looked_at(alert: Alert) -> None:
    ref = AlertRef(tenant_id=str(alert.tenant_id), alert_id=str(alert.id))
    analyse_clip(ref)
    compare_faces(ref)


def judged(world: World, lead: SightingLead) -> SightingLead:
    for user in (world.operator, world.second_operator):
        with tenant_scope(world.tenant.id):
            judge_lead(
                actor=actor(user),
                user=user,
                lead=SightingLead.objects.get(id=lead.id),
                answer=Answer.SAME,
                reason=REASON,
                now=timezone.now(),
            )
    return SightingLead.objects.get(id=lead.id)


def test_an_enrolled_face_is_met_again_and_two_people_make_the_sighting(
    world: World, s3: dict[str, str], footage: Path
) -> None:
    fill_gate(world.compliance)
    entry = enrolled(world)
    alert = alert_with(world, footage)

    looked_at(alert)

    lead = SightingLead.objects.get(alert_id=alert.id)
    assert lead.entry_id == entry.id
    assert 0 < lead.score < lead.threshold
    assert 0 <= lead.seconds <= SECONDS
    with media_store().get_stream(key=lead.crop_key) as stream:
        assert stream.read()[:2] == b"\xff\xd8"
    assert not Sighting.objects.filter(entry=entry).exists()  # a machine confirms nothing

    lead = judged(world, lead)

    assert lead.state == "confirmed"
    assert Sighting.objects.get(entry=entry).alert_id == alert.id
    told = InboxEntry.objects.filter(event="sighting:confirmed")
    assert told.count() == 1


def test_without_entries_the_same_walk_leaves_no_face_behind(
    world: World, s3: dict[str, str], footage: Path
) -> None:
    fill_gate(world.compliance)
    alert = alert_with(world, footage)
    looked_at(alert)
    assert not SightingLead.objects.exists()
    names = media_store().keys(prefix=f"tenants/{world.tenant.id}/")
    assert not [name for name in names if "sighting" in name or "crop" in name]
