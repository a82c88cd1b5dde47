"""The tree of institutions, provinces and units: who belongs where, and who follows whom."""
