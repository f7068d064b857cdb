from django.urls import path

from apps.alerts import views

urlpatterns = [path("alerts/new/", views.alert_new, name="alert-new")]
