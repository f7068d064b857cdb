"""Filling the legal gate step by step, and withdrawing it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext

from apps.accounts.models import Tenant, User
from apps.accounts.permissions import Permission
from apps.audit.events import Actor, Event, Subject
from apps.audit.operations import record
from apps.triage.states import EntryState
from apps.watchlists.models import LegalGate, WatchlistEntry
from apps.watchlists.models.gate import LawfulBasis, SpecialCategoryCondition
from apps.watchlists.operations.ending import end_entry
from apps.watchlists.queries.gate import GateStep, missing_of, signed_content

SHORTEST_NOTE = 10
LONGEST_SIGN_OFF_DAYS = 730
_CARRIED = (
    "lawful_basis",
    "special_category_condition",
    "basis_text",
    "dpia_version",
    "dpia_on",
    "signatory",
    "signed_on",
    "signed_digest",
    "valid_until",
)
_UNSIGNED: dict[str, object] = {
    "signatory": "",
    "signed_on": None,
    "signed_digest": "",
    "valid_until": None,
}


class UnableToChangeGate(Exception):
    """The gate stays as it is; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Basis:
    """The ground in law, with its article, and what is relied on in words."""

    lawful_basis: LawfulBasis
    special_category_condition: SpecialCategoryCondition
    basis_text: str

    def __post_init__(self) -> None:
        if len(self.basis_text.strip()) < SHORTEST_NOTE:
            raise UnableToChangeGate(
                gettext("Describe the law and the interest relied on in a sentence.")
            )


@dataclass(frozen=True, kw_only=True)
class Dpia:
    """Which impact assessment, and from when."""

    dpia_version: str
    dpia_on: date

    def __post_init__(self) -> None:
        if not self.dpia_version.strip():
            raise UnableToChangeGate(gettext("Name the version of the impact assessment."))


@dataclass(frozen=True, kw_only=True)
class SignOff:
    """Who signed basis and assessment (by function), when, and until when it holds."""

    signatory: str
    signed_on: date
    valid_until: date

    def __post_init__(self) -> None:
        if not self.signatory.strip():
            raise UnableToChangeGate(gettext("Say who signed, by function."))
        if not 0 < (self.valid_until - self.signed_on).days <= LONGEST_SIGN_OFF_DAYS:
            raise UnableToChangeGate(
                gettext("A sign-off holds for a day at least and two years at most.")
            )


GateChange = Basis | Dpia | SignOff
_STEPS = {Basis: GateStep.BASIS, Dpia: GateStep.DPIA, SignOff: GateStep.SIGN_OFF}


def fill_gate(
    *, actor: Actor, user: User, change: GateChange, instead_of: int, now: datetime
) -> LegalGate:
    """Write the next version with one step filled in. A changed basis or assessment voids the signature.

    `instead_of` is the number of the version the person looked at, 0 for none. Raises
    UnableToChangeGate without permission, for dates in the future, for a sign-off of something
    incomplete, and when somebody else changed it meanwhile. Runs inside the tenant's scope.
    """
    _require_may(user)
    with transaction.atomic():
        latest = _latest(user.tenant_id, instead_of=instead_of)
        values = _values(latest) | vars(change)
        if isinstance(change, SignOff):
            values |= _signed(values, now=now)
        elif latest is not None and _digest_of(values) != signed_content(latest):
            values |= _UNSIGNED
        if isinstance(change, Dpia) and change.dpia_on > now.date():
            raise UnableToChangeGate(
                gettext("The impact assessment cannot be dated in the future.")
            )
        step = _STEPS[type(change)]
        return _write(actor, user, latest, values, note="", step=step.value, now=now)


def withdraw_gate(
    *, actor: Actor, user: User, reason: str, instead_of: int, now: datetime
) -> LegalGate:
    """Switch watchlists off: every entry in force ends and its vectors are deleted.

    Raises UnableToChangeGate without permission or reason, and when there is nothing to withdraw.
    """
    _require_may(user)
    if len(reason.strip()) < SHORTEST_NOTE:
        raise UnableToChangeGate(
            gettext("Say in at least %(shortest_note)s characters why.")
            % {"shortest_note": SHORTEST_NOTE}
        )
    with transaction.atomic():
        latest = _latest(user.tenant_id, instead_of=instead_of)
        if latest is None or latest.is_withdrawn:
            raise UnableToChangeGate(gettext("There is nothing to withdraw."))
        values = _values(latest) | _UNSIGNED | {"is_withdrawn": True}
        made = _write(actor, user, latest, values, note=reason.strip(), step="withdraw", now=now)
        for entry in WatchlistEntry.objects.filter(
            state__in=[EntryState.ACTIVE, EntryState.SUSPENDED]
        ):
            end_entry(
                actor=actor, entry=entry, to=EntryState.DISABLED, code="gate_withdrawn", now=now
            )
    return made


def _require_may(user: User) -> None:
    if not user.may(Permission.MANAGE_LEGAL_GATE):
        raise UnableToChangeGate(gettext("Your role does not allow changing the legal gate."))


def _latest(tenant_id: UUID, *, instead_of: int) -> LegalGate | None:
    Tenant.objects.select_for_update().get(id=tenant_id)
    latest = LegalGate.objects.filter(tenant_id=tenant_id).order_by("-version").first()
    if (latest.version if latest else 0) != instead_of:
        raise UnableToChangeGate(
            gettext("Somebody else changed the gate meanwhile. Look at it again.")
        )
    return latest


def _values(latest: LegalGate | None) -> dict[str, object]:
    return {name: getattr(latest, name) for name in _CARRIED} if latest else {}


def _digest_of(values: Mapping[str, object]) -> str:
    return signed_content(LegalGate(**values))


def _signed(values: Mapping[str, object], *, now: datetime) -> dict[str, object]:
    """The signature, over exactly what is recorded now."""
    digest = _digest_of(values)
    missing = missing_of(LegalGate(**{**values, "signed_digest": digest}), now=now)
    if missing:
        raise UnableToChangeGate(missing[0][1])
    return {"signed_digest": digest}


def _write(
    actor: Actor,
    user: User,
    latest: LegalGate | None,
    values: Mapping[str, object],
    *,
    note: str,
    step: str,
    now: datetime,
) -> LegalGate:
    made = LegalGate.objects.create(
        **values,
        tenant_id=user.tenant_id,
        version=(latest.version if latest else 0) + 1,
        note=note,
        recorded_by=user.id,
        recorded_at=now,
    )
    record(
        actor=actor,
        event=Event.WATCHLIST_GATE_CHANGED,
        subject=Subject("legal_gate", made.id),
        before={"version": latest.version} if latest else None,
        after={"version": made.version, "content": signed_content(made)},
        reason=note,
        details={"version": made.version, "step": step, "on": not missing_of(made, now=now)},
    )
    return made
