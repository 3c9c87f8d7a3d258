"""How much a run measures: in full, quickly, or just enough to see that every benchmark still works."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scale:
    """The sizes of a run. Times are seconds; `import_rows` limits each sheet of the workbook, None takes all."""

    repeats: int
    seconds: float
    callers: int
    pool_sizes: tuple[int, ...]
    volunteers: int
    bulk: int
    reads: int
    small_postings: int
    large_postings: int
    lots: int
    expiry_batch: int
    sealed: int
    sized: int
    import_rows: int | None
    import_copies: int
    pages: int


FULL = Scale(
    repeats=5,
    seconds=3,
    callers=200,
    pool_sizes=(10, 20, 50),
    volunteers=5_000,
    bulk=40_000,
    reads=400,
    small_postings=100_000,
    large_postings=10_000_000,
    lots=1_000_000,
    expiry_batch=5_000,
    sealed=1_000_000,
    sized=40_000,
    import_rows=None,
    import_copies=10,
    pages=12,
)
QUICK = Scale(
    repeats=3,
    seconds=1,
    callers=200,
    pool_sizes=(10, 20, 50),
    volunteers=2_000,
    bulk=10_000,
    reads=200,
    small_postings=100_000,
    large_postings=1_000_000,
    lots=50_000,
    expiry_batch=5_000,
    sealed=50_000,
    sized=10_000,
    import_rows=None,
    import_copies=2,
    pages=12,
)
SMOKE = Scale(
    repeats=1,
    seconds=0.1,
    callers=20,
    pool_sizes=(4,),
    volunteers=50,
    bulk=100,
    reads=5,
    small_postings=200,
    large_postings=500,
    lots=250,
    expiry_batch=100,
    sealed=200,
    sized=60,
    import_rows=40,
    import_copies=2,
    pages=1,
)
