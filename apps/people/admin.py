from django.contrib import admin

from apps.accounts.admin_base import ReadOnlyAdmin
from apps.people.models import Person


@admin.register(Person)
class PersonAdmin(ReadOnlyAdmin):
    """Rows without names: the name is shown where looking is recorded."""

    list_display = ["reference", "created_at", "erased_at"]
    search_fields = ["id"]
    exclude = ["key_sealed", "name_sealed"]
