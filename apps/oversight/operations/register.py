"""Changing the risk register: a version at a time, with a reason."""

from collections.abc import Sequence
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext, gettext_noop

from apps.accounts.models import User
from apps.audit.events import Actor, Event, Subject
from apps.audit.operations import record
from apps.oversight.models import RiskRegisterVersion
from apps.oversight.queries.register import digest_of, register_of
from apps.oversight.register import Risk, UnableToRead, risks_of

MEANWHILE = gettext_noop(
    "Somebody has changed the register since you opened it. Read it again first."
)


class UnableToChange(Exception):
    """The register cannot be changed like this; the message says why."""


def put_risk(
    *, actor: Actor, user: User, risk: Risk, reason: str, instead_of: int, now: datetime
) -> RiskRegisterVersion:
    """Add the entry, or put it in the place of the one with its id.

    `instead_of` is the version that was read: raises UnableToChange when somebody has written another since.
    """
    register = register_of(actor.tenant_id)
    others = [one for one in register.risks if one.id != risk.id]
    place = next((at for at, one in enumerate(register.risks) if one.id == risk.id), len(others))
    changed = [*others[:place], risk, *others[place:]]
    return _keep(actor, user, changed, reason=reason, instead_of=instead_of, now=now)


def remove_risk(
    *, actor: Actor, user: User, risk_id: str, reason: str, instead_of: int, now: datetime
) -> RiskRegisterVersion:
    """Leave an entry out of the next version; the earlier ones keep it. Raises UnableToChange."""
    kept = [one for one in register_of(actor.tenant_id).risks if one.id != risk_id]
    return _keep(actor, user, kept, reason=reason, instead_of=instead_of, now=now)


def _keep(
    actor: Actor, user: User, risks: Sequence[Risk], *, reason: str, instead_of: int, now: datetime
) -> RiskRegisterVersion:
    words = reason.strip()
    if not words:
        raise UnableToChange(gettext("Say why the register changes."))
    try:
        checked = risks_of([one.as_json() for one in risks])
    except UnableToRead as error:
        raise UnableToChange(str(error)) from error
    try:
        return _written(actor, user, checked, words, instead_of=instead_of, now=now)
    except IntegrityError as error:  # two versions of one number
        raise UnableToChange(gettext(MEANWHILE)) from error


def _written(
    actor: Actor,
    user: User,
    checked: tuple[Risk, ...],
    words: str,
    *,
    instead_of: int,
    now: datetime,
) -> RiskRegisterVersion:
    with transaction.atomic():
        before = register_of(actor.tenant_id)
        if before.version != instead_of:
            raise UnableToChange(gettext(MEANWHILE))
        digest = digest_of(checked)
        row = RiskRegisterVersion.objects.create(
            tenant_id=actor.tenant_id,
            version=before.version + 1,
            content={"risks": [one.as_json() for one in checked]},
            digest=digest,
            reason=words,
            created_by=user,
            created_at=now,
        )
        record(
            actor=actor,
            event=Event.RISK_REGISTER_CHANGED,
            subject=Subject("risk_register", row.id),
            before={"digest": before.digest},
            after={"digest": digest},
            reason=words,
            details={"version": row.version, "entries": len(checked)},
        )
    return row
