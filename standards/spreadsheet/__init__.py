"""Tables of questions: CSV and XLSX with one question a row."""
