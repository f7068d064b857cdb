"""Reading requests, what a search finds, and who saw a person's data."""
