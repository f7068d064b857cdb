from django.apps import AppConfig


class ReliabilityConfig(AppConfig):
    name = "apps.reliability"
    label = "reliability"
    default_auto_field = "django.db.models.BigAutoField"
