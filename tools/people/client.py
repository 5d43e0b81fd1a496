# SPDX-License-Identifier: GPL-2.0-or-later
"""A client of a machine's monitor for programs (QMP)."""
import json
import socket


class Problem(Exception):
    """Something that the user should read; the text says what to do."""


class Monitor:
    """A connection. Leaving a `with` block closes it."""

    def __init__(self, address, seconds=10):
        """@address: a path, or HOST:PORT."""
        self.events = []
        host, colon, port = address.rpartition(':')
        tcp = bool(colon) and port.isdigit() and '/' not in address
        try:
            if tcp:
                self.socket = socket.create_connection((host.strip('[]') or 'localhost', int(port)), seconds)
            else:
                self.socket = socket.socket(socket.AF_UNIX)
                self.socket.settimeout(seconds)
                self.socket.connect(address.removeprefix('unix:'))
        except OSError as error:
            raise Problem(f'{address}: {error.strerror or error}; is the machine running, with -qmp unix:{address},server,nowait?'
                          if not tcp else f'{address}: {error.strerror or error}') from None
        self.file = self.socket.makefile('rb')
        try:
            greeting = self.receive()
        except TimeoutError:
            greeting = {}
        if 'QMP' not in greeting:
            raise Problem(f'{address}: nobody there speaks QMP (somebody else may hold the only connection)')
        self.version = greeting['QMP']['version']
        self.command('qmp_capabilities')

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def receive(self):
        """The next message, whatever it is."""
        line = self.file.readline()
        if not line:
            raise Problem('the machine has gone')
        try:
            return json.loads(line)
        except ValueError:
            raise Problem('what came over the socket is not QMP') from None

    def ask(self, message):
        """The answer to @message (a dict); events that come in between are kept in .events."""
        try:
            self.socket.sendall(json.dumps(message).encode() + b'\n')
            while 'event' in (answer := self.receive()):
                self.events.append(answer)
        except TimeoutError:
            raise Problem('the machine does not answer') from None
        except (BrokenPipeError, ConnectionResetError):
            raise Problem('the machine has gone') from None
        return answer

    def command(self, name, **arguments):
        """What command @name returns."""
        answer = self.ask({'execute': name, 'arguments': arguments})
        if 'error' in answer:
            raise Problem(f'{name}: {answer["error"]["desc"]}')
        return answer['return']
