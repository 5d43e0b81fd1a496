#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks every #include against the table of who may lean on whom: downwards only."""
import re

import lint

HOST_SIDE = {'block', 'net', 'chardev', 'ui', 'crypto'}
BASE = {'util', 'qom', 'migration'}
DEVICE = BASE | HOST_SIDE | {'schema', 'memory', 'hw/core', 'hw/<bus>', 'target'}

# layer -> layers that it may include beside itself, from the bottom up
ALLOWED = {
    'util': set(),
    'qom': {'util'},
    'schema': {'util'},
    'migration': {'util', 'qom'},
    'memory': BASE,
    'crypto': BASE,
    'block': BASE | {'schema', 'crypto'},
    'net': BASE | {'schema', 'crypto'},
    'chardev': BASE | {'schema', 'crypto'},
    'ui': BASE | {'schema', 'chardev', 'crypto'},
    'disas': {'util'},
    'fpu': {'util'},
    'tcg': {'util', 'disas', 'fpu'},
    'hw/core': BASE | HOST_SIDE | {'schema', 'memory'},
    'target': BASE | {'memory', 'hw/core', 'tcg', 'accel', 'disas'},
    'accel': BASE | {'memory', 'hw/core', 'target'},
    'accel/<name>': BASE | {'memory', 'hw/core', 'target', 'accel', 'tcg', 'disas', 'chardev'},
    'target/<arch>': BASE | {'memory', 'hw/core', 'target', 'accel', 'accel/tcg', 'tcg', 'fpu', 'disas'},
    'hw/<bus>': BASE | HOST_SIDE | {'schema', 'memory', 'hw/core', 'hw/<bus>', 'target'},
    'hw/<device>': DEVICE | {'hw/<device>'},
    'hw/<board>': DEVICE | {'hw/<device>', 'target/<arch>', 'accel'},
    'gdbstub': {'*'},
    'monitor': {'*'},
    'system': {'*', 'monitor', 'gdbstub'},
    'tools': {'*'},
    'tests': {'*', 'system', 'monitor', 'gdbstub'},
}
TOP = {'system', 'monitor', 'gdbstub', 'tools', 'tests'}   # what '*' does not stand for
BUSES = {'pci', 'isa', 'usb', 'scsi', 'i2c', 'virtio'}
BOARDS = {'riscv', 'x86', 'arm', 'ppc'}


def layer(path):
    """(row of the table, exact folder) that @path belongs to; the row is None for an unknown folder."""
    parts = path.split('/')[:-1]
    if not parts:
        return None, ''
    first, second = parts[0], parts[1] if len(parts) > 1 else ''
    exact = f'{first}/{second}' if second else first
    if first == 'hw':
        kind = ('core' if second == 'core' else '<bus>' if second in BUSES
                else '<board>' if second in BOARDS else '<device>')
        return (f'hw/{kind}' if second else None), exact
    if first == 'accel' and second:
        return 'accel/<name>', exact
    if first == 'target' and second:
        return 'target/<arch>', exact
    return (first if first in ALLOWED else None), first


def problem_of(path, included):
    """What is wrong with @path including "@included", or None."""
    row, folder = layer(path)
    other_row, other = layer(included)
    if row is None:
        return f'the folder of {path} has no row in tests/lint/layers.py'
    if '/' not in included or included.startswith('.'):
        return 'includes are written from the root of the repository'
    if included.endswith('.c'):
        return 'no source includes a source'
    if other_row is None:
        return f'{other} has no row in tests/lint/layers.py'
    if included.endswith('_internal.h') and row != 'tests' and included.rsplit('/', 1)[0] != path.rsplit('/', 1)[0]:
        return 'the header is internal to its folder'
    allowed = ALLOWED[row]
    if folder == other or other_row in allowed or other in allowed:
        return None
    if '*' in allowed and other_row not in TOP:
        return None
    return f'{row} may not lean on {other}'


def includes(text):
    for number, line in enumerate(text.splitlines(), 1):
        match = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
        if match:
            yield number, match.group(1)


def check():
    for path in lint.files('.c', '.h'):
        if path.startswith('tests/bench/') or path.startswith('tests/tcg/'):
            continue    # guest programs: they are not part of Rhea
        for number, included in includes(lint.read(path)):
            problem = problem_of(path, included)
            if problem:
                yield f'{path}:{number}: "{included}": {problem}'


if __name__ == '__main__':
    lint.finish(list(check()))
