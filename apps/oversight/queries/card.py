"""The system card of Art. 13: what the system is for, what it is not for, how well it works and where it fails.

What changes only when somebody changes it (`statement_of`) is kept in versions; the figures are read when they are asked
for (`figures_of`), each with its count and interval.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final
from uuid import UUID

from apps.oversight.models import PublishedModel, SystemCardVersion
from apps.oversight.queries.register import register_of
from apps.reliability.models import SegmentFinding
from apps.reliability.queries.atlas import active_refresh, network_rate
from apps.reliability.queries.choices import active_cost_model, standing_triage_policy
from apps.reliability.queries.fairness import MEASURE_WORDS, rates_of, samples_of
from apps.triage.assessment import SCHEMA
from apps.triage.canonical import canonical_digest
from apps.triage.decoding import encode

PURPOSE: Final = (
    "Second Look receives alerts of theft detectors and helps people to decide which of them to look at, in which "
    "order, and with what evidence. It proposes: escalate, verify or archive. A trained person decides."
)
NOT_FOR: Final = (
    "Deciding about a person without a person: nothing is confirmed, shared or acted on by itself.",
    "Identifying people. Faces are compared only behind a legal gate, and a match is a lead for two people.",
    "Inferring emotions, intentions, origin, belief or any other trait of a person.",
    "Scoring how likely somebody is to offend. Alerts are about observed acts in a clip.",
    "Evidence on its own in a court, or a ground to detain somebody.",
    "Watching employees at work.",
)
KNOWN_FAILURES: Final = (
    "Acts hidden from the camera by shelves, bodies or bags are not seen, and not counted as missing.",
    "Crowds: with many people near each other, acts of one can be joined to another's track.",
    "Low light and low frame rates: steps of a sequence are missed; such segments tend to be unreliable.",
    "Ordinary movements look alike: putting a phone away, packing one's own bag, handling a child's things.",
    "New cameras, shelves or detector versions: nothing is known of them until people have labelled alerts.",
    "The blur misses faces that the face model does not find, mostly small or turned away ones.",
    "Whether the score depends on appearance is not known for detectors that cannot score changed frames.",
)


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A rate with its 95% interval and count; `rate` None: too few to say."""

    what: str
    rate: float | None
    low: float | None
    high: float | None
    count: int
    verdict: str

    @property
    def percent(self) -> str:
        return "" if self.rate is None else f"{100 * self.rate:.1f}%"

    @property
    def interval(self) -> str:
        """The interval in words; "" where it is not known."""
        known = self.low is not None and self.high is not None
        return f"{100 * self.low:.1f} to {100 * self.high:.1f}%" if known else ""  # type: ignore[operator]


def statement_of(tenant_id: UUID) -> dict[str, Any]:
    """The part of the card that is kept in versions, as plain JSON."""
    policy_version, policy = standing_triage_policy(tenant_id)
    cost_version, cost = active_cost_model(tenant_id)
    return {
        "purpose": PURPOSE,
        "not_for": list(NOT_FOR),
        "known_failures": list(KNOWN_FAILURES),
        "thresholds": encode(policy),
        "versions": {
            "triage_policy": policy_version,
            "cost_model": cost_version,
            "cost_model_name": cost.version,
            "assessment_schema": SCHEMA,
            "risk_register": register_of(tenant_id).name,
        },
        "models": models_in_use(),
    }


def models_in_use() -> list[dict[str, Any]]:
    """Each model as its worker last published it; empty until a worker of this release has started."""
    found: dict[str, PublishedModel] = {}
    for row in PublishedModel.objects.order_by("published_at", "id"):
        found[row.model_id] = row
    return [
        {
            "id": one.model_id,
            "version": one.version,
            "job": one.job,
            "sha256": one.sha256,
            "licence": one.licence,
            "source": one.source,
            "ai_act_class": one.ai_act_class,
            "measured": one.measured,
        }
        for one in found.values()
    ]


def statement_digest(statement: Mapping[str, Any]) -> str:
    return canonical_digest(statement)


def latest_card(tenant_id: UUID) -> SystemCardVersion | None:
    return SystemCardVersion.objects.filter(tenant_id=tenant_id).order_by("-version").first()


def figures_of(tenant_id: UUID) -> dict[str, list[Figure]]:
    """False-alarm rates by segment, and rates by audited group, newest fit and sample. Empty lists: not known yet."""
    return {"segments": _segments(tenant_id), "groups": _groups(tenant_id)}


def figures_json(tenant_id: UUID) -> dict[str, list[dict[str, Any]]]:
    return {name: [asdict(one) for one in rows] for name, rows in figures_of(tenant_id).items()}


def _segments(tenant_id: UUID) -> list[Figure]:
    refresh = active_refresh(tenant_id)
    if refresh is None:
        return []
    rows = SegmentFinding.objects.filter(refresh=refresh, site_id__isnull=True).order_by(
        "-label_count"
    )[:60]
    figures = [
        Figure(
            what=_conditions(row),
            rate=None if row.state == "unknown" else row.false_positive_rate,
            low=None if row.state == "unknown" else row.low,
            high=None if row.state == "unknown" else row.high,
            count=row.label_count,
            verdict="insufficient_n" if row.state == "unknown" else row.state,
        )
        for row in rows
    ]
    whole = network_rate(refresh)
    if whole is not None and not any(one.what == "Everything" for one in figures):
        head = Figure(what="Everything", rate=whole, low=None, high=None, count=0, verdict="")
        figures.insert(0, head)
    return figures


def _conditions(row: SegmentFinding) -> str:
    named = ("detector_version", "zone_kind", "lighting", "daypart", "weekday", "crowding")
    values = [str(getattr(row, name)).replace("_", " ") for name in named if getattr(row, name)]
    return ", ".join(values) or "Everything"


def _groups(tenant_id: UUID) -> list[Figure]:
    sample = samples_of(tenant_id).first()
    if sample is None:
        return []
    return [
        Figure(
            what=f"{MEASURE_WORDS[measure.measure]}: {attribute.attribute} = {group.group}",
            rate=None if group.verdict == "insufficient_n" else group.rate,
            low=None if group.verdict == "insufficient_n" else group.low,
            high=None if group.verdict == "insufficient_n" else group.high,
            count=group.count,
            verdict=str(group.verdict),
        )
        for attribute in rates_of(sample).attributes
        for measure in attribute.measures
        for group in measure.groups
    ]
