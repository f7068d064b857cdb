"""Events enter the chain with the act they belong to, and without anybody's name."""

from uuid import UUID, uuid4

import pytest
from django.db import ProgrammingError, connection, transaction
from django.utils import timezone

from apps.accounts.tenancy import tenant_scope
from apps.audit.entries import commitment
from apps.audit.events import NO_TENANT, Actor, Channel, Event, Subject
from apps.audit.models import InboxEntry, Reason
from apps.audit.operations import UnableToRecord, record
from apps.audit.queries import audit_lag, events_of
from apps.triage.canonical import NotCanonical, canonical_digest
from tests.audit.chain import person, tell

pytestmark = pytest.mark.django_db


def test_an_event_keeps_digests_of_what_changed_and_not_the_contents() -> None:
    tenant = uuid4()
    with tenant_scope(tenant):
        event_id = record(
            actor=person(tenant),
            event=Event.SETTINGS_CHANGED,
            subject=Subject("tenant", tenant),
            before={"limit": 1},
            after={"limit": 2},
            reason="The night shift asked for it.",
            details={"field": "limit"},
        )
        entry = InboxEntry.objects.get(event_id=event_id)
        reason = Reason.objects.get(event_id=event_id)
    assert entry.before_digest == canonical_digest({"limit": 1})
    assert entry.after_digest == canonical_digest({"limit": 2})
    assert entry.details == '{"field":"limit"}'
    assert reason.text == "The night shift asked for it."
    assert entry.reason_commitment == commitment(salt=bytes(reason.salt), text=reason.text)


def test_an_act_that_is_undone_leaves_no_event() -> None:
    tenant, subject = uuid4(), Subject("alert", uuid4())

    def act() -> None:
        with tenant_scope(tenant):
            record(actor=person(tenant), event=Event.ALERT_VIEWED, subject=subject)
            raise RuntimeError("undone")

    with pytest.raises(RuntimeError, match="undone"):
        act()
    with tenant_scope(tenant):
        assert events_of(tenant_id=tenant, subjects=[subject]) == []


@pytest.mark.django_db(transaction=True)
def test_an_event_outside_a_transaction_is_refused() -> None:
    with pytest.raises(UnableToRecord, match="transaction"):
        record(
            actor=Actor.system(), event=Event.ACCESS_SIGN_IN_FAILED, subject=Subject("user", "x")
        )


def test_the_same_act_through_two_channels_differs_in_the_channel_only() -> None:
    tenant, subject, user = uuid4(), Subject("alert", uuid4()), uuid4()
    with tenant_scope(tenant):
        for channel in (Channel.SCREEN, Channel.ASSISTANT):
            actor = Actor(tenant_id=tenant, user_id=user, role="operator", channel=channel)
            record(
                actor=actor,
                event=Event.DISPOSITION_RECORDED,
                subject=subject,
                after={"verdict": "false_alarm"},
                reason="An empty basket.",
            )
        told = events_of(tenant_id=tenant, subjects=[subject])
    screen, assistant = (
        {
            name: value
            for name, value in vars_of(event).items()
            if name not in {"event_id", "occurred_at", "channel"}
        }
        for event in told
    )
    assert screen == assistant
    assert [event.channel for event in told] == ["screen", "assistant"]


@pytest.mark.parametrize(
    "details",
    [
        {"full_name": "x"},
        {"nested": [{"customer_email": "x"}]},
        {"Face": "x"},
        {"value": "Maria Lopez"},
        {"value": "someone@shop.example"},
        {"value": "x" * 201},
        {"many": ["0123456789"] * 300},
    ],
)
def test_details_that_are_personal_free_text_or_large_are_refused(
    details: dict[str, object],
) -> None:
    tenant = uuid4()
    with pytest.raises(UnableToRecord), tenant_scope(tenant):
        record(
            actor=person(tenant),
            event=Event.ALERT_VIEWED,
            subject=Subject("alert", uuid4()),
            details=details,
        )


def test_a_value_without_canonical_form_is_refused() -> None:
    tenant = uuid4()
    with pytest.raises(NotCanonical), tenant_scope(tenant):
        record(
            actor=person(tenant),
            event=Event.ALERT_ANALYSED,
            subject=Subject("alert", uuid4()),
            details={"score": float("nan")},
        )


@pytest.mark.parametrize("reason", ["x" * 2001, "a\x00b"])
def test_a_reason_nobody_can_store_or_read_is_refused(reason: str) -> None:
    with pytest.raises(UnableToRecord):
        tell(uuid4(), reason=reason)


def test_an_event_may_not_be_put_into_another_tenants_chain() -> None:
    with pytest.raises(ProgrammingError, match="row-level security"), tenant_scope(uuid4()):
        record(actor=person(uuid4()), event=Event.ALERT_VIEWED, subject=Subject("alert", uuid4()))


def test_what_belongs_to_no_tenant_may_be_told_but_not_read() -> None:
    subject = Subject("user", "unknown")
    with transaction.atomic():
        record(
            actor=Actor.system(),
            event=Event.ACCESS_SIGN_IN_FAILED,
            subject=subject,
            reason="wrong password",
        )
        assert not InboxEntry.objects.filter(tenant_id=NO_TENANT).exists()
        assert not Reason.objects.filter(tenant_id=NO_TENANT).exists()


def test_a_stranger_sees_none_of_another_tenants_events() -> None:
    tenant, stranger = uuid4(), uuid4()
    subject = tell(tenant, 2, reason="seen")
    with tenant_scope(stranger):
        assert events_of(tenant_id=tenant, subjects=[subject]) == []
        assert not Reason.objects.exists()
        assert audit_lag(now=timezone.now()).waiting == 0
    with tenant_scope(tenant):
        told = events_of(tenant_id=tenant, subjects=[subject])
    assert [(event.index, event.reason) for event in told] == [(None, "seen"), (None, "seen")]


def test_no_subjects_have_no_events() -> None:
    assert events_of(tenant_id=uuid4(), subjects=[]) == []


@pytest.mark.parametrize("table", ["audit_inbox", "audit_reason"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET tenant_id = tenant_id", "DELETE FROM {}"])
def test_nobody_who_works_here_changes_what_waits(table: str, statement: str) -> None:
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement.format(table))


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Subject("Alert", uuid4()), "kind"),
        (lambda: Subject("alert", "Maria Lopez"), "opaque"),
        (lambda: person_with(role="Duty Manager"), "role"),
        (lambda: person_with(session="a b"), "session"),
    ],
)
def test_words_of_the_chain_refuse_free_text(make: "object", sentence: str) -> None:
    assert callable(make)
    with pytest.raises(ValueError, match=sentence):
        make()


def person_with(*, role: str = "operator", session: str = "") -> Actor:
    return Actor(tenant_id=UUID(int=1), user_id=1, role=role, channel=Channel.API, session=session)


def vars_of(event: object) -> dict[str, object]:
    names = event.__dataclass_fields__  # type: ignore[attr-defined]
    return {name: getattr(event, name) for name in names}
