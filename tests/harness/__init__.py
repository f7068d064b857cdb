"""What every test stands on: real servers, one database each, nothing beyond this machine."""
