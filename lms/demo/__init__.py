"""The demonstration: a second instance filled with invented people who have studied for eight weeks."""
