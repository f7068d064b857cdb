"""Names of entries move under a key of the person's own.

Each name that is in clear becomes a person with a sealed name; the column in clear goes. Undone by reversing: the names are read
with the keys and written back; those of erased people stay gone."""

import django.db.models.deletion
from django.db import migrations, models
from django.utils import timezone

from apps.people.sealing import new_key_sealed, seal, unseal


def seal_names(apps, schema_editor):
    Person = apps.get_model("people", "Person")
    for row in apps.get_model("watchlists", "EntryName").objects.all():
        person = Person(tenant_id=row.tenant_id, created_at=timezone.now())
        person.key_sealed = new_key_sealed(person.id)
        person.name_sealed = seal(person, row.display_name)
        person.save(force_insert=True)
        row.person = person
        row.save(update_fields=["person"])


def unseal_names(apps, schema_editor):
    for row in apps.get_model("watchlists", "EntryName").objects.select_related("person"):
        sealed = row.person.name_sealed
        row.display_name = unseal(row.person, sealed)[:80] if sealed else ""
        row.save(update_fields=["display_name"])


class Migration(migrations.Migration):
    # Deferred foreign-key checks of the rows written here must not meet the ALTER TABLE that follows.
    atomic = True
    dependencies = [
        ("people", "0002_protection"),
        ("watchlists", "0003_face_search_index"),
    ]
    operations = [
        migrations.AddField(
            model_name="entryname",
            name="person",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="people.person",
            ),
        ),
        migrations.AlterField(
            model_name="entryname",
            name="display_name",
            field=models.CharField(max_length=80, default=""),
        ),
        migrations.RunPython(seal_names, unseal_names),
        migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE", "SET CONSTRAINTS ALL IMMEDIATE"),
        migrations.AlterField(
            model_name="entryname",
            name="person",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="people.person",
            ),
        ),
        migrations.RemoveField(model_name="entryname", name="display_name"),
    ]
