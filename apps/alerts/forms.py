"""Raising an alert by hand."""

import zoneinfo
from datetime import datetime
from typing import Any
from uuid import uuid4

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.alerts.intake import LONGEST_NOTE
from apps.sites.models import Camera
from apps.sites.queries import cameras_visible_to
from apps.triage.vocabulary import LABEL_WORDS

OTHER = "other_observation"


class CameraField(forms.ModelChoiceField[Camera]):
    """Cameras named with their site."""

    def label_from_instance(self, obj: Camera) -> str:
        return f"{obj.site.name} · {obj.name}"


class RaiseAlertForm(forms.Form):
    """A camera, what was observed there, and the footage. `key` makes a second press the same alert."""

    key = forms.CharField(widget=forms.HiddenInput, max_length=64)
    camera = CameraField(
        label=_("Camera"), queryset=Camera.objects.none(), empty_label=_("Choose a camera")
    )
    label = forms.ChoiceField(
        label=_("What was observed"),
        choices=[
            *((code, _(words)) for code, words in LABEL_WORDS.items()),
            (OTHER, _("Something else (describe it in the note)")),
        ],
    )
    camera_at = forms.DateTimeField(
        label=_("When, by the camera's clock"),
        required=False,
        help_text=_("In the site's time. Left empty, it is now."),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    clip = forms.FileField(
        label=_("Clip"),
        required=False,
        help_text=_(
            "MP4, MOV, MKV, WebM or AVI. It is kept exactly as it is. Without footage, theft cannot be confirmed."
        ),
        widget=forms.ClearableFileInput(attrs={"accept": "video/*,.mkv,.avi"}),
    )
    note = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=LONGEST_NOTE,
        help_text=_("What was seen, not who somebody is. Leave names out."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, user: User, max_bytes: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cameras = self.fields["camera"]
        assert isinstance(cameras, CameraField)
        cameras.queryset = (
            cameras_visible_to(user).filter(is_active=True).order_by("site__name", "name")
        )
        self.fields["clip"].widget.attrs["data-max-bytes"] = str(max_bytes)
        self.initial.setdefault("key", uuid4().hex)

    def camera_moment(self, *, now: datetime) -> datetime:
        """The stated moment in the camera's site's timezone, or `now`."""
        stated: datetime | None = self.cleaned_data["camera_at"]
        if stated is None:
            return now
        camera: Camera = self.cleaned_data["camera"]
        return stated.replace(tzinfo=zoneinfo.ZoneInfo(camera.site.timezone))
