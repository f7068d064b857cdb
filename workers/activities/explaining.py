"""What moved an alert's score, worked out once nobody waits for it: maps, shares of regions, how far to trust them."""

import json
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from apps.accounts.tenancy import tenant_scope
from apps.alerts.clip_format import ClipRefused
from apps.alerts.models import Alert, Clip
from apps.alerts.operations.explaining import note_not_explained, record_explained
from apps.storage.store import media_store
from apps.triage.canonical import canonical_bytes
from apps.triage.decoding import encode
from apps.triage.saliency import Saliency
from apps.triage.states import ClipState
from workers.activities.derived import DerivedFiles, fetch_master
from workers.activities.scorers import NoScorer, is_our_own, scorer_of
from workers.activities.stopped import is_stopped
from workers.inference.clip_explanation import (
    Subject,
    UnableToExplain,
    explain_external,
    explain_own,
)
from workers.inference.limits import ClipLimits
from workers.inference.model_entries import ModelRefused
from workers.inference.registry import process_models
from workers.inference.saliency import BUDGETS, SaliencyBudget
from workflows.activities import EXPLAIN_CLIP
from workflows.messages import AlertRef

STOPPED: Final = (
    "A person had stopped the machine here, so no detector was asked what moved the score."
)
NOT_ANALYSED: Final = "The clip has not been analysed, so it is not known what moved the score."


@EXPLAIN_CLIP.implemented_by
def explain_clip(message: AlertRef) -> None:
    """Explain an analysed clip once. What cannot be explained is noted in words; that is an answer, not an error."""
    tenant_id, alert_id = UUID(message.tenant_id), UUID(message.alert_id)
    with tenant_scope(tenant_id):
        alert = Alert.objects.select_related("clip", "source").get(id=alert_id)
        if is_stopped(alert):
            note_not_explained(alert_id=alert_id, reason=STOPPED)
            return
    clip = alert.clip
    if clip.state != ClipState.STORED or clip.saliency_key:
        return
    try:
        found = _explained(alert)
    except (ClipRefused, UnableToExplain, ModelRefused) as refusal:
        reason = refusal.sentence if isinstance(refusal, ClipRefused) else str(refusal)
        with tenant_scope(tenant_id):
            note_not_explained(alert_id=alert_id, reason=reason)
        return
    _keep(clip, found)


def _explained(alert: Alert) -> Saliency:
    if not alert.clip.analysis_key:
        raise UnableToExplain(NOT_ANALYSED)
    subject = Subject.stored(_analysis(alert.clip))
    limits = ClipLimits(max_bytes=settings.CLIP_MAX_BYTES)
    budget = BUDGETS[settings.SALIENCY_BUDGET]
    with TemporaryDirectory(prefix="explain-") as folder:
        path = Path(folder) / "master"
        fetch_master(alert.clip, path)
        if is_our_own(alert):
            return explain_own(path, subject, models=process_models(), limits=limits, budget=budget)
        return _of_another(alert, subject, path=path, limits=limits, budget=budget)


def _of_another(
    alert: Alert, subject: Subject, *, path: Path, limits: ClipLimits, budget: SaliencyBudget
) -> Saliency:
    """By its adapter; without one our own reading of the same clip, labelled as that."""
    try:
        scorer = scorer_of(
            alert=alert,
            tracks=subject.tracks,
            width=subject.width,
            height=subject.height,
            limits=limits,
        )
    except NoScorer:
        return explain_own(
            path,
            subject,
            models=process_models(),
            limits=limits,
            of_the_alert=False,
            budget=budget,
        )
    detector = f"{alert.detector_id}@{alert.detector_version}"
    return explain_external(
        path, subject, scorer=scorer, detector=detector, limits=limits, budget=budget
    )


def _analysis(clip: Clip) -> Mapping[str, Any]:
    with media_store().get_stream(key=clip.analysis_key) as stream:
        found: Mapping[str, Any] = json.loads(stream.read())
    return found


def _keep(clip: Clip, found: Saliency) -> None:
    files = DerivedFiles(clip)
    files.add("saliency", "json", canonical_bytes(encode(found)), "application/json")
    maps = {"picture": found.picture, "joints": found.joints}
    facts: dict[str, object] = {
        "of_the_alert": found.of_the_alert,
        "evaluations": found.picture.evaluations if found.picture else 0,
    }
    reliable = {f"{k}_reliable": m.faithfulness.reliable for k, m in maps.items() if m}
    with tenant_scope(clip.tenant_id):
        now = timezone.now()
        record_explained(
            alert_id=clip.alert_id, key=files.key("saliency"), facts={**facts, **reliable}, now=now
        )
        files.register(now=now)
