"""Complaints, suggestions, praise and voice messages, each with a number and a due time."""
