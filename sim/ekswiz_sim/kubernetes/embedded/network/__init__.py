"""Addresses of Services and pods on loopback."""
