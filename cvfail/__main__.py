"""``python -m cvfail``."""

import sys

from cvfail.cli import main

if __name__ == "__main__":
    sys.exit(main())
