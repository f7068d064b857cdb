"""Housekeeping that may run twice and waits for nobody."""

from celery import shared_task
from django.utils import timezone

from apps.reviews import operations


@shared_task
def expire_attempts() -> int:
    return operations.expire_attempts(now=timezone.now())


@shared_task
def resend_submitted() -> int:
    return operations.resend_submitted(now=timezone.now())
