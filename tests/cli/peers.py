#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Lines of a real program towards real peers: telnet, websocket, datagrams, a serial port, late callers, several at once.

usage: peers.py [--binary=EMULATOR] [--build=FOLDER] [PATTERN]        Speaks TAP.
"""
import base64
import contextlib
import json
import os
import pty
import socket
import struct
import sys
import termios
import time
import warnings

warnings.simplefilter('ignore', DeprecationWarning)
import lines
from lines import SECONDS, Rhea, ask, connect, read_until, wait_for

QUIET = ('-display', 'none')
KEY = 'dGhlIHNhbXBsZSBub25jZQ=='                    # of RFC 6455, 1.3
ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='


def free_port(kind=socket.SOCK_STREAM):
    with socket.socket(type=kind) as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


def call(port):
    line = None

    def attempt():
        nonlocal line
        try:
            line = socket.create_connection(('127.0.0.1', port), SECONDS)
            return True
        except ConnectionRefusedError:
            return False
    wait_for(attempt, f'listener at {port}')
    return line


def exactly(line, count):
    data = b''
    while len(data) < count:
        more = line.recv(count - len(data))
        assert more, f'hung up after {data!r}'
        data += more
    return data


def test_telnet_negotiates_and_escapes(folder):
    with Rhea(*QUIET, '-chardev', f'socket,id=a,path={folder}/s,server=on,wait=off,telnet=on', '-qtest', 'chardev:a'):
        with connect(f'{folder}/s') as line:
            assert exactly(line, 12) == b'\xff\xfb\x01\xff\xfb\x03\xff\xfb\x00\xff\xfd\x00'
            line.sendall(b'\xff\xfd\x01\xff\xfd\x03\xff\xfb\x00\xff\xfd\x00')       # agreed: no answer to that
            line.sendall(b'\xff\xfd\x22\xff\xfb\x1f\xff\xfa\x1f\x00\x50\xff\xf0')   # others: no; a window's size
            assert exactly(line, 6) == b'\xff\xfc\x22\xff\xfe\x1f'
            ask(line, 5, 5)
            line.sendall(b'\xff\xfd\x22\xff\xf1')       # asked again: said already; and nothing at all
            for byte in b'clock_step 2\n':
                line.sendall(bytes([byte]))
            assert exactly(line, 5) == b'OK 7\n'


def test_telnet_speaks_to_a_telnet_client(folder):
    try:
        from telnetlib import Telnet
    except ImportError:
        return 'no telnetlib'
    port = free_port()
    with Rhea(*QUIET, '-qtest', f'telnet:127.0.0.1:{port},server,nowait'):
        call(port).close()
        with Telnet('127.0.0.1', port, SECONDS) as client:
            client.write(b'clock_step 4\n')
            assert client.read_until(b'\n', SECONDS) == b'OK 4\n'
    return None


def test_telnet_waits_for_its_peer(folder):
    port = free_port()
    with Rhea(*QUIET, '-qtest', f'telnet:127.0.0.1:{port},server=on') as rhea:
        said = rhea.process.stdout.readline()
        assert said.startswith(b'waiting for a connection on ') and b'telnet:127.0.0.1' in said, said
        with call(port) as line:
            exactly(line, 12)
            ask(line, 3, 3)


class Web:
    """A client of websockets."""

    def __init__(self, line, headers=''):
        self.line = line
        line.sendall(f'GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n'
                     f'Sec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\n{headers}\r\n'.encode())
        self.answer = b''
        while not self.answer.endswith(b'\r\n\r\n'):
            self.answer += exactly(line, 1)

    def send(self, data, opcode=2, fin=True, mask=b'\x11\x22\x33\x44'):
        length = len(data)
        head = bytes([fin << 7 | opcode]) + (bytes([0x80 | length]) if length < 126 else
                                             bytes([0xfe]) + struct.pack('>H', length) if length < 65536 else
                                             bytes([0xff]) + struct.pack('>Q', length))
        self.line.sendall(head + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(data)))

    def receive(self):
        first, length = exactly(self.line, 2)
        if length == 126:
            length = struct.unpack('>H', exactly(self.line, 2))[0]
        elif length == 127:
            length = struct.unpack('>Q', exactly(self.line, 8))[0]
        return first, exactly(self.line, length)


def web_line(folder):
    return ('-chardev', f'socket,id=a,path={folder}/s,server=on,wait=off,websocket=on', '-qtest', 'chardev:a')


def test_websocket_carries_bytes(folder):
    with Rhea(*QUIET, *web_line(folder)):
        with connect(f'{folder}/s') as line:
            web = Web(line, 'Sec-WebSocket-Protocol: chat, binary\r\n')
            assert web.answer.startswith(b'HTTP/1.1 101 ') and ACCEPT.encode() in web.answer, web.answer
            assert b'Sec-WebSocket-Protocol: binary\r\n' in web.answer
            web.send(b'clock_', opcode=1, fin=False)
            web.send(b'hello', opcode=9)                        # a ping in between
            assert web.receive() == (0x8a, b'hello')
            web.send(b'step 5\n', opcode=0)
            assert web.receive() == (0x82, b'OK 5\n')
            web.send(b'read 0 100000\n')
            text = b''
            while not text.endswith(b'\n'):
                first, data = web.receive()
                assert first == 0x82
                text += data
            assert text == b'OK 0x' + b'00' * 100000 + b'\n'
            web.send(struct.pack('>H', 1000), opcode=8)
            assert web.receive() == (0x88, struct.pack('>H', 1000)) and line.recv(1) == b''
        with connect(f'{folder}/s') as line:
            web = Web(line)
            web.send(b'clock_step 1\n' + b' ' * 70000 + b'\n')   # 64 bits of length
            assert web.receive() == (0x82, b'OK 6\n')


@contextlib.contextmanager
def complaining(folder):
    """A running program that has to say something on stderr about its websocket."""
    process = lines.subprocess.Popen([Rhea.binary, *lines.BASE, *QUIET, *web_line(folder)], stderr=lines.subprocess.PIPE)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def all_of(line):
    """What comes until the other side hangs up, which it may before it has read everything."""
    said = b''
    with contextlib.suppress(ConnectionResetError):
        while more := line.recv(1000):
            said += more
    return said


def test_websocket_refuses_what_is_none(folder):
    requests = (b'GET / HTTP/1.1\r\nHost: x\r\n\r\n', b'\x16\x03\x01\x02\x00\x01', b'POST / HTTP/1.1\r\n\r\n', b'x' * 10000)
    frames = (b'\x82\x01a', b'\xc2\x80abcd', b'\x83\x80abcd', b'\x89\xfe\x00\x80abcd', b'\x82\xff' + b'\xff' * 8 + b'abcd')
    for request in requests:
        with complaining(folder) as rhea:
            with connect(f'{folder}/s') as line:
                line.sendall(request)
                said = all_of(line)
                assert said.startswith(b'HTTP/1.1 4') or (not said and len(request) > 1000), said
            with connect(f'{folder}/s') as line:
                assert Web(line).answer.startswith(b'HTTP/1.1 101')
            rhea.terminate()
            assert b"chardev 'a': the peer " in rhea.stderr.read()
    with complaining(folder):
        for frame in frames:
            with connect(f'{folder}/s') as line:
                Web(line)
                line.sendall(frame)
                assert all_of(line) == b'', frame


def test_datagrams_go_both_ways(folder):
    port, local = free_port(socket.SOCK_DGRAM), free_port(socket.SOCK_DGRAM)
    with socket.socket(type=socket.SOCK_DGRAM) as peer:
        peer.settimeout(0.2)
        peer.bind(('127.0.0.1', port))
        with Rhea(*QUIET, '-qtest', f'udp:127.0.0.1:{port}@127.0.0.1:{local}'):
            end = time.monotonic() + SECONDS
            answer = b''
            while not answer and time.monotonic() < end:        # it may not be there yet
                peer.sendto(b'clock_step 0\n', ('127.0.0.1', local))
                try:
                    answer = peer.recv(1000)
                except (TimeoutError, ConnectionRefusedError):
                    pass
            assert answer.startswith(b'OK 0\n'), answer
            peer.settimeout(SECONDS)
            while b'OK 4' not in answer:
                peer.sendto(b'clock_step 4\n', ('127.0.0.1', local))
                answer = peer.recv(1000)
            peer.sendto(b'read 0 20000\n', ('127.0.0.1', local))    # more than a datagram
            answer = b''
            while len(answer) < 40006:
                answer += peer.recv(65536)
            assert answer == b'OK 0x' + b'00' * 20000 + b'\n'


def test_a_serial_port_is_raw_and_restored(folder):
    master, slave = pty.openpty()
    before = termios.tcgetattr(slave)
    with Rhea(*QUIET, '-chardev', f'serial,id=a,path={os.ttyname(slave)},speed=9600', '-qtest', 'chardev:a'):
        wait_for(lambda: not termios.tcgetattr(slave)[3] & termios.ECHO, 'raw mode')
        assert termios.tcgetattr(slave)[5] == termios.B9600
        os.write(master, b'clock_step 9\n')
        read_until(master, rb'OK 9\n')
    assert termios.tcgetattr(slave) == before


def test_late_callers_see_what_was_printed(folder):
    line = f'socket,id=a,path={folder}/s,server=on,wait=off,history=20,telnet=on'
    with Rhea(*QUIET, '-chardev', line, '-qtest', 'chardev:a'):
        with connect(f'{folder}/s') as first:
            exactly(first, 12)
            for now in range(1, 11):
                first.sendall(b'clock_step 1\n')
                assert exactly(first, 5 + (now > 9)).endswith(b'%d\n' % now)
        for _ in range(2):
            with connect(f'{folder}/s') as late:
                assert exactly(late, 12 + 20)[12:] == b'K 7\nOK 8\nOK 9\nOK 10\n'[-20:], 'history'


def test_log_files_rotate(folder):
    chardev = f'socket,id=a,path={folder}/s,server=on,wait=off,logfile={folder}/log,logsize=10,logkeep=2'
    with Rhea(*QUIET, '-chardev', chardev, '-qtest', 'chardev:a'):
        with connect(f'{folder}/s') as line:
            for now in range(1, 9):
                ask(line, 1, now)
    assert (folder / 'log').read_text() == 'OK 7\nOK 8\n'
    assert (folder / 'log.1').read_text() == 'OK 5\nOK 6\n' and (folder / 'log.2').read_text() == 'OK 3\nOK 4\n'
    assert not (folder / 'log.3').exists()


def test_a_hub_has_several_peers(folder):
    words = [word for name in 'ab' for word in ('-chardev', f'socket,id={name},path={folder}/{name},server=on,wait=off')]
    with Rhea(*QUIET, *words, '-chardev', 'hub,id=h,chardevs.0=a,chardevs.1=b', '-qtest', 'chardev:h'):
        with connect(f'{folder}/a') as one, connect(f'{folder}/b') as two:
            ask(one, 5, 5)
            assert exactly(two, 5) == b'OK 5\n'
            ask(two, 5, 10)
            assert exactly(one, 6) == b'OK 10\n'
            one.sendall(b'read 0 2000000\n')        # the slow one sets the pace, and neither loses a byte
            whole = b'OK 0x' + b'00' * 2000000 + b'\n'
            time.sleep(0.2)
            assert exactly(two, 30000) == whole[:30000]
            half = b''
            while len(half) < len(whole) // 2:
                half += exactly(two, 1000)
                half_one = one.recv(1000)
                assert half_one
            one.close()
            rest = half + exactly(two, len(whole) - 30000 - len(half))
            assert b'OK 0x' not in rest and rest.endswith(b'\n') and len(rest) == len(whole) - 30000


class Qmp:
    """A monitor for programs."""

    def __init__(self, path):
        self.file = connect(path).makefile('rw')
        assert 'QMP' in json.loads(self.file.readline())
        self.ask('qmp_capabilities')

    def ask(self, command, **arguments):
        self.file.write(json.dumps({'execute': command, 'arguments': arguments}) + '\n')
        self.file.flush()
        while 'event' in (answer := json.loads(self.file.readline())):
            pass
        return answer.get('return', answer.get('error'))


def socket_at(path, **more):
    return {'type': 'socket', 'data': {'addr': {'type': 'unix', 'data': {'path': str(path)}}, **more}}


def test_a_back_end_is_changed_under_its_user(folder):
    with Rhea(*QUIET, '-chardev', 'null,id=a', '-qtest', 'chardev:a', '-qmp', f'unix:{folder}/qmp,server,nowait'):
        qmp = Qmp(f'{folder}/qmp')
        assert qmp.ask('chardev-change', id='a', backend=socket_at(folder / 'one', telnet=True)) == {}
        with connect(f'{folder}/one') as line:
            exactly(line, 12)
            ask(line, 5, 5)
            said = qmp.ask('chardev-change', id='a', backend=socket_at(folder / 'no' / 'way'))
            assert 'cannot listen' in said['desc'], said
            ask(line, 1, 6)         # it stays when the other cannot be made
            assert qmp.ask('chardev-change', id='a', backend=socket_at(folder / 'two')) == {}
            assert line.recv(1) == b''
        with connect(f'{folder}/two') as line:
            ask(line, 1, 7)
        assert [entry['label'] for entry in qmp.ask('query-chardev')].count('a') == 1
        assert 'no chardev' in qmp.ask('chardev-change', id='b', backend={'type': 'null', 'data': {}})['desc']
        assert qmp.ask('chardev-add', id='h', backend={'type': 'hub', 'data': {'chardevs': ['a']}})['desc'].count('in use')


def test_the_human_monitor_makes_and_changes_back_ends(folder):
    with Rhea(*QUIET, '-chardev', 'null,id=a', '-qtest', 'chardev:a', '-qmp', f'unix:{folder}/qmp,server,nowait'):
        qmp = Qmp(f'{folder}/qmp')

        def human(line):
            return qmp.ask('human-monitor-command', **{'command-line': line})
        assert human('chardev-add pty,id=b').startswith('b is on /dev/pts/')
        assert human(f'chardev-change a socket,path={folder}/line,server=on,wait=off') == ''
        with connect(f'{folder}/line') as line:
            ask(line, 5, 5)
        assert 'no chardev' in human('chardev-change c null') and 'nul' in human('chardev-add nul,id=d')
        assert human('chardev-remove b') == '' and 'in use' in human('chardev-remove a')


def test_options_in_json(folder):
    data = f'{{"backend":"socket","id":"a","path":"{folder}/s","server":true,"wait":false,"telnet":true}}'
    with Rhea(*QUIET, '-chardev', data, '-qtest', 'chardev:a'):
        with connect(f'{folder}/s') as line:
            exactly(line, 12)
            ask(line, 5, 5)


if __name__ == '__main__':
    assert base64.b64decode(KEY) == b'the sample nonce'
    lines.main(globals())
