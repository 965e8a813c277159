"""Arrow's compute functions, with a type.

PyArrow makes these functions while it is imported, so a type checker cannot see them; this name says so once
instead of at every call.
"""

from __future__ import annotations

from typing import Any

import pyarrow.compute

pc: Any = pyarrow.compute
