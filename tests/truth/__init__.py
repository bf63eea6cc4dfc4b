# SPDX-License-Identifier: Apache-2.0
"""What vm-ingest predicts, held against what the stand-in answers to the same calls."""
