"""QTI 2.1 of IMS, and QTI 1.2 as Canvas and Common Cartridge write it."""
