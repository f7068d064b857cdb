"""One look at one clip: people, tracks, poses, signals, scene, poster."""

from collections.abc import Sequence
from pathlib import Path

from workers.inference.behaviour.model import behaviour_model
from workers.inference.limits import ClipLimits
from workers.inference.looking import Look, Progress, look_at
from workers.inference.marking import marked_span
from workers.inference.poster import poster_jpeg
from workers.inference.probe import ClipProbe, probe_clip
from workers.inference.reading import ClipReader, open_clip
from workers.inference.refusals import ClipUndecodable
from workers.inference.registry import BEHAVIOUR, FACE, PERSON, POSE, Models, process_models
from workers.inference.results import ClipAnalysis, ModelUse, SceneZone
from workers.inference.scene import crowding_of, lighting_of
from workers.inference.signals import signals_of
from workers.inference.stage_times import StageTimes

MODELS_USED = (PERSON, POSE, FACE, BEHAVIOUR)


def ignore_progress(stage: str, fraction: float) -> None:
    """The progress callback of a caller that shows none."""


def analyse_clip(
    path: Path,
    *,
    limits: ClipLimits,
    progress: Progress = ignore_progress,
    models: Models | None = None,
    zones: Sequence[SceneZone] = (),
) -> ClipAnalysis:
    """Everything this version can see in a clip.

    `zones` are the places marked on the camera's picture; they are part of the record.

    `progress` is called with a stage ("probe", "people", "poster") and the share of it that is
    done, once a batch of frames: often enough for a heartbeat. Safe to call from several threads.
    Raises ClipRefused when the clip cannot be analysed, ModelRefused when a model is not the
    registered one, OSError when the file cannot be read.
    """
    models = models or process_models()
    times = StageTimes()
    with times.measured("models"):
        used = tuple(_use_of(model_id, models) for model_id in MODELS_USED)
    with times.measured("probe"):
        probe = probe_clip(path, limits=limits)
    progress("probe", 1.0)
    reader = open_clip(path, limits=limits, device=models.device, probe=probe)
    look = look_at(reader, limits=limits, models=models, times=times, progress=progress)
    with times.measured("poster"):
        poster = _poster(look, models)
    progress("poster", 1.0)
    return _concluded(
        probe,
        reader,
        look,
        poster=poster,
        used=used,
        models=models,
        times=times,
        zones=tuple(zones),
    )


def _concluded(
    probe: ClipProbe,
    reader: ClipReader,
    look: Look,
    *,
    poster: bytes,
    used: tuple[ModelUse, ...],
    models: Models,
    times: StageTimes,
    zones: tuple[SceneZone, ...],
) -> ClipAnalysis:
    width, height = probe.shown_size
    duration = probe.duration_seconds
    with times.measured("signals"):
        tracks = look.finished_tracks()
        signals = signals_of(
            tracks, width=width, height=height, duration_seconds=duration, zones=zones
        )
    with times.measured("behaviour"):
        behaviour = behaviour_model(models).read(tracks, width=width, height=height)
    return ClipAnalysis(
        width=width,
        height=height,
        fps=probe.fps,
        duration_seconds=duration,
        sampled_fps=reader.sampled_fps,
        decoder=reader.decoder.value,
        complete=probe.complete,
        tracks=tracks,
        signals=signals,
        lighting=lighting_of(look.lumas),
        crowding=crowding_of(look.people_counts),
        marked_span=marked_span(look.activity, duration_seconds=duration, behaviour=behaviour),
        models=used,
        timings_ms=times.milliseconds(),
        poster_jpeg=poster,
        behaviour=behaviour,
        zones=zones,
    )


def _poster(look: Look, models: Models) -> bytes:
    if look.still is None:
        raise ClipUndecodable("Not one frame of the clip could be decoded.")
    return poster_jpeg(
        look.still.image,
        face_model=models.get(FACE),
        people=look.still.people,
        poses=look.still.poses,
    )


def _use_of(model_id: str, models: Models) -> ModelUse:
    model = models.get(model_id)
    return ModelUse(model.entry.id, model.entry.version, model.entry.sha256, model.provider)
