from django.apps import AppConfig


class SubjectRequestsConfig(AppConfig):
    name = "apps.subject_requests"
    label = "subject_requests"
    default_auto_field = "django.db.models.BigAutoField"
