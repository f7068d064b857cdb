"""Handing alerts to whoever retrains a detector."""

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext

from apps.accounts.models import User
from apps.audit.events import Actor, Event, Subject
from apps.audit.operations import record
from apps.reliability.queries.atlas import places_of
from apps.reliability.queries.retraining import (
    RetrainingFilters,
    export_lines,
    retraining_facts,
)

MOST_LINES = 50_000


class UnableToExport(Exception):
    """Nothing was handed out; the message says why."""


@dataclass(frozen=True, kw_only=True)
class TrainingExport:
    """NDJSON: one alert a line."""

    content: bytes
    line_count: int
    sha256: str


def export_training(
    *, actor: Actor, user: User, filters: RetrainingFilters, chosen: Collection[UUID] | None = None
) -> TrainingExport:
    """Export the alerts the filters name, or of them only those `chosen`; the export is in the chain.

    Raises UnableToExport when that is none, or more than `MOST_LINES`.
    """
    facts = retraining_facts(user, filters=filters, places=places_of(user))
    if chosen is not None:
        facts = facts.filter(id__in=chosen)
    if facts.count() > MOST_LINES:
        raise UnableToExport(
            gettext("More than %(most)s alerts: narrow the choice first.")
            % {"most": f"{MOST_LINES:,}"}
        )
    lines = [
        json.dumps(line, ensure_ascii=False, sort_keys=True, allow_nan=False)
        for line in export_lines(facts)
    ]
    if not lines:
        raise UnableToExport(gettext("No alert was chosen."))
    content = ("\n".join(lines) + "\n").encode()
    digest = hashlib.sha256(content).hexdigest()
    with transaction.atomic():
        record(
            actor=actor,
            event=Event.TRAINING_EXPORTED,
            subject=Subject("training_export", digest),
            after={"detector": filters.detector, "site": filters.site},
            details={
                "lines": len(lines),
                "basis": filters.basis.value,
                "least_score": filters.least_score,
                "chosen_one_by_one": chosen is not None,
            },
        )
    return TrainingExport(content=content, line_count=len(lines), sha256=digest)
