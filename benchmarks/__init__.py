"""What the bot costs, beside a baseline measured in the same run: `python -m benchmarks.<name>`.

Servers and whoever loads them are processes of their own, on loopback. The sides of a comparison take turns
over several rounds, so that what else the machine does falls on all of them; ratios are taken within a round.
"""
