"""What the pages of a quiz show, as plain values, with nothing of the key in them."""
