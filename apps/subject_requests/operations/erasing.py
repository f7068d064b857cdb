"""Erasing a person: asked for by one, carried out by another; what is locked or needed follows when that has ended."""

from collections import Counter
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.utils.translation import gettext, gettext_noop

from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.alerts.models import Alert
from apps.audit.events import Actor, Event, Subject
from apps.audit.operations import record
from apps.cases.models import CaseFile
from apps.cases.operations.connecting import forget_person as forget_in_cases
from apps.people.operations import UnableToErase, destroy_key
from apps.people.queries import name_of
from apps.reviews.models import AlertNote, DecisionAttempt, InterventionEntry
from apps.subject_requests.models import (
    DisclosurePackage,
    Erasure,
    ErasureItem,
    Finding,
    FindingKind,
    RecipientNotice,
    RequestKind,
    SubjectRequest,
)
from apps.subject_requests.operations.keeping import keep_what_it_needs
from apps.subject_requests.operations.moving import UnableToHandle, move, told, words
from apps.subject_requests.operations.searching import require_all_judged
from apps.subject_requests.queries.plan import IN_STORE, Plan, plan_for
from apps.subject_requests.queries.search import reasons_of, texts_naming
from apps.triage.states import CASE_FILE, CaseFileState, RequestState
from apps.watchlists.models import WatchlistEntry
from apps.watchlists.operations.ending import UnableToStop, erase_entry

ERASED_NAME: Final = "[erased]"
KEPT_BY_THE_DATABASE: Final = gettext_noop("written once: the database does not let it be changed")


def ask_erasure(
    *, actor: Actor, user: User, request: SubjectRequest, reason: str, now: datetime
) -> Erasure:
    """Close the findings and ask another person to erase what they stand for. Raises UnableToHandle."""
    if not user.may(Permission.HANDLE_SUBJECT_REQUESTS):
        raise UnableToHandle(gettext("Your role does not allow asking for an erasure."))
    if request.kind not in (RequestKind.ERASURE, RequestKind.OBJECTION):
        raise UnableToHandle(
            gettext("Only a request for erasure, or an objection, ends with an erasure.")
        )
    plain = words(reason, what=gettext("why the data is erased"))
    require_all_judged(request)
    _require_name_found(request, plan_for(request, now=now))
    with transaction.atomic():
        move(request, to=RequestState.PREPARED, prepared_by=user.id, prepared_at=now)
        Erasure.objects.filter(request=request, executed_at=None).delete()
        erasure = Erasure.objects.create(
            tenant_id=request.tenant_id,
            request=request,
            person_id=request.person_id,
            asked_by=user.id,
            asked_at=now,
        )
        told(
            actor,
            request,
            Event.ERASURE_ASKED,
            reason=plain,
            details={"erasure": str(erasure.id)},
        )
    return erasure


def execute_erasure(
    *, actor: Actor, user: User, erasure: Erasure, reason: str, now: datetime
) -> None:
    """Erase now what can be; the person's key goes in any case. The view asked for fresh authentication.

    Objects in the store go after this transaction, by `carry_out`. Raises UnableToHandle without permission or reason,
    for whoever asked for it, and when the name was written somewhere since the search.
    """
    if not user.may(Permission.ERASE_PEOPLE):
        raise UnableToHandle(gettext("Your role does not allow erasing a person's data."))
    if user.id == erasure.asked_by:
        raise UnableToHandle(
            gettext("Who asked for the erasure cannot carry it out: ask a colleague.")
        )
    words(reason, what=gettext("why you carry it out"))
    with transaction.atomic():
        erasure = Erasure.objects.select_for_update().get(id=erasure.id)
        request = SubjectRequest.objects.select_related("person").get(id=erasure.request_id)
        if erasure.executed_at is not None:
            raise UnableToHandle(gettext("This erasure was carried out already."))
        _begin(erasure, request, user, now=now)
        counts = _erase_rows(actor, user, erasure, request, reason.strip(), now=now)
        move(request, to=RequestState.ERASED, ended_by=user.id, ended_at=now)
        keep_what_it_needs(actor=actor, request=request, now=now)
        counts["request"] = _forget_requests(request, now=now)
        event_id = record(
            actor=actor,
            event=Event.ERASURE_EXECUTED,
            subject=Subject("person", erasure.person_id),
            details={
                "erasure": str(erasure.id),
                "request": str(request.id),
                "erased": {kind: counts[kind] for kind in sorted(counts)},
                "later": erasure.items.filter(done_at=None).count(),
            },
        )
        Erasure.objects.filter(id=erasure.id).update(event_id=event_id, counts=dict(counts))
        complete_if_done(erasure_id=erasure.id, now=now)


def complete_if_done(*, erasure_id: UUID, now: datetime) -> bool:
    """Say that nothing is left to erase, once. Inside the tenant's scope."""
    open_ones = Erasure.objects.filter(
        id=erasure_id, executed_at__isnull=False, completed_at__isnull=True
    )
    with transaction.atomic():
        erasure = open_ones.select_for_update().first()
        if erasure is None or erasure.items.filter(done_at=None).exists():
            return False
        open_ones.update(completed_at=now)
        record(
            actor=Actor.system(erasure.tenant_id),
            event=Event.ERASURE_COMPLETED,
            subject=Subject("person", erasure.person_id),
            details={"erasure": str(erasure.id)},
        )
    return True


def tell_recipient(*, actor: Actor, user: User, notice: RecipientNotice, now: datetime) -> None:
    """Note that a recipient of the data was told of the erasure (GDPR Art. 19). Raises UnableToHandle."""
    if not user.may(Permission.HANDLE_SUBJECT_REQUESTS):
        raise UnableToHandle(gettext("Your role does not allow handling requests."))
    with transaction.atomic():
        changed = RecipientNotice.objects.filter(id=notice.id, told_at=None).update(
            told_at=now, told_by=user.id
        )
        if changed != 1:
            raise UnableToHandle(gettext("This recipient was told already."))
        record(
            actor=actor,
            event=Event.ERASURE_RECIPIENT_TOLD,
            subject=Subject("case_file", notice.case_file_id),
            details={"erasure": str(notice.erasure_id)},
        )


def _begin(erasure: Erasure, request: SubjectRequest, user: User, *, now: datetime) -> None:
    """Write down what the erasure reaches, as it stands now; then the database lets it happen."""
    plan = plan_for(request, now=now)
    _require_name_found(request, plan)
    ErasureItem.objects.bulk_create(
        ErasureItem(
            tenant_id=erasure.tenant_id,
            erasure=erasure,
            kind=item.kind,
            object_id=item.object_id,
            obstacle=item.obstacle,
            due_at=item.due_at,
        )
        for item in plan.items
    )
    RecipientNotice.objects.bulk_create(
        RecipientNotice(tenant_id=erasure.tenant_id, erasure=erasure, case_file_id=file.id)
        for file in plan.told
    )
    Erasure.objects.filter(id=erasure.id).update(executed_by=user.id, executed_at=now)


def _require_name_found(request: SubjectRequest, plan: Plan) -> None:
    """Raise UnableToHandle when the name stands where nobody has judged it: without the key it is never found again."""
    known = set(request.findings.values_list("object_id", flat=True))
    known |= {item.object_id for item in plan.items}
    new = sum(one.object_id not in known for one in texts_naming(request.person))
    if new:
        raise UnableToHandle(
            gettext(
                "Texts that hold the name and were not found by the last search: %(new)s. "
                "Go back to the findings, search again and judge them."
            )
            % {"new": new}
        )


def _erase_rows(
    actor: Actor,
    user: User,
    erasure: Erasure,
    request: SubjectRequest,
    reason: str,
    *,
    now: datetime,
) -> Counter[str]:
    counts: Counter[str] = Counter()
    name = name_of(request.person) if request.person.name_sealed else ""
    _erase_words(erasure)
    for item in erasure.items.exclude(kind__in=IN_STORE):
        counts[item.kind] += 1
        if item.kind == FindingKind.ALERT:
            _empty_texts(UUID(item.object_id))
        elif item.kind == FindingKind.WATCHLIST_ENTRY:
            _erase_entry(actor, user, item.object_id, now=now)
        elif item.kind == FindingKind.CASE_FILE:
            _withdraw(actor, item.object_id, now=now)
        elif item.kind in (FindingKind.MENTION, FindingKind.CASE_PERSON):
            _forget_row(erasure, item, name)
    counts.update(forget_in_cases(actor=actor, person_id=request.person_id, now=now))
    try:
        destroy_key(actor=actor, person=request.person, reason=reason, now=now)
    except UnableToErase as refusal:
        raise UnableToHandle(str(refusal)) from refusal
    _lose_own_reason(erasure, request)
    erasure.items.exclude(kind__in=IN_STORE).filter(last_error="").update(done_at=now)
    return counts


def _empty_texts(alert_id: UUID) -> None:
    """What people wrote about an alert; its facts, decisions and times stay."""
    Alert.objects.filter(id=alert_id).update(note="")
    InterventionEntry.objects.filter(intervention__alert_id=alert_id).update(reason="")
    AlertNote.objects.filter(alert_id=alert_id).update(text="")
    for attempt in DecisionAttempt.objects.filter(alert_id=alert_id):
        if attempt.payload.get("comment"):
            payload = {**attempt.payload, "comment": ""}
            DecisionAttempt.objects.filter(id=attempt.id).update(payload=payload)


def _erase_entry(actor: Actor, user: User, entry_id: str, *, now: datetime) -> None:
    entry = WatchlistEntry.objects.get(id=entry_id)
    if entry.erased_at is not None:
        return
    try:
        reason = "Erasure of the person's data."
        erase_entry(actor=actor, user=user, entry=entry, reason=reason, now=now)
    except UnableToStop as refusal:
        raise UnableToHandle(str(refusal)) from refusal


def _withdraw(actor: Actor, file_id: str, *, now: datetime) -> None:
    """A case file is taken back: its link is dead at once, its workflow deletes the bytes."""
    sources = CASE_FILE.sources_of(CaseFileState.WITHDRAWN)
    moved = CaseFile.objects.filter(id=file_id, state__in=sources).update(
        state=CaseFileState.WITHDRAWN,
        version=F("version") + 1,
        ended_at=now,
        password_sealed=None,
        tell_at=now,
    )
    if moved:
        record(
            actor=actor,
            event=Event.CASE_FILE_WITHDRAWN,
            subject=Subject("case_file", file_id),
            details={"code": "erasure"},
        )


def _forget_row(erasure: Erasure, item: ErasureItem, name: str) -> None:
    """The name in a text, by the database's own function; a table that never changes keeps it, and the item says so."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT subject_requests_replace_name(%s, %s, %s, %s)",
                [erasure.id, item.id, name, ERASED_NAME],
            )
    except IntegrityError:
        ErasureItem.objects.filter(id=item.id).update(last_error=KEPT_BY_THE_DATABASE)


def _lose_own_reason(erasure: Erasure, request: SubjectRequest) -> None:
    """The reason of the key's destruction may name the person as well: it goes with the rest."""
    known = set(erasure.items.values_list("object_id", flat=True))
    for event_id in reasons_of([str(request.person_id)]):
        if str(event_id) not in known:
            ErasureItem.objects.create(
                tenant_id=erasure.tenant_id,
                erasure=erasure,
                kind=FindingKind.AUDIT_REASON,
                object_id=str(event_id),
            )
    _erase_words(erasure)


def _erase_words(erasure: Erasure) -> None:
    """Comments of decisions and reasons in the audit trail go through the database's own function."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM subject_requests_erase_words(%s)", [erasure.id])


def _forget_requests(request: SubjectRequest, *, now: datetime) -> int:
    """Sealed words are unreadable already; the bytes go too, and packages that were not fetched yet."""
    mine = SubjectRequest.objects.filter(person_id=request.person_id)
    Finding.objects.filter(request__in=mine).update(reason_sealed=None)
    DisclosurePackage.objects.filter(request__in=mine, ended_at=None).update(ended_at=now)
    return mine.update(contact_sealed=None, words_sealed=None, outcome_sealed=None)
