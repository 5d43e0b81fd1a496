# SPDX-License-Identifier: GPL-2.0-or-later
"""Measurements, and the table that is made of them."""
import math
import re
import statistics


class Results:
    """numbers[machine][key] is a list of measurements, digests[key] what was computed."""

    def __init__(self, architecture):
        self.architecture = architecture
        self.numbers = {}
        self.digests = {}
        self.wrong = []

    def add(self, machine, key, value):
        self.numbers.setdefault(machine, {}).setdefault(key, []).append(value)

    def lines(self, machine, where, text):
        """Takes the `result NAME NS DIGEST` lines of @text."""
        for name, took, digest in re.findall(r'^result (\S+) (\d+) ([0-9a-f]+)$', text, re.M):
            key = f'{where}/{name}'
            self.add(machine, key, float(took))
            known = self.digests.setdefault(key, {})
            known[machine] = digest

    def compare(self):
        """Which programs computed something else on another machine. Where guest and host are of two kinds, the
        host joins for integers only: the guest's compiler fuses multiplications and additions where it can."""
        kind = self.architecture
        loose = set() if kind.same_as_host else {*kind.kernels['fp'], *kind.programs['fp']}
        for key, known in self.digests.items():
            fused = key.startswith('linux/') and key.split('/')[1] in loose
            values = {digest for machine, digest in known.items() if not (fused and machine == 'host')}
            if len(values) > 1:
                yield f'{key}: results differ: {known}'

    def median(self, machine, key):
        values = self.numbers.get(machine, {}).get(key)
        return statistics.median(values) if values else None

    def three(self, key):
        return [self.median(machine, key) for machine in ('host', 'peer', 'rhea')]


def number(value, digits=1):
    return '-' if value is None else f'{value:.{digits}f}'


def ratio(one, other):
    return one / other if one and other else None


def geomean(values):
    values = [value for value in values if value]
    return math.exp(sum(map(math.log, values)) / len(values)) if values else None


def sections(results):
    """title -> [(name, times of host, peer and Rhea)]."""
    found = {}
    for key, group, count in results.architecture.rows():
        if count == 'digest':
            digest = next(iter(results.digests.get(key, {}).values()), None)
            count = int(digest, 16) if digest else 1
        cells = [value / (count or 1e6) if value is not None else None for value in results.three(key)]
        if any(cells):
            found.setdefault(f'{group} ({"ns" if count else "ms"})', []).append((key.split('/')[1], cells))
    return found


def program_rows(title, entries):
    yield (title,)
    for name, (host, peer, rhea) in entries:
        yield (name, number(host, 2), number(peer, 2), number(rhea, 2), number(ratio(peer, rhea), 2),
               number(ratio(rhea, host), 2))
    yield ('*geometric mean*', '', '', '', number(geomean(ratio(peer, rhea) for _, (_, peer, rhea) in entries), 2),
           number(geomean(ratio(rhea, host) for _, (host, _, rhea) in entries), 2))


def whole_rows(results):
    """What is measured from outside, as (key, title, digits)."""
    kind = results.architecture
    for key, (title, *_) in kind.starts.items():
        yield key, f'{title} (s)', 2
        yield f'{key}-cpu', f'{title}, processor time (s)', 2
    yield from ((f'{key}-memory', title, 1) for key, title in kind.memory.items())
    yield 'hello', 'start to a kernel\'s first instructions, microvm (ms)', 1
    yield 'version', '``--version`` (ms)', 1


def table(results):
    """The report, as rows of text: title, then cells."""
    parts = sections(results)
    yield ('program', 'host', 'peer', 'Rhea', 'peer/Rhea', 'Rhea/host')
    for title, entries in parts.items():
        yield from program_rows(title, entries)
    yield ('whole',)
    for group in results.architecture.groups():
        values = [times for title, entries in parts.items() if title.startswith(group) for _, times in entries]
        if values:
            yield (f'{group}, geometric mean of all', '', '', '',
                   number(geomean(ratio(peer, rhea) for _, peer, rhea in values), 2),
                   number(geomean(ratio(rhea, host) for host, _, rhea in values), 2))
    for key, title, digits in whole_rows(results):
        _, peer, rhea = results.three(key)
        if peer or rhea:
            yield (title, '', number(peer, digits), number(rhea, digits), number(ratio(peer, rhea), 2), '')
    scaling = {machine: ratio(results.median(machine, 'smp/alu'), results.median(machine, 'smp/alu-2'))
               for machine in ('peer', 'rhea')}
    if any(scaling.values()):
        yield ('two loops with ``-smp 2``, gain', '', *(number(2 * value if value else None, 2)
                                                       for value in scaling.values()), '', '')


def as_rst(lines):
    """A simple table; a row of one cell is a heading inside it."""
    lines = list(lines)
    widths = [max(len(line[column]) for line in lines if len(line) > 1) for column in range(6)]
    widths[0] = max(widths[0], *(len(line[0]) + 4 for line in lines if len(line) == 1))
    rule = ' '.join('=' * width for width in widths)
    out = [rule]
    for at, line in enumerate(lines):
        if len(line) == 1:
            out.append(f'**{line[0]}**')
        else:
            cells = [line[0].ljust(widths[0])] + [cell.rjust(width) for cell, width in zip(line[1:], widths[1:])]
            out.append(' '.join(cells).rstrip())
        if at == 0:
            out.append(rule)
    return '\n'.join([*out, rule, ''])
