#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A machine whose processors never rest is stopped, started, reset and looked at, over and over, in random order: the run
state and the events must be those of a model, and answers must come soon.

usage: cycles.py --build=FOLDER [--seed=N] [--cycles=N] [--patience=FACTOR]        Speaks TAP.
"""
import random
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import client

SPINNING = ('-machine', 'virt', '-smp', '4', '-m', '64M', '-bios', 'none')  # illegal instructions without end
BOUND_S = 0.05


class Model:
    """What the machine should be doing, and who must have heard of it."""

    def __init__(self, qmp, other):
        self.qmp, self.other = qmp, other
        self.running = True
        self.times = []

    def timed(self, command, **arguments):
        begin = time.monotonic()
        answer = self.qmp.call(command, **arguments)
        self.times.append(time.monotonic() - begin)
        return answer

    def stop(self):
        self.timed('stop')
        self.told('STOP', self.running)
        self.running = False

    def cont(self):
        self.timed('cont')
        self.told('RESUME', not self.running)
        self.running = True

    def reset(self):
        self.timed('system_reset')
        self.told('RESET', True)

    def look(self):
        status = self.timed('query-status')
        assert status['running'] == self.running, (status, self.running)
        assert len(self.timed('query-cpus-fast')) == 4

    def registers(self):
        text = self.timed('human-monitor-command', command_line='info registers -a')
        assert 'CPU#3' in text, text

    def memory(self):
        self.timed('human-monitor-command', command_line='xp/16xg 0x80000000')

    def counters(self):
        results = self.timed('query-stats', target='vcpu')
        assert len(results) == 4 and all(result['stats'] for result in results)

    def tree(self):
        assert self.timed('qom-get', path='/machine/cpu[0]', property='type').endswith('-cpu')

    def told(self, event, expected):
        """Both clients hear of what happened, and of nothing else."""
        for connection in (self.qmp, self.other):
            if expected:
                connection.wait_event(event)
            assert not connection.events, (event, connection.events)


def test_random_cycles_lose_nothing(start, options):
    print(f'# seed {options.seed}, {options.cycles} cycles', flush=True)
    rng = random.Random(options.seed)
    with start(machine=SPINNING) as emulator:
        model = Model(emulator.connect().negotiate(), emulator.connect().negotiate())
        steps = [model.stop, model.cont, model.reset, model.look, model.registers, model.memory, model.counters, model.tree]
        for _unused in range(options.cycles):
            rng.choice(steps)()
        model.cont()
        first = emulator.connect().negotiate()
        before = {result['qom-path']: result['stats'][-1]['value'] for result in first.call('query-stats', target='vcpu')}
        deadline = time.monotonic() + client.TIMEOUT_S
        while True:  # every processor is at work again
            after = {result['qom-path']: result['stats'][-1]['value'] for result in first.call('query-stats', target='vcpu')}
            if all(after[path] > before[path] for path in before):
                break
            assert time.monotonic() < deadline, (before, after)
        times = sorted(model.times)
        middle, high, worst = times[len(times) // 2], times[len(times) * 99 // 100], times[-1]
        print(f'# {len(times)} answers: half within {middle * 1000:.2f} ms, 99 % within {high * 1000:.1f} ms, all within '
              f'{worst * 1000:.1f} ms', flush=True)
        assert middle < BOUND_S * options.patience, f'half of the answers take {middle * 1000:.0f} ms'


def test_answers_come_while_a_socket_stalls(start, options):
    with start(machine=SPINNING) as emulator:
        deaf, qmp = emulator.connect().negotiate(), emulator.connect().negotiate()
        for _unused in range(400):  # answers of which none is read: megabytes
            deaf.socket.setblocking(False)
            try:
                deaf.send(b'{"execute":"query-qmp-schema"}\n')
            except BlockingIOError:
                break
        times = []
        for _unused in range(100):
            begin = time.monotonic()
            qmp.call('query-status')
            times.append(time.monotonic() - begin)
        times.sort()
        print(f'# half within {times[50] * 1000:.2f} ms, all within {times[-1] * 1000:.1f} ms', flush=True)
        assert times[50] < BOUND_S * options.patience, f'{times[50] * 1000:.0f} ms'


if __name__ == '__main__':
    sys.exit(client.main(globals(), seed=random.randrange(2**32), cycles=1000, patience=5.0))
