"""Drafting without a database: facts go in, sentences with their sources come out."""
