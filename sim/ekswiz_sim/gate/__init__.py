"""The one door to the emulated AWS: who calls, may they, and what would AWS answer."""
