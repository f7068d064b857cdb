"""Deleting what was given up, from the object store, until it is gone."""

import logging
from datetime import datetime

from django.db.models import F

from apps.storage.errors import StorageError
from apps.storage.store import media_store
from apps.watchlists.models import DiscardedObject

log = logging.getLogger(__name__)


def delete_discarded(*, now: datetime, limit: int = 200) -> int:
    """Delete promised objects, oldest first; return how many are gone. Under the service role, no transaction.

    One that cannot be deleted stays promised, with the kind of error beside it.
    """
    gone = 0
    for promised in DiscardedObject.objects.filter(discarded_at__lte=now).order_by("tries", "id")[
        :limit
    ]:
        try:
            media_store().delete(key=promised.key)
        except StorageError as error:
            log.warning("watchlist picture not deleted yet: %s", type(error).__name__)
            DiscardedObject.objects.filter(id=promised.id).update(
                tries=F("tries") + 1, last_error=type(error).__name__
            )
            continue
        DiscardedObject.objects.filter(id=promised.id).delete()
        gone += 1
    return gone
