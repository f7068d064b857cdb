from django.urls import path

from apps.watchlists.views import approvals, entries, gate, leads, proposing, sightings

_ENTRY = "watchlist/entries/<uuid:entry_id>/"
_LEAD = "watchlist/leads/<uuid:lead_id>/"

urlpatterns = [
    path("watchlist/", entries.entries, name="watchlist"),
    path("watchlist/gate/", gate.gate, name="watchlist-gate"),
    path("watchlist/gate/withdraw/", gate.withdraw, name="watchlist-gate-withdraw"),
    path("watchlist/gate/<slug:step>/", gate.fill, name="watchlist-gate-fill"),
    path("watchlist/propose/<uuid:alert_id>/", proposing.propose, name="watchlist-propose"),
    path("watchlist/approvals/", approvals.approvals, name="watchlist-approvals"),
    path(
        "watchlist/renewals/<uuid:renewal_id>/decide/",
        approvals.decide_renewal,
        name="watchlist-renewal-decide",
    ),
    path(_ENTRY, entries.entry, name="watchlist-entry"),
    path(f"{_ENTRY}decide/", approvals.decide, name="watchlist-decide"),
    path(f"{_ENTRY}renew/", approvals.renew, name="watchlist-renew"),
    path(f"{_ENTRY}stop/", entries.stop, name="watchlist-stop"),
    path(f"{_ENTRY}object/", entries.object_to, name="watchlist-object"),
    path(
        f"{_ENTRY}objections/<uuid:objection_id>/", entries.rule, name="watchlist-objection-decide"
    ),
    path(f"{_ENTRY}erase/", entries.erase, name="watchlist-erase"),
    path(f"{_ENTRY}history/", entries.history, name="watchlist-history"),
    path(f"{_ENTRY}images/<uuid:image_id>/", entries.image, name="watchlist-image"),
    path("watchlist/sightings/", sightings.sightings, name="watchlist-sightings"),
    path("watchlist/leads/", leads.leads, name="watchlist-leads"),
    path(_LEAD, leads.lead, name="watchlist-lead"),
    path(f"{_LEAD}judge/", leads.judge, name="watchlist-judge"),
    path(f"{_LEAD}crop/", leads.crop, name="watchlist-crop"),
    path(f"{_LEAD}enrolment/", leads.enrolment, name="watchlist-enrolment"),
]
