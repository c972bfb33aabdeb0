"""Finished records -> text: one file a form. Nothing is computed here."""
