"""The one way into the audit chain."""

import re
import secrets
from collections.abc import Mapping
from typing import Final
from uuid import UUID, uuid4

from django.db import connection
from django.utils.translation import gettext

from apps.audit.entries import NO_DETAILS, commitment
from apps.audit.events import Actor, Event, Subject
from apps.triage.canonical import canonical_digest, canonical_json, plain

LARGEST_DETAILS: Final = 2000
LONGEST_REASON: Final = 2000

# One printable ASCII word: no white space, so no sentence, and no @, so no address.
_OPAQUE_TEXT: Final = re.compile(r"[!-?A-~]{0,200}")
# Refused as a word anywhere in a key, and as a whole key.
_PERSONAL_WORDS: Final = frozenset(
    [
        *("name", "names", "firstname", "lastname", "surname", "fullname", "username", "nickname"),
        *("email", "phone", "telephone", "mobile", "address", "birthday", "birthdate", "dob"),
        *("gender", "ethnicity", "passport", "iban", "plate", "embedding", "password", "photo"),
    ]
)
_PERSONAL_KEYS: Final = frozenset(
    [
        *("mail", "age", "sex", "race", "skin", "face", "vector", "image", "picture", "still"),
        *("comment", "note", "text", "secret"),
    ]
)

_COLUMNS: Final = """
    event_id, tenant_id, occurred_at, actor, role, channel, session, event, subject_kind,
    subject_id, before_digest, after_digest, reason_commitment, details
"""
_INSERT: Final = f"""
    INSERT INTO audit_inbox ({_COLUMNS})
    VALUES (%s, %s, clock_timestamp(), %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""  # noqa: S608 - no value is part of the text
_INSERT_WITH_REASON: Final = f"""
    WITH reason AS (
        INSERT INTO audit_reason (event_id, tenant_id, salt, text) VALUES (%s, %s, %s, %s)
    ) {_INSERT}
"""  # noqa: S608 - as above


class UnableToRecord(Exception):
    """The event may not enter the chain in this form, and so the act must not happen either."""


def record(
    *,
    actor: Actor,
    event: Event,
    subject: Subject,
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
    reason: str = "",
    details: Mapping[str, object] | None = None,
) -> UUID:
    """Write an event into the current transaction: it is chained if and only if that commits.

    ``before`` and ``after`` enter as SHA-256 of their canonical JSON. ``reason`` is what a person
    wrote (at most 2,000 characters): the chain holds a salted commitment, the text lies beside it.
    ``details`` is a small JSON object of ids, codes, numbers and digests.

    Returns the event's id. Raises UnableToRecord outside a transaction and for details that are
    large, free text, or personal by their name; ``apps.triage.canonical.NotCanonical`` for values
    without a canonical form.
    """
    if not connection.in_atomic_block:
        raise UnableToRecord(
            gettext("an audit event belongs to the transaction of its act: open one")
        )
    event_id, salt = uuid4(), secrets.token_bytes(32)
    values = [
        event_id,
        actor.tenant_id,
        "" if actor.user_id is None else str(actor.user_id),
        actor.role,
        actor.channel.value,
        actor.session,
        Event(event).value,
        *subject,
        _digest(before),
        _digest(after),
        commitment(salt=salt, text=_readable(reason)) if reason else "",
        _details(details),
    ]
    with connection.cursor() as cursor:
        if reason:
            cursor.execute(_INSERT_WITH_REASON, [event_id, actor.tenant_id, salt, reason, *values])
        else:
            cursor.execute(_INSERT, values)
    return event_id


def _digest(value: Mapping[str, object] | None) -> str:
    return "" if value is None else canonical_digest(value)


def _readable(reason: str) -> str:
    if len(reason) > LONGEST_REASON or "\x00" in reason:
        raise UnableToRecord(
            gettext("a reason has at most %(longest_reason)s characters and no NUL")
            % {"longest_reason": LONGEST_REASON}
        )
    return reason


def _details(details: Mapping[str, object] | None) -> str:
    if not details:
        return NO_DETAILS
    _require_opaque(plain(details))
    text = canonical_json(details)
    if len(text) > LARGEST_DETAILS:
        raise UnableToRecord(
            gettext("details have at most %(largest_details)s characters of JSON")
            % {"largest_details": LARGEST_DETAILS}
        )
    return text


def _require_opaque(value: object) -> None:
    if isinstance(value, dict):
        for key, item in value.items():
            if _sounds_personal(key.lower()):
                raise UnableToRecord(
                    gettext("details may not hold %(key)s: it sounds personal")
                    % {"key": f"{key!r:}"}
                )
            _require_opaque(item)
    elif isinstance(value, list):
        for item in value:
            _require_opaque(item)
    elif isinstance(value, str) and not _OPAQUE_TEXT.fullmatch(value):
        raise UnableToRecord(
            gettext("details hold ids, codes and numbers; free text is the reason's")
        )


def _sounds_personal(key: str) -> bool:
    return key in _PERSONAL_KEYS or bool(_PERSONAL_WORDS & set(re.split(r"[^a-z]+", key)))
