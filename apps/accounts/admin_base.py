"""What every admin page shares: nothing is deleted, and every change is in the chain."""

from collections.abc import Sequence
from typing import Any, ClassVar
from urllib.parse import quote

from django.conf import settings
from django.contrib import admin
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin

from apps.accounts.actors import actor_of
from apps.accounts.admin_places import RUNS, WEB_PAGES, web_page, workflow_of
from apps.audit.events import Event, Subject
from apps.audit.operations import record


class TenantAdmin(ModelAdmin):  # type: ignore[misc]
    """Rows of the signed-in person's tenant; the database hides the others, identity tables are filtered here."""

    show_full_result_count = False
    list_per_page = 50
    compressed_fields = True

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def view_on_site(self, obj: Model) -> str | None:
        """The row's page in the web app, offered beside its history."""
        return web_page(obj)

    def get_list_display(self, request: HttpRequest) -> Sequence[Any]:
        """What the page lists, and where else each row is shown."""
        listed: Sequence[Any] = super().get_list_display(request)
        known = self.model._meta.label_lower in WEB_PAGES | RUNS
        return [*listed, "see_also"] if known else listed

    @admin.display(description="see also")
    def see_also(self, row: Model) -> SafeString:
        """Links to the row's page and its Temporal run."""
        page, run = web_page(row), workflow_of(row)
        links = [link(page, "Web app")] if page else []
        links += [temporal_run(run)] if run else []
        return format_html_join(" · ", "{}", ((one,) for one in links)) or SafeString("–")

    def get_list_select_related(self, request: HttpRequest) -> Sequence[str] | bool:
        """The relations a list shows, fetched with it: one query a list, however many rows."""
        if self.list_select_related:
            return super().get_list_select_related(request)  # type: ignore[no-any-return]
        return [name for name in self.list_display if self._is_relation(name)]

    def _is_relation(self, name: Any) -> bool:
        try:
            field = self.model._meta.get_field(name)
        except (FieldDoesNotExist, TypeError):
            return False
        return bool(field.many_to_one or field.one_to_one)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """As Django's; a NUL, which PostgreSQL's text cannot hold, finds nothing instead of failing."""
        found: tuple[QuerySet[Any], bool] = super().get_search_results(
            request, queryset, search_term.replace("\x00", " ")
        )
        return found

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        try:
            self.model._meta.get_field("tenant")
        except FieldDoesNotExist:
            return rows
        return rows.filter(tenant_id=actor_of(request).tenant_id)


class ReadOnlyAdmin(TenantAdmin):
    """For looking: rows that only operations write, whoever asks."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class AuditedAdmin(TenantAdmin):
    """For setting up: each save is one event with the digests of before and after."""

    audited_fields: ClassVar[Sequence[str]] = ()
    kind: ClassVar[str] = ""
    created_event: ClassVar[Event] = Event.RECORD_CREATED
    changed_event: ClassVar[Event] = Event.RECORD_CHANGED

    def get_exclude(self, request: HttpRequest, obj: Model | None = None) -> Sequence[str]:
        return [*(super().get_exclude(request, obj) or ()), "tenant"]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        before = self._facts(self.model.objects.get(pk=obj.pk)) if change else None
        if not change:
            obj.tenant_id = actor_of(request).tenant_id
        obj.save()
        record(
            actor=actor_of(request),
            event=self.changed_event if change else self.created_event,
            subject=Subject(self.kind, obj.pk),
            before=before,
            after=self._facts(obj),
            details={"fields": ",".join(sorted(form.changed_data))},
        )

    def _facts(self, obj: Any) -> dict[str, str]:
        return {name: str(getattr(obj, name)) for name in self.audited_fields}


def link(url: str, text: str) -> SafeString:
    return format_html('<a href="{}">{}</a>', url, text)


def temporal_run(workflow_id: str) -> SafeString:
    """A link to a run in Temporal's UI, where this installation has one; a dash otherwise."""
    if not settings.TEMPORAL_UI_URL:
        return SafeString("–")
    where = quote(workflow_id, safe="")
    address = f"/operations/temporal/namespaces/{settings.TEMPORAL_NAMESPACE}/workflows/{where}"
    return link(address, "Temporal run")
