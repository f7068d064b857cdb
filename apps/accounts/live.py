"""Telling open browsers that something of their tenant changed: a topic and an id, never more.

What is published is lost when nobody listens, and may be lost altogether: screens that live from it re-read the
database when their stream reconnects. So a Redis that does not answer never disturbs the business transaction.
"""

import json
import logging
from dataclasses import dataclass
from functools import cache
from uuid import UUID

import redis
from django.conf import settings
from django.db import connection, transaction

logger = logging.getLogger(__name__)

CHANNEL_PREFIX = "second_look:live:"
_TIMEOUT_SECONDS = 0.5
PERSONAL = frozenset({"notification"})
"""Topics whose subject is a person, who alone hears of them."""


@dataclass(frozen=True, kw_only=True)
class LiveMessage:
    """`topic` is one word (queue, alert, attempt, case); `site_id` limits who hears it, None is the whole tenant."""

    topic: str
    subject_id: str
    site_id: str = ""

    def __post_init__(self) -> None:
        if not self.topic.isidentifier():
            raise ValueError(f"a topic is one word, not {self.topic!r}")


def channel_of(tenant_id: UUID | str) -> str:
    """The Redis channel of a tenant."""
    return f"{CHANNEL_PREFIX}{tenant_id}"


def publish_live(
    *, tenant_id: UUID, topic: str, subject_id: UUID, site_id: UUID | None = None
) -> None:
    """Tell the tenant's open browsers, after the current transaction commits; never raises.

    Told several times in one transaction, it is said once.
    """
    message = LiveMessage(
        topic=topic, subject_id=str(subject_id), site_id=str(site_id) if site_id else ""
    )
    telling = _Telling(tenant_id, message)
    if not any(telling in promised for promised in connection.run_on_commit):
        transaction.on_commit(telling, robust=True)


def encode(message: LiveMessage) -> str:
    """A message as it travels."""
    return json.dumps({"topic": message.topic, "id": message.subject_id, "site": message.site_id})


def decode(data: str | bytes) -> LiveMessage:
    """Read a message; raises ValueError for anything that is not one."""
    try:
        raw = json.loads(data)
        return LiveMessage(topic=raw["topic"], subject_id=raw["id"], site_id=raw["site"])
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("not a live message") from error


@dataclass(frozen=True)
class _Telling:
    """A message that waits for its transaction."""

    tenant_id: UUID
    message: LiveMessage

    def __call__(self) -> None:
        _publish(self.tenant_id, self.message)


def _publish(tenant_id: UUID, message: LiveMessage) -> None:
    try:
        _client().publish(channel_of(tenant_id), encode(message))
    except redis.RedisError as error:
        logger.warning("live update not published: %s", type(error).__name__)


@cache
def _client() -> redis.Redis:
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=_TIMEOUT_SECONDS,
        socket_connect_timeout=_TIMEOUT_SECONDS,
    )
