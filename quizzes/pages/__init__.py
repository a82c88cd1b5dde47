"""The pages of a quiz as plain values, with nothing of the key in them."""
