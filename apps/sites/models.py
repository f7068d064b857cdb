"""Where things happen: sites, cameras, zones, rosters."""

import uuid
import zoneinfo

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from guardian.models import UserObjectPermissionBase

from apps.accounts.models import Tenant, User
from apps.triage.states import StopState


class ZoneKind(models.TextChoices):
    ENTRANCE = "entrance"
    EXIT = "exit"
    AISLE = "aisle"
    SHELF = "shelf"
    HIGH_VALUE = "high_value"
    SELF_CHECKOUT = "self_checkout"
    KIOSK = "kiosk"
    QUEUE = "queue"
    GOODS_IN = "goods_in"
    STAFF_ONLY = "staff_only"


def validate_timezone(value: str) -> None:
    if value not in zoneinfo.available_timezones():
        raise ValidationError(f"{value!r} is not an IANA time zone such as Europe/Madrid.")


def validate_polygon(value: object) -> None:
    """At least three [x, y] corners, each in 0..1 of the picture's width and height."""
    corners = value if isinstance(value, list) else []
    inside = all(
        isinstance(c, list)
        and len(c) == 2
        and all(isinstance(v, int | float) and not isinstance(v, bool) and 0 <= v <= 1 for v in c)
        for c in corners
    )
    if len(corners) < 3 or not inside:
        raise ValidationError("A zone needs three or more [x, y] corners between 0 and 1.")


class Site(models.Model):
    """A store."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="sites")
    slug = models.SlugField()
    name = models.CharField(max_length=120)
    timezone = models.CharField(
        max_length=64, default="Europe/Madrid", validators=[validate_timezone]
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "slug"], name="site_slug_once_per_tenant")
        ]
        permissions = [("work_site", "Works at this site")]

    def __str__(self) -> str:
        return self.name


class SiteUserObjectPermission(UserObjectPermissionBase):
    """A grant: this person works at this site. A direct foreign key keeps list filters to one join."""

    content_object = models.ForeignKey(Site, on_delete=models.CASCADE)


class Camera(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="cameras")
    slug = models.SlugField(help_text="The name detectors use, unique in the tenant.")
    name = models.CharField(max_length=120)
    clock_offset_seconds = models.FloatField(
        default=0.0, help_text="Camera clock minus true time, as last measured."
    )
    is_active = models.BooleanField(default=True)
    plan_x = models.FloatField(
        null=True, blank=True, help_text="Where it hangs on the site's plan: share of the width."
    )
    plan_y = models.FloatField(null=True, blank=True, help_text="Share of the plan's height.")

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "slug"], name="camera_slug_once_per_tenant"),
            models.CheckConstraint(
                condition=models.Q(plan_x__isnull=True, plan_y__isnull=True)
                | models.Q(plan_x__gte=0, plan_x__lte=1, plan_y__gte=0, plan_y__lte=1),
                name="camera_is_on_the_plan_or_not",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class PlacePicture(models.Model):
    """An uploaded picture: of a site, its plan (no camera); or of what a camera sees while no clip has shown it.

    A replaced one waits for the store to delete it; then its row goes.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="pictures")
    camera = models.ForeignKey(
        Camera, on_delete=models.PROTECT, null=True, blank=True, related_name="pictures"
    )
    key = models.CharField(max_length=300, unique=True)
    sha256 = models.CharField(max_length=64)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    uploaded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField()
    replaced_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-uploaded_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["site", "camera"],
                condition=models.Q(replaced_at__isnull=True),
                name="one_picture_of_a_place",
                nulls_distinct=False,
            )
        ]

    def __str__(self) -> str:
        return f"picture of {self.camera or self.site}"


class CameraLink(models.Model):
    """Two cameras of a site that see neighbouring places: a person can be on both within seconds.

    Stored once, the smaller id first, so that adjacency is symmetric by construction. Cameras nobody linked are not
    adjacent: a missing link costs a second look, a wrong one would hide an alert behind another.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    first = models.ForeignKey(Camera, on_delete=models.CASCADE, related_name="+")
    second = models.ForeignKey(Camera, on_delete=models.CASCADE, related_name="+")

    class Meta:
        ordering = ["first__name", "second__name"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(first__lt=models.F("second")),
                name="camera_link_has_the_smaller_id_first",
            ),
            models.UniqueConstraint(fields=["first", "second"], name="cameras_are_linked_once"),
        ]

    def __str__(self) -> str:
        return f"{self.first} – {self.second}"


class Zone(models.Model):
    """A polygon on a camera's picture."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    camera = models.ForeignKey(Camera, on_delete=models.CASCADE, related_name="zones")
    kind = models.CharField(max_length=20, choices=ZoneKind)
    name = models.CharField(max_length=120)
    polygon = models.JSONField(
        validators=[validate_polygon],
        help_text="[[x, y], …] as shares of the picture's width and height.",
    )

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=ZoneKind.values), name="zone_kind_is_known"
            )
        ]

    def __str__(self) -> str:
        return self.name


class Roster(models.Model):
    """Operator minutes available at a site in a period."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="rosters")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    operator_minutes = models.FloatField(validators=[MinValueValidator(0.0)])

    class Meta:
        ordering = ["starts_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")),
                name="roster_ends_after_start",
            ),
            models.CheckConstraint(
                condition=models.Q(operator_minutes__gte=0), name="roster_minutes_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.site} {self.starts_at:%Y-%m-%d %H:%M}"


class Recording(models.Model):
    """A stretch of a camera's own recording, kept in the media bucket. Times are true, not the camera's clock."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    camera = models.ForeignKey(Camera, on_delete=models.PROTECT, related_name="recordings")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    key = models.CharField(max_length=300, unique=True)
    size_bytes = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    registered_at = models.DateTimeField()

    class Meta:
        ordering = ["starts_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")),
                name="recording_ends_after_start",
            )
        ]
        indexes = [
            models.Index(fields=["camera", "starts_at", "ends_at"], name="recording_by_time")
        ]

    def __str__(self) -> str:
        return f"{self.camera} {self.starts_at:%Y-%m-%d %H:%M:%S}"


class Stop(models.Model):
    """A person's order that the machine stops, for a camera, a site, or (neither given) the whole tenant.

    Accepted alerts are kept while it is in force; what it changes is said in `apps.sites.stopping`. The row is the state:
    it holds whatever restarts, until a person lifts it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    site = models.ForeignKey(
        Site, on_delete=models.PROTECT, null=True, blank=True, related_name="stops"
    )
    camera = models.ForeignKey(
        Camera, on_delete=models.PROTECT, null=True, blank=True, related_name="stops"
    )
    state = models.CharField(
        max_length=10,
        choices=[(one.value, one.value.replace("_", " ")) for one in StopState],
        default=StopState.IN_FORCE,
    )
    reason = models.CharField(max_length=500)
    stopped_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    stopped_at = models.DateTimeField()
    lift_reason = models.CharField(max_length=500, blank=True)
    lifted_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    lifted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-stopped_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(camera__isnull=True) | models.Q(site__isnull=False),
                name="stop_of_a_camera_names_its_site",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    state=StopState.IN_FORCE, lifted_at__isnull=True, lifted_by__isnull=True
                )
                | models.Q(
                    state=StopState.LIFTED, lifted_at__isnull=False, lifted_by__isnull=False
                ),
                name="stop_is_lifted_by_somebody",
            ),
            models.CheckConstraint(
                condition=models.Q(lifted_at__isnull=True)
                | models.Q(lifted_at__gte=models.F("stopped_at")),
                name="stop_is_lifted_after_it_began",
            ),
            models.UniqueConstraint(
                fields=["tenant", "site", "camera"],
                condition=models.Q(state=StopState.IN_FORCE),
                name="stop_in_force_once",
                nulls_distinct=False,
            ),
        ]
        indexes = [models.Index(fields=["tenant", "stopped_at", "lifted_at"], name="stop_by_time")]

    def __str__(self) -> str:
        return f"STOP of {self.camera or self.site or 'everything'}"

    @property
    def scope(self) -> str:
        """What is stopped, as one word: camera, site or tenant."""
        return "camera" if self.camera_id else "site" if self.site_id else "tenant"
