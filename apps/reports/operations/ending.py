"""Signing a report, and taking it back."""

from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext

from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.audit.events import Actor, Event, Subject
from apps.audit.operations import record
from apps.evidence.models import EvidenceItem
from apps.evidence.operations.custody import note_custody
from apps.reports.models import Report, ReportSignature
from apps.reports.queries.reports import newest, objections, standing_of
from apps.sites.queries import allows
from apps.triage.states import REPORT, ReportState


class UnableToSign(Exception):
    """The report is not signed; the message says why and what to do."""


class UnableToWithdraw(Exception):
    """The report stands; the message says why."""


def sign_report(
    *, actor: Actor, user: User, report: Report, digest: str, now: datetime
) -> ReportSignature:
    """Sign exactly the wording with this digest; the signed report it replaces is superseded.

    The caller has made sure that the person proved who they are a moment ago. Raises UnableToSign for a wording that is
    not the newest, a person whose statement it is not, and whatever `objections` finds.
    """
    with transaction.atomic():
        locked = Report.objects.select_for_update(of=("self",)).select_related("case__site")
        report = locked.get(id=report.id)
        standing = standing_of(report)
        if standing.version.digest != digest:
            raise UnableToSign(gettext("The wording has changed since you read it. Read it again."))
        found = objections(report, user, standing)
        if found:
            raise UnableToSign(" ".join(found))
        signature = ReportSignature.objects.create(
            tenant_id=report.tenant_id,
            report=report,
            version=standing.version,
            user_id=user.id,
            role=user.role,
            session=actor.session,
            channel=actor.channel.value,
            digest=digest,
            signed_at=now,
        )
        _move(report, ReportState.SIGNED)
        _record(actor, report, Event.REPORT_SIGNED, digest=digest)
        if report.supersedes and report.supersedes.state == ReportState.SIGNED:
            _supersede(actor, user, report.supersedes, now=now)
    return signature


def withdraw_report(
    *, actor: Actor, user: User, report: Report, reason: str, now: datetime
) -> None:
    """Take a report back, for a reason. Raises UnableToWithdraw.

    A draft by anybody who may draft there; a signed one by its author, or by who approves cases.
    """
    with transaction.atomic():
        report = (
            Report.objects.select_for_update(of=("self",)).select_related("case").get(id=report.id)
        )
        if not reason.strip():
            raise UnableToWithdraw(gettext("Say why it is withdrawn."))
        if not REPORT.allows(report.state, ReportState.WITHDRAWN):
            raise UnableToWithdraw(gettext("This report has ended already."))
        may_end = allows(user, Permission.APPROVE_CASES, report.case.site_id)
        if report.state == ReportState.SIGNED and user.id != report.author_id and not may_end:
            raise UnableToWithdraw(
                gettext("Only the person who signed it, or who approves cases, can withdraw it.")
            )
        _move(report, ReportState.WITHDRAWN, ended_at=now, ended_by=user.id, ended_reason=reason)
        _note(actor, report, Event.REPORT_WITHDRAWN, now=now)
        _record(actor, report, Event.REPORT_WITHDRAWN, digest=newest(report).digest, reason=reason)


def _supersede(actor: Actor, user: User, older: Report, *, now: datetime) -> None:
    older = Report.objects.select_for_update(of=("self",)).get(id=older.id)
    if older.state != ReportState.SIGNED:
        return
    _move(older, ReportState.SUPERSEDED, ended_at=now, ended_by=user.id)
    _note(actor, older, Event.REPORT_SUPERSEDED, now=now)
    _record(actor, older, Event.REPORT_SUPERSEDED, digest=newest(older).digest)


def _move(report: Report, to: ReportState, **fields: object) -> None:
    REPORT.require(report.state, to)
    Report.objects.filter(id=report.id, state=report.state).update(
        state=to, version=F("version") + 1, **fields
    )


def _note(actor: Actor, report: Report, event: Event, *, now: datetime) -> None:
    """Whoever holds the sealed PDF, or a case file with it, sees in its custody that it no longer counts."""
    if report.item_id:
        item = EvidenceItem.objects.get(id=report.item_id)
        note_custody(actor=actor, item=item, action=event, now=now)


def _record(actor: Actor, report: Report, event: Event, *, digest: str, reason: str = "") -> None:
    record(
        actor=actor,
        event=event,
        subject=Subject("report", report.id),
        after={"digest": digest},
        reason=reason,
        details={"case": str(report.case_id), "kind": report.kind, "digest": digest},
    )
