"""The services behind the gate."""
