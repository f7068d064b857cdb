"""The endpoints under /api/v1/watchlist/."""

from django.urls import path

from apps.watchlists import api

_ENTRY = "entries/<uuid:entry_id>/"
_LEAD = "leads/<uuid:lead_id>/"

urlpatterns = [
    path("gate/", api.Gate.as_view()),
    path("entries/", api.Entries.as_view()),
    path(_ENTRY, api.Entry.as_view()),
    path(f"{_ENTRY}decision/", api.EntryDecision.as_view()),
    path(f"{_ENTRY}sightings/", api.EntrySightings.as_view()),
    path("leads/", api.Leads.as_view()),
    path(_LEAD, api.Lead.as_view()),
    path(f"{_LEAD}judgement/", api.LeadJudgements.as_view()),
]
