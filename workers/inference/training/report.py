"""What a training run found, as JSON and as a model card, and the registry entry a person may put in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from workers.inference.behaviour.model import ModelFacts, probability
from workers.inference.training.examples import examples_of
from workers.inference.training.figures import Figures, figures_of
from workers.inference.training.poses import PoseClip
from workers.inference.training.protocol import Outcome, auc_of, held_out_scores

PRODUCT_FPS = 5.0
"""Clips are looked at with this many frames a second."""

LIMITS = (
    "Pose alone is weak evidence: it corroborates, it does not accuse. The score says that a movement looks "
    "like those marked in the training clips; it says nothing of what a hand held, and nothing of intent."
)
MUST_NOT = (
    "It must not start an intervention, identify or track a person, or stand as the only ground of a case. "
    "Dwell, length of track, place in the clip and time in view are never features."
)


@dataclass(frozen=True, kw_only=True)
class Report:
    """The figures at the data's own rate and at the product's, and how the recipe was chosen."""

    data: str
    clips: int
    eventful: int
    cameras: int
    figures: tuple[Figures, ...]
    inner_auc: dict[str, float]
    nested_auc: float | None
    nested_choices: dict[str, str]
    chosen: str

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        named = ("data", "clips", "eventful", "cameras", "inner_auc", "nested_auc", "chosen")
        return {
            **{name: getattr(self, name) for name in (*named, "nested_choices")},
            "figures": [one.to_json() for one in self.figures],
        }


def report_of(clips: Sequence[PoseClip], outcome: Outcome, *, data: str) -> Report:
    """Every figure of the protocol, at both rates."""
    step = max(1, round(clips[0].fps / PRODUCT_FPS))
    figures = []
    for every in dict.fromkeys((1, step)):
        examples = examples_of(clips, every=every)
        scores = held_out_scores(clips, examples, outcome.held)
        figures.append(figures_of(clips, scores, examples, every=every))
    nested = None
    if outcome.nested:
        nested = auc_of(clips, held_out_scores(clips, examples_of(clips), outcome.nested))
    return Report(
        data=data,
        clips=len(clips),
        eventful=sum(not clip.is_normal for clip in clips),
        cameras=len({clip.camera for clip in clips}),
        figures=tuple(figures),
        inner_auc=dict(outcome.inner_auc),
        nested_auc=nested,
        nested_choices={one.camera: one.recipe.features.value for one in outcome.nested},
        chosen=outcome.recipe.features.value,
    )


def facts_of(report: Report, outcome: Outcome) -> ModelFacts:
    """The model's own statement: it raises from ten false alerts per camera-hour on cameras it had not seen."""
    slope, offset = outcome.calibration
    recall = report.figures[0].recalls[-1]
    threshold = float(probability(np.array([recall.threshold * slope + offset]))[0])
    return ModelFacts(
        features=outcome.recipe.features,
        operating_threshold=round(min(max(threshold, 0.0001), 0.9999), 4),
        threshold_from=f"{recall.per_hour:g} false alerts per camera-hour on normal clips of cameras left out in "
        f"training ({report.data})",
    )


def markdown(report: Report, *, facts: ModelFacts, sha256: str, on: date) -> str:
    """The model card."""
    lines = [
        "# Behaviour model",
        "",
        f"Measured {on.isoformat()} on {report.data}: {report.clips} clips of {report.cameras} cameras, "
        f"{report.eventful} with the act. SHA-256 `{sha256}`. Features: `{report.chosen}`.",
        "",
        LIMITS,
        "",
        MUST_NOT,
        "",
        "## Figures",
        "",
        "One camera left out at a time; frames with a scored person; smoothed inside the track; highest of the "
        "people; 95% interval by drawing clips anew; random scores under the same evaluation.",
        "",
        *_table(report.figures),
        "",
        "Per camera (too few clips each to compare): " + _per_camera(report.figures[0]) + ".",
        "",
        *_choice(report),
        "",
        f"The model raises from {facts.operating_threshold:.3f}: {facts.threshold_from}.",
    ]
    return "\n".join(lines) + "\n"


def registry_entry(*, version: str, sha256: str, features: int, report: Report, on: date) -> str:
    """The entry under which a person may activate the model, in a registry file beside the model."""
    best = report.figures[-1]
    return f"""[jobs]
behaviour = "behaviour-{version}"

[[model]]
id = "behaviour-{version}"
version = "{version}"
job = "behaviour"
file = "model.onnx"
sha256 = "{sha256}"
licence = "yours: state it"
source = "manage.py train_behaviour on {report.data}"
input = "float32 [N,{features}], features of 8 poses 0.2 s apart"
output = "log-odds [N,1]"
input_shape = [0, {features}]
input_type = "tensor(float)"
output_shapes = [[0, 1]]
providers = ["CUDAExecutionProvider", "CPUExecutionProvider"]
ai_act_class = "not biometric: movement without identity; its class is the tenant's to decide (Annex III)"
measured = [
  {{ what = "AUC, one camera left out at a time, {best.frames_per_second:g} frames/s", value = {best.auc:.3f}, \
low = {best.low:.3f}, high = {best.high:.3f}, data = "{report.data}", at = "{on.isoformat()}" }},
]
"""


def _table(figures: Sequence[Figures]) -> list[str]:
    rows = ["| frames/s | AUC | 95% | random | frames scored | " + _rates(figures[0]) + " |"]
    rows.append("|" + "---|" * (5 + len(figures[0].recalls)))
    for one in figures:
        caught = " | ".join(f"{r.caught} of {r.clips}" for r in one.recalls)
        rows.append(
            f"| {one.frames_per_second:g} | {one.auc:.3f} | {one.low:.2f}–{one.high:.2f} | {one.null_mean:.3f} ± "
            f"{one.null_sd:.3f} | {one.share_scored:.0%} | {caught} |"
        )
    return rows


def _rates(one: Figures) -> str:
    return " | ".join(f"caught at {r.per_hour:g} false alerts/camera-hour" for r in one.recalls)


def _per_camera(one: Figures) -> str:
    return ", ".join(
        f"{camera} {'one class only' if auc != auc else f'{auc:.2f}'}"
        for camera, auc in one.per_camera.items()
    )


def _choice(report: Report) -> list[str]:
    if not report.inner_auc:
        return ["The features were fixed; no choice was made on these figures."]
    compared = ", ".join(f"{name} {auc:.3f}" for name, auc in report.inner_auc.items())
    nested = "not measured" if report.nested_auc is None else f"{report.nested_auc:.3f}"
    return [
        f"The features were chosen by this same figure among {len(report.inner_auc)} sets ({compared}), so the table "
        f"is selected; with the choice made without the camera left out (nested) the AUC is {nested}."
    ]
