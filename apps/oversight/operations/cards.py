"""Keeping a version of the system card when what it states has changed."""

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from apps.audit.events import Actor, Event, Subject
from apps.audit.operations import record
from apps.oversight.models import SystemCardVersion
from apps.oversight.queries.card import latest_card, statement_digest, statement_of


def keep_card(*, tenant_id: UUID, now: datetime) -> SystemCardVersion:
    """The tenant's present card: a new chained version if its statement differs from the last one, else that one."""
    statement = statement_of(tenant_id)
    digest, last = statement_digest(statement), latest_card(tenant_id)
    if last is not None and last.digest == digest:
        return last
    try:
        with transaction.atomic():
            row = SystemCardVersion.objects.create(
                tenant_id=tenant_id,
                version=last.version + 1 if last else 1,
                content=statement,
                digest=digest,
                created_at=now,
            )
            record(
                actor=Actor.system(tenant_id),
                event=Event.SYSTEM_CARD_VERSIONED,
                subject=Subject("system_card", row.id),
                before={"digest": last.digest} if last else None,
                after={"digest": digest},
                details={"version": row.version, "digest": digest},
            )
    except IntegrityError:  # another process keeps the same change
        return SystemCardVersion.objects.filter(tenant_id=tenant_id).order_by("-version")[0]
    return row
