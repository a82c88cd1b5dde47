"""The guide for learners, instructors and administrators: chapters in both languages, their search, and the section of each page."""
