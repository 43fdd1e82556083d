"""A run on screen: its rows, its own estimate, its log, the stop, and what to do when it fails."""
