"""How faithfully a short tree imitates our own reference detector, on later poses than it was fitted on.

Every person of every PoseLift clip is cut into stretches of 3 s, as often looked at as the product does. The detector
scores each, and the posture and gesture signals of the same stretch are what the twin may read: regardless of what
they are worth as evidence, and then only those that weigh, as the product does. Clips are taken in the order of their
numbers as the data set gives them, the best order of time there is; the last quarter is held out.

The detector is the registered one; without one, its recipe fitted on the same clips. That it has seen the clips does
not matter here: what is imitated is its answer, not the truth. Nothing is tuned.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from apps.triage.surrogate import Surrogate, SurrogateSettings, UnableToFit, fit_surrogate
from apps.triage.tables import DIMENSIONS, AlertTable
from tests.bench.conftest import Report
from tests.bench.test_signal_validity import POSELIFT
from workers.inference.behaviour.features import FeatureSet
from workers.inference.behaviour.model import BehaviourModel, ModelFacts, behaviour_model
from workers.inference.model_entries import ModelRefused
from workers.inference.registry import process_models
from workers.inference.results import Track, Validity
from workers.inference.scene import crowding_of
from workers.inference.signals import signals_of
from workers.inference.training.examples import examples_of, thinned
from workers.inference.training.fitting import Recipe, fit, training_table
from workers.inference.training.poses import PoseClip, read_poses
from workers.inference.validity import measured_figures, worth_of

pytestmark = [
    pytest.mark.bench,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(
        not POSELIFT.is_file(), reason="the pose data set is not beside this checkout"
    ),
]

STRETCH_SECONDS = 3.0
TARGET = 0.963
NAMES = tuple(measured_figures())


@pytest.fixture(scope="module")
def clips() -> list[PoseClip]:
    return sorted(read_poses(POSELIFT), key=_number)


@pytest.fixture(scope="module")
def detector(clips: list[PoseClip]) -> BehaviourModel:
    try:
        return behaviour_model(process_models())
    except ModelRefused:
        recipe = Recipe(features=next(iter(FeatureSet)))
        examples = thinned(examples_of(clips), clips)
        every = np.ones(len(examples))
        table = training_table(examples, weights=every, recipe=recipe)
        network = fit(table, every.astype(bool), recipe=recipe)
        facts = ModelFacts(features=recipe.features, operating_threshold=0.5, threshold_from="none")
        return BehaviourModel(version="recipe", facts=facts, log_odds=network.log_odds)


@pytest.fixture(scope="module")
def scored(clips: list[PoseClip], detector: BehaviourModel) -> AlertTable:
    rows = [row for order, clip in enumerate(clips) for row in _rows(clip, order, detector)]
    count = len(rows)
    words = {name: np.full(count, "") for name in DIMENSIONS}
    return AlertTable(
        at=np.array([at for at, _, _, _ in rows]),
        score=np.array([score for _, score, _, _ in rows]),
        detector=np.full(count, "reference-behaviour@1"),
        label=np.full(count, "item_to_bag"),
        signal_names=NAMES,
        signals=np.array([values for _, _, values, _ in rows]),
        sequence=np.full(count, "unknown"),
        segments={**words, "crowding": np.array([crowd for _, _, _, crowd in rows])},
    )


@pytest.mark.parametrize("raised", ["at its own threshold", "above its median score"])
def test_fidelity_over_named_signals(
    report: Report, scored: AlertTable, detector: BehaviourModel, raised: str
) -> None:
    own = detector.operating_threshold
    threshold = own if raised == "at its own threshold" else float(np.median(scored.score))
    report.say("detector version", detector.version)
    report.say("stretches scored", len(scored))
    report.say("threshold", threshold)
    twin = _twin(scored, threshold)
    found = twin.fidelity
    report.say("held out", found.held_out)
    report.say("raised among them", found.raised_count)
    report.say("fidelity", f"{found.share:.3f} [{found.low:.3f}, {found.high:.3f}]")
    report.say("majority baseline", found.majority)
    report.say("Cohen's kappa", found.kappa)
    report.say("of the raised, raised by the twin", _share(found.raised_share))
    reached = found.share >= TARGET and found.low > found.majority
    report.say(f"fidelity ≥ {TARGET}, and surely above the majority", "yes" if reached else "no")
    report.say("relied on by the product", "yes" if twin.reliable else "no")
    assert twin.reliable == (found.share >= 0.9 and found.low > found.majority)


def test_what_the_product_may_read(report: Report, scored: AlertTable) -> None:
    """Signals without evidential weight are no features: the twin then has the scene alone, or nothing."""
    weighs = [k for k, name in enumerate(NAMES) if worth_of(name).state is Validity.MEASURED]
    seen = replace(
        scored, signal_names=tuple(NAMES[k] for k in weighs), signals=scored.signals[:, weighs]
    )
    report.say("signals that weigh", len(weighs))
    try:
        found = _twin(seen, float(np.median(scored.score))).fidelity
    except UnableToFit as unable:
        report.say("twin", str(unable))
        assert not weighs
        return
    report.say("fidelity", f"{found.share:.3f} [{found.low:.3f}, {found.high:.3f}]")
    report.say("majority baseline", found.majority)
    report.say("Cohen's kappa", found.kappa)


def _twin(table: AlertTable, threshold: float) -> Surrogate:
    return fit_surrogate(
        table=table,
        as_of=float(table.at.max()),
        version="reference",
        settings=SurrogateSettings(raised_threshold=threshold),
    )


def _number(clip: PoseClip) -> tuple[int, str]:
    digits = clip.name.rpartition("_")[2]
    return (int(digits) if digits.isdecimal() else 0), clip.name


def _rows(
    clip: PoseClip, order: int, detector: BehaviourModel
) -> list[tuple[float, float, list[float], str]]:
    """(time, score, value of each signal, crowd) of each stretch that the detector could score."""
    width, height = (max(1, round(side)) for side in clip.picture)
    tracks = clip.tracks(every=3)
    found = []
    for part in (part for track in tracks for part in _stretches(track)):
        reading = detector.read([part], width=width, height=height)
        if reading.score is not None:
            at = order * 86_400.0 + part.span.start_seconds
            crowd = crowding_of(_people(tracks, part)).state.value
            values = _values(part, width=width, height=height)
            found.append((at, reading.score, values, crowd))
    return found


def _stretches(track: Track) -> list[Track]:
    which = [int(sample.seconds // STRETCH_SECONDS) for sample in track.samples]
    return [
        Track(
            id=track.id,
            samples=tuple(s for s, one in zip(track.samples, which, strict=True) if one == part),
        )
        for part in sorted(set(which))
    ]


def _people(tracks: Sequence[Track], part: Track) -> list[int]:
    times = {sample.seconds for sample in part.samples}
    seen = [sample.seconds for track in tracks for sample in track.samples]
    return [seen.count(at) for at in times]


def _values(part: Track, *, width: int, height: int) -> list[float]:
    found = signals_of([part], width=width, height=height, duration_seconds=part.span.end_seconds)
    known = {one.name: one.value for one in found if one.track is not None}
    return [float("nan") if known.get(name) is None else float(known[name]) for name in NAMES]


def _share(share: float | None) -> float | str:
    return "none raised" if share is None else share
