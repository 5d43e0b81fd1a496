#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Several clients of one machine protocol socket, commands out of band, and descriptors that come along.

usage: clients.py --build=FOLDER        Speaks TAP.
"""
import array
import json
import os
import socket
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import client


def send_fd(qmp, request, fd):
    """The reply to a request that carries a descriptor."""
    data = array.array('i', [fd]).tobytes()
    qmp.socket.sendmsg([json.dumps(request).encode() + b'\n'], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, data)])
    return qmp.reply()


def test_clients_share_a_socket(start):
    with start() as emulator:
        clients = [emulator.connect().negotiate() for _unused in range(20)]
        for number, qmp in enumerate(clients):
            assert qmp.ask({'execute': 'query-status', 'id': number})['id'] == number
        clients[7].call('stop')
        for qmp in clients:
            qmp.wait_event('STOP')
        clients[0].close()
        clients[3].close()
        clients[7].call('cont')
        for number, qmp in enumerate(clients):
            if number not in (0, 3):
                qmp.wait_event('RESUME')
        again = emulator.connect()
        assert 'QMP' in again.greeting
        assert again.error('query-status', {})[0] == 'CommandNotFound'  # its own negotiation
        again.negotiate()


def test_events_do_not_reach_who_has_not_negotiated(start):
    with start() as emulator:
        silent, qmp = emulator.connect(), emulator.connect().negotiate()
        qmp.call('stop')
        qmp.wait_event('STOP')
        silent.negotiate()
        silent.call('query-status')
        assert not silent.events, silent.events


def test_many_come_and_go(start):
    with start() as emulator:
        first = emulator.connect().negotiate()
        for number in range(200):
            other = emulator.connect()
            if number % 3:
                other.send(b'{"execute":"qmp_capabilities"}' if number % 2 else b'{"execute":')
            other.close()
        first.call('query-status')
        assert len(os.listdir(f'/proc/{emulator.process.pid}/fd')) < 60
        first.close()
        emulator.connect().negotiate().call('query-status')


def test_out_of_band_commands_overtake(start):
    with start() as emulator:
        qmp = emulator.connect()
        assert qmp.greeting['QMP']['capabilities'] == ['oob']
        assert 'result' not in qmp.ask({'execute': 'qmp_capabilities', 'arguments': {'enable': ['oob']}})
        requests = [{'execute': 'query-qmp-schema', 'id': 'a'}, {'execute': 'query-qmp-schema', 'id': 'b'},
                    {'exec-oob': 'query-status', 'id': 'c'}, {'exec-oob': 'stop', 'id': 'd'}]
        qmp.send(b'\n'.join(json.dumps(request).encode() for request in requests) + b'\n')
        replies = [qmp.reply() for _unused in requests]
        assert [reply['id'] for reply in replies] == ['c', 'd', 'a', 'b'], [reply['id'] for reply in replies]
        assert 'out of band' in replies[1]['error']['desc']
        for number in range(100):  # more than may wait: nothing is lost
            qmp.send({'execute': 'query-commands', 'id': number})
        assert [qmp.reply()['id'] for _unused in range(100)] == list(range(100))
        allowed = {entry['name'] for entry in qmp.call('query-qmp-schema') if entry.get('allow-oob')}
        assert {'query-status', 'quit'} <= allowed and 'stop' not in allowed, allowed


def test_out_of_band_needs_the_capability(start):
    with start() as emulator:
        qmp = emulator.connect().negotiate()
        assert 'oob' in qmp.ask({'exec-oob': 'query-status'})['error']['desc']
        other = emulator.connect()
        assert other.error('qmp_capabilities', {'enable': ['warp']})[0] == 'GenericError'
        other.negotiate()


def test_descriptors_are_named_and_put_into_sets(start):
    with start() as emulator:
        qmp = emulator.connect().negotiate()
        read_end, write_end = os.pipe()
        assert send_fd(qmp, {'execute': 'add-fd', 'arguments': {'opaque': 'log'}}, write_end)['return']['fdset-id'] == 0
        assert send_fd(qmp, {'execute': 'add-fd', 'arguments': {'fdset-id': 7}}, write_end)['return']['fdset-id'] == 7
        os.close(write_end)
        sets = qmp.call('query-fdsets')
        assert [entry['fdset-id'] for entry in sets] == [0, 7] and sets[0]['fds'][0]['opaque'] == 'log', sets
        qmp.call('chardev-add', id='f', backend={'type': 'file', 'data': {'out': '/dev/fdset/0'}})
        qmp.call('remove-fd', fdset_id=0)
        qmp.call('remove-fd', fdset_id=7)
        assert qmp.call('query-fdsets') == []
        qmp.call('chardev-remove', id='f')
        assert os.read(read_end, 1) == b''  # the last one closed it
        assert 'set' in qmp.error('remove-fd', {'fdset-id': 0})[1]
        assert 'descriptor' in qmp.error('add-fd', {})[1]
        assert 'descriptor' in qmp.error('getfd', {'fdname': 'x'})[1]
        assert "no descriptor 'x'" in qmp.error('closefd', {'fdname': 'x'})[1]


def test_named_descriptor_becomes_a_socket(start):
    with start() as emulator:
        qmp = emulator.connect().negotiate()
        here, there = socket.socketpair()
        assert send_fd(qmp, {'execute': 'getfd', 'arguments': {'fdname': 'line'}}, there.fileno()) == {'return': {}}
        address = {'type': 'fd', 'data': {'str': 'line'}}
        backend = {'type': 'socket', 'data': {'addr': address, 'server': False}}
        qmp.call('chardev-add', id='s', backend=backend)
        there.close()
        assert "no descriptor 'line'" in qmp.error('chardev-add', {'id': 't', 'backend': backend})[1]
        qmp.call('chardev-remove', id='s')
        assert here.recv(1) == b''
        assert 'digit' in qmp.error('getfd', {'fdname': '5'})[1]


def test_descriptors_that_nobody_wants_are_closed(start):
    with start() as emulator:
        qmp = emulator.connect().negotiate()
        for _unused in range(100):
            read_end, write_end = os.pipe()
            send_fd(qmp, {'execute': 'query-name'}, write_end)
            os.close(write_end)
            assert os.read(read_end, 1) == b''
            os.close(read_end)


def test_option_add_fd_makes_sets(start):
    with open('/dev/null', 'wb') as other, start.with_fds([other.fileno()], '-add-fd',
                                                           f'set=3,fd={other.fileno()},opaque=n') as emulator:
        qmp = emulator.connect().negotiate()
        assert qmp.call('query-fdsets') == [{'fdset-id': 3, 'fds': [{'fd': other.fileno(), 'opaque': 'n'}]}]
        qmp.call('chardev-add', id='f', backend={'type': 'file', 'data': {'out': '/dev/fdset/3'}})
        assert 'cannot be opened' in qmp.error('chardev-add', {
            'id': 'g', 'backend': {'type': 'file', 'data': {'out': '/dev/fdset/4'}}})[1]


class Start:
    """Makes emulators."""

    def __init__(self, binary):
        self.binary = binary

    def __call__(self, *args, **keys):
        return client.Emulator(self.binary, *args, **keys)

    def with_fds(self, fds, *args):
        return client.Emulator(self.binary, *args, pass_fds=fds)


if __name__ == '__main__':
    sys.exit(client.main(globals(), Start))
