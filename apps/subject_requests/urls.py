from django.urls import path

from apps.subject_requests.views import disclosure, erasure, people, requests

_REQUEST = "subject-requests/<uuid:request_id>/"

urlpatterns = [
    path("subject-requests/", requests.requests, name="subject-requests"),
    path("subject-requests/new/", requests.receive, name="subject-request-receive"),
    path(_REQUEST, requests.subject_request, name="subject-request"),
    path(f"{_REQUEST}identify/", requests.identify, name="subject-request-identify"),
    path(f"{_REQUEST}extend/", requests.extend, name="subject-request-extend"),
    path(f"{_REQUEST}search/", requests.search, name="subject-request-search"),
    path(f"{_REQUEST}judge/", requests.judge, name="subject-request-judge"),
    path(f"{_REQUEST}refuse/", requests.refuse, name="subject-request-refuse"),
    path(f"{_REQUEST}answer/", requests.answer, name="subject-request-answer"),
    path(f"{_REQUEST}prepare/", disclosure.prepare, name="subject-request-prepare"),
    path(f"{_REQUEST}return/", disclosure.send_back, name="subject-request-return"),
    path(f"{_REQUEST}approve/", disclosure.approve, name="subject-request-approve"),
    path(f"{_REQUEST}package/", disclosure.look, name="subject-request-package"),
    path(f"{_REQUEST}disclose/", disclosure.hand_over, name="subject-request-disclose"),
    path(f"{_REQUEST}erasure/ask/", erasure.ask, name="erasure-ask"),
    path(f"{_REQUEST}erasure/execute/", erasure.execute, name="erasure-execute"),
    path(f"{_REQUEST}erasure/", erasure.certificate, name="erasure-certificate"),
    path(f"{_REQUEST}erasure/recipients/<uuid:notice_id>/", erasure.tell, name="erasure-recipient"),
    path("people/", people.people, name="people"),
    path("people/<uuid:person_id>/", people.person, name="person"),
    path("people/<uuid:person_id>/access-log/", people.access_log, name="person-access-log"),
    path(
        "subject-packages/<uuid:tenant_id>/<uuid:package_id>/<str:link_secret>/",
        disclosure.by_link,
        name="subject-package",
    ),
]
