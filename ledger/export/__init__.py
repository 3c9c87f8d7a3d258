"""The books as files for other programs: hledger and Beancount journals, and a table of postings (CSV).

Each writer streams on one read view of the bank; nothing here decides what may be seen or where files go.
"""
