"""Reading reports, and the record they are drafted from."""
