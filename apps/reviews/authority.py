"""Whether the person behind a prepared decision may still act when it is used: account, role, site, session."""

import hmac

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.models import Session
from django.db.models import CharField, F, Value
from django.db.models.expressions import Func
from django.db.models.functions import Now

from apps.accounts.models import User


class _Reference(Func):
    """`apps.accounts.actors.session_reference` in SQL; migration 0003 indexes this very expression."""

    template = "left(encode(sha256(%(expressions)s::bytea), 'hex'), 32)"
    output_field = CharField()


def session_is_alive(*, user: User, reference: str) -> bool:
    """Whether the session a decision was prepared in still signs this person in.

    Signing out deletes it; a changed password, a switched-off account or an expiry (by the database's clock) end it.
    """
    if not user.is_active or not reference:
        return False
    sessions = Session.objects.annotate(reference=_Reference(F("session_key")))
    found = sessions.filter(reference=Value(reference), expire_date__gt=Now()).first()
    if found is None:
        return False
    content = found.get_decoded()
    return (
        str(content.get(SESSION_KEY)) == str(user.pk)
        and BACKEND_SESSION_KEY in content
        and hmac.compare_digest(
            str(content.get(HASH_SESSION_KEY, "")), user.get_session_auth_hash()
        )
    )
