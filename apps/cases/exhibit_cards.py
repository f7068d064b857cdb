"""The exhibits of a case as its page shows them: at first what they are, then their custody and how long they stay."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from apps.accounts.queries import names_of
from apps.cases.models import Case, Exhibit
from apps.cases.queries import exhibits_of
from apps.evidence.models import CustodyEvent
from apps.evidence.queries import custody_of_each
from apps.evidence.queries.retention import active_rules, standings
from apps.evidence.retention_rules import Standing
from apps.triage.states import EvidenceState


@dataclass(frozen=True, kw_only=True)
class ExhibitCard:
    """An exhibit; `custody` and how its file stands are None until they were asked for."""

    exhibit: Exhibit
    label: str
    custody: tuple[CustodyEvent, ...] | None = None
    standing: Standing | None = None


def cards_of(case: Case) -> list[ExhibitCard]:
    """The exhibits alone: one query."""
    return [ExhibitCard(exhibit=one, label=one.label_in(case.id)) for one in exhibits_of(case)]


def with_custody(cards: Sequence[ExhibitCard], case: Case) -> list[ExhibitCard]:
    """Add every step of custody and how the file stands: as many queries for one as for all."""
    items = [card.exhibit.item for card in cards]
    there = [item for item in items if item.state != EvidenceState.DELETED]
    steps = custody_of_each(items)
    found = standings(there, rules=active_rules(case.tenant_id))
    names_of(step.actor_id for custody in steps.values() for step in custody)
    return [
        replace(
            card,
            custody=tuple(steps[card.exhibit.item_id]),
            standing=found.get(card.exhibit.item_id),
        )
        for card in cards
    ]
