"""Menus as stored data: their shape, their rules, their versions, hours and prompts."""
