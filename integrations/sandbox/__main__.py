"""`python -m integrations.sandbox`."""

import sys

from integrations.sandbox.server import main

sys.exit(main())
