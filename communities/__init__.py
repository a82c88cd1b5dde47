"""Online communities: found, joined, looked after and archived, with a board of discussions each."""
