"""What can be learnt: courses, drafts, immutable versions, modules, activities, pages, media, catalogue, glossary."""
