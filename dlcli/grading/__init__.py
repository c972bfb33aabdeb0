"""Marking: a homework and an answer sheet -> marks, with reasons. Reading sheets is in `answers`."""
