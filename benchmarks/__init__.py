"""Side-by-side measurements of embedcli against its peers; start with ``python -m benchmarks``."""
