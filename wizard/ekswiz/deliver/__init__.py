"""Files for the user's repository."""
