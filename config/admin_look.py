"""How the admin looks: our accent and mark, and a menu by subject."""

from django.templatetags.static import static
from django.urls import reverse_lazy


def _admin_links(title: str, *models: tuple[str, str, str]) -> dict[str, object]:
    """A group of the admin's menu: (title, icon, "app_model") each."""
    return {
        "title": title,
        "separator": True,
        "items": [
            {"title": name, "icon": icon, "link": reverse_lazy(f"admin:{model}_changelist")}
            for name, icon, model in models
        ],
    }


UNFOLD: dict[str, object] = {
    "SITE_TITLE": "Second Look",
    "SITE_HEADER": "Second Look",
    "SITE_SUBHEADER": "Administration",
    "SITE_URL": "/",
    "SITE_SYMBOL": "visibility",
    "SITE_FAVICONS": [
        {
            "rel": "icon",
            "type": "image/svg+xml",
            "href": lambda request: static("console/mark.svg"),
        }
    ],
    "SHOW_HISTORY": False,
    "DASHBOARD_CALLBACK": "apps.console.admin_home.what_needs_you",
    "SHOW_VIEW_ON_SITE": True,
    "STYLES": [lambda request: static("console/admin.css")],
    "COLORS": {
        "primary": {
            "50": "#eef2ff",
            "100": "#e0e7ff",
            "200": "#c7d2fe",
            "300": "#a5b4fc",
            "400": "#818cf8",
            "500": "#6366f1",
            "600": "#4f46e5",
            "700": "#4338ca",
            "800": "#3730a3",
            "900": "#312e81",
            "950": "#1e1b4b",
        }
    },
    "SIDEBAR": {
        "show_search": True,
        "show_all_applications": True,
        "navigation": [
            {
                "items": [
                    {
                        "title": "Back to the queue",
                        "icon": "arrow_back",
                        "link": reverse_lazy("queue"),
                    }
                ]
            },
            _admin_links(
                "Stores",
                ("Sites", "storefront", "sites_site"),
                ("Cameras", "videocam", "sites_camera"),
                ("Zones", "shapes", "sites_zone"),
                ("Rosters", "schedule", "sites_roster"),
            ),
            _admin_links(
                "People",
                ("People", "group", "accounts_user"),
                ("Grants", "key", "sites_siteuserobjectpermission"),
            ),
            _admin_links(
                "Alerts",
                ("Alerts", "notifications", "alerts_alert"),
                ("Human tasks", "task", "reviews_humantask"),
                ("Dispositions", "gavel", "alerts_disposition"),
                ("Detector sources", "sensors", "alerts_detectorsource"),
            ),
            _admin_links(
                "Watchlists",
                ("Entries", "person_search", "watchlists_watchlistentry"),
                ("Sighting leads", "face", "watchlists_sightinglead"),
                ("Legal gate", "balance", "watchlists_legalgate"),
            ),
            _admin_links(
                "Webhooks",
                ("Webhooks", "webhook", "webhooks_webhook"),
                ("Deliveries", "outbox", "webhooks_webhookdelivery"),
            ),
            _admin_links(
                "Notifications",
                ("Notifications", "notifications_active", "notifications_notification"),
                ("E-mails", "mail", "notifications_notificationmail"),
                ("Choices", "tune", "notifications_notificationchoice"),
            ),
            _admin_links(
                "Records",
                ("Cases", "folder", "cases_case"),
                ("Evidence", "inventory_2", "evidence_evidenceitem"),
                ("Audit events", "link", "audit_leaf"),
            ),
        ],
    },
}
