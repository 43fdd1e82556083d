"""GitHub workflow files: parse, evaluate, lint."""
