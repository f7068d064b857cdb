from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    name = "apps.console"
    label = "console"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from django.utils.translation import gettext, ngettext

        from apps.triage import wording

        wording.use_catalogue(gettext=gettext, ngettext=ngettext)
