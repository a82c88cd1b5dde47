"""Our own banks, `banco.yaml`: read and written by themselves, without the folder around them."""
