"""The storage app: the only code that speaks S3."""

from django.apps import AppConfig


class StorageConfig(AppConfig):
    name = "apps.storage"
