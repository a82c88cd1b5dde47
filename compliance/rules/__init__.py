"""Pure rules of compulsory training: no clock, no database (spec/compulsory 4, 7, 8, 10, 11)."""
