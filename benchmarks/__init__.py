"""What cvfail costs beside its peers: data from a seed, one program per tool and task, and the runner that compares.

``works.py`` is the table of what is compared and of what must be reached; ``programs/`` holds what each tool runs.
"""
