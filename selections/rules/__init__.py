"""The rules of selections: pure, exact fractions, time passed in (spec/selection 4)."""
