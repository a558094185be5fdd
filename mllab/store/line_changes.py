"""Which lines differ between two texts: as few as can be found in bounded time."""

_MOST_EDITS = 400
"""Lines taken away and added for which the shortest way is looked for; beyond that the middle is replaced whole."""
_MOST_STEPS = 2_000_000
"""Comparisons of lines in one such search."""


def changed_blocks(a: list[bytes], b: list[bytes]) -> list[tuple[int, int, int, int]]:
    """What differs, as (start, stop) in both, in order."""
    shorter = min(len(a), len(b))
    head = next((i for i in range(shorter) if a[i] != b[i]), shorter)
    tail = next((i for i in range(shorter - head) if a[-1 - i] != b[-1 - i]), shorter - head)
    end_a, end_b = len(a) - tail, len(b) - tail
    if (head, head) == (end_a, end_b):
        return []
    blocks, i, j = [], head, head
    for x, y in [*_matches(a, range(head, end_a), b, range(head, end_b)), (end_a, end_b)]:
        if (i, j) != (x, y):
            blocks.append((i, x, j, y))
        i, j = x + 1, y + 1
    return blocks


def _matches(a: list[bytes], in_a: range, b: list[bytes], in_b: range) -> list[tuple[int, int]]:
    """Pairs of equal lines, in order; lines that the other side does not have are not worth a search."""
    lines_a, lines_b = {a[i] for i in in_a}, {b[j] for j in in_b}
    shared_a, shared_b = [i for i in in_a if a[i] in lines_b], [j for j in in_b if b[j] in lines_a]
    pairs = _longest_common([a[i] for i in shared_a], [b[j] for j in shared_b])
    return [(shared_a[x], shared_b[y]) for x, y in pairs]


def _longest_common(a: list[bytes], b: list[bytes]) -> list[tuple[int, int]]:
    """Pairs of equal lines on a shortest way from a to b; none where that would take too long to find.

    The greedy search of E. W. Myers, An O(ND) Difference Algorithm and Its Variations, 1986: `reach[k]` is how far in
    `a` one gets on diagonal k = x - y with d edits.
    """
    reach, trace, n_steps = {1: 0}, [], 0
    for d in range(min(len(a) + len(b), _MOST_EDITS) + 1):
        trace.append({k: reach[k] for k in range(-d - 1, d + 2) if k in reach})
        for k in range(-d, d + 1, 2):
            x = reach[k + 1] if k == -d or (k != d and reach[k - 1] < reach[k + 1]) else reach[k - 1] + 1
            start = x
            while x < len(a) and 0 <= x - k < len(b) and a[x] == b[x - k]:
                x += 1
            n_steps += x - start
            reach[k] = x
            if x >= len(a) and x - k >= len(b):
                return _way_back(trace, x, x - k)
        if n_steps > _MOST_STEPS:
            break
    return []


def _way_back(trace: list[dict[int, int]], x: int, y: int) -> list[tuple[int, int]]:
    pairs: list[tuple[int, int]] = []
    for d in range(len(trace) - 1, -1, -1):
        reach, k = trace[d], x - y
        before = k + 1 if k == -d or (k != d and reach[k - 1] < reach[k + 1]) else k - 1
        from_x = reach[before]
        from_y = from_x - before
        while x > max(from_x, 0) and y > max(from_y, 0):
            x, y = x - 1, y - 1
            pairs.append((x, y))
        x, y = from_x, from_y
    return pairs[::-1]
