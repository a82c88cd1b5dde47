"""PDF documents: fonts, drawing in millimetres, tags, metadata, an attachment and room for a seal. The only importer of ReportLab."""
