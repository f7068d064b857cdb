from django.apps import AppConfig
from django.conf import settings

from workflows import client


class WorkersConfig(AppConfig):
    name = "workers"

    def ready(self) -> None:
        """Workflows know nothing of Django: every process tells the client where Temporal is."""
        client.configure(
            client.Server(
                address=settings.TEMPORAL_ADDRESS,
                namespace=settings.TEMPORAL_NAMESPACE,
                codec_keys=tuple(settings.TEMPORAL_CODEC_KEYS),
            )
        )
