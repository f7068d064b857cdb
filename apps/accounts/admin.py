"""Tenants and people in the admin."""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.contrib.auth.password_validation import validate_password
from django.db import transaction
from django.http import HttpRequest

from apps.accounts.actors import actor_of
from apps.accounts.admin_base import AuditedAdmin, ReadOnlyAdmin
from apps.accounts.models import Tenant, TrainingRecord, TrainingRevocation, User
from apps.accounts.operations import UnableToChangePerson, change_person, create_person
from apps.accounts.permissions import Role
from apps.audit.events import Event

admin.site.unregister(Group)  # roles are the enum's; groups would be a second way
admin.site.unregister([EmailAddress, Authenticator])  # each person's own, and no event would say so


@admin.register(Tenant)
class TenantSettingsAdmin(AuditedAdmin):
    """The tenant's own settings; a new tenant is made by `manage.py tenant_create`."""

    kind = "tenant"
    changed_event = Event.TENANT_CHANGED
    list_display = ["name", "slug", "currency", "is_drill", "review_sla_seconds"]
    readonly_fields = ["slug", "is_drill", "created_at"]
    audited_fields = [
        "name",
        "currency",
        "review_sla_seconds",
        "clip_wait_seconds",
        "exhibit_retention_days",
        "blind_audit_share",
        "shows_subject_face",
    ]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).filter(id=request.user.tenant_id)  # type: ignore[union-attr]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class NewPersonForm(forms.ModelForm):  # type: ignore[type-arg]
    """A person needs an e-mail address, a name, a role and a first password."""

    name = forms.CharField(max_length=150)
    password = forms.CharField(widget=forms.PasswordInput, validators=[validate_password])

    class Meta:
        model = User
        fields = ["email", "role"]


@admin.register(User)
class PersonAdmin(AuditedAdmin):
    kind = "user"
    list_display = ["email", "display_name", "role", "is_active", "last_login"]
    list_filter = ["role", "is_active"]
    search_fields = ["email", "first_name", "last_name"]
    readonly_fields = ["email", "last_login", "date_joined"]
    fields = ["email", "first_name", "last_name", "role", "is_active", "last_login", "date_joined"]

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        if obj is None:
            kwargs["form"] = NewPersonForm
        return super().get_form(request, obj, **kwargs)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fields if obj else ["email", "name", "role", "password"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.readonly_fields if obj else []

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        if change:
            try:
                with transaction.atomic():
                    change_person(actor=actor_of(request), user=obj)
            except UnableToChangePerson as refusal:
                messages.set_level(request, messages.ERROR)  # not Django's own "was changed"
                messages.error(request, str(refusal))
            return
        created = create_person(
            actor=actor_of(request),
            tenant=request.user.tenant,  # type: ignore[union-attr]
            email=form.cleaned_data["email"],
            name=form.cleaned_data["name"],
            role=Role(form.cleaned_data["role"]),
            password=form.cleaned_data["password"],
        )
        obj.pk = created.pk


@admin.register(TrainingRecord)
class TrainingRecordAdmin(ReadOnlyAdmin):
    """Written under Compliance, Training: never changed, only taken back by a record of its own."""

    list_display = ["person", "release", "trained_on", "valid_until", "recorded_by", "recorded_at"]
    list_filter = ["release"]
    list_select_related = ["person", "recorded_by"]
    search_fields = ["person__email", "person__first_name", "person__last_name", "trainer"]


@admin.register(TrainingRevocation)
class TrainingRevocationAdmin(ReadOnlyAdmin):
    list_display = ["record", "reason", "revoked_by", "revoked_at"]
    list_select_related = ["record", "revoked_by"]
    search_fields = ["record__person__email", "reason"]
