"""Celery: short, repeatable housekeeping. Its tasks can run twice and never wait for a person."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")  # noqa: TID251 - before settings can be read
app = Celery("second_look")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
