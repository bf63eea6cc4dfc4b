# SPDX-License-Identifier: Apache-2.0
"""How verdicts are held against what a server answers."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "peers"))
