#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The human monitor as a person uses it: keys in, what stands on the screen out.

usage: human.py --build=FOLDER        Speaks TAP.
"""
import socket
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import client

PROMPT = '\r\n\r(qemu) \x1b[K'  # on a fresh line
VIRT = ('-machine', 'virt', '-smp', '2', '-m', '64M', '-bios', 'none', '-S')


class Person:
    """Somebody at the human monitor's socket."""

    def __init__(self, emulator):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(client.TIMEOUT_S)
        client.connect(self.socket, emulator.human_path)
        self.first = self.read_until(PROMPT)

    def read_until(self, end):
        """What the monitor writes, up to @end."""
        text = ''
        while not text.endswith(end):
            data = self.socket.recv(65536).decode(errors='replace')
            if not data:
                raise AssertionError(f'the monitor closed after {text!r}')
            text += data
        return text

    def run(self, keys):
        """The lines that a typed line is answered with."""
        self.socket.sendall(keys.encode() + b'\r')
        return self.read_until(PROMPT).split('\r\n')[1:-1]

    def echo(self, keys, end):
        """What the screen shows when @keys are typed."""
        self.socket.sendall(keys.encode())
        return self.read_until(end)


def test_greeting_says_how_to_get_help(start):
    with start() as emulator:
        assert "type 'help'" in Person(emulator).first


def test_every_command_and_topic_has_help(start):
    with start() as emulator:
        person = Person(emulator)
        rows = person.run('help') + person.run('info') + person.run('help info')
        assert len(rows) > 40 and all(' -- ' in row for row in rows), rows
        assert person.run('help stop') == ['stop|s                             -- stop the machine']


def test_every_topic_answers(start):
    with start(machine=VIRT) as emulator:
        person = Person(emulator)
        for row in person.run('info'):
            topic = row.split()[1]
            answer = person.run(f'info {topic}')
            assert not any(line.startswith('Error: unknown') for line in answer), (topic, answer)
        assert person.run('info status') == ['VM status: paused (prelaunch)']
        assert any('dev: ' in line for line in person.run('info qtree'))
        assert any('cpu[1]' in line for line in person.run('info qom-tree'))
        assert any('ram' in line for line in person.run('info mtree'))
        assert any('pc' in line for line in person.run('info registers'))


def test_wrong_commands_get_the_nearest(start):
    with start() as emulator:
        person = Person(emulator)
        for line, answer in (('sotp', "Error: unknown command 'sotp'; did you mean 'stop'?"),
                             ('info vresion', "Error: unknown topic 'vresion'; did you mean 'version'?"),
                             ('stop now', 'Error: too many arguments; usage: stop '),
                             ('cpu', 'Error: missing arguments; usage: cpu INDEX'),
                             ('cpu 7', 'Error: there is no processor 7'),
                             ('stop/x', 'Error: stop takes no format'),
                             ('qom-get "a', 'Error: a quote is not closed')):
            assert person.run(line) == [answer], (line, person.run(line))


def test_print_computes(start):
    with start() as emulator:
        person = Person(emulator)
        for text, value in (('1+2*3', '7'), ('(1+2)*3', '9'), ('0x10-1', '15'), ('-1', '-1'), ('~0 & 0xff', '255'),
                            ('1<<40', str(1 << 40)), ('7 % 4 | 8', '11')):
            assert person.run(f'print {text}') == [value], text
        assert person.run('p/x 255') == ['0xff'] and person.run("p/c 65") == ["'A'"]
        assert person.run('print $pc')[0].startswith('Error: this machine has no processor')
        for text in ('1/0', '1+', '(1', 'x', '1 2', '0x', '99999999999999999999', '(' * 100 + '1'):
            assert person.run(f'print {text}')[0].startswith('Error: '), text


def test_memory_is_shown_in_all_forms(start):
    with start(machine=VIRT) as emulator:
        person = Person(emulator)
        rom = person.run('xp/4xw 0x1000')
        assert rom[0].startswith('0000000000001000: 0x') and len(rom[0].split()) == 5, rom
        assert len(person.run('x/3i 0x1000')) == 3
        assert person.run('xp/2xg 0x80000000') == ['0000000080000000: 0x0000000000000000 0x0000000000000000']
        assert person.run('xp /2xg 0x80000000') == person.run('xp/2xg 0x80000000')
        assert person.run('xp/4db 0x80000000') == ['0000000080000000: 0 0 0 0']
        assert 'Cannot access' in person.run('xp 0xffffffff00000000')[0]
        assert person.run('xp/q 0')[0].startswith("Error: format '/q'")
        assert person.run('xp/99999999x 0')[0].startswith('Error: the count')
        person.run('pmemsave 0x1000 16 rom.bin')
        saved = (emulator.path / 'rom.bin').read_bytes()
        words = [int.from_bytes(saved[i:i + 4], 'little') for i in range(0, 16, 4)]
        assert [int(word, 16) for word in rom[0].split()[1:]] == words


def test_machine_stops_and_goes_on(start):
    with start() as emulator:
        person = Person(emulator)
        assert person.run('info status') == ['VM status: running']
        assert not person.run('stop') and person.run('info status') == ['VM status: paused']
        assert not person.run('c') and person.run('info status') == ['VM status: running']
        person.socket.sendall(b'quit\r')
        assert emulator.wait() == 0


def test_line_can_be_edited(start):
    with start() as emulator:
        person = Person(emulator)
        left, up, delete, home = '\x1b[D', '\x1b[A', '\x1b[3~', '\x1b[H'
        for keys, answer in (('prnt 1' + left * 4 + 'i', '1'),
                             ('xprint 2' + home + delete, '2'),
                             ('print 33\x7f', '3'),
                             ('garbage\x15print 4', '4'),  # Ctrl-U
                             ('print 5 garbage\x17', '5'),  # Ctrl-W
                             ('print 6\x01\x05 + 1', '7'),  # Ctrl-A, Ctrl-E
                             (up + up, '5'),
                             ('\x12int 2', '2'),  # Ctrl-R
                             ('abc\x03print 8', '8')):  # Ctrl-C drops the line
            rows = person.run(keys)
            assert rows == [answer], (keys, rows)


def test_words_are_completed(start):
    with start(machine=VIRT) as emulator:
        person = Person(emulator)
        assert person.echo('info qom\t', 'info qom-tree ')
        assert '/machine (' in person.run('')[0]
        assert person.echo('qom-get /mach\t', 'qom-get /machine/')
        assert person.echo('cpu[0\t', 'cpu[0] ')
        assert person.echo('\x15sto\t', 'stop ')
        screen = person.echo('\x15chardev-\t', '(qemu) chardev-\x1b[K')
        assert 'chardev-remove' in screen and 'chardev-send-break' in screen


def test_registers_have_names(start):
    with start(machine=VIRT) as emulator:
        person = Person(emulator)
        assert person.run('p/x $pc') == ['0x1000'] and person.run('p/x $pc+$zero*8') == ['0x1000']
        assert person.run('print $SP') == ['0']
        assert "no register 'eax'" in person.run('print $eax')[0]


def test_memory_is_dumped_as_a_core_file(start):
    with start(machine=VIRT) as emulator:
        person = Person(emulator)
        assert person.run('info dump') == ['Status: none']
        assert not person.run('dump-guest-memory core')
        core = (emulator.path / 'core').read_bytes()
        assert core[:4] == b'\x7fELF' and core[16] == 4 and core[18] == 243  # ET_CORE, EM_RISCV
        assert len(core) > 64 << 20
        assert person.run('info dump')[0] == 'Status: completed'
        assert not person.run('dump-guest-memory part 0x80001000 4096')
        assert 4096 < (emulator.path / 'part').stat().st_size < 8192
        for line in ('dump-guest-memory', 'dump-guest-memory -x a', 'dump-guest-memory a 1', 'dump-guest-memory a 0 4096'):
            assert person.run(line)[0].startswith('Error: '), line


def test_addresses_are_translated(start):
    with start(machine=VIRT) as emulator:
        person = Person(emulator)
        assert person.run('gva2gpa 0x80000000') == ['gpa: 0x80000000']
        assert 'is 0x' in person.run('gpa2hva 0x80000000')[0]
        assert 'no memory' in person.run('gpa2hva 0xffff000000000000')[0]
        assert person.run('info tlb') == person.run('info mem') == ['addresses are not translated']


def test_qmp_runs_human_commands(start):
    with start(machine=VIRT) as emulator:
        qmp = emulator.connect().negotiate()
        assert qmp.call('human-monitor-command', command_line='info name') == '\r\n'
        text = qmp.call('human-monitor-command', command_line='info registers', cpu_index=1)
        assert 'CPU#1' in text
        assert 'cpu-index' in qmp.error('human-monitor-command', {'command-line': 'stop', 'cpu-index': 2})[1]


def test_random_keys_are_survived(start):
    import random
    seed = random.randrange(2**32)
    print(f'# seed {seed}', flush=True)
    rng = random.Random(seed)
    with start() as emulator:
        person = Person(emulator)
        for _unused in range(200):
            keys = bytes(rng.choice([rng.randrange(256), 9, 27, 91, 65, 18, 32]) for _unused2 in range(50))
            person.socket.sendall(keys.replace(b'q', b''))
        person.socket.sendall(b'\x07\x03\x03\r')
        person.socket.sendall(b'print 123456\r')
        person.read_until('123456' + PROMPT)


if __name__ == '__main__':
    sys.exit(client.main(globals()))
