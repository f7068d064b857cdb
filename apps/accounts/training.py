"""Recording that people were trained, and taking a record back. What it gates: `queries.training_standing`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from django.db import IntegrityError, transaction
from django.utils.translation import gettext

from apps.accounts.models import TrainingRecord, TrainingRevocation, User
from apps.accounts.permissions import Permission
from apps.audit.events import Actor, Event, Subject
from apps.audit.operations import record

SHORTEST_TEXT: Final = 10
LONGEST_TEXT: Final = 2_000
LONGEST_REASON: Final = 1_000
LONGEST_TRAINER: Final = 120
LONGEST_DAYS: Final = 731
FIRST_TO_TURN: Final = timedelta(hours=14)
"""How far ahead of UTC a day begins somewhere: a training of this morning is not one to come."""
_RELEASE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")


class UnableToRecord(Exception):
    """The training cannot be recorded or taken back so; the text says why."""


@dataclass(frozen=True, kw_only=True)
class Training:
    """What took place: for which release, held by whom, about what, on which day, and how long it counts."""

    release: str
    trainer: str
    covered: str
    trained_on: date
    valid_until: date


def record_training(
    *, actor: Actor, user: User | None, people: Sequence[User], training: Training, now: datetime
) -> list[TrainingRecord]:
    """Keep that each of `people` took part; `user` is who says so, None for the seed of a drill. All of them or nobody.

    Raises UnableToRecord for one's own training, another tenant's person, a day to come, and a validity over two years.
    """
    for person in people:
        _require_somebody_else(user, person, actor)
    _require_text(training)
    _require_days(training, now=now)
    if not people:
        raise UnableToRecord(gettext("Say who took part."))
    with transaction.atomic():
        return [_keep(actor, user, person, training, now=now) for person in people]


def revoke_training(
    *, actor: Actor, user: User, training: TrainingRecord, reason: str, now: datetime
) -> TrainingRevocation:
    """Take a record back: from now on it covers nothing. Raises UnableToRecord."""
    reason = reason.strip()
    _require_somebody_else(user, training.person, actor)
    if not SHORTEST_TEXT <= len(reason) <= LONGEST_REASON or "\x00" in reason:
        raise UnableToRecord(
            gettext(
                "Say why it is taken back, in %(shortest_text)s to %(longest_reason)s characters."
            )
            % {"shortest_text": SHORTEST_TEXT, "longest_reason": f"{LONGEST_REASON:,}"}
        )
    try:
        with transaction.atomic():
            made = TrainingRevocation.objects.create(
                record=training,
                tenant_id=actor.tenant_id,
                reason=reason,
                revoked_by=user,
                revoked_at=now,
            )
            record(
                actor=actor,
                event=Event.USER_TRAINING_REVOKED,
                subject=Subject("user", training.person_id),
                reason=reason,
                details={"record": str(training.id)},
            )
    except IntegrityError:  # its key is the record's
        raise UnableToRecord(gettext("This record was taken back before.")) from None
    return made


def _keep(
    actor: Actor, user: User | None, person: User, training: Training, *, now: datetime
) -> TrainingRecord:
    made = TrainingRecord.objects.create(
        tenant_id=actor.tenant_id,
        person=person,
        release=training.release.strip(),
        trainer=training.trainer.strip(),
        covered=training.covered.strip(),
        trained_on=training.trained_on,
        valid_until=training.valid_until,
        recorded_by=user,
        recorded_at=now,
    )
    facts = {"release": made.release, "until": str(made.valid_until)}
    record(
        actor=actor,
        event=Event.USER_TRAINED,
        subject=Subject("user", person.id),
        after={**facts, "trained_on": str(made.trained_on)},
        details={"record": str(made.id), **facts},
    )
    return made


def _require_somebody_else(user: User | None, person: User, actor: Actor) -> None:
    if person.tenant_id != actor.tenant_id:
        raise UnableToRecord(gettext("That is nobody of this organisation."))
    if user is None:
        if not person.tenant.is_drill:
            raise UnableToRecord(gettext("Training is recorded by a person, except in a drill."))
        return
    if not user.may(Permission.MANAGE_TRAINING_RECORDS):
        raise UnableToRecord(gettext("Recording training is not part of your role."))
    if user.id == person.id:
        raise UnableToRecord(gettext("Your own training is recorded by somebody else."))


def _require_text(training: Training) -> None:
    trainer, covered = training.trainer.strip(), training.covered.strip()
    if not _RELEASE.fullmatch(training.release.strip()):
        raise UnableToRecord(
            gettext("A release is letters, digits, dots and dashes, such as 2026.1.")
        )
    if not 1 <= len(trainer) <= LONGEST_TRAINER or "\x00" in trainer:
        raise UnableToRecord(gettext("Say who held the training."))
    if not SHORTEST_TEXT <= len(covered) <= LONGEST_TEXT or "\x00" in covered:
        raise UnableToRecord(
            gettext(
                "Say what the training covered, in %(shortest_text)s to %(longest_text)s characters."
            )
            % {"shortest_text": SHORTEST_TEXT, "longest_text": f"{LONGEST_TEXT:,}"}
        )


def _require_days(training: Training, *, now: datetime) -> None:
    if training.trained_on > (now + FIRST_TO_TURN).date():
        raise UnableToRecord(gettext("The training is recorded once it has taken place."))
    if not 0 <= (training.valid_until - training.trained_on).days <= LONGEST_DAYS:
        raise UnableToRecord(gettext("A training is valid from its day on, for two years at most."))
