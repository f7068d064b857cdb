"""Reading watchlists."""
