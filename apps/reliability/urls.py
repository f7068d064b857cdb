"""The pages under /reliability/: atlas, fairness, retraining, policy and backtests."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
