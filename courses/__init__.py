"""Courses and their parts: drafts, immutable versions, modules, activities, pages, media, catalogue, glossary."""
