#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The tools for people: rhea doctor, rhea qmp, rhea top; also on a terminal, as one types.

usage: tools.py [--binary=EMULATOR] [--build=FOLDER] [PATTERN]        Speaks TAP.
"""
import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import lines
from lines import SECONDS, Rhea, connect, read_until

MACHINE = ('-display', 'none', '-name', 'tea', '-smp', '1')


def tool(*words, terminal=False, **more):
    """(status, stdout, stderr)"""
    program = Path(Rhea.binary).resolve().parent / 'rhea'
    done = subprocess.run([program, *words], capture_output=True, text=True, timeout=SECONDS, check=False, **more)
    return done.returncode, done.stdout, done.stderr


def start(folder):
    rhea = Rhea(*MACHINE, '-qmp', f'unix:{folder}/qmp,server,nowait')
    connect(f'{folder}/qmp').close()
    return rhea


def test_doctor_says_what_to_do(folder):
    status, said, errors = tool('doctor')
    assert status in (0, 1) and not errors, errors
    for row in said.splitlines():
        assert re.match(r'(ok|note|missing) +\S|\s+-> \S', row), row
    for subject in 'KVM', 'TAP networks', 'huge pages', 'open files', 'OpenSBI for RISC-V', 'Rhea':
        assert subject in said, said
    found = json.loads(tool('doctor', '--json')[1])
    assert {row['state'] for row in found} <= {'ok', 'note', 'missing'} and all(row['text'] for row in found)
    kvm = next(row for row in found if row['subject'] == 'KVM')
    assert kvm['state'] == 'ok' or 'translated' in kvm['text'], kvm
    assert tool('doctor', '--jsno')[2] == "rhea doctor: unknown option '--jsno'; there is --json\n"


def test_help_and_manual(folder):
    assert 'rhea doctor' in tool('--help')[1]
    for name in 'doctor', 'qmp', 'top':
        assert tool(name, '--help')[1].startswith(f'rhea {name}: ')
        page = subprocess.run([sys.executable, lines.guest.ROOT / 'tools/people', '--manual', name], capture_output=True, text=True,
                              check=True).stdout
        assert page.startswith(f'.TH RHEA-{name.upper()} 1') and '.SH SYNOPSIS' in page


def test_qmp_asks_and_tells(folder):
    with start(folder):
        path = str(folder / 'qmp')
        status, said, _ = tool('qmp', path, 'query-name')
        assert status == 0 and json.loads(said) == {'name': 'tea'}
        status, said, _ = tool('qmp', path, 'qom-get', 'path=/machine', 'property=type')
        assert status == 0 and isinstance(json.loads(said), str), said
        status, said, _ = tool('qmp', path, '{"execute": "query-status"}')
        assert status == 0 and json.loads(said)['status'] == 'running'
        status, said, errors = tool('qmp', path, 'qom-get', 'path=/nowhere', 'property=x')
        assert status == 1 and not said and errors.startswith('rhea qmp: '), errors
        assert 'is not NAME=VALUE' in tool('qmp', path, 'stop', 'now')[2]
        backend = ['backend.type=socket', 'backend.data.addr.type=unix', f'backend.data.addr.data.path={folder}/line']
        assert tool('qmp', path, 'chardev-add', 'id=a', *backend)[0] == 0
        connect(f'{folder}/line').close()
        said = tool('qmp', path, input='query-name\nhelp qom-get\nhelp nosuch\nevents\nnosuch\nquery-status "\n')[1]
        for part in '"name": "tea"', 'path: string', "no command 'nosuch'", 'No closing quotation':
            assert part in said, said


def test_qmp_says_why_not(folder):
    status, _, errors = tool('qmp', str(folder / 'nowhere'), 'stop')
    assert status == 1 and 'No such file' in errors and errors.count('\n') == 1, errors
    assert 'which machine?' in tool('qmp')[2] and 'which machine?' in tool('top')[2]


def test_qmp_completes_on_a_terminal(folder):
    with start(folder):
        pid, fd = pty.fork()
        if pid == 0:
            os.environ['TERM'] = 'dumb'
            program = Path(Rhea.binary).resolve().parent / 'rhea'
            os.execv(program, ['rhea', 'qmp', str(folder / 'qmp')])
        read_until(fd, rb'\(qmp\) ')
        os.write(fd, b'query-na\t\n')
        read_until(fd, rb'(?s)"name": "tea".*\(qmp\) ')
        os.write(fd, b'set-action reb\tsh\t\n')
        read_until(fd, rb'(?s)reboot=shutdown.*\(qmp\) ')     # before it, Ctrl-D would go to the line's own editing
        os.write(fd, b'\x04')
        assert os.waitpid(pid, 0)[1] == 0
        os.close(fd)


def test_top_shows_the_machine(folder):
    with start(folder):
        path = str(folder / 'qmp')
        status, said, errors = tool('top', '--once', '--every=0.1', path)
        assert status == 0 and not errors and said.startswith('tea: running, '), (said, errors)
        data = json.loads(tool('top', '--once', '--json', '--every=0.1', path)[1])
        assert data['status'] == 'running' and set(data) == {'status', 'cpus', 'machine', 'disks'}
    assert tool('top', '--every=x', path)[2] == 'rhea top: --every=x: must be a number of seconds\n'


def test_top_draws_on_a_terminal(folder):
    with start(folder):
        pid, fd = pty.fork()
        if pid == 0:
            program = Path(Rhea.binary).resolve().parent / 'rhea'
            os.execv(program, ['rhea', 'top', '--every=0.1', str(folder / 'qmp')])
        read_until(fd, rb'tea: running')
        read_until(fd, rb'q leaves')
        os.write(fd, b'q')
        read_until(fd, rb'1049l')
        assert os.waitpid(pid, 0)[1] == 0
        os.close(fd)


if __name__ == '__main__':
    lines.main(globals())
