#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Times guest programs on Rhea and beside it on a peer, in turns, and on the host itself.

usage: run.py [options] [NAME...]        (names of programs or groups; default: everything)
  --binary=EMULATOR   instead of build/rhea-system-riscv64
  --peer=EMULATOR     default qemu-system-riscv64; --peer=none: no peer
  --accel=WORDS       -accel of Rhea, such as tcg,pinned-int=5
  --peer-accel=WORDS  -accel of the peer, which may be Rhea too: --peer=build/rhea-system-riscv64
  --build=FOLDER      where the emulator and the compiled programs are (default: build)
  --rounds=N          default 5; medians are printed
  --rst=FILE          write the table there as well
  --json=FILE         every single measurement
  --check             compare what the programs compute, on bare metal and on the host; time nothing
"""
import argparse
import json
import math
import os
import re
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import guest
from guest import Failure, Guest

PROMPT = r'guest:~# '
KERNELS = {
    'integer': ['alu', 'branch', 'crc', 'chase', 'copy', 'fib', 'ind', 'interp', 'byteadd'],
    'fp': ['fchain', 'matmul', 'saxpy'],
}
PROGRAMS = {
    'integer': ['sha256', 'quicksort', 'bytecode', 'hash', 'lz', 'bignum', 'libc'],
    'fp': ['nbody', 'mandelbrot', 'gemm', 'fft'],
    'system': ['getpid', 'pipe', 'fork', 'fault'],
}
EVENTS = ['call', 'ecall', 'csr', 'mmio', 'sfence', 'sfence-64-pages', 'modified-code', 'amo', 'cas']
FIRST = ['first-pass', 'second-pass', 'third-pass']
GUEST_INSTRUCTIONS_FIRST = 20000 * 8
FLAGS = ['-O2', '-std=gnu11', '-D_GNU_SOURCE', '-fno-tree-vectorize', '-iquote', 'work', '-iquote', 'bare']
# Kernels are small: inlined into their loop they would be something else.
KERNEL_FLAGS = [*FLAGS, '-fno-inline', '-ffp-contract=off']
BARE_FLAGS = [*KERNEL_FLAGS, '-march=rv64gc', '-mabi=lp64d', '-mcmodel=medany', '-ffreestanding', '-nostdlib',
              '-static', '-no-pie', '-fno-pic', '-fno-stack-protector', '-DBARE', '-T', 'bare/bare.ld',
              '-Wl,--no-warn-rwx-segments', '-Wl,--build-id=none']
GUEST_MIB = 256


def names_of(table):
    return [name for names in table.values() for name in names]


def rows():
    """Every row of the table: (key, group, events counted in it)."""
    for group, names in KERNELS.items():
        yield from ((f'bare/{name}', f'{group}, bare metal', None) for name in names)
    for group in PROGRAMS:
        names = KERNELS.get(group, []) + PROGRAMS[group]
        yield from ((f'linux/{name}', f'{group}, Linux', None) for name in names)
    yield from ((f'bare/{name}', 'events', 'digest') for name in EVENTS)
    yield from ((f'bare/{name}', 'first execution', GUEST_INSTRUCTIONS_FIRST) for name in FIRST)


class Programs:
    """The compiled programs, in a folder of the build."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def compile(self, name, command, sources):
        output = self.folder / name
        newest = max(path.stat().st_mtime for path in [*HERE.glob('*/*'), Path(__file__)])
        if not output.exists() or output.stat().st_mtime < newest:
            subprocess.run([*command, '-o', output, *sources, *([] if '-nostdlib' in command else ['-lm'])],
                           cwd=HERE, check=True)
        return output

    def objects(self, prefix, compiler):
        """Kernels without inlining, larger programs as a user would compile them."""
        for source in sorted((HERE / 'work').glob('*.c')):
            flags = KERNEL_FLAGS if source.stem in names_of(KERNELS) else FLAGS
            if prefix == 'host':
                flags = [*flags, '-ffp-contract=off']
            yield self.compile(f'{prefix}-{source.stem}.o', [*compiler, *flags, '-c', '-nostdlib'], [source])

    def host(self):
        return self.compile('work-host', ['gcc'], list(self.objects('host', ['gcc'])))

    def linux(self):
        return self.compile('work-guest', [guest.CROSS, '-static'], list(self.objects('guest', [guest.CROSS])))

    def bare(self, name):
        common = ['bare/start.S', 'bare/bare.c']
        if name in ('events', 'first'):
            return self.compile(f'{name}.elf', [guest.CROSS, *BARE_FLAGS], [*common, f'bare/{name}.c', f'bare/{name}.S'])
        return self.compile(f'{name}.elf', [guest.CROSS, *BARE_FLAGS, f'-DKERNEL={name}'],
                            [*common, 'bare/kernel.c', f'work/{name}.c'])


class Results:
    """Measurements: results[machine][key] is a list of numbers, digests[key] what was computed."""

    def __init__(self):
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
        """Which programs computed something else on another machine; the host joins for integers only, since
        the guest's compiler fuses multiplications and additions where it can."""
        loose = names_of({'fp': KERNELS['fp'] + PROGRAMS['fp']})
        for key, known in self.digests.items():
            fused = key.startswith('linux/') and key.split('/')[1] in loose
            values = {digest for machine, digest in known.items() if not (fused and machine == 'host')}
            if len(values) > 1:
                yield f'{key}: results differ: {known}'

    def median(self, machine, key):
        values = self.numbers.get(machine, {}).get(key)
        return statistics.median(values) if values else None


def run_bare(emulator, program, timeout=120):
    """What @program prints on the bare machine; its exit must be a pass. @emulator: program and first options."""
    command = [*emulator, '-machine', 'virt', '-m', '128M', '-bios', 'none', '-nographic', '-nic', 'none',
               '-kernel', program]
    with Guest(command) as machine:
        status = machine.wait(timeout)
        if status:
            raise Failure(f'{program.name} on {emulator[0]}: exit status {status}: {machine.text[-300:]}')
        return machine.text


def run_linux(emulator, folder, program, names, cpus=1, arguments=()):
    """What the programs @names print in a booted guest; each is a process of its own."""
    script = '#!/bin/sh\n' + ''.join(f'/test/work {" ".join([*arguments, name])}\n' for name in names)
    files = {'test/run': script, 'test/work': program.read_bytes()}
    with guest.with_files(folder, files) as initrd:
        with Guest(guest.linux(emulator[0], folder, *emulator[1:], cpus=cpus, initrd=initrd.name,
                               memory='512M')) as machine:
            machine.expect('guest-test: exit 0', 600)
            machine.wait(60)
            return machine.text


def overhead_kib(pid):
    """Resident memory of an emulator beyond guest RAM, which is the mapping of exactly its size."""
    total = ram = 0
    size = 0
    for line in Path(f'/proc/{pid}/smaps').read_text().splitlines():
        field, _, value = line.partition(':')
        if field == 'Size':
            size = int(value.split()[0])
        elif field == 'Pss':
            if size == GUEST_MIB * 1024:
                ram += int(value.split()[0])
            else:
                total += int(value.split()[0])
    return total if ram else None


def start_to_prompt(emulator, folder):
    """(seconds to the shell prompt, KiB beyond guest RAM there)."""
    with Guest(guest.linux(emulator[0], folder, *emulator[1:], memory=f'{GUEST_MIB}M')) as machine:
        machine.expect(PROMPT, 120)
        return time.monotonic() - machine.started, overhead_kib(machine.process.pid)


def version_ms(binary):
    times = []
    for _ in range(15):
        start = time.monotonic()
        subprocess.run([binary, '--version'], stdout=subprocess.DEVNULL, check=True)
        times.append((time.monotonic() - start) * 1e3)
    return statistics.median(times)


class Bench:
    """One run: machines in turns, round by round."""

    def __init__(self, machines, folder, programs, wanted):
        self.machines, self.folder, self.programs, self.wanted = machines, folder, programs, wanted
        self.results = Results()

    def wants(self, *names):
        return not self.wanted or any(name in self.wanted for name in names)

    def chosen(self, table, kind):
        return [name for group, names in table.items() for name in names if self.wants(name, group, kind)]

    def attempt(self, what, function, *words):
        """Calls @function; a failure is a line in the report, and the other measurements go on."""
        try:
            return function(*words)
        except (Failure, subprocess.SubprocessError) as failure:
            self.results.wrong.append(f'{what}: {failure}')
            return None

    def round(self, order):
        kernels = self.chosen(KERNELS, 'bare')
        extra = [name for name in ('events', 'first') if self.wants(name, 'bare')]
        for name in kernels + extra:
            program = self.programs.bare(name)
            for machine in order:
                text = self.attempt(f'{machine} {name}', run_bare, self.machines[machine], program)
                self.results.lines(machine, 'bare', text or '')
        names = self.chosen(KERNELS, 'linux') + self.chosen(PROGRAMS, 'linux')
        for machine in order if self.folder else []:
            if names:
                text = self.attempt(f'{machine} Linux programs', run_linux, self.machines[machine], self.folder,
                                    self.programs.linux(), names)
                self.results.lines(machine, 'linux', text or '')
            if self.wants('smp'):
                # In turns: whoever ran first would pay for translating and for what booting left to do.
                text = self.attempt(f'{machine} -smp 2', run_linux, self.machines[machine], self.folder,
                                    self.programs.linux(), ['alu', '-2 alu'] * 3, 2)
                self.results.lines(machine, 'smp', text or '')
            if self.wants('start'):
                took = self.attempt(f'{machine} start', start_to_prompt, self.machines[machine], self.folder)
                if took:
                    self.results.add(machine, 'start', took[0])
                    if took[1]:
                        self.results.add(machine, 'memory', took[1] / 1024)
        for machine in order:
            if self.wants('version'):
                self.results.add(machine, 'version', version_ms(self.machines[machine][0]))
        text = subprocess.run([self.programs.host(), *dict.fromkeys(kernels + names)], capture_output=True,
                              text=True, check=True).stdout if kernels + names else ''
        self.results.lines('host', 'bare', text)
        self.results.lines('host', 'linux', text)


def number(value, digits=1):
    return '-' if value is None else f'{value:.{digits}f}'


def ratio(one, other):
    return one / other if one and other else None


def geomean(values):
    values = [value for value in values if value]
    return math.exp(sum(map(math.log, values)) / len(values)) if values else None


def table(results):
    """The report, as rows of text: title, then cells."""
    sections = {}
    for key, group, count in rows():
        rhea, peer, host = (results.median(machine, key) for machine in ('rhea', 'peer', 'host'))
        if count == 'digest':
            digest = next(iter(results.digests.get(key, {}).values()), None)
            count = int(digest, 16) if digest else 1
        scale = count or 1e6
        cells = [value / scale if value is not None else None for value in (host, peer, rhea)]
        if any(cells):
            unit = 'ns' if count else 'ms'
            sections.setdefault(f'{group} ({unit})', []).append((key.split('/')[1], cells))
    yield ('program', 'host', 'peer', 'Rhea', 'peer/Rhea', 'Rhea/host')
    speedups = {}
    for title, entries in sections.items():
        yield (title,)
        for name, (host, peer, rhea) in entries:
            yield (name, number(host, 2), number(peer, 2), number(rhea, 2), number(ratio(peer, rhea), 2),
                   number(ratio(rhea, host), 2))
        speedups[title] = [ratio(peer, rhea) for _, (_, peer, rhea) in entries]
        yield ('*geometric mean*', '', '', '', number(geomean(speedups[title]), 2),
               number(geomean([ratio(rhea, host) for _, (host, _, rhea) in entries]), 2))
    yield ('whole',)
    for kind in ('integer', 'fp', 'system'):
        values = [value for title, some in speedups.items() if title.startswith(kind) for value in some]
        yield (f'{kind}, geometric mean of all', '', '', '', number(geomean(values), 2), '')
    for key, title, digits in (('start', 'start to shell prompt (s)', 2), ('memory', 'memory beyond guest RAM (MiB)', 1),
                               ('version', '``--version`` (ms)', 1)):
        peer, rhea = results.median('peer', key), results.median('rhea', key)
        yield (title, '', number(peer, digits), number(rhea, digits), number(ratio(peer, rhea), 2), '')
    scaling = {}
    for machine in ('peer', 'rhea'):
        scaling[machine] = ratio(results.median(machine, 'smp/alu'), results.median(machine, 'smp/alu-2'))
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


def check(binary, programs):
    """Whether every kernel computes on the bare machine what it computes on the host."""
    results = Results()
    for name in names_of(KERNELS) + ['events', 'first']:
        results.lines('rhea', 'bare', run_bare([binary], programs.bare(name)))
    host = subprocess.run([programs.host(), *names_of(KERNELS)], capture_output=True, text=True, check=True).stdout
    results.lines('host', 'bare', host)
    wrong = list(results.compare())
    wrong += [f'{key} did not run' for key, *_ in rows() if key.startswith('bare/') and key not in results.digests]
    print('\n'.join(wrong) or f'{len(results.digests)} results agree')
    sys.exit(1 if wrong else 0)


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument('--binary')
    parser.add_argument('--peer', default='qemu-system-riscv64')
    parser.add_argument('--accel')
    parser.add_argument('--peer-accel')
    parser.add_argument('--build', default=str(guest.ROOT / 'build'))
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--rst')
    parser.add_argument('--json')
    parser.add_argument('--check', action='store_true')
    parser.add_argument('names', nargs='*')
    options = parser.parse_args()
    known = {name for key, *_ in rows() for name in key.split('/')} | set(PROGRAMS) | {
        'events', 'first', 'smp', 'start', 'version'}
    for name in options.names:
        if name not in known:
            sys.exit(f"run.py: nothing is called '{name}'; there are {', '.join(sorted(known))}")
    if not shutil.which(guest.CROSS):
        guest.skip(f'{guest.CROSS} is not installed')
    binary = guest.emulator(options.binary, options.build)
    programs = Programs(Path(options.build).resolve() / 'bench')
    if options.check:
        if not binary:
            guest.skip('rhea-system-riscv64 is not built')
        check(binary, programs)
    machines = {}
    if binary:
        machines['rhea'] = [binary, *(['-accel', options.accel] if options.accel else [])]
    if options.peer != 'none' and shutil.which(options.peer):
        machines['peer'] = [options.peer, *(['-accel', options.peer_accel] if options.peer_accel else [])]
    if not machines:
        guest.skip('neither rhea-system-riscv64 nor a peer is there')
    folder = guest.guest_folder()
    if not folder:
        print('without the guest (scripts/fetch-guest), only programs on bare metal are timed', file=sys.stderr)
    bench = Bench(machines, folder, programs, set(options.names))
    for count in range(options.rounds):
        print(f'round {count + 1} of {options.rounds}', file=sys.stderr)
        bench.round(list(machines) if count % 2 else list(reversed(machines)))
    report = as_rst(table(bench.results))
    print(report)
    for machine, words in machines.items():
        line = subprocess.run([words[0], '--version'], capture_output=True, text=True, check=False).stdout
        print(f'{machine}: {" ".join([line.splitlines()[0], *words[1:]])}')
    print(f'medians of {options.rounds} rounds in turns on {os.cpu_count()} CPUs')
    if options.rst:
        Path(options.rst).write_text(report)
    if options.json:
        Path(options.json).write_text(json.dumps(bench.results.numbers, indent=1) + '\n')
    wrong = [*bench.results.wrong, *bench.results.compare()]
    print('\n'.join(wrong))
    sys.exit(1 if wrong else 0)


if __name__ == '__main__':
    main()
