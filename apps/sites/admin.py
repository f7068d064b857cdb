"""Sites, cameras, zones, rosters and grants in the admin."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from unfold.admin import TabularInline

from apps.accounts.actors import actor_of
from apps.accounts.admin_base import AuditedAdmin, ReadOnlyAdmin
from apps.accounts.permissions import EVERY_SITE
from apps.accounts.queries import people_of
from apps.audit.events import Event
from apps.sites.models import (
    Camera,
    CameraLink,
    PlacePicture,
    Recording,
    Roster,
    Site,
    SiteUserObjectPermission,
    Stop,
    Zone,
)
from apps.sites.operations import grant_site, link_cameras, unlink_cameras, withdraw_site


class CameraInline(TabularInline):  # type: ignore[misc]
    model = Camera
    fields = ["name", "slug", "is_active"]
    extra = 0
    can_delete = False
    show_change_link = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Site)
class SiteAdmin(AuditedAdmin):
    kind = "site"
    created_event, changed_event = Event.SITE_CREATED, Event.SITE_CHANGED
    audited_fields = ["slug", "name", "timezone"]
    list_display = ["name", "slug", "timezone"]
    search_fields = ["name", "slug"]
    readonly_fields = ["holders", "without_grant"]
    inlines = [CameraInline]

    @admin.display(description="who holds what on this site")
    def holders(self, site: Site) -> SafeString:
        """The object permissions of the site. Granting and withdrawing are acts of their own page."""
        held = SiteUserObjectPermission.objects.filter(content_object=site)
        rows = [
            (
                reverse("admin:sites_siteuserobjectpermission_change", args=[one.pk]),
                f"{one.user.display_name} ({one.user.get_role_display()}): {one.permission.name}",
            )
            for one in held.select_related("user", "permission").order_by("user__username")
        ]
        links = format_html_join(SafeString("<br>"), '<a href="{}">{}</a>', rows)
        return links or SafeString("nobody")

    @admin.display(description="sees it without a grant")
    def without_grant(self, site: Site) -> str:
        """People whose role needs no grant."""
        roles = [role.value for role in EVERY_SITE]
        people = people_of(site.tenant_id).filter(role__in=roles, is_active=True)
        held = [f"{one.display_name} ({one.get_role_display()})" for one in people]
        return ", ".join(held) or "nobody"


@admin.register(Camera)
class CameraAdmin(AuditedAdmin):
    kind = "camera"
    created_event, changed_event = Event.CAMERA_CREATED, Event.CAMERA_CHANGED
    audited_fields = [
        *("slug", "name", "site_id", "clock_offset_seconds", "is_active", "plan_x", "plan_y")
    ]
    list_display = ["name", "slug", "site", "clock_offset_seconds", "is_active"]
    list_filter = ["site", "is_active"]
    search_fields = ["name", "slug"]


class CameraLinkForm(ModelForm):  # type: ignore[type-arg]
    """Two different cameras of one site, in either order."""

    class Meta:
        model = CameraLink
        fields = ("first", "second")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        first, second = data.get("first"), data.get("second")
        if first and second:
            if first.id == second.id or first.site_id != second.site_id:
                raise ValidationError("Choose two different cameras of one site.")
            data["first"], data["second"] = sorted((first, second), key=lambda camera: camera.id)
        return data


@admin.register(CameraLink)
class CameraLinkAdmin(ReadOnlyAdmin):
    """Which cameras are adjacent. Adding one links, the action unlinks; both are in the chain."""

    form = CameraLinkForm
    actions = ["unlink"]
    list_display = ["first", "second", "site"]
    list_select_related = ["first__site", "second"]
    list_filter = ["first__site"]
    fields = ["first", "second"]

    @admin.display(ordering="first__site__name")
    def site(self, link: CameraLink) -> str:
        return str(link.first.site)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("sites.add_cameralink")

    @admin.action(description="Remove the selected links", permissions=["add"])
    def unlink(self, request: HttpRequest, links: QuerySet[CameraLink]) -> None:
        for link in links:
            unlink_cameras(actor=actor_of(request), link=link)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        link = link_cameras(actor=actor_of(request), one=obj.first, other=obj.second)
        obj.pk = link.pk


@admin.register(Zone)
class ZoneAdmin(AuditedAdmin):
    kind = "zone"
    created_event, changed_event = Event.ZONE_CREATED, Event.ZONE_CHANGED
    audited_fields = ["name", "kind", "camera_id", "polygon"]
    list_display = ["name", "kind", "camera"]
    list_filter = ["kind"]
    search_fields = ["name"]


@admin.register(Roster)
class RosterAdmin(AuditedAdmin):
    kind = "roster"
    created_event = changed_event = Event.ROSTER_CHANGED
    audited_fields = ["site_id", "starts_at", "ends_at", "operator_minutes"]
    list_display = ["site", "starts_at", "ends_at", "operator_minutes"]
    list_filter = ["site"]


@admin.register(SiteUserObjectPermission)
class GrantAdmin(ReadOnlyAdmin):
    """Who works where. Adding one grants, the action withdraws; both are in the chain."""

    actions = ["withdraw"]

    list_display = ["user", "role", "content_object", "permission"]
    list_select_related = ["user", "content_object", "permission__content_type"]
    list_filter = ["content_object"]
    fields = ["user", "content_object"]

    @admin.display(description="role", ordering="user__role")
    def role(self, grant: SiteUserObjectPermission) -> str:
        return str(grant.user.get_role_display())

    def get_queryset(self, request: HttpRequest) -> Any:
        own = super().get_queryset(request)
        return own.filter(content_object__tenant_id=request.user.tenant_id)  # type: ignore[union-attr]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("sites.add_siteuserobjectpermission")

    @admin.action(description="Withdraw the selected grants", permissions=["add"])
    def withdraw(self, request: HttpRequest, grants: QuerySet[SiteUserObjectPermission]) -> None:
        for grant in grants.select_related("user", "content_object"):
            withdraw_site(actor=actor_of(request), user=grant.user, site=grant.content_object)

    def formfield_for_foreignkey(self, field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if field.name == "user":
            kwargs["queryset"] = people_of(request.user.tenant_id)  # type: ignore[union-attr]
        return super().formfield_for_foreignkey(field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        grant = grant_site(actor=actor_of(request), user=obj.user, site=obj.content_object)
        obj.pk, obj.permission = grant.pk, grant.permission


@admin.register(Recording)
class RecordingAdmin(ReadOnlyAdmin):
    list_display = ["camera", "starts_at", "ends_at", "size_bytes", "registered_at"]
    list_filter = ["camera__site"]
    ordering = ["-starts_at"]


@admin.register(PlacePicture)
class PlacePictureAdmin(ReadOnlyAdmin):
    """That there is a plan or a camera picture; it is uploaded and shown in the settings."""

    list_display = [
        "site",
        "camera",
        "width",
        "height",
        "uploaded_by",
        "uploaded_at",
        "replaced_at",
    ]
    list_filter = ["site"]
    ordering = ["-uploaded_at"]


@admin.register(Stop)
class StopAdmin(ReadOnlyAdmin):
    """Every STOP there was. It is pressed and lifted on its own pages and through the API."""

    list_display = ["scope", "site", "camera", "state", "stopped_by", "stopped_at", "lifted_at"]
    list_filter = ["state", "site"]
    ordering = ["-stopped_at"]
