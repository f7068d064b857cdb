"""Drafting, editing, signing and ending reports."""
