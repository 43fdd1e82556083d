"""What a run has made, and what comes next."""
