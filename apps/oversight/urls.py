"""Pages of oversight."""

from django.urls import path

from apps.oversight.views import stop

urlpatterns = [
    path("stop/", stop.stop_page, name="stop"),
    path("stop/press/", stop.stop_press, name="stop-press"),
    path("stop/state/", stop.stop_state, name="stop-state"),
    path("stop/<uuid:stop_id>/resume/", stop.stop_resume, name="stop-resume"),
]
