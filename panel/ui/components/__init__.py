"""Widgets and pieces of markup that two or more pages share. Whatever they write out is escaped here."""
