"""Watchlists on screen."""
