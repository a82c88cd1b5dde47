"""What the pages of the social budget show, as plain values: fields, figures, and one module for each tab."""
