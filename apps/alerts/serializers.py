"""The shapes of the API, in and out. What comes in is read by `apps.alerts.intake`, more strictly
than a serializer can; these classes document it, and a test holds the two together.
"""

from rest_framework import serializers

from apps.alerts import intake
from apps.alerts.saliency import SaliencyState
from apps.triage import signals
from apps.triage.states import AlertState, ClipState

# Named in settings.SPECTACULAR_SETTINGS, because several components have a field `state`.
ALERT_STATES = [(state.value, state.value) for state in AlertState]
CLIP_STATES = [(state.value, state.value) for state in ClipState]
SALIENCY_STATES = [(state.value, state.value) for state in SaliencyState]
VALIDITY_STATES = [(state.value, state.value) for state in signals.ValidityState]


class DetectorField(serializers.Serializer[object]):
    id = serializers.CharField(max_length=intake.LONGEST_DETECTOR_ID)
    version = serializers.CharField(max_length=intake.LONGEST_DETECTOR_VERSION)


class ValidityField(serializers.Serializer[object]):
    """How well the signal separates, in the detector's own words: counts only above its null."""

    state = serializers.ChoiceField(choices=VALIDITY_STATES, required=False)
    statistic = serializers.CharField(required=False, max_length=200, help_text="Such as auc.")
    figure = serializers.FloatField(required=False)
    null = serializers.FloatField(required=False, help_text="The figure chance would reach.")
    samples = serializers.IntegerField(required=False, min_value=0)
    note = serializers.CharField(required=False, max_length=200)


class SignalField(serializers.Serializer[object]):
    name = serializers.RegexField(signals.NAME.pattern)
    value = serializers.FloatField(required=False, help_text="In the signal's own unit.")
    confidence = serializers.FloatField(required=False, min_value=0, max_value=1)
    start_seconds = serializers.FloatField(required=False, min_value=0)
    end_seconds = serializers.FloatField(required=False, min_value=0)
    track = serializers.IntegerField(
        required=False, min_value=0, help_text="Numbers the person it was seen on in this clip."
    )
    validity = ValidityField(required=False)


class AnnouncedClip(serializers.Serializer[object]):
    delivery = serializers.ChoiceField(
        choices=[intake.ClipDelivery.UPLOAD.value, intake.ClipDelivery.FOLLOWS.value],
        help_text="upload: you get an address for a PUT. follows: you send it to …/clip/ later.",
    )
    name = serializers.CharField(required=False, max_length=intake.LONGEST_NAME)


class AlertStated(serializers.Serializer[object]):
    """An alert as a detector states it. Fields not named here are refused."""

    camera = serializers.CharField(
        max_length=intake.LONGEST_CAMERA, help_text="The camera's name in addresses, or its id."
    )
    detector = DetectorField()
    label = serializers.CharField(max_length=intake.LONGEST_LABEL)  # type: ignore[assignment]
    score = serializers.FloatField(required=False, allow_null=True, min_value=0, max_value=1)
    camera_at = serializers.DateTimeField(help_text="The camera's clock, with its offset from UTC.")
    signals = serializers.ListField(
        child=SignalField(), required=False, max_length=signals.MOST_SIGNALS
    )
    saliency_grid = serializers.ListField(
        child=serializers.ListField(child=serializers.FloatField(min_value=0, max_value=1)),
        required=False,
        allow_null=True,
        help_text="Rows from the top of the picture, at most 64 × 64 values between 0 and 1.",
    )
    clip = AnnouncedClip(required=False, allow_null=True)


class AlertWithClip(serializers.Serializer[object]):
    alert = AlertStated(help_text="The alert as JSON, as a field or as a file.")
    clip = serializers.FileField(help_text="MP4, MOV, MKV, WebM, AVI, MPEG-TS or Motion JPEG.")


class UploadFinished(serializers.Serializer[object]):
    alert = serializers.UUIDField(help_text="The alert's id again: the signature covers it here.")
    uploaded = serializers.BooleanField(help_text="Always true.")


class LateClip(serializers.Serializer[object]):
    alert = serializers.UUIDField(help_text="The alert's id again: the signature covers it here.")
    clip = serializers.FileField()


class RecordingStated(serializers.Serializer[object]):
    camera = serializers.CharField(help_text="Its slug or id.")
    starts_at = serializers.DateTimeField(help_text="The camera's clock at the first picture.")
    seconds = serializers.FloatField(help_text="How long it is: at most four hours.")


class RecordingWithFile(serializers.Serializer[object]):
    recording = RecordingStated(help_text="What it is, as JSON.")
    file = serializers.FileField(help_text="MP4, MOV, MKV, WebM, AVI, MPEG-TS or Motion JPEG.")


class RecordingKept(serializers.Serializer[object]):
    id = serializers.UUIDField()
    camera = serializers.CharField()
    starts_at = serializers.DateTimeField(
        help_text="True time: the camera's clock less its offset."
    )
    ends_at = serializers.DateTimeField()
    size_bytes = serializers.IntegerField()
    sha256 = serializers.CharField()
    alerts_given_a_clip = serializers.IntegerField(
        help_text="Alerts that waited without a clip and now get one."
    )


class UploadAddress(serializers.Serializer[object]):
    url = serializers.URLField()
    method = serializers.CharField()
    expires_at = serializers.DateTimeField()


class ClipStatus(serializers.Serializer[object]):
    state = serializers.ChoiceField(choices=CLIP_STATES)
    refused_code = serializers.CharField(required=False)
    refused_reason = serializers.CharField(required=False)
    pending_reason = serializers.CharField(required=False)
    upload = UploadAddress(required=False)


class AlertAccepted(serializers.Serializer[object]):
    id = serializers.UUIDField()
    reference = serializers.CharField()
    status_url = serializers.URLField()
    state = serializers.ChoiceField(choices=ALERT_STATES)
    clip = ClipStatus(allow_null=True)


class SaliencyStatus(serializers.Serializer[object]):
    """What moved the score: worked out behind the routing, so pending at first."""

    state = serializers.ChoiceField(choices=SALIENCY_STATES)
    why = serializers.CharField(allow_blank=True, help_text="Unless ready: why, in a sentence.")
    url = serializers.URLField(allow_null=True, help_text="Where the maps are, when ready.")


class HeldByStop(serializers.Serializer[object]):
    """A person has stopped the machine here: the alert is kept, and not analysed until they let it go on."""

    stop = serializers.UUIDField()
    since = serializers.DateTimeField()
    reason = serializers.CharField()


class AlertStatus(AlertAccepted):
    camera = serializers.CharField()
    detector = DetectorField()
    label = serializers.CharField()  # type: ignore[assignment]  # the field's own label is another thing
    score = serializers.FloatField(allow_null=True)
    stage = serializers.CharField(help_text="What is being done, in words.", allow_blank=True)
    failed_step = serializers.CharField(allow_blank=True)
    failed_reason = serializers.CharField(allow_blank=True)
    camera_at = serializers.DateTimeField()
    received_at = serializers.DateTimeField()
    clock_skew_flagged = serializers.BooleanField()
    is_drill = serializers.BooleanField()
    resolved_at = serializers.DateTimeField(allow_null=True)
    held_by_stop = HeldByStop(allow_null=True)
    saliency = SaliencyStatus()


class FaultField(serializers.Serializer[object]):
    path = serializers.CharField(allow_blank=True)
    message = serializers.CharField()


class Problem(serializers.Serializer[object]):
    detail = serializers.CharField()
    code = serializers.CharField()
    errors = FaultField(many=True, required=False)  # type: ignore[assignment]  # likewise
