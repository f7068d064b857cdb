"""The behaviour model: what the movement of a person's upper body looks like, in windows of 1.6 s."""
