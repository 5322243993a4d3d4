"""What a chunk has let go of goes back to the system, so that a process holds what its chunks under way hold.

Laws
- Arrow takes its buffers from the C library: an allocator of its own keeps what it once had, some 40 MB, and is no
  faster.
- The GNU C library takes ever larger blocks from its heap once such a block was let go of, up to 32 MB, and a heap
  returns nothing while anything younger lies behind it. With a threshold that is set it does not learn: blocks from
  THRESHOLD on are mapped, and unmapped at once. Other C libraries have no such habit, and no such switch.
- It has a heap for each of many threads; those of two are enough, for Python's threads mostly take turns.
"""

import ctypes

import pyarrow as pa

THRESHOLD = 1024 * 1024
TRIMMED = 4 * THRESHOLD  # what may lie free at a heap's end
HEAPS = 2
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8  # of malloc.h


def return_at_once() -> None:
    """From now on, for the whole process."""
    pa.set_memory_pool(pa.system_memory_pool())
    if mallopt := getattr(ctypes.CDLL(None), "mallopt", None):
        mallopt(M_MMAP_THRESHOLD, THRESHOLD)
        mallopt(M_TRIM_THRESHOLD, TRIMMED)
        mallopt(M_ARENA_MAX, HEAPS)
