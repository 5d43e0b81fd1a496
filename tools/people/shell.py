# SPDX-License-Identifier: GPL-2.0-or-later
"""rhea qmp: a shell for a machine's monitor for programs.

usage: rhea qmp SOCKET [COMMAND [NAME=VALUE...]]
       rhea qmp SOCKET '{"execute": ...}'

SOCKET is the path or HOST:PORT given to -qmp. With a command its answer is printed as JSON and the exit status says
whether it worked; without one a prompt waits, which completes commands and their arguments with Tab. VALUE is JSON, or
a plain word for a string; a.b=1 makes an object of one member. `events` prints what came in meanwhile, `help` lists the
commands and `help COMMAND` tells about one.
"""
import json
import shlex
import sys

from client import Monitor, Problem


class Schema:
    """What query-qmp-schema says, by name."""

    def __init__(self, monitor):
        self.entities = {entity['name']: entity for entity in monitor.command('query-qmp-schema')}
        self.commands = sorted(name for name, entity in self.entities.items() if entity['meta-type'] == 'command')

    def arguments(self, command):
        """name -> (type's name as people read it, whether it may be left out)"""
        entity = self.entities.get(command)
        if not entity or entity['meta-type'] != 'command':
            return {}
        members = list(self.entities[entity['arg-type']]['members'])
        for variant in self.entities[entity['arg-type']].get('variants', []):
            members += [{**member, 'default': None} for member in self.entities[variant['type']].get('members', [])]
        return {member['name']: (self.type_name(member['type']), 'default' in member) for member in members}

    def type_name(self, name):
        entity = self.entities.get(name, {})
        kind = entity.get('meta-type')
        if kind == 'enum':
            values = entity.get('values') or [member['name'] for member in entity['members']]
            return '|'.join(values)
        if kind == 'array':
            return f'[{self.type_name(entity["element-type"])}]'
        return {'object': 'object', 'alternate': 'any'}.get(kind, entity.get('json-type', name))

    def values(self, command, argument):
        """What @argument may be, if that is a short list."""
        text = self.arguments(command).get(argument, ('', True))[0]
        return text.split('|') if '|' in text else ['true', 'false'] if text == 'boolean' else []


def value_of(text):
    """JSON, or the word itself."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def message_of(words):
    """The message that @words stand for."""
    if words[0].startswith('{'):
        try:
            return json.loads(' '.join(words))
        except ValueError as error:
            raise Problem(f'not JSON: {error}') from None
    arguments = {}
    for word in words[1:]:
        name, equals, text = word.partition('=')
        if not equals:
            raise Problem(f"'{word}' is not NAME=VALUE")
        place = arguments
        *outer, last = name.split('.')
        for step in outer:
            place = place.setdefault(step, {})
            if not isinstance(place, dict):
                raise Problem(f"'{word}': {step} is a value already")
        place[last] = value_of(text)
    return {'execute': words[0], **({'arguments': arguments} if arguments else {})}


def show(data):
    print(json.dumps(data, indent=2, ensure_ascii=False), flush=True)


def run(monitor, words):
    """Prints the answer; returns the exit status."""
    answer = monitor.ask(message_of(words))
    if 'error' in answer:
        print(f'rhea qmp: {answer["error"]["class"]}: {answer["error"]["desc"]}', file=sys.stderr)
        return 1
    show(answer['return'])
    return 0


def tell(schema, words):
    if not words:
        width = max(map(len, schema.commands)) + 2
        columns = max(1, 100 // width)
        rows = -(-len(schema.commands) // columns)
        for row in range(rows):
            print(''.join(name.ljust(width) for name in schema.commands[row::rows]).rstrip())
        return
    if words[0] not in schema.commands:
        print(f"there is no command '{words[0]}'; 'help' lists them")
        return
    arguments = schema.arguments(words[0])
    print(words[0] + ''.join(f' [{name}=...]' if optional else f' {name}=...' for name, (_, optional) in arguments.items()))
    for name, (kind, optional) in arguments.items():
        print(f'  {name}: {kind}{" (optional)" if optional else ""}')


class Completer:
    """Words that readline offers."""

    def __init__(self, schema):
        self.schema = schema
        self.found = []

    def candidates(self, line, word):
        before = line.split()
        if line and not line.endswith(' '):
            before = before[:-1]
        if not before:
            return [name + ' ' for name in [*self.schema.commands, 'events', 'help', 'quit'] if name.startswith(word)]
        if before[0] == 'help':
            return [name for name in self.schema.commands if name.startswith(word)]
        name, equals, text = word.partition('=')
        if equals:
            return [f'{name}={value} ' for value in self.schema.values(before[0], name) if value.startswith(text)]
        given = {earlier.partition('=')[0] for earlier in before[1:]}
        return [name + '=' for name in self.schema.arguments(before[0]) if name.startswith(word) and name not in given]

    def __call__(self, word, state):
        import readline
        if state == 0:
            self.found = self.candidates(readline.get_line_buffer()[:readline.get_endidx()], word)
        return self.found[state] if state < len(self.found) else None


def prompt(monitor):
    import readline
    schema = Schema(monitor)
    readline.set_completer_delims(' ')
    readline.set_completer(Completer(schema))
    readline.parse_and_bind('tab: complete')
    version = monitor.version
    if sys.stdin.isatty():
        print(f'{version.get("package") or "a machine"}; Tab completes, `help` lists commands, Ctrl-D leaves')
    while True:
        try:
            words = shlex.split(line) if not (line := input('(qmp) ').strip()).startswith('{') else [line]
        except EOFError:
            print()
            return 0
        except KeyboardInterrupt:
            print()
            continue
        except ValueError as error:
            print(f'rhea qmp: {error}')
            continue
        if not words:
            continue
        if words[0] in ('exit', 'bye'):
            return 0
        try:
            if words[0] == 'help':
                tell(schema, words[1:])
            elif words[0] == 'events':
                monitor.ask({'execute': 'query-status'})      # what has come by now
                for event in monitor.events:
                    show(event)
                monitor.events.clear()
            else:
                run(monitor, words)
        except Problem as problem:
            print(f'rhea qmp: {problem}')
            if 'has gone' in str(problem):
                return 0 if words[0] == 'quit' else 1


def main(words):
    if not words:
        raise Problem('which machine? rhea qmp SOCKET [COMMAND [NAME=VALUE...]]')
    with Monitor(words[0]) as monitor:
        return run(monitor, words[1:]) if len(words) > 1 else prompt(monitor)
