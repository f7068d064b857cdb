"""Which hold stands for which request is written once. Undone by reversing."""

from django.db import migrations

from apps.audit.protection import append_only, row_level_security


class Migration(migrations.Migration):
    dependencies = [("subject_requests", "0005_request_holds")]
    operations = [
        row_level_security("subject_requests_requesthold"),
        append_only("subject_requests_requesthold"),
    ]
