from django.urls import path

from apps.subject_requests import api

_ACTS = {
    "identify": api.Identify,
    "search": api.Search,
    "judge": api.Judge,
    "extend": api.Extend,
    "refuse": api.Refuse,
    "answer": api.Answer,
    "prepare": api.Prepare,
    "return": api.SendBack,
    "approve": api.Approve,
    "erasure/ask": api.AskErasure,
    "erasure/execute": api.ExecuteErasure,
}

urlpatterns = [
    path("subject-requests/", api.RequestList.as_view(), name="api-subject-requests"),
    path(
        "subject-requests/<uuid:request_id>/",
        api.RequestPage.as_view(),
        name="api-subject-request",
    ),
    *(
        path(
            f"subject-requests/<uuid:request_id>/{act}/",
            view.as_view(),
            name=f"api-subject-request-{act.replace('/', '-')}",
        )
        for act, view in _ACTS.items()
    ),
    path(
        "people/<uuid:person_id>/access-log/",
        api.AccessLog.as_view(),
        name="api-person-access-log",
    ),
]
