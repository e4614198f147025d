"""Waiting, being called back, never being lost."""
