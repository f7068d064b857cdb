"""Settings on screen: sites, cameras with their zones, people and grants, detectors."""
