#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Times guest programs on Rhea and beside it on a peer, in turns, and on the host itself.

usage: run.py [options] [NAME...]        (names of programs or groups; default: everything)
  --arch=ARCH         riscv64 (default) or x86_64
  --binary=EMULATOR   instead of build/rhea-system-ARCH
  --peer=EMULATOR     default qemu-system-ARCH; --peer=none: no peer
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
import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import architecture
import guest
from architecture import ARCHITECTURES, GUEST_MIB
from guest import Failure, Guest
from programs import Programs
from results import Results, as_rst, table

TRIES = 3
OTHERS = ('events', 'first', 'smp', 'start', 'hello', 'version')


def run_bare(kind, emulator, program, timeout=120):
    """What @program prints on the bare machine; its exit must be a pass. @emulator: program and first options."""
    with Guest(kind.bare_command(emulator, program)) as machine:
        status = machine.wait(timeout)
        if status != kind.bare_status:
            raise Failure(f'{program.name} on {emulator[0]}: exit status {status}: {machine.text[-300:]}')
        return machine.text


def run_linux(kind, emulator, folder, program, names, cpus=1, arguments=()):
    """What the programs @names print in a booted guest; each is a process of its own. What firmware wrote
    before them may not have ended its line."""
    script = '#!/bin/sh\necho\n' + ''.join(f'/test/work {" ".join([*arguments, name])}\n' for name in names)
    files = {'test/run': script, 'test/work': program.read_bytes()}
    with guest.with_files(folder, files) as initrd:
        with Guest(kind.linux_command(emulator, folder, cpus=cpus, initrd=initrd.name, memory='512M')) as machine:
            machine.expect('guest-test: exit 0', 300)
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


def processor_seconds(pid):
    words = Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf('SC_CLK_TCK')


def start(command, until, timeout):
    """(seconds until the console says @until, processor seconds, KiB beyond guest RAM there)."""
    with Guest(command) as machine:
        machine.expect(until, timeout)
        took = time.monotonic() - machine.started
        return took, processor_seconds(machine.process.pid), overhead_kib(machine.process.pid)


def hello_ms(emulator, program):
    """From starting @emulator to the first byte that the kernel @program sends."""
    times = []
    for _ in range(7):
        with Guest([*emulator, '-M', 'microvm', '-nographic', '-nic', 'none', '-kernel', program]) as machine:
            machine.expect('!', 30)
            times.append((time.monotonic() - machine.started) * 1e3)
    return statistics.median(times)


def version_ms(binary):
    times = []
    for _ in range(15):
        begin = time.monotonic()
        subprocess.run([binary, '--version'], stdout=subprocess.DEVNULL, check=True)
        times.append((time.monotonic() - begin) * 1e3)
    return statistics.median(times)


class Bench:
    """One run: machines in turns, round by round."""

    def __init__(self, kind, machines, folder, programs, wanted):
        self.kind, self.machines, self.folder, self.programs, self.wanted = kind, machines, folder, programs, wanted
        self.results = Results(kind)

    def wants(self, *names):
        return not self.wanted or any(name in self.wanted for name in names)

    def chosen(self, table_of, where):
        return [name for group, names in table_of.items() for name in names if self.wants(name, group, where)]

    def attempt(self, what, function, *words):
        """Calls @function; a failure is a line in the report, and the other measurements go on. Where a peer
        fails now and then, it has another try."""
        for left in reversed(range(TRIES if what.startswith('peer') else 1)):
            try:
                return function(*words)
            except (Failure, subprocess.SubprocessError) as failure:
                if not left:
                    self.results.wrong.append(f'{what}: {failure}')
        return None

    def bare(self, order, names):
        for name in names:
            program = self.programs.bare(name)
            for machine in order:
                text = self.attempt(f'{machine} {name}', run_bare, self.kind, self.machines[machine], program)
                self.results.lines(machine, 'bare', text or '')

    def linux(self, machine, names, where='linux', cpus=1):
        text = self.attempt(f'{machine} {where} programs', run_linux, self.kind, self.machines[machine], self.folder,
                            self.programs.linux(), names, cpus)
        self.results.lines(machine, where, text or '')

    def start(self, machine, name):
        _, command, until, timeout = self.kind.starts[name]
        took = self.attempt(f'{machine} {name}', start, command(self.machines[machine], self.folder), until, timeout)
        if took:
            self.results.add(machine, name, took[0])
            self.results.add(machine, f'{name}-cpu', took[1])
            if took[2] and name in self.kind.memory:
                self.results.add(machine, f'{name}-memory', took[2] / 1024)

    def whole(self, machine):
        """What is measured from outside."""
        emulator = self.machines[machine]
        if self.folder:
            if self.wants('smp'):
                # In turns: whoever ran first would pay for translating and for what booting left to do.
                self.linux(machine, ['alu', '-2 alu'] * 3, 'smp', 2)
            for name in self.kind.starts:
                if self.wants(name, 'start') and (architecture.is_rhea(emulator) or name not in self.kind.not_on_peer):
                    self.start(machine, name)
        if self.wants('hello') and (HERE / 'bare' / self.kind.name / 'hello.S').exists():
            took = self.attempt(f'{machine} hello', hello_ms, emulator, self.programs.bare('hello'))
            if took:
                self.results.add(machine, 'hello', took)
        if self.wants('version'):
            self.results.add(machine, 'version', version_ms(emulator[0]))

    def host(self, names):
        if names:
            text = subprocess.run([self.programs.host(), *dict.fromkeys(names)], capture_output=True, text=True,
                                  check=True).stdout
            self.results.lines('host', 'bare', text)
            self.results.lines('host', 'linux', text)

    def round(self, order):
        kernels = self.chosen(self.kind.kernels, 'bare')
        names = self.chosen(self.kind.kernels, 'linux') + self.chosen(self.kind.programs, 'linux')
        self.bare(order, kernels + [name for name in ('events', 'first') if self.wants(name, 'bare')])
        for machine in order:
            if names and self.folder:
                self.linux(machine, names)
            self.whole(machine)
        self.host(kernels + names)


def check(kind, binary, programs):
    """Whether everything computes what it computes on the host: kernels on the bare machine, and all programs
    where the host runs the same ones."""
    results = Results(kind)
    kernels = [name for names in kind.kernels.values() for name in names]
    for name in [*kernels, 'events', 'first']:
        results.lines('rhea', 'bare', run_bare(kind, [binary], programs.bare(name)))
    wanted = [key for key, *_ in kind.rows() if key.startswith('bare/')]
    host = subprocess.run([programs.host(), *kernels], capture_output=True, text=True, check=True).stdout
    results.lines('host', 'bare', host)
    folder = kind.guest_folder()
    if kind.same_as_host and folder:
        names = [name for names in kind.programs.values() for name in names]
        wanted += [f'linux/{name}' for name in names]
        results.lines('rhea', 'linux', run_linux(kind, [binary], folder, programs.linux(), names))
        host = subprocess.run([programs.host(), *names], capture_output=True, text=True, check=True).stdout
        results.lines('host', 'linux', host)
    wrong = [*results.compare(), *(f'{key} did not run' for key in wanted if key not in results.digests)]
    print('\n'.join(wrong) or f'{len(results.digests)} results agree')
    sys.exit(1 if wrong else 0)


def parse():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument('--arch', choices=ARCHITECTURES, default='riscv64')
    parser.add_argument('--binary')
    parser.add_argument('--peer')
    parser.add_argument('--accel')
    parser.add_argument('--peer-accel')
    parser.add_argument('--build', default=str(guest.ROOT / 'build'))
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--rst')
    parser.add_argument('--json')
    parser.add_argument('--check', action='store_true')
    parser.add_argument('names', nargs='*')
    options = parser.parse_args()
    kind = ARCHITECTURES[options.arch]
    known = {name for key, *_ in kind.rows() for name in key.split('/')} | {*kind.groups(), *kind.starts, *OTHERS}
    for name in options.names:
        if name not in known:
            sys.exit(f"run.py: nothing is called '{name}'; there are {', '.join(sorted(known))}")
    return options, kind


def emulators(options, kind, binary):
    """name -> program and first options, of those that are there."""
    machines = {}
    if binary:
        machines['rhea'] = [binary, *(['-accel', options.accel] if options.accel else [])]
    peer = options.peer or kind.peer
    if peer != 'none' and shutil.which(peer):
        machines['peer'] = [peer, *(['-accel', options.peer_accel] if options.peer_accel else [])]
    return machines


def report(options, bench):
    text = as_rst(table(bench.results))
    print(text)
    for machine, words in bench.machines.items():
        line = subprocess.run([words[0], '--version'], capture_output=True, text=True, check=False).stdout
        print(f'{machine}: {" ".join([line.splitlines()[0], *words[1:]])}')
    print(f'medians of {options.rounds} rounds in turns on {os.cpu_count()} CPUs')
    if options.rst:
        Path(options.rst).write_text(text)
    if options.json:
        Path(options.json).write_text(json.dumps(bench.results.numbers, indent=1) + '\n')
    wrong = [*bench.results.wrong, *bench.results.compare()]
    print('\n'.join(wrong))
    return 1 if wrong else 0


def main():
    options, kind = parse()
    if kind.usable():
        guest.skip(kind.usable())
    binary = guest.emulator(options.binary, options.build, kind.name)
    programs = Programs(kind, Path(options.build).resolve() / 'bench')
    if options.check:
        if not binary:
            guest.skip(f'rhea-system-{kind.name} is not built')
        check(kind, binary, programs)
    machines = emulators(options, kind, binary)
    if not machines:
        guest.skip(f'neither rhea-system-{kind.name} nor a peer is there')
    folder = kind.guest_folder()
    if not folder:
        print(f'without the guest (scripts/fetch-guest {kind.name}), only programs on bare metal are timed',
              file=sys.stderr)
    bench = Bench(kind, machines, folder, programs, set(options.names))
    for count in range(options.rounds):
        print(f'round {count + 1} of {options.rounds}', file=sys.stderr)
        bench.round(list(machines) if count % 2 else list(reversed(machines)))
    sys.exit(report(options, bench))


if __name__ == '__main__':
    main()
