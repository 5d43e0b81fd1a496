#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""QMP as a client sees it: what it announces, what it does, and what it refuses.

usage: qmp.py --build=FOLDER [--seed=N] [--messages=N]        Speaks TAP.
"""
import base64
import json
import random
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import client

HOSTILE = [None, True, False, 0, -1, 1, 2**31, 2**63 - 1, -2**63, 2**64 - 1, 0.5, 1e308, '', 'x', 'none', '/',
           '/machine', '%s%n', '../../etc/passwd', 'a' * 5000, 'ü€', '\u0000', [], [None], [[]], {}, {'type': 'x'},
           {'': ''}]
# a command's right arguments, where an empty object is not enough; {path} is a file that may be written
RIGHT = {
    'chardev-add': {'id': 'c0', 'backend': {'type': 'ringbuf', 'data': {'size': 4096}}},
    'chardev-change': {'id': 'c0', 'backend': {'type': 'ringbuf', 'data': {'size': 4096}}},
    'chardev-send-break': {'id': 'c0'},
    'chardev-change': {'id': 'c0', 'backend': {'type': 'ringbuf', 'data': {'size': 4096}}},
    'ringbuf-write': {'device': 'c0', 'data': 'abc'},
    'ringbuf-read': {'device': 'c0', 'size': 3},
    'object-add': {'qom-type': 'memory-backend-ram', 'id': 'm0', 'size': 1 << 20},
    'object-del': {'id': 'm0'},
    'qom-list': {'path': '/machine'},
    'qom-get': {'path': '/machine', 'property': 'type'},
    'qom-list-properties': {'typename': 'machine'},
    'device-list-properties': {'typename': 'goldfish-rtc'},
    'human-monitor-command': {'command-line': 'info version'},
    'trace-event-get-state': {'name': '*'},
    'watchdog-set-action': {'action': 'none'},
    'trace-event-set-state': {'name': '*', 'enable': False},
    'query-command-line-options': {'option': 'smp'},
    'x-gdbserver': {'device': 'none'},
    'query-stats': {'target': 'vcpu'},
    'query-cpu-model-expansion': {'type': 'full', 'model': {'name': 'max'}},
}
# how often a command is called on purpose, and that it can only fail here
NEEDS_MORE = {'qmp_capabilities', 'quit', 'memsave', 'pmemsave', 'device_add', 'device_del', 'qom-set',
              'chardev-remove', 'screendump', 'system_powerdown', 'system_wakeup', 'query-vm-generation-id',
              'add-fd', 'getfd', 'closefd', 'remove-fd', 'query-sev', 'query-sev-capabilities', 'query-sgx',
              'query-sgx-capabilities', 'blockdev-close-tray', 'blockdev-open-tray', 'blockdev-remove-medium', 'eject', 'inject-nmi', 'x-query-jit', 'send-key', 'input-send-event',
              'dump-guest-memory'}


class Schema:
    """What query-qmp-schema says."""

    def __init__(self, entries):
        self.entries = {(entry['meta-type'] in ('command', 'event'), entry['name']): entry for entry in entries}
        self.commands = {entry['name']: entry for entry in entries if entry['meta-type'] == 'command'}
        self.events = {entry['name']: entry for entry in entries if entry['meta-type'] == 'event'}

    def type(self, name):
        return self.entries[(False, name)]

    def problem(self, name, value, path='reply'):
        """Why @value is not of the type, or None."""
        entry = self.type(name)
        kind = entry['meta-type']
        if kind == 'builtin':
            wanted = {'boolean': bool, 'int': int, 'number': (int, float), 'string': str, 'value': object}
            right = isinstance(value, wanted[entry['json-type']])
            if entry['json-type'] in ('int', 'number') and isinstance(value, bool):
                right = False
            return None if right else f'{path} is {value!r}, not {entry["json-type"]}'
        if kind == 'enum':
            return None if value in entry['values'] else f'{path} is {value!r}, not of {entry["values"]}'
        if kind == 'alternate':
            problems = [self.problem(member['type'], value, path) for member in entry['members']]
            return None if None in problems else problems[0]
        if kind == 'array':
            if not isinstance(value, list):
                return f'{path} is no array'
            problems = (self.problem(entry['element-type'], item, f'{path}[{i}]') for i, item in enumerate(value))
            return next(filter(None, problems), None)
        return self.object_problem(entry, value, path)

    def object_problem(self, entry, value, path):
        if not isinstance(value, dict):
            return f'{path} is no object'
        members = {member['name']: member for member in entry['members']}
        for variant in entry.get('variants', []):
            if variant['case'] == value.get(entry['tag']):
                members.update({member['name']: member for member in self.type(variant['type'])['members']})
        for name, member in members.items():
            if name not in value and 'default' not in member:
                return f'{path}.{name} is missing'
        for name, item in value.items():
            if name not in members:
                return f'{path}.{name} is not announced'
            problem = self.problem(members[name]['type'], item, f'{path}.{name}')
            if problem:
                return problem
        return None


def schema_of(connection):
    return Schema(connection.call('query-qmp-schema'))


def test_greeting_names_wire_and_program(start, _):
    with start() as emulator:
        greeting = emulator.connect().greeting['QMP']
        assert greeting['version']['qemu']['major'] >= 7, greeting
        assert greeting['version']['package'].startswith('Rhea '), greeting
        assert isinstance(greeting['capabilities'], list), greeting


def test_nothing_runs_before_negotiation(start, _):
    with start() as emulator:
        qmp = emulator.connect()
        assert qmp.error('query-status', {})[0] == 'CommandNotFound'
        assert 'enable' in qmp.error('qmp_capabilities', {'enable': ['warp']})[1]
        qmp.negotiate()
        assert qmp.error('qmp_capabilities', {})[0] == 'CommandNotFound'
        qmp.call('query-status')


def test_next_client_is_greeted_after_the_first_left(start, _):
    with start() as emulator:
        for _unused in range(5):
            qmp = emulator.connect().negotiate()
            qmp.call('query-name')
            qmp.close()


def test_ids_come_back_unchanged(start, _):
    with start() as emulator:
        qmp = emulator.connect().negotiate()
        for value in ('libvirt-7', 7, -1, 1.5, None, True, [1, {'a': []}], {'x': {'y': 'z'}}):
            assert qmp.ask({'execute': 'query-name', 'id': value})['id'] == value
            assert qmp.ask({'execute': 'no-such', 'id': value})['id'] == value
        assert 'id' not in qmp.ask({'execute': 'query-name'})


def test_framing_of_the_input_does_not_matter(start, _):
    with start() as emulator:
        qmp = emulator.connect().negotiate()
        request = b'{"execute":"query-name","id":1}'
        for byte in request:
            qmp.send(bytes([byte]))
        assert qmp.reply()['id'] == 1
        qmp.send(b' \n\t' + request * 3 + b'\r\n\r\n' + request)
        assert [qmp.reply()['id'] for _unused in range(4)] == [1] * 4
        padded = b'{"execute":"query-name",' + b' ' * 65536 + b'"id":2}'
        assert qmp.ask(padded)['id'] == 2
        pretty = b'{\n  "execute" : "query-name" ,\n  "id" : "}]{["\n}\n'
        assert qmp.ask(pretty)['id'] == '}]{['


def test_broken_json_costs_one_message(start, _):
    with start() as emulator:
        qmp = emulator.connect().negotiate()
        for text in (b'hello\r\n', b'[1]\r\n', b'"x"\r\n', b'5\n', b'{"a":]', b'}', b'{"a":"\n', b'{"execute":}', b'{,}',
                     b'{"execute":"query-name","id":99999999999999999999}', b'{"x":"\xff',
                     b'[' * 1025, b'{"a":' * 1025, b'{"execute":"query-name"} '.replace(b'query', b'qu\xc3ry')):
            qmp.send(text)
            if b'\xff' in text:  # begins anew, silently
                continue
            reply = qmp.reply()
            assert 'error' in reply, (text[:40], reply)
        # what is left of the nesting is refused bracket by bracket, or was dropped with the message
        qmp.send(b'\xff\n')
        assert qmp.ask({'execute': 'query-name', 'id': 'end'})['id'] == 'end'


def test_requests_of_wrong_shape_are_refused(start, _):
    with start() as emulator:
        qmp = emulator.connect().negotiate()
        for request, word in (({}, 'execute'), ({'execute': 5}, 'string'), ({'execute': 'stop', 'arguments': []}, 'object'),
                              ({'execute': 'stop', 'extra': 1}, 'extra'), ({'exec-oob': 'stop'}, 'capability')):
            error = qmp.ask(request)['error']
            assert error['class'] == 'GenericError' and word in error['desc'], error
        assert 'query-name' in qmp.error('query-nmae', {})[1]


def test_schema_refers_only_to_what_it_defines(start, _):
    with start() as emulator:
        schema = schema_of(emulator.connect().negotiate())
        for entry in schema.entries.values():
            names = [entry[key] for key in ('arg-type', 'ret-type', 'element-type') if key in entry]
            names += [member['type'] for member in entry.get('members', []) if 'type' in member]
            names += [variant['type'] for variant in entry.get('variants', [])]
            for name in names:
                schema.type(name)


def test_announced_and_working_commands_are_the_same(start, _):
    with start() as emulator:
        qmp = emulator.connect().negotiate()
        schema = schema_of(qmp)
        listed = {command['name'] for command in qmp.call('query-commands')}
        assert listed == set(schema.commands), listed ^ set(schema.commands)
        assert {event['name'] for event in qmp.call('query-events')} == set(schema.events)
        for name in listed - {'quit'}:
            reply = qmp.ask({'execute': name, 'arguments': {'no such argument': 1}})
            assert 'error' in reply and reply['error']['class'] != 'CommandNotFound', (name, reply)


def test_every_command_answers_as_announced(start, _):
    with start() as emulator:
        qmp = emulator.connect().negotiate()
        schema = schema_of(qmp)
        names = sorted(set(schema.commands) - NEEDS_MORE, key=lambda name: (not name.endswith('-add'), name))
        for name in names:
            needed = [member['name'] for member in schema.type(schema.commands[name]['arg-type'])['members']
                      if 'default' not in member]
            if name not in RIGHT and needed:
                continue  # tests of its part know what to give it
            result = qmp.call(name, **{key.replace('-', '_'): value for key, value in RIGHT.get(name, {}).items()})
            problem = schema.problem(schema.commands[name]['ret-type'], result, name)
            assert not problem, problem
        qmp.call('chardev-remove', id='c0')


def test_screendump_saves_pictures_of_a_pc(start, options):
    binary = str(options.build.resolve() / 'rhea-system-x86_64')
    with client.Emulator(binary, '-vga', 'std', machine=('-machine', 'pc', '-accel', 'qtest', '-bios', 'none')) as emulator:
        qmp = emulator.connect().negotiate()
        qmp.call('screendump', filename='text.ppm')
        qmp.call('screendump', filename='picture.png')
        assert (emulator.path / 'text.ppm').read_bytes().startswith(b'P6')
        assert (emulator.path / 'picture.png').read_bytes().startswith(b'\x89PNG\r\n')
        assert 'nowhere' in qmp.error('screendump', {'filename': 'nowhere/x.png'})[1]
        qmp.call('system_powerdown')


def test_a_pc_that_saved_itself_says_so(start, options):
    binary = str(options.build.resolve() / 'rhea-system-x86_64')
    pc = ('-machine', 'q35', '-accel', 'qtest', '-bios', 'none')
    with client.Emulator(binary, '-action', 'shutdown=pause', machine=pc) as emulator:
        qmp = emulator.connect().negotiate()
        qmp.call('human-monitor-command', command_line='o/h 0x604 0x2800')      # PM1 control: S4, enable
        assert qmp.wait_event('SUSPEND_DISK')
        assert qmp.wait_event('SHUTDOWN')['data'] == {'guest': True, 'reason': 'guest-shutdown'}


def test_what_the_empty_machine_has_not_is_said(start, _):
    with start() as emulator:
        qmp = emulator.connect().negotiate()
        assert 'power button' in qmp.error('system_powerdown', {})[1]
        assert qmp.error('screendump', {'filename': 'x.ppm'})[1]
        assert 'no processor' in qmp.error('x-gdbserver', {'device': 'tcp::0'})[1]


def test_missing_extra_and_mistyped_arguments_are_named(start, _):
    with start() as emulator:
        qmp = emulator.connect().negotiate()
        schema = schema_of(qmp)
        for name, command in schema.commands.items():
            if name == 'quit':
                continue
            for member in schema.type(command['arg-type'])['members']:
                right = dict(RIGHT.get(name, {}))
                if 'default' not in member:
                    right.pop(member['name'], None)
                    if not set(right) - {member['name']}:
                        assert member['name'] in qmp.error(name, right)[1] or len(schema.type(
                            command['arg-type'])['members']) > 1
                kind = schema.type(member['type'])
                wrong = {} if kind.get('json-type') != 'value' else None
                if wrong is not None:
                    right = dict(RIGHT.get(name, {}))
                    right[member['name']] = 5 if kind['meta-type'] == 'object' else wrong
                    qmp.error(name, right)


def test_events_tell_of_stop_resume_reset_and_end(start, _):
    with start() as emulator:
        qmp = emulator.connect().negotiate()
        before = time.time()
        qmp.call('stop')
        event = qmp.wait_event('STOP')
        assert abs(event['timestamp']['seconds'] - before) < 60 and 0 <= event['timestamp']['microseconds'] < 10**6
        assert qmp.call('query-status')['status'] == 'paused'
        qmp.call('stop')
        qmp.call('cont')
        qmp.wait_event('RESUME')
        assert qmp.call('query-status') == {'running': True, 'singlestep': False, 'status': 'running'}
        qmp.call('system_reset')
        assert qmp.wait_event('RESET')['data'] == {'guest': False, 'reason': 'host-qmp-system-reset'}
        qmp.call('quit')
        assert qmp.wait_event('SHUTDOWN')['data'] == {'guest': False, 'reason': 'host-qmp-quit'}
        assert qmp.receive() is None and emulator.wait() == 0


def test_signal_is_reported_before_the_end(start, _):
    with start() as emulator:
        qmp = emulator.connect().negotiate()
        emulator.process.terminate()
        assert qmp.wait_event('SHUTDOWN')['data'] == {'guest': False, 'reason': 'host-signal'}
        assert emulator.wait() == 0


def test_objects_come_and_go(start, _):
    with start() as emulator:
        qmp = emulator.connect().negotiate()
        qmp.call('object-add', **{'qom_type': 'memory-backend-ram', 'id': 'm', 'size': 2 << 20, 'share': False})
        assert qmp.call('qom-get', path='/objects/m', property='size') == 2 << 20
        assert qmp.call('query-memdev')[0]['size'] == 2 << 20
        assert 'm' in qmp.error('object-add', {'qom-type': 'memory-backend-ram', 'id': 'm', 'size': 4096})[1]
        assert 'sise' in qmp.error('object-add', {'qom-type': 'memory-backend-ram', 'id': 'n', 'sise': 1})[1]
        assert qmp.error('object-add', {'qom-type': 'memory-backend-ram', 'id': 'n', 'size': 1})[0] == 'GenericError'
        qmp.call('object-del', id='m')
        qmp.error('qom-list', {'path': '/objects/m'})


def test_ringbuf_keeps_bytes(start, _):
    with start() as emulator:
        qmp = emulator.connect().negotiate()
        qmp.call('chardev-add', id='r', backend={'type': 'ringbuf', 'data': {'size': 16}})
        qmp.call('ringbuf-write', device='r', data=base64.b64encode(bytes(range(20))).decode(), format='base64')
        text = qmp.call('ringbuf-read', device='r', size=100, format='base64')
        assert base64.b64decode(text) == bytes(range(4, 20)), text
        assert 'base64' in qmp.error('ringbuf-write', {'device': 'r', 'data': '!', 'format': 'base64'})[1]
        assert 'compat' in qmp.error('ringbuf-read', {'device': 'compat_monitor0', 'size': 1})[1]
        assert 'use' in qmp.error('chardev-remove', {'id': 'compat_monitor0'})[1]


def hostile_value(rng, schema, name, depth=0):
    """Something of the type, or not."""
    if rng.random() < 0.3 or depth > 4:
        return rng.choice(HOSTILE)
    entry = schema.type(name)
    kind = entry['meta-type']
    if kind == 'enum':
        return rng.choice(entry['values'])
    if kind == 'alternate':
        return hostile_value(rng, schema, rng.choice(entry['members'])['type'], depth + 1)
    if kind == 'array':
        return [hostile_value(rng, schema, entry['element-type'], depth + 1) for _unused in range(rng.randrange(3))]
    if kind == 'object':
        members = list(entry['members'])
        value = {member['name']: hostile_value(rng, schema, member['type'], depth + 1) for member in members
                 if rng.random() < 0.8}
        for variant in entry.get('variants', []):
            if variant['case'] == value.get(entry['tag']):
                value.update({member['name']: hostile_value(rng, schema, member['type'], depth + 1)
                              for member in schema.type(variant['type'])['members'] if rng.random() < 0.6})
        return value
    return {'boolean': rng.random() < 0.5, 'int': rng.choice([0, 1, -1, 4096, 2**40, 2**63 - 1]), 'number': 1.5,
            'string': rng.choice(['', 'a', '/machine', 'c0', 'info qtree', '*']), 'value': 1}[entry['json-type']]


def test_hostile_calls_are_survived(start, options):
    rng = random.Random(options.seed)
    print(f'# seed {options.seed}, {options.messages} messages', flush=True)
    with start() as emulator:
        qmp = emulator.connect().negotiate()
        schema = schema_of(qmp)
        names = sorted(set(schema.commands) - {'quit'})
        for number in range(options.messages):
            name = rng.choice(names)
            arguments = hostile_value(rng, schema, schema.commands[name]['arg-type'])
            if isinstance(arguments, dict):
                arguments.pop('filename', None)
                arguments.pop('protocol', None)
                backend = arguments.get('backend')
                if name == 'chardev-add' and isinstance(backend, dict) and backend.get('type') not in ('ringbuf', 'null'):
                    continue  # would make files or reach out
                arguments.pop('size', None) if name == 'object-add' and rng.random() < 0.8 else None
                if name == 'human-monitor-command' and str(arguments.get('command-line'))[:1] == 'q':
                    continue
            reply = qmp.ask({'execute': name, 'arguments': arguments, 'id': number})
            assert reply and reply.get('id') == number, (name, arguments, reply)
            if 'error' in reply:
                assert reply['error']['class'] != 'CommandNotFound' or name == 'qmp_capabilities', (name, reply)
                assert '\n' not in reply['error']['desc'], reply
            qmp.events.clear()
        qmp.call('query-status')


def test_answers_while_all_processors_spin(start, options):
    with start(machine=('-machine', 'virt', '-smp', '4', '-m', '64M', '-bios', 'none')) as emulator:
        qmp = emulator.connect().negotiate()
        assert len(qmp.call('query-cpus-fast')) == 4
        worst = 0
        for _unused in range(50):
            begin = time.monotonic()
            qmp.call('query-status')
            worst = max(worst, time.monotonic() - begin)
        assert worst < 0.05 * options.patience, f'{worst * 1000:.0f} ms'
        assert 'CPU#3' in qmp.call('human-monitor-command', command_line='info registers -a')


if __name__ == '__main__':
    sys.exit(client.main(globals(), seed=random.randrange(2**32), messages=10000, patience=5.0))
