"""What is known of the system that judged an alert: risks, data, technical file, limits, accuracy."""

from datetime import datetime
from typing import Final

from apps.alerts.models import Alert
from apps.cases.dossier.log import settings_digest
from apps.cases.dossier.sources import Source, citation
from apps.cases.dossier.words import Section, Table, known, listed, not_known, spaced, table
from apps.reliability.models import FairnessSample
from apps.reliability.queries.fairness import rates_of
from apps.triage.assessment import AssessmentRecord
from apps.triage.decision import CONSTRAINTS
from apps.triage.explanation import explain
from apps.triage.reasons import SENTENCES
from apps.triage.segments import Drift

_NO_RECORD: Final = not_known("the analysis of this alert has not ended")
_DIGESTS: Final = ("Model digests", "Policy digest", "Cost model digest", "Inputs digest")
LIMITS: Final = (
    "It sees acts, not intent, and not what happens outside the picture.",
    "A detector's score is not a probability and is never read as one.",
    "Crowding, poor light and a covered item hide steps; an act may look like another.",
    "A similarity of faces is an investigative lead, never an identification by itself.",
)


def risk_management(alert: Alert, *, at: datetime) -> Section:
    return Section(
        article="Art. 9",
        title="risk management",
        facts=(("Risk register version", _cited(Source.RISK_REGISTER, alert, at)),),
    )


def data_and_bias(alert: Alert, *, record: AssessmentRecord | None, at: datetime) -> Section:
    """The check of this alert against changes of appearance, and rates by audited group before it."""
    groups = _groups(alert, at)
    lines = explain(record).fairness if record else None
    return Section(
        article="Art. 10",
        title="data and bias",
        facts=(
            ("Fairness record", lines.verdict if lines else _NO_RECORD),
            ("Changes of appearance tried", _tried(record)),
            (
                "Rates by audited group",
                f"{sum(len(one.rows) for one in groups)} below"
                if groups
                else not_known("no audit sample had been imported by then"),
            ),
        ),
        tables=groups,
    )


def technical_file(alert: Alert, *, record: AssessmentRecord | None) -> Section:
    if record is None:
        facts = tuple((name, _NO_RECORD) for name in _DIGESTS)
        own = ("Class of the detector", _class(alert))
        return Section(article="Art. 11", title="technical file", facts=(*facts, own))
    inputs = record.inputs
    return Section(
        article="Art. 11",
        title="technical file",
        facts=(
            *(
                (name.capitalize(), known(version, because="nothing has been learned yet"))
                for name, version in record.versions.items()
            ),
            (
                "Model digests",
                listed(
                    (f"{name} {digest}" for name, digest in sorted(inputs.model_digests.items())),
                    nothing=not_known("no model of ours contributed"),
                ),
            ),
            ("Policy digest", settings_digest(inputs.policy)),
            ("Cost model digest", settings_digest(inputs.cost_model)),
            ("Inputs digest", record.inputs_digest),
            ("Class of the detector", _class(alert)),
        ),
    )


def instructions(alert: Alert, *, record: AssessmentRecord | None, at: datetime) -> Section:
    """What the person could read about limits, and which hard constraints held, in their order."""
    return Section(
        article="Art. 13",
        title="instructions and limits",
        facts=(
            ("System card version", _cited(Source.SYSTEM_CARD, alert, at)),
            ("Reliability of the segment", explain(record).segment if record else _NO_RECORD),
            ("Surrogate rule", _rule(record)),
            ("Counterfactual", explain(record).clearing.verdict if record else _NO_RECORD),
            ("Known limits", " ".join(LIMITS)),
        ),
        tables=_constraints(record),
    )


def accuracy(alert: Alert, *, record: AssessmentRecord | None) -> Section:
    """Declared metrics with the number they rest on; drift; and what was done without."""
    fallback = alert.failed_reason or "none: every step of the analysis gave its result"
    if record is None:
        names = ("Probability of theft", "False-alarm rate of the segment", "Drift")
        facts = [(name, _NO_RECORD) for name in names]
    else:
        facts = [
            ("Probability of theft", _probability(record)),
            ("False-alarm rate of the segment", _segment(record)),
            ("Drift", _drift(record)),
        ]
    return Section(
        article="Art. 15",
        title="accuracy, robustness, security",
        facts=(*facts, ("Fallback state", _fallbacks(record, fallback))),
    )


def _cited(source: Source, alert: Alert, at: datetime) -> str:
    return citation(source, tenant_id=alert.tenant_id, site_id=alert.site_id, at=at)


def _tried(record: AssessmentRecord | None) -> str:
    if record is None:
        return _NO_RECORD
    finding = record.inputs.fairness
    if not finding.tried:
        return not_known(finding.reason or "none was tried")
    return f"{len(finding.tried)}, largest move {finding.largest_change:.3f}, allowed {finding.tolerance}"


def _groups(alert: Alert, at: datetime) -> tuple[Table, ...]:
    before = FairnessSample.objects.filter(tenant_id=alert.tenant_id, imported_at__lte=at)
    sample = before.order_by("-imported_at", "-id").first()
    if sample is None:
        return ()
    rows = [
        (
            spaced(measure.measure),
            f"{attribute.attribute} = {group.group}",
            str(group.count),
            "insufficient n" if group.verdict == "insufficient_n" else f"{group.rate:.1%}",
            "insufficient n"
            if group.verdict == "insufficient_n"
            else f"{group.low:.1%} to {group.high:.1%}",
        )
        for attribute in rates_of(sample).attributes
        for measure in attribute.measures
        for group in measure.groups
    ]
    return table(("Measure", "Audited group", "n", "Rate", "Interval"), rows)


def _constraints(record: AssessmentRecord | None) -> tuple[Table, ...]:
    if record is None:
        return ()
    held = set(record.decision.reason_codes)
    rows = [
        (str(place), SENTENCES[code], "held" if code in held else "did not apply")
        for place, (code, _) in enumerate(CONSTRAINTS, start=1)
    ]
    header = ("No.", "Hard constraint, in order of evaluation", "This alert")
    return table(header, rows, widths=(1, 12, 3))


def _rule(record: AssessmentRecord | None) -> str:
    if record is None:
        return _NO_RECORD
    rule = explain(record).rule
    return rule.rule or not_known(rule.absent.rstrip(".") or "no surrogate was fitted")


def _probability(record: AssessmentRecord) -> str:
    found = record.inputs.probability
    if not found.calibrated:
        return f"insufficient n ({found.label_count} labels): a documented prior, {found.version}"
    return f"{found.mean:.3f} ({found.low:.3f} to {found.high:.3f}), n = {found.label_count}"


def _segment(record: AssessmentRecord) -> str:
    found = record.inputs.reliability
    if found.false_positive_rate is None:
        more = "" if found.labels_needed is None else f", {found.labels_needed} more needed"
        return f"insufficient n ({found.label_count} labels{more})"
    return (
        f"{found.false_positive_rate:.1%} ({found.low:.1%} to {found.high:.1%}), "
        f"n = {found.label_count}, {spaced(found.state.value)}"
    )


def _drift(record: AssessmentRecord) -> str:
    found = record.inputs.reliability.drift
    if found is Drift.UNKNOWN:
        return not_known("too few labels speak for the segment to tell drift")
    return spaced(found.value)


def _fallbacks(record: AssessmentRecord | None, stated: str) -> str:
    if record is None:
        return stated
    missing = [
        words
        for absent, words in (
            (not record.inputs.probability.calibrated, "no calibrated probability: a prior"),
            (record.inputs.reliability.false_positive_rate is None, "reliability unknown"),
            (not record.inputs.has_viewable_clip, "no clip that can be watched"),
            (record.inputs.surrogate is None, "no surrogate"),
            (record.inputs.stopped, "a STOP was in force"),
        )
        if absent
    ]
    return listed(missing, nothing=stated)


def _class(alert: Alert) -> str:
    source = alert.source
    if source is None:
        return not_known("the alert came from no registered detector")
    why = source.ai_act_rationale or not_known("nobody has written the rationale")
    return f"{spaced(source.ai_act_class)}: {why}"
