# SPDX-License-Identifier: Apache-2.0
"""Parts of it_conformance.py: the peer, the scenes, the comparison, the transformation."""
