"""Resource types: one type, one file."""
