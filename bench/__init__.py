"""Questions about speed and size, one file each, answered against the machine's own floor.

`make bench` asks them all and writes the answers into bench/FIGURES.md; `python -m bench delivery` asks one.
"""
