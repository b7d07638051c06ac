"""Texts read back into the facts they state; no picture is known here."""
