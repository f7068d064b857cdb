"""What triage concluded, in the dossier's words: made from the canonical record alone."""

from apps.alerts.models import Assessment
from apps.cases.dossier.words import known
from apps.triage.assessment import read_record
from apps.triage.explanation import CostLine, Explanation, explain
from apps.triage.fairness import FairnessFinding
from apps.triage.fairness_words import FairnessLines

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
            f"{words.segment} {words.drift}",
            words.basis,
            f"Proposal: {words.verdict}. {words.cost_sentence}",
            *words.flips,
            f"Fairness: {words.fairness.verdict}",
            *_tried(record.inputs.fairness, words.fairness),
            *_learned(words),
        ],
        "reasons": list(words.reasons),
        "costs": [_cost(line) for line in words.costs],
        "facts": [
            ("Record digest", record.digest),
            *(
                (name.capitalize(), known(version, because="nothing has been learned yet"))
                for name, version in record.versions.items()
            ),
            *models,
        ],
    }


def _tried(finding: FairnessFinding, words: FairnessLines) -> list[str]:
    """The method, and what each change of appearance did to the score; nothing where none was tried."""
    if not words.tried:
        return [words.age_and_gender]
    pictures = [words.picture, *(line.picture for line in words.tried)]
    kept = ", ".join(file for file in pictures if file)
    return [
        f"Method: {finding.method}.",
        f"Unchanged {words.before}. {words.sentence}" if words.before else words.sentence,
        *(f"Not tried: {line}" for line in words.left_out),
        *([f"Pictures of what was tried: {kept}."] if kept else []),
        words.age_and_gender,
    ]


def _learned(words: Explanation) -> list[str]:
    """The surrogate's rule and what would clear the alert, each with how far to rely on it."""
    rule, clearing = words.rule, words.clearing
    said = f"Rule of the surrogate: {rule.rule}." if rule.rule else ""
    chips = "; ".join(f"{chip.words} {chip.score}" for chip in clearing.chips)
    removals = f"As observed {clearing.score}; {chips}." if chips else ""
    sentences = (
        words.simulated,
        rule.absent,
        f"{said} {rule.support} {rule.precision} {rule.answer}",
        f"{rule.fidelity} {rule.baseline} {rule.not_reliable}",
        f"What would clear it: {clearing.verdict}. {clearing.together} {clearing.search}",
        f"{removals} {clearing.scale} {clearing.method} {clearing.not_reliable}",
    )
    return [" ".join(text.split()) for text in sentences if text.strip()]


def _cost(line: CostLine) -> list[str]:
    remark = "proposed" if line.chosen else ""
    if line.comparison_only:
        remark = "never offered; for comparison"
    return [line.words, line.expected, line.interval, remark]
