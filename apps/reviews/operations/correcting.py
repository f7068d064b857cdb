"""Correcting a decision: a second person supersedes the verdict; what was said before stays."""

from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext

from apps.accounts.live import publish_live
from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.alerts.models import Alert, Disposition
from apps.audit.events import Actor, Event, Subject
from apps.audit.operations import record
from apps.reviews.models import Confirmation
from apps.reviews.queries import standing_disposition
from apps.sites.queries import allows
from apps.triage.states import AlertState, Verdict

SHORTEST_REASON: Final = 20
LONGEST_REASON: Final = 2_000


class UnableToCorrect(Exception):
    """The decision stays as it is; `sentence` says why."""

    def __init__(self, sentence: str, *, forbidden: bool = False) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.forbidden = forbidden


def correct(
    *, actor: Actor, user: User, alert: Alert, verdict: Verdict, reason: str, now: datetime
) -> Disposition:
    """Supersede the standing verdict of a resolved alert; return the new one.

    The label is reversed wherever labels are read, with the sampling probability of the first look. The caller has
    asked for fresh authentication and does what follows from it in the same transaction. Raises UnableToCorrect.
    """
    reason = reason.strip()
    if not SHORTEST_REASON <= len(reason) <= LONGEST_REASON:
        raise UnableToCorrect(
            gettext("Say in at least %(shortest_reason)s characters why it is corrected.")
            % {"shortest_reason": SHORTEST_REASON}
        )
    with transaction.atomic():
        alert = Alert.objects.select_for_update().get(id=alert.id)
        standing = standing_disposition(alert)
        refusal = objection_to_correcting(user=user, alert=alert, standing=standing)
        if refusal or standing is None:
            raise refusal or AssertionError("a resolved alert has a verdict")
        _require_other_verdict(standing, verdict)
        return _supersede(actor, user, alert, standing, verdict=verdict, reason=reason, now=now)


def objection_to_correcting(
    *, user: User, alert: Alert, standing: Disposition | None
) -> UnableToCorrect | None:
    """Why this person may not correct the standing verdict; None when they may."""
    if not allows(user, Permission.CORRECT_DECISIONS, alert.site_id):
        return UnableToCorrect(
            gettext("Correcting decisions is not part of your role at this site."), forbidden=True
        )
    if alert.state != AlertState.RESOLVED or standing is None:
        return UnableToCorrect(gettext("Nobody has decided this alert yet; decide it instead."))
    if user.id in people_behind(standing):
        return UnableToCorrect(
            gettext("You decided this yourself; somebody else has to correct it.")
        )
    return None


def people_behind(disposition: Disposition) -> set[object]:
    """Opaque ids of everybody whose confirmation the verdict rests on."""
    confirmed = Confirmation.objects.filter(task__disposition=disposition)
    together = Confirmation.objects.filter(settled_tasks__disposition=disposition)
    return {
        disposition.decided_by,
        *confirmed.values_list("user_id", flat=True),
        *together.values_list("user_id", flat=True),
    }


def _require_other_verdict(standing: Disposition, verdict: Verdict) -> None:
    if verdict == standing.verdict:
        raise UnableToCorrect(gettext("This is the verdict that stands already."))
    if verdict == Verdict.THEFT_CONFIRMED:
        raise UnableToCorrect(
            gettext(
                "A correction takes a verdict back. A theft is confirmed by watching the clip of an alert that "
                "waits; raise the clip as a new alert to have it judged again."
            )
        )


def _supersede(
    actor: Actor,
    user: User,
    alert: Alert,
    standing: Disposition,
    *,
    verdict: Verdict,
    reason: str,
    now: datetime,
) -> Disposition:
    new = Disposition.objects.create(
        tenant_id=alert.tenant_id,
        alert=alert,
        verdict=verdict,
        reasons=[],
        comment=reason,
        transfer_seen=None,
        decided_by=user.id,
        decided_at=now,
        sampling_probability=standing.sampling_probability,
        supersedes=standing,
    )
    Alert.objects.filter(id=alert.id).update(version=F("version") + 1)
    before, after = {"verdict": standing.verdict}, {"verdict": verdict.value}
    subject = Subject("alert", alert.id)
    record(
        actor=actor,
        event=Event.DISPOSITION_SUPERSEDED,
        subject=subject,
        before=before,
        after=after,
        details={"disposition": str(new.id), "superseded": str(standing.id)},
    )
    record(
        actor=actor,
        event=Event.ALERT_CORRECTED,
        subject=subject,
        before=before,
        after=after,
        reason=reason,
        details={"from": standing.verdict, "to": verdict.value},
    )
    publish_live(
        tenant_id=alert.tenant_id, topic="alert", subject_id=alert.id, site_id=alert.site_id
    )
    return new
