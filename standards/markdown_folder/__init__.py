"""Folders of Markdown lessons that were not made for us, turned into a course folder."""
