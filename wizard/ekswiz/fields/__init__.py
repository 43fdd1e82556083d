"""What each answer may look like, and what is proposed for it."""
