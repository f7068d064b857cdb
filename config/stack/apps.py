from django.apps import AppConfig


class StackConfig(AppConfig):
    """The embedded servers and the commands that start, watch and stop everything."""

    name = "config.stack"
    label = "stack"
    verbose_name = "Stack"
