"""Addresses."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import include, path
from django.views.i18n import JavaScriptCatalog, set_language
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

admin.autodiscover()
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

urlpatterns = [
    path("", include("apps.console.urls")),
    path("", include("apps.alerts.urls")),
    path("", include("apps.reviews.urls")),
    path("", include("apps.cases.urls")),
    path("", include("apps.cases.correction_urls")),
    path("", include("apps.reports.urls")),
    path("", include("apps.evidence.urls")),
    path("", include("apps.watchlists.urls")),
    path("", include("apps.subject_requests.urls")),
    path("", include("apps.oversight.urls")),
    path("", include("apps.notifications.urls")),
    path("settings/", include("apps.console.setup.urls")),
    path("reliability/", include("apps.reliability.urls")),
    path("reliability/", include("apps.reliability.policy_urls")),
    path("accounts/", include("config.sign_in_urls")),
    path("language/", set_language, name="set-language"),
    path("words.js", JavaScriptCatalog.as_view(), name="words"),
    path("admin/", admin.site.urls),
    path("api/v1/", include("config.api")),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerView.as_view(url_name="schema"), name="api-docs"),
]

handler400 = "apps.console.errors.bad_request"
handler403 = "apps.console.errors.forbidden"
handler404 = "apps.console.errors.not_found"
handler500 = "apps.console.errors.server_error"
