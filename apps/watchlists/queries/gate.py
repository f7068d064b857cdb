"""Whether watchlists may be used at all, and what is missing when not."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from django.db.models import QuerySet
from django.utils.formats import date_format
from django.utils.translation import gettext, gettext_noop

from apps.triage.canonical import canonical_digest
from apps.watchlists.models import LegalGate

LAPSES_SOON = timedelta(days=30)


class GateStep(StrEnum):
    """The gate is filled in this order; changing an earlier step voids the signature."""

    BASIS = "basis"
    DPIA = "dpia"
    SIGN_OFF = "sign-off"


STEP_WORDS = {
    GateStep.BASIS: gettext_noop("Lawful basis"),
    GateStep.DPIA: gettext_noop("Impact assessment (DPIA)"),
    GateStep.SIGN_OFF: gettext_noop("Sign-off"),
}


@dataclass(frozen=True, kw_only=True)
class GateStanding:
    """The tenant's gate now. `missing` says in sentences what keeps it shut; empty means open."""

    latest: LegalGate | None
    missing: tuple[str, ...]
    incomplete: frozenset[GateStep]
    lapses_soon: bool = False

    @property
    def is_on(self) -> bool:
        return not self.missing

    @property
    def why_off(self) -> str:
        return " ".join(self.missing)


def gate_versions(tenant_id: UUID) -> QuerySet[LegalGate]:
    """Every version, newest first."""
    return LegalGate.objects.filter(tenant_id=tenant_id).order_by("-version")


def gate_of(tenant_id: UUID, *, now: datetime) -> GateStanding:
    """The gate as it stands at `now`. Runs inside the tenant's scope."""
    latest = gate_versions(tenant_id).first()
    missing = missing_of(latest, now=now)
    valid_until = latest.valid_until if latest else None
    soon = not missing and valid_until is not None and valid_until < (now + LAPSES_SOON).date()
    return GateStanding(
        latest=latest,
        missing=tuple(sentence for _, sentence in missing),
        incomplete=frozenset(step for step, _ in missing),
        lapses_soon=soon,
    )


def faces_are_on(tenant_id: UUID, *, now: datetime) -> bool:
    """Whether faces may be compared and entries made for this tenant at `now`."""
    return gate_of(tenant_id, now=now).is_on


def signed_content(gate: LegalGate) -> str:
    """SHA-256 of what a signature stands for: the basis and the impact assessment."""
    return canonical_digest(
        {
            "lawful_basis": gate.lawful_basis,
            "special_category_condition": gate.special_category_condition,
            "basis_text": gate.basis_text,
            "dpia_version": gate.dpia_version,
            "dpia_on": gate.dpia_on.isoformat() if gate.dpia_on else "",
        }
    )


def missing_of(gate: LegalGate | None, *, now: datetime) -> list[tuple[GateStep, str]]:
    """What keeps this version shut, step by step."""
    if gate is None:
        return [
            (GateStep.BASIS, gettext("No lawful basis is recorded.")),
            (GateStep.DPIA, gettext("No impact assessment is recorded.")),
            (GateStep.SIGN_OFF, gettext("Nobody has signed it off.")),
        ]
    return [*_basis(gate), *_dpia(gate, now), *_sign_off(gate, now)]


def _basis(gate: LegalGate) -> list[tuple[GateStep, str]]:
    wanted = {
        "No lawful basis (Art. 6) is recorded.": gate.lawful_basis,
        "No condition for biometric data (Art. 9) is recorded.": gate.special_category_condition,
        "The law and the interest relied on are not described.": gate.basis_text,
    }
    return [(GateStep.BASIS, sentence) for sentence, value in wanted.items() if not value]


def _dpia(gate: LegalGate, now: datetime) -> list[tuple[GateStep, str]]:
    if not gate.dpia_version or gate.dpia_on is None:
        return [(GateStep.DPIA, gettext("No impact assessment is recorded with version and date."))]
    if gate.dpia_on > now.date():
        return [(GateStep.DPIA, gettext("The impact assessment is dated in the future."))]
    return []


def _sign_off(gate: LegalGate, now: datetime) -> list[tuple[GateStep, str]]:
    if gate.is_withdrawn:
        return [(GateStep.SIGN_OFF, gettext("It was withdrawn; it needs a new sign-off."))]
    if not gate.signatory or gate.signed_on is None or gate.valid_until is None:
        return [(GateStep.SIGN_OFF, gettext("Nobody has signed it off, with a date and an end."))]
    if gate.signed_digest != signed_content(gate):
        return [
            (
                GateStep.SIGN_OFF,
                gettext("What was signed has changed since; it needs a new sign-off."),
            )
        ]
    if gate.signed_on > now.date():
        return [(GateStep.SIGN_OFF, gettext("The sign-off is dated in the future."))]
    if gate.valid_until < now.date():
        return [
            (
                GateStep.SIGN_OFF,
                gettext("The sign-off lapsed on %(day)s.")
                % {"day": date_format(gate.valid_until, "j F Y")},
            )
        ]
    return []
