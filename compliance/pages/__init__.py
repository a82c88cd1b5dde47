"""Views of compulsory training: plain values for its templates."""
