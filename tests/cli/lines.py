#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Character devices and the terminal of a real program: every back end carries bytes both ways, the terminal is
restored on every way out, nothing is left behind.

usage: lines.py [--binary=EMULATOR] [--build=FOLDER] [PATTERN]        Speaks TAP.
The machine is the empty one, and what answers on each line is the test socket.
"""
import argparse
import os
import pty
import re
import select
import signal
import socket
import subprocess
import sys
import tempfile
import termios
import time
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import guest

SECONDS = 20
BASE = ['-machine', 'none', '-accel', 'qtest', '-m', '16']


class Rhea:
    """A running program; leaving the with block ends it and checks that it went cleanly and silently."""
    binary = None

    def __init__(self, *options, expect=0, **popen):
        popen.setdefault('stdout', subprocess.PIPE)
        self.expect = expect
        self.process = subprocess.Popen([self.binary, *BASE, *options], stderr=subprocess.PIPE, **popen)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if kind:
            self.process.kill()
            print('# stderr:', self.process.stderr.read())
            return
        if self.process.poll() is None:
            self.process.terminate()
        status = self.process.wait(SECONDS)
        assert status == self.expect, f'exit status {status}'
        assert (text := self.process.stderr.read()) == b'', text


def wait_for(condition, what):
    end = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < end, f'no {what}'
        time.sleep(0.01)


def connect(path):
    def attempt():
        try:
            line.connect(path)
            return True
        except (FileNotFoundError, ConnectionRefusedError):
            return False
    line = socket.socket(socket.AF_UNIX)
    line.settimeout(SECONDS)
    wait_for(attempt, path)
    return line


def ask(line, step, now):
    """Steps the clock by @step over socket @line; it must then be at @now."""
    line.sendall(b'clock_step %d\n' % step)
    answer = b''
    while not answer.endswith(b'\n'):
        answer += line.recv(4096)
    assert answer == b'OK %d\n' % now, answer


def read_until(fd, pattern):
    text = b''
    while not re.search(pattern, text):
        assert select.select([fd], [], [], SECONDS)[0], f'{pattern} did not come, but {text}'
        text += os.read(fd, 4096)
    return text


def test_unix_server_takes_one_peer_after_another(folder):
    with Rhea('-display', 'none', '-qtest', f'unix:{folder}/s,server,nowait'):
        with connect(f'{folder}/s') as line:
            ask(line, 5, 5)
        with connect(f'{folder}/s') as line:
            ask(line, 2, 7)
    assert not list(folder.iterdir())


def test_unix_server_replaces_a_dead_ones_socket(folder):
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(f'{folder}/s')
    with Rhea('-display', 'none', '-qtest', f'unix:{folder}/s,server,nowait'):
        with connect(f'{folder}/s') as line:
            ask(line, 5, 5)


def test_unix_client_calls(folder):
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(f'{folder}/s')
        server.listen()
        with Rhea('-display', 'none', '-qtest', f'unix:{folder}/s'):
            with server.accept()[0] as line:
                ask(line, 1, 1)


def test_client_calls_again(folder):
    with Rhea('-display', 'none', '-qtest', f'unix:{folder}/s,reconnect=1'):
        with socket.socket(socket.AF_UNIX) as server:
            server.settimeout(SECONDS)
            server.bind(f'{folder}/s')
            server.listen()
            for now in 1, 2:
                with server.accept()[0] as line:
                    ask(line, 1, now)


def test_tcp_server_waits_for_a_peer(folder):
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        port = probe.getsockname()[1]
    with Rhea('-display', 'none', '-qtest', f'tcp:127.0.0.1:{port},server') as rhea:
        assert rhea.process.stdout.readline().startswith(b'waiting for a connection')
        time.sleep(0.1)
        with socket.create_connection(('127.0.0.1', port), SECONDS) as line:
            ask(line, 3, 3)


def test_passed_listener_is_used(folder):
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(f'{folder}/s')
        server.listen()
        chardev = f'socket,id=a,fd={server.fileno()},server=on,wait=off'
        with Rhea('-display', 'none', '-chardev', chardev, '-qtest', 'chardev:a', pass_fds=[server.fileno()]):
            with connect(f'{folder}/s') as line:
                ask(line, 4, 4)


def test_pty_is_named_and_reopened(folder):
    with Rhea('-display', 'none', '-qtest', 'pty') as rhea:
        text = rhea.process.stdout.readline().decode()
        path = re.fullmatch(r'char device redirected to (\S+) \(label qtest\)\n', text)[1]
        for now in 6, 12:
            fd = os.open(path, os.O_RDWR | os.O_NOCTTY)
            os.write(fd, b'clock_step 6\n')
            read_until(fd, rb'OK %d\n' % now)
            os.close(fd)
            time.sleep(0.05)


def test_pipes_carry_both_directions(folder):
    for end in 'in', 'out':
        os.mkfifo(folder / f'p.{end}')
    with Rhea('-display', 'none', '-qtest', f'pipe:{folder}/p'):
        out = os.open(folder / 'p.in', os.O_RDWR)
        into = os.open(folder / 'p.out', os.O_RDWR)
        os.write(out, b'clock_step 9\n')
        read_until(into, rb'OK 9\n')


def test_stdio_of_pipes_works_and_end_of_input_is_no_end(folder):
    with Rhea('-display', 'none', '-qtest', 'stdio', stdin=subprocess.PIPE) as rhea:
        rhea.process.stdin.write(b'clock_step 8\n')
        rhea.process.stdin.close()
        assert rhea.process.stdout.readline() == b'OK 8\n'
        time.sleep(0.05)
        assert rhea.process.poll() is None


def test_stdout_that_nobody_reads_loses_nothing(folder):
    size = 4 << 20
    with Rhea('-display', 'none', '-qtest', 'stdio', stdin=subprocess.PIPE) as rhea:
        rhea.process.stdin.write(b'read 0 %d\nclock_step 1\n' % size)
        rhea.process.stdin.flush()
        time.sleep(0.3)
        text = rhea.process.stdout.readline()
        assert text == b'OK 0x' + b'00' * size + b'\n'
        assert rhea.process.stdout.readline() == b'OK 1\n'


def test_log_file_gets_a_copy(folder):
    (folder / 'log').write_text('before\n')
    chardev = f'stdio,id=a,logfile={folder}/log,logappend=on'
    with Rhea('-display', 'none', '-chardev', chardev, '-qtest', 'chardev:a', stdin=subprocess.PIPE) as rhea:
        rhea.process.stdin.write(b'clock_step 8\n')
        rhea.process.stdin.flush()
        assert rhea.process.stdout.readline() == b'OK 8\n'
    assert (folder / 'log').read_text() == 'before\nOK 8\n'


def test_daemon_has_its_pidfile_before_the_parent_ends(folder):
    options = ['-nographic', '-nodefaults', '-daemonize', '-pidfile', f'{folder}/pid']
    line = f'unix:{folder}/s,server,nowait'
    result = subprocess.run([Rhea.binary, *BASE, *options, '-qtest', line], capture_output=True, timeout=SECONDS,
                            check=False)
    assert (result.returncode, result.stdout, result.stderr) == (0, b'', b''), result
    text = (folder / 'pid').read_text()
    assert re.fullmatch(r'\d+\n', text), text
    with connect(f'{folder}/s') as line:
        ask(line, 5, 5)
    second = subprocess.run([Rhea.binary, *BASE, *options], capture_output=True, timeout=SECONDS, check=False)
    assert second.returncode == 1 and b'belongs to a running process' in second.stderr, second
    os.kill(int(text), signal.SIGTERM)
    wait_for(lambda: not list(folder.iterdir()), 'clean end')


class Terminal:
    """A terminal on which the program runs in the foreground, as under a shell."""

    def __init__(self, *options):
        self.master, self.slave = pty.openpty()
        self.before = termios.tcgetattr(self.slave)
        self.process = subprocess.Popen([Rhea.binary, *BASE, *options], stdin=self.slave, stdout=self.slave,
                                        stderr=self.slave, preexec_fn=self.take_terminal)
        wait_for(lambda: not self.modes()[3] & termios.ECHO, 'raw mode')

    def take_terminal(self):
        for number in signal.SIGINT, signal.SIGQUIT:    # what runs in a shell's background ignores them
            signal.signal(number, signal.SIG_DFL)
        os.setsid()
        import fcntl
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    def modes(self):
        return termios.tcgetattr(self.slave)

    def type(self, keys):
        os.write(self.master, keys)

    def check_end(self, status):
        assert self.process.wait(SECONDS) == status, self.process.returncode
        assert self.modes() == self.before, 'terminal not restored'


def test_ctrl_a_x_leaves_and_restores_the_terminal(folder):
    terminal = Terminal('-nographic')
    terminal.type(b'\x01x')
    read_until(terminal.master, rb'Leaving the emulator')
    terminal.check_end(0)


def test_ctrl_a_h_and_c_answer(folder):
    terminal = Terminal('-nographic')
    terminal.type(b'\x01h')
    read_until(terminal.master, rb'Ctrl-A x +leave the emulator')
    terminal.type(b'\x01c')
    read_until(terminal.master, rb'no monitor')
    terminal.type(b'\x01x')
    terminal.check_end(0)


def test_echr_moves_the_key(folder):
    terminal = Terminal('-nographic', '-echr', 't')
    terminal.type(b'\x01x\x14h')
    read_until(terminal.master, rb'Ctrl-T x +leave the emulator')
    terminal.type(b'\x14x')
    terminal.check_end(0)


def test_signals_restore_the_terminal(folder):
    for number, status in (signal.SIGTERM, 0), (signal.SIGINT, 0), (signal.SIGHUP, 0):
        terminal = Terminal('-nographic')
        terminal.type(b'\x01h')
        read_until(terminal.master, rb'Ctrl-A x')
        terminal.process.send_signal(number)
        terminal.check_end(status)


def test_crashes_restore_the_terminal(folder):
    # A sanitizer takes these signals for itself, unless told not to.
    os.environ['ASAN_OPTIONS'] = ':'.join(f'handle_{name}=0' for name in
                                          ('segv', 'sigbus', 'abort', 'sigfpe', 'sigill'))
    for number in signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGQUIT:
        terminal = Terminal('-nographic')
        terminal.process.send_signal(number)
        terminal.check_end(-number)


def test_stopping_restores_the_terminal_until_it_goes_on(folder):
    terminal = Terminal('-display', 'none', '-qtest', 'stdio')
    terminal.process.send_signal(signal.SIGTSTP)
    wait_for(lambda: terminal.modes() == terminal.before, 'restored terminal')
    terminal.process.send_signal(signal.SIGCONT)
    wait_for(lambda: not terminal.modes()[3] & termios.ECHO, 'raw mode')
    terminal.process.terminate()
    terminal.check_end(0)


def test_signal_option_decides_about_ctrl_c(folder):
    terminal = Terminal('-display', 'none', '-qtest', 'stdio')    # signal=on
    terminal.type(b'clock_step 3\n')
    read_until(terminal.master, rb'OK 3')
    terminal.type(b'\x03')
    terminal.check_end(0)
    terminal = Terminal('-display', 'none', '-chardev', 'stdio,id=a,signal=off', '-qtest', 'chardev:a')
    terminal.type(b'\x03\nclock_step 3\n')
    read_until(terminal.master, rb'OK 3')
    terminal.process.terminate()
    terminal.check_end(0)


def main(names):
    """Runs the functions test_... of @names."""
    parser = argparse.ArgumentParser()
    parser.add_argument('--binary')
    parser.add_argument('--build')
    parser.add_argument('pattern', nargs='?', default='')
    options = parser.parse_args()
    Rhea.binary = guest.emulator(options.binary, options.build)
    tests = [fn for name, fn in names.items() if name.startswith('test_') and options.pattern in name]
    print(f'1..{len(tests)}')
    failed = False
    for number, test in enumerate(tests, 1):
        name = test.__name__.removeprefix('test_')
        if not Rhea.binary:
            print(f'ok {number} {name} # SKIP rhea-system-riscv64 is not built')
            continue
        with tempfile.TemporaryDirectory() as folder:
            try:
                skipped = test(Path(folder))
                print(f'ok {number} {name}' + (f' # SKIP {skipped}' if skipped else ''), flush=True)
            except Exception:    # any failure is the test's
                print(f'not ok {number} {name}')
                print('# ' + traceback.format_exc().replace('\n', '\n# '), flush=True)
                failed = True
    sys.exit(failed)


if __name__ == '__main__':
    main(globals())
