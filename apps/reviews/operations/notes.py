"""Writing down what was seen about an alert, for whoever looks next. A note decides nothing."""

from datetime import datetime
from typing import Final

from django.db import IntegrityError, transaction
from django.utils.translation import gettext

from apps.accounts.live import publish_live
from apps.accounts.models import User
from apps.accounts.permissions import Permission
from apps.alerts.models import Alert
from apps.audit.events import Actor, Event, Subject
from apps.audit.operations import record
from apps.reviews.models import AlertNote
from apps.sites.queries import allows

LONGEST: Final = 2000


class UnableToNote(Exception):
    """The note was not kept; the message says why. `forbidden`: it is not this person's to write."""

    def __init__(self, sentence: str, *, forbidden: bool = False) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.forbidden = forbidden


def write_note(
    *,
    actor: Actor,
    user: User,
    alert: Alert,
    text: str,
    now: datetime,
    instead_of: AlertNote | None = None,
) -> AlertNote:
    """Keep a note, or a new wording of one's own note `instead_of`; the earlier wording stays. Raises UnableToNote."""
    if not allows(user, Permission.DECIDE, alert.site_id):
        sentence = gettext("Writing notes is not part of your role at this site.")
        raise UnableToNote(sentence, forbidden=True)
    words = text.replace("\x00", "").strip()
    if not 1 <= len(words) <= LONGEST:
        raise UnableToNote(
            gettext("A note has 1 to %(longest)s characters.") % {"longest": LONGEST}
        )
    if instead_of is not None and instead_of.written_by != user.id:
        raise UnableToNote(gettext("Only who wrote a note rewrites it. Write one of your own."))
    try:
        with transaction.atomic():
            note = AlertNote.objects.create(
                tenant_id=alert.tenant_id,
                alert=alert,
                text=words,
                written_by=user.id,
                written_at=now,
                supersedes=instead_of,
            )
    except IntegrityError as error:
        sentence = gettext("This note was rewritten meanwhile. Look again, then rewrite it.")
        raise UnableToNote(sentence) from error
    _tell(actor, alert, note)
    return note


def _tell(actor: Actor, alert: Alert, note: AlertNote) -> None:
    rewritten = note.supersedes_id is not None
    record(
        actor=actor,
        event=Event.ALERT_NOTE_REWRITTEN if rewritten else Event.ALERT_NOTE_WRITTEN,
        subject=Subject("alert", alert.id),
        details={"wording": str(note.id)},
    )
    publish_live(
        tenant_id=alert.tenant_id, topic="alert", subject_id=alert.id, site_id=alert.site_id
    )
