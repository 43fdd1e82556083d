"""The HTTP side: routing, reading, writing, watching, and how answers look."""
