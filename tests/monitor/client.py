# SPDX-License-Identifier: GPL-2.0-or-later
"""A QMP client, and the emulator it talks to."""
import argparse
import json
import socket
import subprocess
import tempfile
import time
from pathlib import Path

TIMEOUT_S = 20


def connect(to, path):
    """Somebody listens a moment after the path is there."""
    for attempt in range(100):
        try:
            return to.connect(str(path))
        except ConnectionRefusedError:
            if attempt == 99:
                raise
            time.sleep(0.01)


class Connection:
    """One client of a QMP socket. Events that come in between are kept in .events."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(TIMEOUT_S)
        connect(self.socket, path)
        self.file = self.socket.makefile('rb')
        self.events = []
        self.greeting = self.receive()

    def receive(self):
        """The next message; None at the end."""
        line = self.file.readline()
        if not line:
            return None
        if not line.endswith(b'\r\n'):
            raise AssertionError(f'a message does not end in CR LF: {line[-40:]!r}')
        return json.loads(line)

    def send(self, data):
        """Bytes as they are, anything else as JSON."""
        self.socket.sendall(data if isinstance(data, bytes) else json.dumps(data).encode() + b'\r\n')

    def reply(self):
        """The next message that is no event."""
        while True:
            message = self.receive()
            if message is None or 'event' not in message:
                return message
            self.events.append(message)

    def ask(self, request):
        self.send(request)
        return self.reply()

    def call(self, command, **arguments):
        """The reply's "return"; fails on an error."""
        names = {name.replace('_', '-'): value for name, value in arguments.items()}
        reply = self.ask({'execute': command, 'arguments': names})
        if 'return' not in reply:
            raise AssertionError(f'{command} {names}: {reply}')
        return reply['return']

    def error(self, command, arguments):
        """(class, text) of the error that must come."""
        reply = self.ask({'execute': command, 'arguments': arguments})
        if 'error' not in reply:
            raise AssertionError(f'{command} {arguments} was accepted: {reply}')
        return reply['error']['class'], reply['error']['desc']

    def wait_event(self, name):
        """The next event of that name."""
        while True:
            for event in self.events:
                if event['event'] == name:
                    self.events.remove(event)
                    return event
            message = self.receive()
            if message is None:
                raise AssertionError(f'the connection ended before event {name}')
            self.events.append(message)

    def negotiate(self):
        self.call('qmp_capabilities')
        return self

    def close(self):
        self.file.close()
        self.socket.close()


class Emulator:
    """A machine with a QMP socket and a human monitor, in a folder of its own."""

    def __init__(self, binary, *options, machine=('-machine', 'none', '-accel', 'qtest'), pass_fds=()):
        self.folder = tempfile.TemporaryDirectory(prefix='rhea-monitor-')
        self.path = Path(self.folder.name)
        self.qmp_path = self.path / 'qmp'
        self.human_path = self.path / 'human'
        self.process = subprocess.Popen(
            [binary, *machine, '-display', 'none', '-serial', 'none',
             '-qmp', f'unix:{self.qmp_path},server,nowait',
             '-monitor', f'unix:{self.human_path},server,nowait', *options],
            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=self.path, pass_fds=pass_fds)
        deadline = time.monotonic() + TIMEOUT_S
        while not self.human_path.exists():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f'the emulator did not start: {self.process.stderr.read()}')
            time.sleep(0.01)

    def connect(self):
        return Connection(self.qmp_path)

    def wait(self):
        return self.process.wait(TIMEOUT_S)

    def alive(self):
        return self.process.poll() is None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.alive():
            self.process.kill()
        self.process.wait()
        self.process.stderr.close()
        self.folder.cleanup()


def run_tests(tests, *arguments):
    """Runs each, speaking TAP; returns the exit status."""
    failed = 0
    print(f'1..{len(tests)}')
    for number, test in enumerate(tests, 1):
        name = test.__name__.removeprefix('test_')
        try:
            test(*arguments)
            print(f'ok {number} {name}', flush=True)
        except Exception as error:  # pylint: disable=broad-except
            failed += 1
            text = f'{type(error).__name__}: {error}'.replace('\n', ' ')
            print(f'not ok {number} {name}\n# {text}', flush=True)
    return min(failed, 1)


def main(names, make=None, **defaults):
    """
    The program of a file of tests whose globals are @names: runs each test_* on what @make(binary) gives, by
    default a maker of Emulator; with @defaults (an option's name -> its default) the options come second.
    """
    parser = argparse.ArgumentParser(description=names['__doc__'].splitlines()[0])
    parser.add_argument('--build', type=Path, required=True)
    for name, default in defaults.items():
        parser.add_argument(f'--{name}', type=type(default), default=default)
    options = parser.parse_args()
    binary = str(options.build.resolve() / 'rhea-system-riscv64')
    start = make(binary) if make else lambda *args, **keys: Emulator(binary, *args, **keys)
    tests = [test for name, test in sorted(names.items()) if name.startswith('test_')]
    return run_tests(tests, start, *[options] * bool(defaults))
