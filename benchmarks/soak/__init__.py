"""Months of papers, people, faults and kills in minutes; then nothing may be there twice, and nothing lost."""
