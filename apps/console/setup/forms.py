"""What the settings pages ask for, read and checked."""

import json
import zoneinfo
from collections.abc import Iterable, Sequence
from enum import StrEnum
from functools import partial
from typing import Any, Final
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import TextChoices
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.accounts.permissions import Role
from apps.alerts.models import DetectorSource
from apps.sites.models import Camera, Site, ZoneKind, validate_polygon

_LONGEST_OFFSET_SECONDS: Final = 86_400.0


def _words_of(kinds: Iterable[StrEnum | TextChoices]) -> list[tuple[str, str]]:
    """The choices of a field, in the reader's language."""
    return [(kind.value, gettext(kind.value.replace("_", " "))) for kind in kinds]


class SiteForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=120)
    timezone = forms.ChoiceField(
        label=_("Time zone"),
        choices=[(zone, zone) for zone in sorted(zoneinfo.available_timezones())],
        initial="Europe/Madrid",
    )


class NewSiteForm(SiteForm):
    slug = forms.SlugField(
        label=_("Short name"),
        help_text=_("Letters, digits and hyphens; detectors may use it. Stays as it is."),
    )
    field_order = ("name", "slug", "timezone")


class CameraForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=120)
    clock_offset_seconds = forms.FloatField(
        label=_("Clock offset, seconds"),
        min_value=-_LONGEST_OFFSET_SECONDS,
        max_value=_LONGEST_OFFSET_SECONDS,
        initial=0.0,
        help_text=_(
            "The camera's clock minus the true time, as last measured: positive when it runs ahead."
        ),
    )
    is_active = forms.BooleanField(label=_("In use"), required=False, initial=True)


class NewCameraForm(forms.Form):
    name = forms.CharField(label=_("Camera"), max_length=120)
    slug = forms.SlugField(
        label=_("Name detectors use"), help_text=_("Unique in your company. Stays as it is.")
    )


class CornersField(forms.CharField):
    """Corners as "x y" per line in percent of the picture's width and height: what the editor writes, or a person."""

    def __init__(self, **options: Any) -> None:
        super().__init__(widget=forms.Textarea(attrs={"rows": 5}), max_length=4_000, **options)

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, list):
            return value
        return "\n".join(f"{100 * x:.1f} {100 * y:.1f}" for x, y in value)

    def to_python(self, value: Any) -> Any:
        lines = [line.split() for line in str(value or "").splitlines() if line.strip()]
        try:
            corners = [[round(float(x) / 100, 4), round(float(y) / 100, 4)] for x, y in lines]
        except ValueError as fault:
            raise ValidationError(
                gettext("Each line holds one corner: two numbers from 0 to 100, such as “12.5 80”.")
            ) from fault
        validate_polygon(corners)
        return corners


class ZoneForm(forms.Form):
    name = forms.CharField(label=_("Zone"), max_length=120)
    kind = forms.ChoiceField(label=_("Kind"), choices=partial(_words_of, ZoneKind))
    polygon = CornersField(
        label=_("Corners"),
        help_text=_(
            "One corner a line, in percent from the left and from the top. The editor fills this in."
        ),
    )


class PictureForm(forms.Form):
    """A picture of a place."""

    picture = forms.FileField(
        label=_("Picture"),
        max_length=200,
        help_text=_(
            "JPEG or PNG, at most 8 MB, sides of 80 to 8000 pixels. Choose one with nobody in it."
        ),
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png"}),
    )


class PositionsForm(forms.Form):
    """Where each camera hangs on the plan: percent from the left and from the top; both empty: not on it."""

    def __init__(self, *args: Any, cameras: Sequence[Camera], **options: Any) -> None:
        super().__init__(*args, **options)
        self.cameras = cameras
        axes = (("x", gettext("%% from the left") % {}), ("y", gettext("%% from the top") % {}))
        for camera in cameras:
            for axis, words in axes:
                share = getattr(camera, f"plan_{axis}")
                self.fields[f"{axis}-{camera.id}"] = forms.FloatField(
                    label=f"{camera.name}, {words}",
                    min_value=0,
                    max_value=100,
                    required=False,
                    initial=None if share is None else round(100 * share, 1),
                    widget=forms.NumberInput(attrs={"step": "0.1", "class": "input input-small"}),
                )

    def rows(self) -> list[tuple[Camera, forms.BoundField, forms.BoundField]]:
        """Each camera with its two fields."""
        return [(one, self[f"x-{one.id}"], self[f"y-{one.id}"]) for one in self.cameras]

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        for camera in self.cameras:
            x, y = f"x-{camera.id}", f"y-{camera.id}"
            if x in said and y in said and (said[x] is None) != (said[y] is None):
                missing = x if said[x] is None else y
                self.add_error(
                    missing, gettext("Give both numbers, or none to take the camera off.")
                )
        return said

    def positions(self) -> dict[UUID, tuple[float, float] | None]:
        """Shares of the plan's width and height by camera; None for one that is not on it."""
        said = self.cleaned_data
        return {
            one.id: None
            if said[f"x-{one.id}"] is None
            else (round(said[f"x-{one.id}"] / 100, 4), round(said[f"y-{one.id}"] / 100, 4))
            for one in self.cameras
        }


class LinkForm(forms.Form):
    """Which other camera of the site sees a neighbouring place."""

    camera = forms.ModelChoiceField(
        label=_("Adjacent camera"),
        queryset=Camera.objects.none(),
        widget=forms.Select(attrs={"class": "input"}),
    )

    def __init__(self, *args: Any, of: Camera, **options: Any) -> None:
        super().__init__(*args, **options)
        others = Camera.objects.filter(site_id=of.site_id).exclude(id=of.id)
        field = self.fields["camera"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = others


class RosterForm(forms.Form):
    """A period in the site's own time."""

    starts_at = forms.DateTimeField(
        label=_("From"), widget=forms.DateTimeInput(attrs={"type": "datetime-local"})
    )
    ends_at = forms.DateTimeField(
        label=_("Until"), widget=forms.DateTimeInput(attrs={"type": "datetime-local"})
    )
    operator_minutes = forms.FloatField(
        label=_("Operator minutes"),
        min_value=0,
        max_value=100_000,
        help_text=_(
            "How many minutes of attention are there in the whole period, all people together."
        ),
    )


class PersonForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=150)
    role = forms.ChoiceField(label=_("Role"), choices=partial(_words_of, Role))
    is_active = forms.BooleanField(label=_("May sign in"), required=False, initial=True)


class NewPersonForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=150)
    email = forms.EmailField(label=_("E-mail address"), help_text=_("The person signs in with it."))
    role = forms.ChoiceField(label=_("Role"), choices=partial(_words_of, Role))

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"]).lower()
        if User.objects.filter(email__iexact=email).exists():
            raise ValidationError(gettext("Somebody signs in with this address already."))
        return email


class GrantForm(forms.Form):
    site = forms.ModelChoiceField(
        label=_("Site"),
        queryset=Site.objects.none(),
        widget=forms.Select(attrs={"class": "input"}),
    )

    def __init__(self, *args: Any, tenant_id: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        field = self.fields["site"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Site.objects.filter(tenant_id=tenant_id)


class NewDetectorForm(forms.Form):
    name = forms.CharField(
        label=_("Name"),
        max_length=120,
        help_text=_("Such as the maker and the place of the box."),
    )

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"])
        if DetectorSource.objects.filter(name=name).exists():
            raise ValidationError(gettext("There is a detector of this name already."))
        return name


class RescoringForm(forms.Form):
    """Where a detector can be asked to score frames again."""

    url = forms.CharField(
        label=_("Address for scoring again"),
        max_length=300,
        required=False,
        help_text=_(
            "Inside your network. Empty: this detector cannot be asked, and its alerts are verified at most."
        ),
    )
    beyond_network = forms.BooleanField(
        label=_("The address may lie outside the network"), required=False
    )


def polygons(zones: Any, *, without: Any = None) -> str:
    """The other zones of a picture as JSON for the editor."""
    return json.dumps(
        [{"name": zone.name, "polygon": zone.polygon} for zone in zones if zone != without]
    )
