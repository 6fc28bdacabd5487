"""A run under way, or one that stopped: rows that a crash leaves whole, and a claim on them.

Bottom-up: ``appended`` is a file that grows, ``catalog`` says what lies in it, ``spool`` is both
together. ``lock`` and ``unfinished`` keep a second process away, ``run_folder`` holds it all beside
the output. ``earlier`` and ``finished`` give the next run what there is, ``run_facts`` whether
it may take it.
"""
