"""Rows on disk while a run is under way, so that memory stays flat and a crash leaves them whole.

Bottom-up: ``appended`` is a file that grows, ``catalog`` says what lies in it, ``earlier`` finds
rows of a run before, and ``spool`` is all of them together.
"""
