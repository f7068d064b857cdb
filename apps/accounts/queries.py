"""Reading tenants and their people."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db.models import Prefetch, Q, QuerySet
from django.utils.formats import date_format
from django.utils.translation import gettext, gettext_noop

from apps.accounts.models import Tenant, TrainingRecord, User
from apps.accounts.permissions import NEEDS_TRAINING, ROLE_PERMISSIONS, Permission, Role

ENDS_SOON: Final = timedelta(days=30)
MACHINE: Final = "Second Look"
FORMER: Final = "a former colleague"
WHO_RECORDS: Final = gettext_noop("Ask compliance or an administrator to record it.")


def people_of(tenant: Tenant | UUID) -> QuerySet[User]:
    """The active people of a tenant, by name."""
    tenant_id = tenant.id if isinstance(tenant, Tenant) else tenant
    return User.objects.filter(tenant_id=tenant_id, is_active=True).order_by("username")


def people_who_may(tenant: Tenant | UUID, permission: Permission) -> QuerySet[User]:
    roles = [role.value for role in Role if permission in ROLE_PERMISSIONS[role]]
    return people_of(tenant).filter(role__in=roles)


def people_who_need_training(tenant: Tenant | UUID) -> QuerySet[User]:
    """The active people whose role lets them do what nobody does untrained, by name."""
    roles = [role.value for role in Role if NEEDS_TRAINING & ROLE_PERMISSIONS[role]]
    return people_of(tenant).filter(role__in=roles)


_names: ContextVar[dict[UUID, str] | None] = ContextVar("names", default=None)


@contextmanager
def names_read_once() -> Iterator[None]:
    """Read nobody's name twice in here: for the length of one request."""
    token = _names.set({})
    try:
        yield
    finally:
        _names.reset(token)


def names_of(user_ids: Iterable[UUID | None]) -> dict[UUID, str]:
    """The names of people for the screen, by id: one query for those that were not read before in this request."""
    wanted = {user_id for user_id in user_ids if user_id is not None}
    kept = _names.get()
    known = {} if kept is None else kept
    missing = wanted - known.keys()
    if missing:
        known |= dict.fromkeys(missing, FORMER)
        known |= {user.id: user.display_name for user in User.objects.filter(id__in=missing)}
    return {user_id: known[user_id] for user_id in wanted}


def remember_names(people: Iterable[User]) -> None:
    """Know these people's names for the rest of the request: they were read for something else."""
    known = _names.get()
    if known is not None:
        known |= {person.id: person.display_name for person in people}


def name_of(user_id: UUID | None) -> str:
    """A person's name for the screen; the records keep the opaque id."""
    return MACHINE if user_id is None else names_of([user_id])[user_id]


class TrainingState(StrEnum):
    """How a person stands with the release in use, the worst first."""

    MISSING = "training_missing"
    ENDED = "training_ended"
    ENDS_SOON = "training_ends_soon"
    COVERED = "training_covered"


@dataclass(frozen=True, kw_only=True)
class TrainingStanding:
    """Whether a person's training covers the release in use.

    `words` say it of somebody; `sentence` says to the person what is missing and who can record it, "" when covered.
    """

    state: TrainingState
    words: str
    sentence: str = ""

    @property
    def is_covered(self) -> bool:
        return self.state in (TrainingState.COVERED, TrainingState.ENDS_SOON)


def training_standing(user: User, now: datetime) -> TrainingStanding:
    """Whether `user` may decide at `now` by what is recorded of their training for the release in use: one query."""
    return _standing_by(_in_force(now).filter(person=user, release=_release()).first(), now)


@dataclass(frozen=True, kw_only=True)
class TrainingLine:
    """One person who needs training, and the record they stand on."""

    person: User
    record: TrainingRecord | None
    standing: TrainingStanding


def training_lines(tenant_id: UUID, now: datetime) -> list[TrainingLine]:
    """Everybody who needs training: who may not decide comes first, then whose training ends soon. Two queries."""
    current = _in_force(now).filter(release=_release())
    people = people_who_need_training(tenant_id).prefetch_related(
        Prefetch("training_records", queryset=current, to_attr="current_training")
    )
    lines = [_line(person, now) for person in people]
    order = list(TrainingState)
    return sorted(lines, key=lambda line: order.index(line.standing.state))


def training_then(user: User, at: datetime) -> str:
    """What was on record at a past moment, whatever release was in use: for the records of a decision."""
    last = _in_force(at).filter(person=user).first()
    if last is None:
        return "no training was on record"
    ended = "valid until" if last.valid_until >= at.date() else "ended on"
    return (
        f"trained for release {last.release} on {last.trained_on}, {ended} {last.valid_until}, "
        f"record {last.id}"
    )


def training_records_of(person: User) -> QuerySet[TrainingRecord]:
    """Every record of a person, those taken back too, the newest first."""
    rows = TrainingRecord.objects.filter(tenant_id=person.tenant_id, person=person)
    return rows.select_related("recorded_by", "revocation__revoked_by").order_by("-recorded_at")


def _in_force(at: datetime) -> QuerySet[TrainingRecord]:
    """Records written by `at` and not taken back by then, of each person the one that is valid longest first."""
    known = TrainingRecord.objects.filter(
        Q(revocation__isnull=True) | Q(revocation__revoked_at__gt=at), recorded_at__lte=at
    )
    return known.order_by("-valid_until", "-recorded_at")


def _line(person: User, now: datetime) -> TrainingLine:
    found: list[TrainingRecord] = getattr(person, "current_training", [])
    last = found[0] if found else None
    return TrainingLine(person=person, record=last, standing=_standing_by(last, now))


def _standing_by(last: TrainingRecord | None, now: datetime) -> TrainingStanding:
    """What the record that is valid longest says at `now`; days are those of UTC."""
    if last is None:
        return _missing()
    day = date_format(last.valid_until, "j F Y")
    if last.valid_until < now.date():
        return _ended(day)
    soon = last.valid_until <= (now + ENDS_SOON).date()
    return TrainingStanding(
        state=TrainingState.ENDS_SOON if soon else TrainingState.COVERED,
        words=gettext("trained for release %(release)s until %(day)s")
        % {"release": last.release, "day": day},
    )


def _missing() -> TrainingStanding:
    facts = {"release": _release(), "ask": gettext(WHO_RECORDS)}
    return TrainingStanding(
        state=TrainingState.MISSING,
        words=gettext("training for release %(release)s is not recorded") % facts,
        sentence=gettext("Your training for release %(release)s is not recorded. %(ask)s") % facts,
    )


def _ended(day: str) -> TrainingStanding:
    facts = {"release": _release(), "day": day, "ask": gettext(WHO_RECORDS)}
    return TrainingStanding(
        state=TrainingState.ENDED,
        words=gettext("training for release %(release)s ended on %(day)s") % facts,
        sentence=gettext("Your training for release %(release)s ended on %(day)s. %(ask)s") % facts,
    )


def _release() -> str:
    release: str = settings.TRAINING_RELEASE
    return release
