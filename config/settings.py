"""Django's settings: one file, every variable read through `config.env`."""

from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import django_stubs_ext
from celery.schedules import crontab
from csp.constants import NONCE, NONE, SELF

from apps.triage.states import CaseState, EvidenceState, RequestState, Verdict
from config import env
from config.admin_look import UNFOLD as UNFOLD  # a setting, read by its name

django_stubs_ext.monkeypatch()

BASE_DIR = env.REPOSITORY
HOME: Path = env.home()

DEBUG = env.boolean("DEBUG", default=False)
SECRET_KEY = env.text("SECRET_KEY", "only for commands that run before `manage.py up` has made one")
SECRET_KEY_FALLBACKS = env.words("SECRET_KEY_FALLBACKS")
PUBLIC_URL = env.http_url("PUBLIC_URL", "http://localhost:8000")
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS") or [
    urlsplit(PUBLIC_URL).hostname or "localhost",
    "localhost",
    "127.0.0.1",
]
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]

INSTALLED_APPS = [
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "guardian",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
    "django_htmx",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "config.stack",
    "apps.storage",
    "apps.audit",
    "apps.accounts",
    "apps.sites",
    "apps.alerts",
    "apps.reliability",
    "apps.reviews",
    "apps.people",
    "apps.evidence",
    "apps.watchlists",
    "apps.cases",
    "apps.reports",
    "apps.subject_requests",
    "apps.oversight",
    "apps.notifications",
    "apps.webhooks",
    "apps.console",
    "workers",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.compression.PageCompressionMiddleware",
    "csp.middleware.CSPMiddleware",
    "config.csp.AdminPolicyMiddleware",
    "apps.accounts.middleware.HealthMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "config.languages.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "apps.accounts.middleware.TenantMiddleware",
]

ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "apps.console.context_processors.shell",
            ],
        },
    }
]

# --- Database -------------------------------------------------------------------------------------------------
# One alias; the role (owner, app, service, sequencer) is the environment's choice.

_DATABASE = env.database("DATABASE_URL")
DATABASES = (
    {
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            **_DATABASE,
            "CONN_HEALTH_CHECKS": True,
            "OPTIONS": {
                "pool": {
                    "min_size": env.integer("DATABASE_POOL_MIN", 1),
                    "max_size": env.integer("DATABASE_POOL_MAX", 12, least=1),
                    "timeout": 5,
                },
                "connect_timeout": 5,
                "application_name": env.text("PROCESS_NAME", "second-look"),
                "options": f"-c statement_timeout={env.integer('DATABASE_STATEMENT_TIMEOUT_MS', 15_000)}"
                " -c idle_in_transaction_session_timeout=30000 -c lock_timeout=5000",
            },
        }
    }
    if _DATABASE
    else {}
)
DATABASE_OWNER_URL = env.text("DATABASE_OWNER_URL")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Redis, Celery --------------------------------------------------------------------------------------------

REDIS_URL = env.text("REDIS_URL", "redis://127.0.0.1:6379/0")
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_TIME_LIMIT = 300
CELERY_TASK_SOFT_TIME_LIMIT = 240
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_timeout": 5,
    "socket_connect_timeout": 5,
    "visibility_timeout": 600,
}
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE = {
    "audit-lag": {"task": "apps.audit.tasks.watch_lag", "schedule": crontab()},
    "audit-checks": {
        "task": "apps.audit.tasks.run_checks",
        "schedule": 15.0,
        "options": {"expires": 15},
    },
    "audit-night": {
        "task": "apps.audit.tasks.check_every_chain",
        "schedule": crontab(hour="3", minute="40"),
    },
    "replaced-pictures": {
        "task": "apps.sites.tasks.delete_replaced_pictures",
        "schedule": 600.0,
    },
    "late-recordings": {"task": "apps.alerts.tasks.nudge_late_recordings", "schedule": 300.0},
    "signed-reports": {
        "task": "apps.reports.tasks.render_signed_reports",
        "schedule": crontab(),
        "options": {"expires": 50},
    },
    "system-cards": {
        "task": "apps.oversight.tasks.keep_cards",
        "schedule": crontab(minute="17"),
    },
    "oversight-clocks": {
        "task": "apps.oversight.tasks.remind",
        "schedule": crontab(minute="23,53"),
    },
    "records-exports": {
        "task": "apps.oversight.tasks.write_exports",
        "schedule": 10.0,
        "options": {"expires": 10},
    },
    "missing-records": {
        "task": "apps.cases.tasks.watch_records",
        "schedule": crontab(),
        "options": {"expires": 50},
    },
    "missing-records-night": {
        "task": "apps.cases.tasks.watch_every_record",
        "schedule": crontab(hour="3", minute="10"),
    },
    "waiting-dossiers": {
        "task": "apps.cases.tasks.render_waiting",
        "schedule": crontab(),
        "options": {"expires": 50},
    },
    "expired-attempts": {"task": "apps.reviews.tasks.expire_attempts", "schedule": crontab()},
    "backtests": {
        "task": "apps.reliability.tasks.run_backtests",
        "schedule": 10.0,
        "options": {"expires": 10},
    },
    "reliability": {
        "task": "apps.reliability.tasks.refresh_reliability",
        "schedule": crontab(hour="2", minute="30"),
    },
    "minute-price": {
        "task": "apps.reliability.tasks.price_minutes",
        "schedule": crontab(),
        "options": {"expires": 50},
    },
    "watchlist-terms": {
        "task": "apps.watchlists.tasks.watch_terms",
        "schedule": crontab(hour="4", minute="10"),
    },
    "watchlist-pictures": {
        "task": "apps.watchlists.tasks.delete_pictures",
        "schedule": crontab(minute="*/5"),
    },
    "subject-packages": {
        "task": "apps.subject_requests.tasks.write_packages",
        "schedule": 15.0,
        "options": {"expires": 15},
    },
    "subject-packages-over": {
        "task": "apps.subject_requests.tasks.remove_packages",
        "schedule": crontab(minute="*/5"),
    },
    "erasures": {
        "task": "apps.subject_requests.tasks.continue_erasures",
        "schedule": crontab(),
        "options": {"expires": 50},
    },
    "subject-requests-due": {
        "task": "apps.subject_requests.tasks.remind_due",
        "schedule": crontab(hour="6", minute="20"),
    },
    "evidence-retention": {
        "task": "apps.evidence.tasks.apply_retention",
        "schedule": crontab(hour="1-4", minute="20,50"),
    },
    "evidence-integrity": {
        "task": "apps.evidence.tasks.sweep_integrity",
        "schedule": crontab(hour="5", minute="10"),
    },
    "evidence-holds": {"task": "apps.evidence.tasks.follow_holds", "schedule": 300.0},
    "notifications": {
        "task": "apps.notifications.tasks.gather_notifications",
        "schedule": 5.0,
        "options": {"expires": 5},
    },
    "notification-mail": {
        "task": "apps.notifications.tasks.mail_notifications",
        "schedule": 30.0,
        "options": {"expires": 30},
    },
    "notifications-over": {
        "task": "apps.notifications.tasks.forget_notifications",
        "schedule": crontab(hour="3", minute="25"),
    },
    "webhooks": {
        "task": "apps.webhooks.tasks.send_events",
        "schedule": 5.0,
        "options": {"expires": 5},
    },
    "webhook-log": {
        "task": "apps.webhooks.tasks.forget_deliveries",
        "schedule": crontab(hour="4", minute="40"),
    },
    "alert-viewings": {
        "task": "apps.alerts.tasks.forget_old_viewings",
        "schedule": crontab(hour="4", minute="50"),
    },
    "spool": {"task": "apps.alerts.tasks.sweep_spool", "schedule": crontab(minute="*/10")},
}

# --- S3, Temporal ---------------------------------------------------------------------------------------------

S3_ENDPOINT = env.http_url("S3_ENDPOINT", "http://127.0.0.1:8333")
S3_PUBLIC_ENDPOINT = env.http_url("S3_PUBLIC_ENDPOINT", S3_ENDPOINT)
S3_ACCESS_KEY = env.text("S3_ACCESS_KEY")
S3_SECRET_KEY = env.text("S3_SECRET_KEY")
S3_REGION = env.text("S3_REGION", "us-east-1")
S3_MEDIA_BUCKET = env.text("S3_MEDIA_BUCKET", "second-look-media")
S3_EVIDENCE_BUCKET = env.text("S3_EVIDENCE_BUCKET", "second-look-evidence")
EVIDENCE_CHECK_BYTES = env.integer("EVIDENCE_CHECK_BYTES", 20 * 1024**3, least=1)
CLIP_SPOOL = env.path("CLIP_SPOOL", HOME / "spool")

TEMPORAL_ADDRESS = env.text("TEMPORAL_ADDRESS", "127.0.0.1:7233")
TEMPORAL_NAMESPACE = env.text("TEMPORAL_NAMESPACE", "default")
TEMPORAL_UI_URL = env.http_url("TEMPORAL_UI_URL")
TEMPORAL_CODEC_KEYS = env.words("TEMPORAL_CODEC_KEYS")
# Activities at once, by queue: the database pool has room for them; a device does one clip at a time.
WORKER_SLOTS = {
    "triage": env.integer("TRIAGE_SLOTS", 8, least=1),
    "inference": env.integer("INFERENCE_SLOTS", 1, least=1),
    "explanations": env.integer("EXPLANATIONS_SLOTS", 1, least=1),
    "exports": env.integer("EXPORTS_SLOTS", 2, least=1),
}
# A user's own models and choices, read after workers/inference/registry.toml (docs/inference.md).
MODELS_FILE: Path | None = (
    env.path("SECOND_LOOK_MODELS", HOME) if env.text("SECOND_LOOK_MODELS") else None
)
OTEL_EXPORTER_OTLP_ENDPOINT = env.http_url("OTEL_EXPORTER_OTLP_ENDPOINT")

# --- Intake ---------------------------------------------------------------------------------------------------

INTAKE_MAX_BODY_BYTES = env.integer("INTAKE_MAX_BODY_BYTES", 64 * 1024 * 1024, least=1024)
INTAKE_MAX_JSON_BYTES = env.integer("INTAKE_MAX_JSON_BYTES", 1024 * 1024, least=1024)
INTAKE_TOLERANCE_SECONDS = env.integer("INTAKE_TOLERANCE_SECONDS", 300, least=1)
CLIP_MAX_BYTES = env.integer("CLIP_MAX_BYTES", 512 * 1024 * 1024, least=1024)
RECORDING_MAX_BYTES = env.integer("RECORDING_MAX_BYTES", 4 * 1024 * 1024 * 1024, least=1024)
# How much of an alert's frames is changed before it is routed: see docs/fairness.md for what each costs.
SALIENCY_BUDGET = env.choice("SALIENCY_BUDGET", "standard", among=("quick", "standard"))
INVARIANCE_BUDGET = env.choice("INVARIANCE_BUDGET", "quick", among=("quick", "thorough"))
ALERTS_IN_FLIGHT = env.integer("ALERTS_IN_FLIGHT", 16, least=1)
RUNS_COMPARED_EVERY_SECONDS = env.integer("RUNS_COMPARED_EVERY_SECONDS", 60, least=1)
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
FILE_UPLOAD_TEMP_DIR = None

# --- Decisions ------------------------------------------------------------------------------------------------

# Of raised alerts, while a tenant has activated no policy version of its own.
JUDGED_FIRST_OF_100 = env.integer("JUDGED_FIRST_OF_100", 5)
if JUDGED_FIRST_OF_100 > 100:
    raise env.BadSetting("JUDGED_FIRST_OF_100", str(JUDGED_FIRST_OF_100), "at most 100")
ATTEMPT_LIFETIME_SECONDS = env.integer("ATTEMPT_LIFETIME_SECONDS", 120, least=1)
UPDATE_TIMEOUT_SECONDS = 5
AUDIT_SIGNING_KEY_FILE = env.path("AUDIT_SIGNING_KEY_FILE", HOME / "audit_signing_key.pem")
# Optional, off by default: a time-stamping authority (RFC 3161) that dates checkpoints, and whom to trust to be one.
AUDIT_TSA_URL = env.http_url("AUDIT_TSA_URL")
AUDIT_TSA_CERTIFICATES = (
    env.path("AUDIT_TSA_CERTIFICATES", HOME) if env.text("AUDIT_TSA_CERTIFICATES") else None
)
AUDIT_TSA_EVERY_SECONDS = env.integer("AUDIT_TSA_EVERY_SECONDS", 3600, least=1)
# Documents are signed with a self-made certificate unless a PKCS#12 is named; an authority (RFC 3161) may date them.
DOCUMENT_SIGNING_KEY_FILE = env.path(
    "DOCUMENT_SIGNING_KEY_FILE", AUDIT_SIGNING_KEY_FILE.with_name("document_signing_key.pem")
)
DOCUMENT_PKCS12_FILE: Path | None = (
    env.path("DOCUMENT_PKCS12_FILE", HOME) if env.text("DOCUMENT_PKCS12_FILE") else None
)
DOCUMENT_PKCS12_PASSWORD = env.text("DOCUMENT_PKCS12_PASSWORD")
DOCUMENT_TSA_URL = env.http_url("DOCUMENT_TSA_URL")
DOCUMENT_TSA_CERTIFICATES = (
    env.path("DOCUMENT_TSA_CERTIFICATES", HOME) if env.text("DOCUMENT_TSA_CERTIFICATES") else None
)
# Optional, off by default: a witness that signs what continues the history it saw, and its verifier key.
AUDIT_WITNESS_URL = env.http_url("AUDIT_WITNESS_URL")
AUDIT_WITNESS_KEY = env.text("AUDIT_WITNESS_KEY")
AUDIT_WITNESS_EVERY_SECONDS = env.integer("AUDIT_WITNESS_EVERY_SECONDS", 3600, least=1)

# --- People ---------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "allauth.account.auth_backends.AuthenticationBackend",
    "apps.accounts.backends.RoleBackend",
    "guardian.backends.ObjectPermissionBackend",
]
ANONYMOUS_USER_NAME = None
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_ADAPTER = "apps.accounts.adapter.AccountAdapter"
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = env.integer("REAUTHENTICATION_SECONDS", 300, least=1)
ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip,5/5m/key", "reauthenticate": "10/m/user"}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = urlsplit(PUBLIC_URL).hostname == "localhost"
SESSION_COOKIE_AGE = int(timedelta(hours=12).total_seconds())
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
# Two stacks side by side on one host share cookies by host name, not by port: the name keeps them apart.
SESSION_COOKIE_NAME = f"second_look_{urlsplit(PUBLIC_URL).port or 443}"
CSRF_COOKIE_NAME = f"{SESSION_COOKIE_NAME}_csrf"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PUBLIC_URL.startswith("https://")
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
}

# --- Browser --------------------------------------------------------------------------------------------------

X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_SSL_REDIRECT = False  # the proxy in front does it
if PUBLIC_URL.startswith("https://"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 31_536_000
CONTENT_SECURITY_POLICY = {
    # unfold's Alpine and Swagger's page need their own, documented policy: config/csp.py.
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "font-src": [SELF],
        "img-src": [SELF, "data:", "blob:", S3_PUBLIC_ENDPOINT],
        "media-src": [SELF, "blob:", S3_PUBLIC_ENDPOINT],
        "connect-src": [SELF, S3_PUBLIC_ENDPOINT],
        "manifest-src": [SELF],
        "worker-src": [SELF],
        "form-action": [SELF, S3_PUBLIC_ENDPOINT],  # a case file is fetched by a form
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    },
}

STATIC_URL = "/static/"
STATIC_ROOT = env.path("STATIC_ROOT", HOME / "static")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG or env.boolean("PLAIN_STATIC", default=False)
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("es", "Español")]
LOCALE_PATHS = [BASE_DIR / "config" / "locale"]
FORMAT_MODULE_PATH = ["config.formats"]
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

# --- API ------------------------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.CursorPagination",
    "EXCEPTION_HANDLER": "apps.accounts.api_errors.handle",
    "PAGE_SIZE": 50,
    "STRICT_JSON": True,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Second Look",
    "DESCRIPTION": "Raise alerts, follow them, read what triage concluded. People decide; no endpoint decides for them.",
    "VERSION": "1.0.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "ENUM_NAME_OVERRIDES": {
        # Several components have a field `state`; each state machine keeps its name.
        "CaseState": [(state.value, state.value.replace("_", " ")) for state in CaseState],
        "AlertState": "apps.alerts.serializers.ALERT_STATES",
        "ClipState": "apps.alerts.serializers.CLIP_STATES",
        "SaliencyState": "apps.alerts.serializers.SALIENCY_STATES",
        "ValidityState": "apps.alerts.serializers.VALIDITY_STATES",
        "ReliabilityState": "apps.reliability.serializers.findings.RELIABILITY_STATES",
        "FairnessVerdict": "apps.reliability.serializers.findings.VERDICTS",
        "FairnessMeasure": "apps.reliability.serializers.findings.MEASURES",
        "BacktestState": "apps.reliability.policy_serializers.BACKTEST_STATES",
        "MemberRole": "apps.console.setup.members_api.ROLES",
        "EvidenceKind": "apps.evidence.models.EvidenceKind",
        "ExportKind": "apps.oversight.models.ExportKind",
        "EvidenceState": [(state.value, state.value) for state in EvidenceState],
        "InterventionKind": "apps.reviews.models.InterventionKind",
        "InterventionOutcome": "apps.reviews.models.InterventionOutcome",
        "IdentityCheck": "apps.subject_requests.models.IdentityCheck",
        "SubjectRequestKind": "apps.subject_requests.models.RequestKind",
        "SubjectRequestState": [(state.value, state.value) for state in RequestState],
        "Verdict": [(verdict.value, verdict.value) for verdict in Verdict],
        "ReportKind": "apps.reports.models.ReportKind",
        "WebhookState": "apps.webhooks.serializers.WEBHOOK_STATES",
        "NotificationKind": "apps.notifications.api.KINDS",
        "ReportState": "apps.reports.serializers.REPORT_STATES",
    },
}


# --- Training: people decide only when trained for this release. Name a new one when what they see or do changes:
# what a verdict or a reason means, which signals decide, what the decision bar asks. Not for mere repairs.
TRAINING_RELEASE = env.text("TRAINING_RELEASE", "2026.1")

# --- Logs -----------------------------------------------------------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.text("LOG_LEVEL", "INFO")},
    "loggers": {
        "httpx": {"level": "WARNING"},
        "django.request": {"level": "ERROR"},
        "uvicorn.access": {"level": "WARNING"},
    },
}

# --- E-mail: off until a server is named ----------------------------------------------------------------------

EMAIL_HOST = env.text("EMAIL_HOST")
EMAIL_PORT = env.integer("EMAIL_PORT", 587, least=1)
EMAIL_HOST_USER = env.text("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = env.text("EMAIL_HOST_PASSWORD")
_EMAIL_SECURITY = env.choice("EMAIL_SECURITY", "starttls", among=("starttls", "tls", "none"))
EMAIL_USE_TLS, EMAIL_USE_SSL = _EMAIL_SECURITY == "starttls", _EMAIL_SECURITY == "tls"
EMAIL_TIMEOUT = env.integer("EMAIL_TIMEOUT", 10, least=1)
EMAIL_BACKEND = env.text(
    "EMAIL_BACKEND",
    f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'console'}.EmailBackend",
)
DEFAULT_FROM_EMAIL = env.text(
    "EMAIL_FROM", f"Second Look <second-look@{urlsplit(PUBLIC_URL).hostname or 'localhost'}>"
)
NOTIFICATION_MAIL = bool(EMAIL_HOST)  # else nobody is told by e-mail, and the screen says so
