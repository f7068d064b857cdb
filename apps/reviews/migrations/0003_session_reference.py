"""A decision is bound to the session it was prepared in, by a digest of its key.

At use the session is looked up by that digest again, since a killed session must refuse it. Django's session table knows
keys only, so an index on the digest keeps the look-up from reading every session. Undone by dropping it."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("reviews", "0002_protection"), ("sessions", "0001_initial")]
    operations = [
        migrations.RunSQL(
            sql="""
                CREATE INDEX session_by_reference ON django_session
                    ((left(encode(sha256(session_key::bytea), 'hex'), 32)));
            """,
            reverse_sql="DROP INDEX session_by_reference;",
        )
    ]
