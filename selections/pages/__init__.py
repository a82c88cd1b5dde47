"""The content of the pages of selections, as plain values."""
