"""An OCI distribution registry that asks the gate about every request."""
