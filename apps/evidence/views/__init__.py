"""Evidence on screen: handing it out, its records, holds, retention."""
