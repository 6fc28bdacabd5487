"""Between two runs: who holds an output, what a run that stopped left, and what can be taken over.

``lock`` and ``unfinished`` keep a second process away, ``run_folder`` holds a run's spool beside
the output, ``run_facts`` says whether two runs make the same rows, and ``finished`` takes vectors
out of an output that is whole.
"""
