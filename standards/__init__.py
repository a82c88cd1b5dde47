"""Translators between our dataclasses and the outside formats; no rule of our own."""
