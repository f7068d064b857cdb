"""Requests on screen, one module a step."""
