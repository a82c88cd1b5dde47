"""Reading selections, their juries and their actas."""
