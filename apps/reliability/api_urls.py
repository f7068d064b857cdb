"""The endpoints under /api/v1/reliability/."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
