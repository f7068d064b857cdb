"""Where a row of the administration is shown in the web app, and which Temporal run carries it: one table.

Each entry is a route and the attributes of the row that its address takes, in order. Rows without an attribute's
value (a fact whose alert was elsewhere) have no page.
"""

from typing import Any, Final

from django.db.models import Model
from django.urls import reverse

_ALERT: Final = ("alert", "alert_id")
_CASE: Final = ("case", "case_id")
_ENTRY: Final = ("watchlist-entry", "entry_id")
_RETENTION: Final = ("retention",)
_ATLAS: Final = ("reliability-atlas",)
_POLICY: Final = ("reliability-policy",)
_REQUEST: Final = ("subject-request", "request_id")

WEB_PAGES: Final[dict[str, tuple[str, ...]]] = {
    "accounts.user": ("setup-member", "pk"),
    "accounts.trainingrecord": ("training-person", "person_id"),
    "alerts.alert": ("alert", "pk"),
    "alerts.detectorsource": ("setup-detector", "pk"),
    **dict.fromkeys(
        ("alerts.clip", "alerts.assessment", "alerts.disposition", "alerts.outboxentry"), _ALERT
    ),
    "alerts.viewing": _ALERT,
    **dict.fromkeys(
        (
            *("reviews.humantask", "reviews.itemmember", "reviews.decisionattempt"),
            *("reviews.alertnote", "reviews.playback", "reviews.blindjudgement", "reviews.reveal"),
        ),
        _ALERT,
    ),
    "reviews.intervention": ("intervention", "pk"),
    "reviews.interventionentry": ("intervention", "intervention_id"),
    "reliability.alertfact": _ALERT,
    "reliability.backtest": ("reliability-backtest", "pk"),
    "reliability.reliabilityrefresh": _ATLAS,
    "reliability.segmentfinding": _ATLAS,
    **dict.fromkeys(
        (
            *("reliability.costmodelversion", "reliability.triagepolicyversion"),
            "reliability.sequencepolicyversion",
        ),
        _POLICY,
    ),
    **dict.fromkeys(
        ("reliability.fairnesssample", "reliability.fairnessalarm"), ("reliability-fairness",)
    ),
    "cases.case": ("case", "pk"),
    "cases.incident": _ALERT,
    "cases.casefile": ("case-file", "case_id", "pk"),
    **dict.fromkeys(
        (
            *("cases.exhibit", "cases.alertlink", "cases.caselink", "cases.caseperson"),
            *("cases.note", "cases.casetask"),
        ),
        _CASE,
    ),
    "reports.report": ("report", "case_id", "pk"),
    "evidence.evidenceitem": ("evidence-about", "pk"),
    "evidence.custodyevent": ("evidence-about", "evidence_item_id"),
    "evidence.hold": ("hold", "pk"),
    **dict.fromkeys(("evidence.retentionrules", "evidence.retentionperiod"), _RETENTION),
    "evidence.retentionrun": ("retention-run", "pk"),
    "people.person": ("person", "pk"),
    "sites.site": ("setup-site", "pk"),
    "sites.camera": ("setup-camera", "pk"),
    "sites.zone": ("setup-zone", "camera_id", "pk"),
    "sites.roster": ("setup-site", "site_id"),
    "sites.placepicture": ("setup-plan", "site_id"),
    "sites.siteuserobjectpermission": ("setup-member", "user_id"),
    "subject_requests.subjectrequest": ("subject-request", "pk"),
    **dict.fromkeys(
        (
            *("subject_requests.finding", "subject_requests.disclosurepackage"),
            "subject_requests.erasure",
        ),
        _REQUEST,
    ),
    "oversight.riskregisterversion": ("risks",),
    "oversight.systemincident": ("system-incident", "pk"),
    "watchlists.watchlistentry": ("watchlist-entry", "pk"),
    "watchlists.legalgate": ("watchlist-gate",),
    **dict.fromkeys(
        (
            *("watchlists.entrysite", "watchlists.entryname", "watchlists.entryrenewal"),
            *("watchlists.entryobjection", "watchlists.entryimage", "watchlists.entryrun"),
            *("watchlists.entryconfirmation", "watchlists.sighting"),
        ),
        _ENTRY,
    ),
    "watchlists.sightinglead": ("watchlist-lead", "pk"),
    "watchlists.leadjudgement": ("watchlist-lead", "lead_id"),
    "webhooks.webhook": ("setup-webhook", "pk"),
    "webhooks.webhookdelivery": ("setup-webhook", "webhook_id"),
}

RUNS: Final[dict[str, tuple[str, str]]] = {
    "alerts.alert": ("alert/", "pk"),
    "alerts.outboxentry": ("alert/", "alert_id"),
    "reviews.humantask": ("alert/", "alert_id"),
    "reviews.decisionattempt": ("alert/", "alert_id"),
    "cases.casefile": ("case-file/", "pk"),
    "watchlists.watchlistentry": ("watchlist/", "pk"),
    "watchlists.entryrun": ("watchlist/", "entry_id"),
}
"""The prefix of a workflow's id, and the attribute that follows it."""


def web_page(row: Model) -> str | None:
    """The address of the row's page in the web app; None where it has none."""
    place = WEB_PAGES.get(row._meta.label_lower)
    if place is None:
        return None
    values: list[Any] = [getattr(row, name) for name in place[1:]]
    return None if None in values else reverse(place[0], args=values)


def workflow_of(row: Model) -> str | None:
    """The id of the workflow that carries the row; None where none does."""
    run = RUNS.get(row._meta.label_lower)
    return None if run is None else f"{run[0]}{getattr(row, run[1])}"
