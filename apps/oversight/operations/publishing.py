"""Models in use, as the workers that run them declare them."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from apps.oversight.models import PublishedModel

FIELDS = ("job", "licence", "source", "ai_act_class", "measured")


def publish_models(*, models: Iterable[Mapping[str, Any]], now: datetime) -> int:
    """Keep what a worker says of the models it has loaded and verified; what is known is left alone.

    Each needs id, version, sha256 and `FIELDS`. Returns how many were new. Runs under the service role.
    """
    rows = [
        PublishedModel(
            model_id=model["id"],
            version=model["version"],
            sha256=model["sha256"],
            published_at=now,
            **{name: model[name] for name in FIELDS},
        )
        for model in models
    ]
    before = PublishedModel.objects.count()
    PublishedModel.objects.bulk_create(rows, ignore_conflicts=True)
    return PublishedModel.objects.count() - before
