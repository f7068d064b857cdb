"""What triage concluded, in the dossier's words: made from the canonical record alone."""

from apps.alerts.models import Assessment
from apps.triage.assessment import read_record
from apps.triage.explanation import CostLine, explain

_NOTHING: dict[str, object] = {
    "digest": "not assessed yet",
    "sentences": ["The software has not concluded anything about this alert yet."],
    "reasons": [],
    "costs": [],
    "facts": [],
}


def assessed(assessment: Assessment | None) -> dict[str, object]:
    """Sentences, reasons, cost table and versions. Raises RecordAltered when the stored record was edited."""
    if assessment is None:
        return _NOTHING
    record = read_record(assessment.record)
    words = explain(record)
    models = [(f"Model {name}", digest) for name, digest in record.inputs.model_digests.items()]
    return {
        "digest": record.digest,
        "sentences": [
            f"{words.what_happened}. {words.sequence}",
            words.trust,
            words.segment,
            f"Proposal: {words.verdict}. {words.cost_sentence}",
            *words.flips,
            f"Fairness: {words.fairness}",
        ],
        "reasons": list(words.reasons),
        "costs": [_cost(line) for line in words.costs],
        "facts": [
            ("Record digest", record.digest),
            *((name.capitalize(), version) for name, version in record.versions.items()),
            *models,
        ],
    }


def _cost(line: CostLine) -> list[str]:
    remark = "proposed" if line.chosen else ""
    if line.comparison_only:
        remark = "never offered; for comparison"
    return [line.words, line.expected, line.interval, remark]
