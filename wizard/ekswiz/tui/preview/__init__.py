"""The preview: what would change, why, what is risky about it, and the consent to it."""
