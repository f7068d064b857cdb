"""The section "counterfactual" of an analysis: what would clear the alert, by the detector itself where it can be asked."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from apps.accounts.tenancy import tenant_scope
from apps.alerts.models import Alert
from apps.reliability.queries.basis import basis_of
from apps.triage.decoding import UnableToDecode
from workers.activities.looked import Looked
from workers.activities.scorers import NoScorer, is_our_own, scorer_of
from workers.inference.behaviour.model import behaviour_model
from workers.inference.frame_removal import adapter_counterfactual
from workers.inference.model_entries import ModelRefused
from workers.inference.reading import frames_at
from workers.inference.registry import process_models
from workers.inference.removal import Raising, own_counterfactual
from workers.inference.results import REFERENCE_DETECTOR, ClipAnalysis
from workers.inference.scoring import UnableToScore

ASKED_FRAMES: Final = 16
TWINS_THRESHOLD: Final = "The score from which its twin counts it as raising."


def counterfactual(looked: Looked) -> Mapping[str, Any] | None:
    """What would clear the alert, or None where the detector cannot be asked; "why" where it did not answer."""
    with tenant_scope(looked.clip.tenant_id):
        alert = Alert.objects.select_related("source", "tenant").get(id=looked.clip.alert_id)
    if is_our_own(alert):
        return own_section(looked.analysis)
    return _by_adapter(alert, looked)


def own_section(analysis: ClipAnalysis) -> Mapping[str, Any] | None:
    """What clears a clip by our own behaviour model; None where it has nobody to score."""
    reading = analysis.behaviour
    if reading is None or reading.score is None:
        return None
    try:
        model = behaviour_model(process_models())
    except ModelRefused:
        return None
    found = own_counterfactual(
        analysis.tracks,
        signals=analysis.signals,
        read=lambda tracks: model.read(tracks, width=analysis.width, height=analysis.height).score,
        raising=Raising(
            detector=f"{REFERENCE_DETECTOR}@{reading.version}",
            version=f"{REFERENCE_DETECTOR} {reading.version}",
            threshold=model.operating_threshold,
            threshold_from=model.facts.threshold_from,
        ),
    )
    return found.to_json()


def _by_adapter(alert: Alert, looked: Looked) -> Mapping[str, Any] | None:
    detector = f"{alert.detector_id}@{alert.detector_version}"
    threshold = _twins_threshold(alert, detector)
    if threshold is None:
        return None
    analysis, span = looked.analysis, looked.analysis.marked_span
    try:
        scorer = scorer_of(
            alert=alert,
            tracks=analysis.tracks,
            width=analysis.width,
            height=analysis.height,
            limits=looked.limits,
        )
        times = np.linspace(span.start_seconds, span.end_seconds, ASKED_FRAMES)
        found = adapter_counterfactual(
            frames_at(looked.path, times=times.tolist(), limits=looked.limits),
            scorer=scorer,
            tracks=analysis.tracks,
            signals=analysis.signals,
            raising=Raising(
                detector=detector,
                version=scorer.name,
                threshold=threshold,
                threshold_from=TWINS_THRESHOLD,
            ),
        )
    except NoScorer:
        return None
    except UnableToScore as failure:
        return {"detector": detector, "why": str(failure)}
    return found.to_json()


def _twins_threshold(alert: Alert, detector: str) -> float | None:
    """From which score on the detector counts as raising: what its twin imitates. None without a twin."""
    with tenant_scope(alert.tenant_id):
        try:
            basis = basis_of(
                alert.tenant_id, currency=alert.tenant.currency, camera_id=alert.camera_id
            )
        except UnableToDecode:
            return None
    twin = basis.surrogate(detector)
    return twin.score_threshold if twin else None
