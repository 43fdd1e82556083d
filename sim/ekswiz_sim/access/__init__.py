"""Who can do what: every principal tries every action through the real doors; intent says what should happen."""
