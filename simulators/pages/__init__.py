"""View models of the social budget's pages, as plain values: fields, figures, and one module for each tab."""
