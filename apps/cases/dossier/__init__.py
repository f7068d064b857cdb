"""The dossier: the regulatory record of one alert, rendered to PDF/A-2b from what the database and the chain hold."""
