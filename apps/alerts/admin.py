"""Alerts in the admin: for looking. Detector sources are the one thing set up here."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest
from unfold.decorators import action

from apps.accounts.actors import actor_of
from apps.accounts.admin_base import AuditedAdmin, ReadOnlyAdmin
from apps.alerts.models import (
    Alert,
    Assessment,
    Clip,
    DetectorSource,
    Disposition,
    OutboxEntry,
    Viewing,
)
from apps.alerts.operations.rescoring import (
    NOT_SET,
    require_rescoring,
    rotate_rescore_secret,
    settle_rescore_secret,
    try_rescoring,
)
from apps.alerts.rescoring import UnableToRescore
from apps.audit.events import Event


@admin.register(Alert)
class AlertAdmin(ReadOnlyAdmin):
    list_display = [
        "reference",
        "label",
        "site",
        "camera",
        "state",
        "strategy",
        "received_at",
    ]
    list_filter = ["state", "strategy", "site", "is_drill"]
    search_fields = ["id", "label", "detector_id"]
    date_hierarchy = "received_at"


@admin.register(Clip)
class ClipAdmin(ReadOnlyAdmin):
    list_display = ["alert", "state", "delivery", "container", "size_bytes", "duration_ms"]
    list_filter = ["state", "delivery"]
    search_fields = ["alert__id", "sha256"]


@admin.register(Assessment)
class AssessmentAdmin(ReadOnlyAdmin):
    list_display = ["alert", "outcome", "digest", "created_at"]
    list_filter = ["outcome"]
    search_fields = ["alert__id", "digest"]


@admin.register(Disposition)
class DispositionAdmin(ReadOnlyAdmin):
    list_display = ["alert", "verdict", "decided_by", "decided_at", "supersedes"]
    list_select_related = ["alert", "supersedes__alert"]
    date_hierarchy = "decided_at"
    list_filter = ["verdict"]
    search_fields = ["alert__id"]


@admin.register(OutboxEntry)
class OutboxEntryAdmin(ReadOnlyAdmin):
    list_display = ["alert", "state", "tries", "next_try_at", "run_number", "last_error"]
    list_filter = ["state"]
    list_select_related = ["alert"]
    search_fields = ["alert__id"]
    date_hierarchy = "created_at"


class DetectorSourceForm(forms.ModelForm[DetectorSource]):
    """Refuses an address that frames must not go to, with its sentence."""

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        require_rescoring(
            url=data.get("rescore_url", ""),
            beyond_network=bool(data.get("rescore_beyond_network")),
        )
        return data


@admin.register(Viewing)
class ViewingAdmin(ReadOnlyAdmin):
    list_display = ["alert", "person", "viewed_at"]
    search_fields = ["alert__id", "person"]
    exclude = ["session"]
    date_hierarchy = "viewed_at"


@admin.register(DetectorSource)
class DetectorSourceAdmin(AuditedAdmin):
    """Switching a source off, classifying it, and asking its detector again.

    The secret it signs with is made by `manage.py source_create`; the one we sign our questions with here.
    """

    kind = "source"
    form = DetectorSourceForm
    changed_event = Event.SOURCE_CHANGED
    audited_fields = [
        "name",
        "is_active",
        "rescore_url",
        "rescore_timeout_seconds",
        "rescore_beyond_network",
        "ai_act_class",
        "ai_act_rationale",
    ]
    list_display = ["name", "id", "is_active", "ai_act_class", "created_at"]
    fields = [*audited_fields, "created_at"]
    readonly_fields = ["created_at"]
    actions_submit_line = ["try_rescoring", "new_rescore_secret"]

    def has_add_permission(self, request: object, obj: object = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        self._show(request, settle_rescore_secret(actor=actor_of(request), source=obj))
        # Unfold runs these in its own `save_model`, which the audited one takes the place of.
        for button in self.get_actions_submit_line(request, obj.pk):
            if button.action_name in request.POST:
                button.method(request, obj)

    @action(description="Save and try re-scoring")  # type: ignore[untyped-decorator]
    def try_rescoring(self, request: HttpRequest, obj: DetectorSource) -> None:
        """Two drawn pictures, nobody in them, and what the detector made of them."""
        try:
            score = try_rescoring(source=obj)
        except UnableToRescore as problem:
            messages.error(request, str(problem))
        else:
            messages.success(request, f"The detector answered: {score:g}.")

    @action(description="Save and make a new re-scoring secret")  # type: ignore[untyped-decorator]
    def new_rescore_secret(self, request: HttpRequest, obj: DetectorSource) -> None:
        """The old one is gone at once."""
        if not obj.rescore_url:
            messages.error(request, NOT_SET)
            return
        self._show(request, rotate_rescore_secret(actor=actor_of(request), source=obj))

    def _show(self, request: HttpRequest, secret: str | None) -> None:
        if secret:
            messages.warning(
                request, f"Our questions are signed with {secret} – it is not shown again."
            )
