"""The chain to look at. Nothing here can be changed, by superusers neither."""

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from apps.audit.events import Channel, Event
from apps.audit.models import ChainCheck, Checkpoint, CheckpointCosignature, CheckpointStamp, Leaf


class ReadOnlyAdmin(ModelAdmin):  # type: ignore[misc]  # unfold is not typed
    """A list and a page of values, without a button that writes."""

    actions = None
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class ChannelFilter(admin.SimpleListFilter):
    title = "channel"
    parameter_name = "channel"

    def lookups(self, request: HttpRequest, model_admin: "ModelAdmin") -> list[tuple[str, str]]:
        return [(channel.value, channel.value) for channel in Channel]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Leaf]) -> QuerySet[Leaf]:
        return queryset.filter(channel=self.value()) if self.value() else queryset


class EventFilter(admin.SimpleListFilter):
    title = "event"
    parameter_name = "event"

    def lookups(self, request: HttpRequest, model_admin: "ModelAdmin") -> list[tuple[str, str]]:
        return [(event.value, event.value) for event in Event]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Leaf]) -> QuerySet[Leaf]:
        return queryset.filter(event=self.value()) if self.value() else queryset


@admin.register(Leaf)
class LeafAdmin(ReadOnlyAdmin):
    list_display = [
        "index",
        "occurred_at",
        "event",
        "subject_kind",
        "subject_id",
        "actor",
        "role",
        "channel",
    ]
    list_filter = [ChannelFilter, EventFilter]
    search_fields = ["=event", "=subject_id", "=actor"]
    ordering = ["-index"]
    readonly_fields = ["leaf_hash_hex"]
    exclude = ["leaf_hash"]

    @admin.display(description="leaf hash (RFC 9162)")
    def leaf_hash_hex(self, leaf: Leaf) -> str:
        return bytes(leaf.leaf_hash).hex()


@admin.register(Checkpoint)
class CheckpointAdmin(ReadOnlyAdmin):
    list_display = ["tree_size", "signed_at", "key_id", "tenant_id"]
    ordering = ["-id"]
    readonly_fields = ["root_hash_hex"]
    exclude = ["root_hash"]

    @admin.display(description="root hash (RFC 9162)")
    def root_hash_hex(self, checkpoint: Checkpoint) -> str:
        return bytes(checkpoint.root_hash).hex()


@admin.register(ChainCheck)
class ChainCheckAdmin(ReadOnlyAdmin):
    list_display = ["tenant_id", "state", "asked_at", "ended_at", "entries", "checkpoints"]
    list_filter = ["state"]
    ordering = ["-asked_at"]


@admin.register(CheckpointStamp)
class CheckpointStampAdmin(ReadOnlyAdmin):
    list_display = ["checkpoint_id", "authority", "stamped_at", "stored_at"]
    fields = ["checkpoint_id", "authority", "stamped_at", "stored_at"]
    readonly_fields = fields
    ordering = ["-checkpoint_id"]


@admin.register(CheckpointCosignature)
class CheckpointCosignatureAdmin(ReadOnlyAdmin):
    list_display = ["checkpoint_id", "witness", "stored_at"]
    ordering = ["-checkpoint_id"]
