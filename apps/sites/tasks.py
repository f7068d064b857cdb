"""Housekeeping of places."""

from celery import shared_task

from apps.sites.pictures import delete_replaced


@shared_task(name="apps.sites.tasks.delete_replaced_pictures")
def delete_replaced_pictures() -> int:
    """Delete from the object store what was replaced or taken away. May run twice."""
    return delete_replaced()
