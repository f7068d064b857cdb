"""The assessment of an alert: one canonical record of what went in and what was concluded.

The record holds everything its conclusion depends on, so `recompute` gives the identical record
from what it stores. Inputs are rounded to 12 significant digits before anything is computed from
them, and results before they are stored, so that a round trip through JSON changes nothing.

A record keeps the schema it was written under: its digest is made, and it is computed again, with
the fields which that schema had (`apps.triage.decoding`).
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from apps.triage.canonical import JsonValue, canonical_digest
from apps.triage.cost_model import CostModel
from apps.triage.decision import (
    DEFAULT_TRIAGE_POLICY,
    Decision,
    DecisionInputs,
    TriagePolicy,
    decide,
)
from apps.triage.decoding import SINCE_2, SINCE_4, UnableToDecode, decode, encode
from apps.triage.fairness import FairnessFinding
from apps.triage.findings import CounterfactualFinding, SurrogateFinding
from apps.triage.probability import TheftProbability
from apps.triage.segments import SegmentReliability
from apps.triage.sequence import SequenceFinding, SequencePolicy, judge_sequence
from apps.triage.signals import Signal

SCHEMA = 5
FITTED_PARTS = ("probability", "reliability", "surrogate")
_SHA256 = re.compile(r"[0-9a-f]{64}")


class RecordAltered(ValueError):
    """A stored record does not match its own digest."""


@dataclass(frozen=True, kw_only=True)
class AssessmentInputs:
    """Everything an assessment depends on. Ids are opaque text; nothing here names a person.

    `score` is the detector's own, 0..1, kept for the record only: it is never read as a
    probability; None when a person raised the alert. `model_digests` maps each model that
    contributed to its SHA-256. `seed` is the seed of any step upstream that drew random numbers.
    `surrogate` and `counterfactual` are findings of a fitted model of a stated version, kept as
    they were made; they explain and decide nothing. None where there is no model to make them.
    `simulated` names those of `FITTED_PARTS` that were learned from simulated history, in whole or
    in part: every screen says so. `stopped`: a STOP was in force over the alert's camera at some
    moment between its arrival and this assessment.
    """

    alert_id: str
    label: str
    detector_id: str
    detector_version: str
    score: float | None
    signals: tuple[Signal, ...]
    sequence_policy: SequencePolicy | None
    probability: TheftProbability
    reliability: SegmentReliability
    fairness: FairnessFinding
    has_viewable_clip: bool
    cost_model: CostModel
    policy: TriagePolicy = DEFAULT_TRIAGE_POLICY
    minute_shadow_price: float = 0.0
    model_digests: Mapping[str, str]
    seed: int | None = None
    surrogate: SurrogateFinding | None = field(default=None, metadata=SINCE_2)
    counterfactual: CounterfactualFinding | None = field(default=None, metadata=SINCE_2)
    simulated: tuple[str, ...] = field(default=(), metadata=SINCE_2)
    stopped: bool = field(default=False, metadata=SINCE_4)

    def __post_init__(self) -> None:
        if not self.alert_id:
            raise ValueError("an assessment names its alert")
        if self.score is not None and not (math.isfinite(self.score) and 0 <= self.score <= 1):
            raise ValueError(f"score {self.score} is outside 0..1")
        if self.sequence_policy and self.sequence_policy.label != self.label:
            raise ValueError("the sequence policy is for another label")
        for name, digest in self.model_digests.items():
            if not _SHA256.fullmatch(digest):
                raise ValueError(f"the digest of model {name!r} is not a SHA-256 in hexadecimal")
        if not set(self.simulated) <= set(FITTED_PARTS):
            raise ValueError(f"only {', '.join(FITTED_PARTS)} can rest on simulated history")

    def for_decision(self, sequence: SequenceFinding) -> DecisionInputs:
        return DecisionInputs(
            probability=self.probability,
            sequence=sequence.state,
            reliability=self.reliability.state,
            fairness=self.fairness.state,
            has_viewable_clip=self.has_viewable_clip,
            minute_shadow_price=self.minute_shadow_price,
            stopped=self.stopped,
        )


@dataclass(frozen=True, kw_only=True)
class AssessmentRecord:
    """The canonical record. `digest` is the SHA-256 over everything else in it."""

    schema: int
    inputs: AssessmentInputs
    inputs_digest: str
    sequence: SequenceFinding
    decision: Decision
    digest: str = ""

    @property
    def versions(self) -> dict[str, str]:
        """Which versions of policies and parameters this conclusion rests on."""
        versions = {
            "triage policy": self.inputs.policy.version,
            "cost model": self.inputs.cost_model.version,
            "sequence policy": self.sequence.policy_version,
            "probability": self.inputs.probability.version,
            "reliability": self.inputs.reliability.version,
            "detector": f"{self.inputs.detector_id} {self.inputs.detector_version}",
        }
        if self.inputs.surrogate:
            versions["surrogate"] = self.inputs.surrogate.version
        return versions


def assess(*, inputs: AssessmentInputs) -> AssessmentRecord:
    """Return the record of one alert. Raises `NotCanonical` when an input has no canonical form."""
    return _assess(inputs, SCHEMA)


def recompute(record: AssessmentRecord) -> AssessmentRecord:
    """Return the record computed anew from what `record` stores: identical, or it was altered."""
    return _assess(record.inputs, record.schema)


def record_json(record: AssessmentRecord) -> dict[str, JsonValue]:
    """Return the record as plain canonical JSON, digest included: what is stored and exported."""
    return encode(record, schema=record.schema)


def _assess(inputs: AssessmentInputs, schema: int) -> AssessmentRecord:
    stored = encode(inputs, schema=schema)
    inputs = decode(AssessmentInputs, stored)
    sequence = judge_sequence(policy=inputs.sequence_policy, signals=inputs.signals)
    decision = decide(
        inputs=inputs.for_decision(sequence), model=inputs.cost_model, policy=inputs.policy
    )
    record = AssessmentRecord(
        schema=schema,
        inputs=inputs,
        inputs_digest=canonical_digest(stored),
        sequence=decode(SequenceFinding, encode(sequence, schema=schema)),
        decision=decode(Decision, encode(decision, schema=schema)),
    )
    return replace(record, digest=content_digest(record_json(record)))


def read_record(raw: object) -> AssessmentRecord:
    """Return the stored record; raise `RecordAltered` or `UnableToDecode`.

    The digest is checked over the JSON as stored, before anything is read from it.
    """
    if not isinstance(raw, Mapping):
        raise UnableToDecode("AssessmentRecord: an object is needed")
    if raw.get("digest") != content_digest(raw):
        raise RecordAltered("the record does not match its digest")
    if raw.get("schema") not in range(1, SCHEMA + 1):
        raise UnableToDecode(f"AssessmentRecord: schema {raw.get('schema')} is not known here")
    return decode(AssessmentRecord, raw)


def content_digest(raw: Mapping[str, object]) -> str:
    """Return the SHA-256 over a record's canonical JSON, its `digest` left out."""
    return canonical_digest({key: value for key, value in raw.items() if key != "digest"})
