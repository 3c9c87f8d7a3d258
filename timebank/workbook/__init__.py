"""The district workbook: reading, judging and answering the spreadsheet in which offices keep their service.

Everything in this package is pure apart from reading and writing the files; nothing here knows the database.
"""
