"""Spaces: what boards, pages, files and lists hang in, and who may do what there."""
