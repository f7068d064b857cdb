"""Shapes of the reliability API."""
