"""Templates and tools for the Asterisk files."""
