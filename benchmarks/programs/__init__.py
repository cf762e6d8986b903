"""What each tool runs: a module per tool, a function per task, named alike in all modules.

A function takes the dataset's folder and gives an `Answer`. A tool without such a function does not take part.
"""
