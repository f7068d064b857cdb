"""Seeing a clip with faces: for a stated reason, for some minutes, on the record."""

from datetime import datetime, timedelta
from typing import Final

from django.utils.translation import gettext

from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.alerts.models import Alert
from apps.audit.events import Actor, Event, Subject
from apps.audit.operations import record
from apps.reviews.footage_queries import has_footage
from apps.reviews.models import LEAST_REVEAL_REASON, Reveal
from apps.sites.queries import allows

REVEALED_FOR: Final = timedelta(minutes=10)
LONGEST_REASON: Final = 500


class UnableToReveal(Exception):
    """The faces stay covered; `sentence` says why. `forbidden`: this person may not reveal them at all."""

    def __init__(self, sentence: str, *, forbidden: bool = False) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.forbidden = forbidden


def reveal_faces(*, actor: Actor, user: User, alert: Alert, reason: str, now: datetime) -> Reveal:
    """Let this person see this clip as it was recorded, until `expires_at`. Asked again, the time begins anew.

    The reason goes to the row in words and into the chain as a commitment. Raises UnableToReveal.
    """
    if not allows(user, Permission.REVEAL_FACES, alert.site_id):
        raise UnableToReveal(gettext("Your role may not see faces at this site."), forbidden=True)
    if not has_footage(alert):
        raise UnableToReveal(gettext("This alert has no footage to reveal."))
    words = reason.strip()
    if not LEAST_REVEAL_REASON <= len(words) <= LONGEST_REASON or "\x00" in words:
        raise UnableToReveal(
            gettext(
                "Say in %(least_reveal_reason)s to %(longest_reason)s characters why the faces are needed."
            )
            % {"least_reveal_reason": LEAST_REVEAL_REASON, "longest_reason": LONGEST_REASON}
        )
    revealed = Reveal.objects.create(
        tenant_id=alert.tenant_id,
        alert=alert,
        user=user,
        role=user.role,
        reason=words,
        revealed_at=now,
        expires_at=now + REVEALED_FOR,
    )
    record(
        actor=actor,
        event=Event.CLIP_REVEALED,
        subject=Subject("alert", alert.id),
        reason=words,
        details={"reveal": str(revealed.id), "seconds": int(REVEALED_FOR.total_seconds())},
    )
    return revealed


def cover_faces(*, actor: Actor, user: User, alert: Alert, now: datetime) -> bool:
    """End every reveal this person has of the clip. False when there was none."""
    open_ones = Reveal.objects.filter(
        alert=alert, user=user, covered_at__isnull=True, expires_at__gt=now
    )
    if not open_ones.update(covered_at=now):
        return False
    record(actor=actor, event=Event.CLIP_COVERED, subject=Subject("alert", alert.id))
    return True
