"""Plan and apply: reading, comparing, carrying out, remembering, removing."""
