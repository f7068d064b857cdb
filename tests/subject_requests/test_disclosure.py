"""What is disclosed was judged, redacted, prepared by one and approved by another, and goes out by a link that ends."""

import io
import json
import zipfile
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.accounts.tenancy import tenant_scope
from apps.alerts.models import Alert, Clip
from apps.audit.events import Actor, Channel, Event, Subject
from apps.audit.operations import record
from apps.cases.dossier.plain_words import explain_to_person
from apps.evidence.models import EvidenceKind
from apps.evidence.operations import acquire_item
from apps.storage.keys import alert_master, alert_working
from apps.storage.store import media_store
from apps.subject_requests.models import DisclosurePackage, RequestKind, SubjectRequest
from apps.subject_requests.operations.disclosing import (
    approve_disclosure,
    disclose,
    disclosed_by_link,
    fetch_package,
    prepare_disclosure,
    remove_package,
    return_disclosure,
    standing_package,
    write_package,
)
from apps.subject_requests.operations.moving import UnableToHandle
from apps.subject_requests.queries.access_log import access_log_of
from tests.subject_requests.acts import NAME, actor, identified, judge, search
from tests.watchlists.people import confirmed_alert
from tests.world import NOW, World, make_alert, make_waiting_alert, make_world

MASTER, BLURRED = b"native footage with faces", b"the same with faces blurred"


def store_footage(alert: Alert, *, blurred: bool = True) -> None:
    files = [
        (EvidenceKind.MASTER, alert_master(tenant_id=alert.tenant_id, alert_id=alert.id), MASTER)
    ]
    key = alert_working(tenant_id=alert.tenant_id, alert_id=alert.id, name="blurred.mp4")
    if blurred:
        files.append((EvidenceKind.WORKING, key, BLURRED))
    for kind, where, content in files:
        stored = media_store().put_stream(
            key=where, stream=io.BytesIO(content), length=len(content), content_type="video/mp4"
        )
        acquire_item(
            actor=Actor.system(alert.tenant_id),
            alert=alert,
            kind=kind,
            bucket=media_store().bucket,
            stored=stored,
            media_type="video/mp4",
            now=NOW,
        )
    Clip.objects.filter(alert=alert).update(blurred_key=key if blurred else "")


def ready(world: World, alert: Alert) -> SubjectRequest:
    request = identified(world)
    search(world, request, references=(alert.reference,))
    judge(world, request)
    return request


def prepared(world: World, request: SubjectRequest) -> DisclosurePackage:
    user = world.compliance
    return prepare_disclosure(actor=actor(user), user=user, request=request, now=NOW)


def approve(world: World, request: SubjectRequest, *, by: str = "administrator") -> None:
    user = getattr(world, by)
    package = standing_package(request)
    assert package is not None
    approve_disclosure(
        actor=actor(user), user=user, request=request, package_sha256=package.sha256, now=NOW
    )


@pytest.fixture
def story(s3: dict[str, str]) -> tuple[World, Alert, Alert]:
    """An alert about the person, and another at the same place about somebody else."""
    world = make_world()
    with tenant_scope(world.tenant.id):
        alert, other = confirmed_alert(world), make_waiting_alert(world.camera)
        store_footage(alert)
        store_footage(other)
        record(
            actor=actor(world.operator),
            event=Event.CLIP_VIEWED,
            subject=Subject("alert", alert.id),
        )
    return world, alert, other


@pytest.mark.django_db(transaction=True)
def test_the_person_receives_their_data_blurred_explained_and_with_who_saw_it(
    story: tuple[World, Alert, Alert],
) -> None:
    world, alert, other = story
    with tenant_scope(world.tenant.id):
        request = identified(world)
        search(
            world,
            request,
            site_id=world.site.id,
            since=NOW - timedelta(hours=1),
            until=NOW + timedelta(hours=1),
        )
        judge(world, request, about=False, label__contains=other.reference)
        judge(world, request, state="open")
        package = prepared(world, request)
    write_package(tenant_id=world.tenant.id, package_id=package.id, now=NOW)
    with tenant_scope(world.tenant.id):
        request = SubjectRequest.objects.select_related("person").get(id=request.id)
        approve(world, request)
        handed = disclose(
            actor=actor(world.compliance),
            user=world.compliance,
            request=request,
            days=7,
            now=timezone.now(),
        )
        assert disclosed_by_link(package_id=package.id, link_secret="x", now=NOW) is None
        opened = disclosed_by_link(
            package_id=package.id, link_secret=handed.link_secret, now=timezone.now()
        )
        assert opened == package
        late = timezone.now() + timedelta(days=8)
        assert (
            disclosed_by_link(package_id=package.id, link_secret=handed.link_secret, now=late)
            is None
        )
        assert str(world.tenant.id) in fetch_package(
            actor=Actor(
                tenant_id=world.tenant.id, user_id=None, role="data_subject", channel=Channel.SCREEN
            ),
            package=handed.package,
            seconds=60,
        )
    with media_store().get_stream(key=handed.package.key) as stream:
        archive = zipfile.ZipFile(io.BytesIO(stream.read()))
    files = {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}
    assert files[f"data/clips/{alert.reference}.mp4"] == BLURRED
    assert not any(other.reference in name for name in files)
    assert not any(other.reference.encode() in content for content in files.values())
    assert not any(MASTER in content for content in files.values())
    data = json.loads(files["data/person.json"])
    assert data["name"] == NAME
    assert [one["reference"] for one in data["alerts"]] == [alert.reference]
    looks = json.loads(files["data/access-log.json"])["access_log"]
    assert ("operator", "clip:viewed") in {(one["role"], one["event"]) for one in looks}
    staff = world.operator.display_name.encode()
    assert not any(staff in content for content in files.values())
    assert b"How to contest it" in files["index.html"]
    said = explained_text(world, alert)
    assert said.encode() in files["data/explanation.txt"]
    assert b"manifest" not in files["index.html"]
    assert "manifest-sha256.txt" in files
    remove_package(tenant_id=world.tenant.id, package_id=package.id, now=late)
    assert media_store().keys(prefix=handed.package.key) == []


@pytest.mark.django_db(transaction=True)
def test_footage_without_a_finished_blur_does_not_go_out(s3: dict[str, str]) -> None:
    world = make_world()
    with tenant_scope(world.tenant.id):
        alert = confirmed_alert(world)
        store_footage(alert, blurred=False)
        request = ready(world, alert)
        with pytest.raises(UnableToHandle, match=f"{alert.reference} has no finished copy"):
            prepared(world, request)
        judge(world, request, about=False, kind="clip")
        assert prepared(world, request)


@pytest.mark.django_db(transaction=True)
def test_who_prepares_does_not_approve(story: tuple[World, Alert, Alert]) -> None:
    world, alert, _ = story
    with tenant_scope(world.tenant.id):
        request = ready(world, alert)
        package = prepared(world, request)
        with pytest.raises(UnableToHandle, match="not written yet"):
            approve(world, request)
    write_package(tenant_id=world.tenant.id, package_id=package.id, now=NOW)
    with tenant_scope(world.tenant.id):
        with pytest.raises(UnableToHandle, match="ask a colleague"):
            approve(world, request, by="compliance")
        with pytest.raises(UnableToHandle, match="role"):
            approve(world, request, by="lead")
        with pytest.raises(IntegrityError, match="somebody_else"), transaction.atomic():
            SubjectRequest.objects.filter(id=request.id).update(
                approved_by=world.compliance.id, approved_at=NOW
            )
        with pytest.raises(UnableToHandle, match="changed since you looked"):
            approve_disclosure(
                actor=actor(world.administrator),
                user=world.administrator,
                request=request,
                package_sha256="0" * 64,
                now=NOW,
            )
        return_disclosure(
            actor=actor(world.administrator),
            user=world.administrator,
            request=request,
            reason="The second clip shows somebody else.",
            now=NOW,
        )
        assert standing_package(request) is None
    remove_package(tenant_id=world.tenant.id, package_id=package.id, now=NOW)
    with tenant_scope(world.tenant.id):
        assert DisclosurePackage.objects.get(id=package.id).removed_at is not None


def test_every_finding_needs_a_persons_word(world: World) -> None:
    alert = confirmed_alert(world)
    request = identified(world)
    with pytest.raises(UnableToHandle, match="Search first"):
        prepared(world, request)
    assert search(world, request, references=(alert.reference, "A-00000000", "nonsense")) > 0
    assert search(world, request, references=(alert.reference,)) == 0  # found once
    with pytest.raises(UnableToHandle, match="not been judged"):
        prepared(world, request)
    with pytest.raises(UnableToHandle, match="site, from and until"):
        search(world, request, since=NOW)
    with pytest.raises(UnableToHandle, match="Search at most 31 days"):
        search(world, request, site_id=world.site.id, since=NOW, until=NOW + timedelta(days=60))


def explained_text(world: World, alert: Alert) -> str:
    with tenant_scope(world.tenant.id):
        return explain_to_person(alert).as_text()


def test_an_explanation_speaks_of_acts_and_roles_and_names_nobody(world: World) -> None:
    alert = confirmed_alert(world)
    explained = explain_to_person(alert)
    words = explained.as_text()
    assert "role: operator" in words
    assert world.operator.display_name not in words
    for word in ("thief", "suspect", "intent ", "€"):
        assert word not in words
    undecided = explain_to_person(make_waiting_alert(world.camera)).as_text()
    assert "No person has decided anything yet" in undecided
    assert "How often alerts like this are wrong" in undecided
    new = explain_to_person(make_alert(world.camera)).as_text()
    assert "not known because the software has not concluded anything" in new


def test_the_access_log_lists_looks_by_role_and_leaves_other_alerts_out(world: World) -> None:
    alert, other = confirmed_alert(world), confirmed_alert(world)
    for user, about in ((world.operator, alert), (world.lead, other)):
        record(actor=actor(user), event=Event.CLIP_VIEWED, subject=Subject("alert", about.id))
    record(
        actor=actor(world.lead),
        event=Event.EXHIBIT_DOWNLOADED,
        subject=Subject("evidence_item", UUID(int=7)),
        details={"alert": str(alert.id)},
    )
    request = ready(world, alert)
    looks = access_log_of(request.person)
    assert [(one.role, one.event) for one in looks] == [
        ("operator", "clip:viewed"),
        ("lp lead", "exhibit:downloaded"),
    ]
    assert identified(world, RequestKind.EXPLANATION, person=None, name="Somebody else").person
