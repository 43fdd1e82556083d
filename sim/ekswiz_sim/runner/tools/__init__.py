"""Stand-ins for the commands that a workflow calls: they talk to the rehearsal's own doors."""
