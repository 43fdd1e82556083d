"""Who may do what: RBAC, escalation, impersonation, and the roles that every cluster has."""
