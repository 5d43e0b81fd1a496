#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes C declarations, marshalling tables and the reference page out of schema/*.json.

usage: schema.py --output=FOLDER FILE...
Writes types.h types.c commands.h commands.c events.h events.c reference.rst there. The format of
the files is described in docs/devel/schema.rst.
"""
import argparse
import json
import re
import sys
from pathlib import Path

MADE = '/* Made by scripts/schema.py; do not edit. */\n'
INT64_MAX = (1 << 63) - 1
# name -> (kind, C type, minimum, maximum); what has no bounds is bounded by its kind
BUILTINS = {
    'bool': ('BOOL', 'bool', 0, 0),
    'int': ('INT', 'int64_t', -INT64_MAX - 1, INT64_MAX),
    'int8': ('INT', 'int64_t', -128, 127),
    'int16': ('INT', 'int64_t', -32768, 32767),
    'int32': ('INT', 'int64_t', -(1 << 31), (1 << 31) - 1),
    'int64': ('INT', 'int64_t', -INT64_MAX - 1, INT64_MAX),
    'uint8': ('INT', 'int64_t', 0, 255),
    'uint16': ('INT', 'int64_t', 0, 65535),
    'uint32': ('INT', 'int64_t', 0, (1 << 32) - 1),
    'uint64': ('INT', 'int64_t', 0, INT64_MAX),
    'size': ('INT', 'int64_t', 0, INT64_MAX),
    'number': ('NUMBER', 'double', 0, 0),
    'str': ('STRING', 'char *', 0, 0),
    'any': ('ANY', 'JsonNode *', 0, 0),
}
KEYWORDS = {'auto', 'default', 'static', 'register', 'volatile', 'int', 'char', 'bool', 'unix', 'linux',
            'signed', 'unsigned', 'switch', 'case', 'break', 'continue', 'enum', 'union', 'const'}
NAME = re.compile(r'^[A-Za-z0-9][A-Za-z0-9_.-]*$')
POINTER_KINDS = {'STRING', 'ANY', 'OBJECT', 'ARRAY', 'ALTERNATE'}


class SchemaError(Exception):
    """A mistake in a schema file; the text says which and where."""


def words(name):
    """"CpuInfo", "query-status", "X_Y" -> ['cpu', 'info'], ..."""
    spaced = re.sub(r'([a-z0-9])([A-Z])', r'\1 \2', re.sub(r'([A-Z]+)([A-Z][a-z])', r'\1 \2', name))
    return [word.lower() for word in re.split(r'[^A-Za-z0-9]+', spaced) if word]


def snake(name):
    """The C spelling of a name as part of an identifier."""
    return '_'.join(words(name))


def field(name):
    """The C spelling of a member."""
    text = re.sub(r'[^A-Za-z0-9]', '_', name)
    return text + '_' if text in KEYWORDS or text[0].isdigit() else text


def quote(text):
    """A C string literal."""
    return json.dumps(text, ensure_ascii=True)


class Member:
    """One member of an object: name, type, whether it may be left out, what it means."""

    def __init__(self, where, name, value):
        self.optional = name.endswith('?')
        self.name = name.rstrip('?')
        if not NAME.match(self.name):
            raise SchemaError(f'{where}: "{name}" is not a name')
        if isinstance(value, str):
            value = [value, '']
        if not (isinstance(value, list) and len(value) == 2 and all(isinstance(x, str) for x in value)):
            raise SchemaError(f'{where}: member "{name}" must be a type or ["type", "meaning"]')
        self.type, self.doc = value
        self.where = f'{where}.{self.name}'


class Type:
    """A named enum, struct or union; arguments of commands and data of events are structs too."""

    def __init__(self, name, entry, where):
        self.name, self.where = name, where
        self.doc = entry.get('doc', '')
        self.values = entry.get('enum')
        self.alternate = entry.get('alternate')
        self.tag = entry.get('union')
        self.variants = entry.get('variants', {})
        self.members = [Member(where, key, value) for key, value in (self.alternate or entry.get('struct', {})).items()]
        self.base = entry.get('base')
        unknown = set(entry) - {'doc', 'enum', 'struct', 'union', 'variants', 'base', 'alternate'}
        if unknown:
            raise SchemaError(f'{where}: unknown key "{sorted(unknown)[0]}"')
        if len({'enum', 'struct', 'alternate'} & set(entry)) != 1:
            raise SchemaError(f'{where}: needs one of "enum", "struct" and "alternate"')
        self.c_name = 'Qmp' + ''.join(word.capitalize() for word in words(name))
        self.symbol = 'qmp_' + snake(name)

    @property
    def kind(self):
        return 'ENUM' if self.values is not None else 'ALTERNATE' if self.alternate is not None else 'OBJECT'


class Command:
    """A command: arguments in, at most one value out."""

    def __init__(self, name, entry, where):
        unknown = set(entry) - {'doc', 'args', 'returns', 'features', 'open', 'oob'}
        if unknown:
            raise SchemaError(f'{where}: unknown key "{sorted(unknown)[0]}"')
        self.name, self.where = name, where
        self.doc = entry.get('doc', '')
        self.returns = entry.get('returns')
        self.features = entry.get('features', {})
        self.open, self.oob = entry.get('open', False), entry.get('oob', False)
        args = entry.get('args', {})
        self.dynamic = args[1:] if isinstance(args, str) and args.startswith('@') else None
        self.args = args if isinstance(args, str) and not self.dynamic else None
        self.inline = Type(f'{name}-args', {'struct': args}, where) if isinstance(args, dict) and args else None
        self.c_name = 'qmp_' + snake(name)
        if not self.doc:
            raise SchemaError(f'{where}: "doc" is missing')


class Event:
    """Something that clients are told without asking."""

    def __init__(self, name, entry, where):
        self.name, self.where = name, where
        self.doc = entry.get('doc', '')
        data = entry.get('data', {})
        self.limit = entry.get('limit')
        unknown = set(entry) - {'doc', 'data', 'limit'}
        if unknown or (isinstance(self.limit, str) and self.limit not in data):
            raise SchemaError(f'{where}: unknown key or member "{(sorted(unknown) + [self.limit])[0]}"')
        self.inline = Type(f'{name}-event', {'struct': data}, where) if data else None
        self.c_name = 'qmp_event_' + snake(name.lower())
        if not self.doc:
            raise SchemaError(f'{where}: "doc" is missing')


class Schema:
    """All files together."""

    def __init__(self, paths):
        self.types, self.commands, self.events, self.sections = {}, {}, {}, []
        self.arrays = {}
        for path in paths:
            self.read(path)
        for type_ in list(self.all_types()):
            self.check_type(type_)
        for command in self.commands.values():
            if command.returns:
                self.resolve(command.returns, command.where)
                if self.kind(command.returns) not in POINTER_KINDS:
                    raise SchemaError(f'{command.where}: returns an object, an array, a string or any')
            if command.args and self.kind(command.args) != 'OBJECT':
                raise SchemaError(f'{command.where}: the arguments are not a struct')

    def read(self, path):
        """Takes in one file."""
        def no_doubles(pairs):
            seen = {}
            for key, value in pairs:
                if key in seen:
                    raise SchemaError(f'{path.name}: "{key}" appears twice')
                seen[key] = value
            return seen
        try:
            data = json.loads(path.read_text(encoding='utf-8'), object_pairs_hook=no_doubles)
        except json.JSONDecodeError as error:
            raise SchemaError(f'{path.name}: {error}') from error
        unknown = set(data) - {'title', 'doc', 'types', 'commands', 'events'}
        if unknown:
            raise SchemaError(f'{path.name}: unknown key "{sorted(unknown)[0]}"')
        section = {'title': data.get('title', path.stem), 'doc': data.get('doc', '')}
        for key, make, table in (('types', Type, self.types), ('commands', Command, self.commands),
                                 ('events', Event, self.events)):
            section[key] = []
            for name, entry in data.get(key, {}).items():
                where = f'{path.name}: {name}'
                if name in table or name in BUILTINS or not NAME.match(name):
                    raise SchemaError(f'{where}: the name is taken or not a name')
                table[name] = make(name, entry, where)
                section[key].append(table[name])
        self.sections.append(section)

    def all_types(self):
        """Named types, then the unnamed ones of commands and events."""
        yield from self.types.values()
        for thing in list(self.commands.values()) + list(self.events.values()):
            if thing.inline:
                yield thing.inline

    def kind(self, name):
        if name.startswith('['):
            return 'ARRAY'
        return BUILTINS[name][0] if name in BUILTINS else self.types[name].kind

    def resolve(self, name, where):
        """Fails for unknown types; remembers arrays."""
        if name.startswith('['):
            self.resolve(name[1:-1], where)
            self.arrays[name] = None
        elif name not in BUILTINS and name not in self.types:
            raise SchemaError(f'{where}: there is no type "{name}"')

    def check_type(self, type_):
        if type_.base:
            if self.kind(type_.base) != 'OBJECT' or self.types[type_.base].base:
                raise SchemaError(f'{type_.where}: base "{type_.base}" must be a struct without a base')
            type_.members = self.types[type_.base].members + type_.members
        for member in type_.members:
            self.resolve(member.type, member.where)
        if type_.kind == 'ALTERNATE':
            forms = [{'ENUM': 'STRING', 'INT': 'NUMBER'}.get(self.kind(member.type), self.kind(member.type))
                     for member in type_.members]
            if len(set(forms)) != len(forms) or {'ANY', 'ALTERNATE'} & set(forms):
                raise SchemaError(f'{type_.where}: the branches look alike')
        if not type_.tag:
            return
        tags = [member for member in type_.members if member.name == type_.tag and not member.optional]
        if not tags or self.kind(tags[0].type) != 'ENUM':
            raise SchemaError(f'{type_.where}: the tag "{type_.tag}" is not a required enum member')
        for case, variant in type_.variants.items():
            if case not in self.types[tags[0].type].values:
                raise SchemaError(f'{type_.where}: "{case}" is no value of {tags[0].type}')
            if variant not in self.types or self.kind(variant) != 'OBJECT':
                raise SchemaError(f'{type_.where}: variant "{variant}" is not a struct')

    # spelling of types in C

    def symbol(self, name):
        """The table of a type."""
        if name.startswith('['):
            return 'qmp_array_of_' + snake(name[1:-1]) + '_type'
        return (f'schema_{name}_type' if name in BUILTINS else self.types[name].symbol + '_type')

    def c_type(self, name):
        """What a member or result of the type is declared as."""
        kind = self.kind(name)
        if kind == 'ARRAY':
            return 'GPtrArray *' if self.kind(name[1:-1]) in POINTER_KINDS else 'GArray *'
        if name in BUILTINS:
            return BUILTINS[name][1]
        return self.types[name].c_name + (' *' if kind in POINTER_KINDS else '')

    def has_flag(self, member):
        return member.optional and self.kind(member.type) not in POINTER_KINDS


def declare(c_type, name):
    return f'{c_type}{"" if c_type.endswith("*") else " "}{name}'


def comment(text):
    return f' /* {text} */' if text and '*/' not in text and len(text) < 60 else ''


def emit_new_and_free(type_, out):
    out.append(f'static inline {type_.c_name} *{type_.symbol}_new(void)\n{{')
    out.append(f'    return g_new0({type_.c_name}, 1);\n}}')
    out.append(f'static inline void {type_.symbol}_free({type_.c_name} *value)\n{{')
    out.append(f'    schema_free(&{type_.symbol}_type, value);\n}}')
    out.append(f'G_DEFINE_AUTOPTR_CLEANUP_FUNC({type_.c_name}, {type_.symbol}_free)\n')


def emit_alternate_struct(schema, type_, out):
    """Which branch it is, and its value."""
    prefix = type_.symbol.upper()
    out.append('enum {')
    out += [f'    {prefix}_IS_{field(member.name).upper()},' for member in type_.members]
    out.append('};')
    out.append(f'struct {type_.c_name} {{\n    SchemaAlternate is; /* .branch: {prefix}_IS_... */\n    union {{')
    out += [f'        {declare(schema.c_type(member.type), field(member.name))};{comment(member.doc)}'
            for member in type_.members]
    out.append('    } u;\n};')
    emit_new_and_free(type_, out)


def emit_types_header(schema):
    """Enums and structs."""
    out = [MADE, '#pragma once\n', '#include "schema/schema.h"\n']
    for type_ in schema.all_types():
        if type_.kind == 'ENUM':
            out.append('typedef enum {')
            prefix = type_.symbol.upper()
            for value, doc in type_.values.items():
                out.append(f'    {prefix}_{"_".join(words(value)).upper()},{comment(doc)}')
            out.append(f'    {prefix}_COUNT,\n}} {type_.c_name};')
            out.append(f'extern const char *const {type_.symbol}_names[];')
        else:
            out.append(f'typedef struct {type_.c_name} {type_.c_name};')
        out.append(f'extern const SchemaType {type_.symbol}_type;\n')
    out += [f'extern const SchemaType {schema.symbol(name)};' for name in schema.arrays] + ['']
    for type_ in schema.all_types():
        if type_.kind == 'ENUM':
            continue
        if type_.kind == 'ALTERNATE':
            emit_alternate_struct(schema, type_, out)
            continue
        out.append(f'struct {type_.c_name} {{')
        for member in type_.members:
            if schema.has_flag(member):
                out.append(f'    bool has_{field(member.name)};')
            out.append(f'    {declare(schema.c_type(member.type), field(member.name))};{comment(member.doc)}')
        if type_.tag:
            out.append(f'    union {{ /* by {field(type_.tag)}; others: nothing */\n        void *any;')
            out += [f'        {schema.types[variant].c_name} *{field(case)};'
                    for case, variant in type_.variants.items()]
            out.append('    } u;')
        out.append('};')
        emit_new_and_free(type_, out)
    return '\n'.join(out)


def emit_object_type(schema, type_, out):
    out.append(f'static const SchemaMember {type_.symbol}_members[] = {{')
    for member in type_.members:
        has = f'offsetof({type_.c_name}, has_{field(member.name)})' if schema.has_flag(member) else '-1'
        out.append(f'    {{ {quote(member.name)}, &{schema.symbol(member.type)}, '
                   f'offsetof({type_.c_name}, {field(member.name)}), {has}, '
                   f'{"true" if member.optional else "false"} }},')
    out.append('    {},\n};')
    extra = ''
    if type_.tag:
        tag = [member for member in type_.members if member.name == type_.tag][0]
        out.append(f'static const SchemaType *const {type_.symbol}_variants[] = {{')
        for case in schema.types[tag.type].values:
            variant = type_.variants.get(case)
            out.append(f'    {"&" + schema.symbol(variant) if variant else "NULL"}, /* {case} */')
        out.append('};')
        index = [member.name for member in type_.members].index(type_.tag)
        extra = (f', .tag = &{type_.symbol}_members[{index}], .variants = {type_.symbol}_variants, '
                 f'.variant_offset = offsetof({type_.c_name}, u)')
    out.append(f'const SchemaType {type_.symbol}_type = {{\n    .name = {quote(type_.name)}, '
               f'.kind = SCHEMA_KIND_OBJECT, .size = sizeof({type_.c_name}),\n'
               f'    .members = {type_.symbol}_members{extra},\n}};\n')


def emit_alternate_type(schema, type_, out):
    out.append(f'static const SchemaMember {type_.symbol}_branches[] = {{')
    out += [f'    {{ {quote(member.name)}, &{schema.symbol(member.type)}, '
            f'offsetof({type_.c_name}, u.{field(member.name)}), -1, false }},' for member in type_.members]
    out.append('    {},\n};')
    out.append(f'const SchemaType {type_.symbol}_type = {{\n    .name = {quote(type_.name)}, '
               f'.kind = SCHEMA_KIND_ALTERNATE, .size = sizeof({type_.c_name}),\n'
               f'    .members = {type_.symbol}_branches,\n}};\n')


def emit_types_source(schema):
    """The tables that marshalling and introspection walk."""
    out = [MADE, '#include "schema/types.h"\n']
    for type_ in schema.all_types():
        if type_.kind == 'ENUM':
            names = ', '.join(quote(value) for value in type_.values)
            out.append(f'const char *const {type_.symbol}_names[] = {{ {names}, NULL }};')
            out.append(f'const SchemaType {type_.symbol}_type = {{\n    .name = {quote(type_.name)}, '
                       f'.kind = SCHEMA_KIND_ENUM, .size = sizeof(int), .values = {type_.symbol}_names,\n}};\n')
        elif type_.kind == 'ALTERNATE':
            emit_alternate_type(schema, type_, out)
        else:
            emit_object_type(schema, type_, out)
    for name in schema.arrays:
        out.append(f'const SchemaType {schema.symbol(name)} = {{\n    .name = {quote(name)}, '
                   f'.kind = SCHEMA_KIND_ARRAY, .size = sizeof(void *), '
                   f'.element = &{schema.symbol(name[1:-1])},\n}};')
    return '\n'.join(out) + '\n'


def result_type(schema, command):
    return schema.c_type(command.returns) if command.returns else 'bool'


def arguments_type(schema, command):
    """C type of the arguments parameter; None without arguments."""
    if command.open or command.dynamic:
        return 'JsonObject *'
    if command.inline:
        return f'const {command.inline.c_name} *'
    return f'const {schema.types[command.args].c_name} *' if command.args else None


def emit_commands_header(schema):
    """What handlers look like."""
    out = [MADE, '#pragma once\n', '#include "schema/command.h"', '#include "schema/types.h"\n']
    for command in schema.commands.values():
        args = arguments_type(schema, command)
        middle = f', {args}args' if args else ''
        out.append(f'{declare(result_type(schema, command), command.c_name)}'
                   f'(CommandContext *context{middle}, GError **errp);')
    dynamic = sorted({command.dynamic for command in schema.commands.values() if command.dynamic})
    out.append('\n/* Types that are made of what classes declare. */')
    out += [f'const SchemaType *schema_{snake(name)}(void);' for name in dynamic]
    return '\n'.join(out) + '\n'


def emit_command_row(schema, command):
    args = 'NULL'
    if command.inline:
        args = f'&{command.inline.symbol}_type'
    elif command.args:
        args = f'&{schema.symbol(command.args)}'
    row = [f'.name = {quote(command.name)}', f'.args = {args}']
    if command.dynamic:
        row.append(f'.dynamic_args = schema_{snake(command.dynamic)}')
    if command.returns:
        row.append(f'.result = &{schema.symbol(command.returns)}')
    row += [f'.{flag} = true' for flag in ('open', 'oob') if getattr(command, flag)]
    if command.features:
        names = ', '.join(quote(name) for name in command.features)
        row.append(f'.features = (const char *const[]){{ {names}, NULL }}')
    row.append(f'.summary = {quote(first_sentence(command.doc))}')
    row.append(f'.call = call_{snake(command.name)}')
    return '    { ' + ',\n      '.join(row) + ' },'


def first_sentence(text):
    return re.split(r'(?<=[a-z0-9)"])[.;:](?:\s|$)', text, maxsplit=1)[0].rstrip('.')


def emit_commands_source(schema):
    """The table of commands, sorted by name, and the calls of their handlers."""
    out = [MADE, '#include "schema/commands.h"\n']
    commands = sorted(schema.commands.values(), key=lambda command: command.name)
    for command in commands:
        args = arguments_type(schema, command)
        out.append(f'static bool call_{snake(command.name)}(CommandContext *context, void *args, '
                   'void **result, GError **errp)\n{')
        call = f'{command.c_name}(context{", args" if args else ""}, errp)'
        if command.returns:
            out.append(f'    *result = {call};\n    return *result != NULL;\n}}')
        else:
            out.append(f'    return {call};\n}}')
    out.append('\nconst SchemaCommand schema_commands[] = {')
    out += [emit_command_row(schema, command) for command in commands]
    out.append('    {},\n};')
    return '\n'.join(out) + '\n'


def emit_events(schema):
    """(header, source) of the functions that send events."""
    head = [MADE, '#pragma once\n', '#include "schema/event.h"', '#include "schema/types.h"\n']
    body = [MADE, '#include "schema/events.h"\n']
    events = sorted(schema.events.values(), key=lambda event: event.name)
    body.append('const SchemaEvent schema_events[] = {')
    for event in events:
        data = f'&{event.inline.symbol}_type' if event.inline else 'NULL'
        key = quote(event.limit) if isinstance(event.limit, str) else 'NULL'
        body.append(f'    {{ {quote(event.name)}, {data}, {"true" if event.limit else "false"}, {key} }},')
    body.append('    {},\n};')
    for index, event in enumerate(events):
        data = f', const {event.inline.c_name} *data' if event.inline else ''
        head.append(f'void {event.c_name}(EventSink *sink{data});')
        body.append(f'void {event.c_name}(EventSink *sink{data})\n{{\n    event_send(sink, '
                    f'&schema_events[{index}], {"data" if event.inline else "NULL"});\n}}')
    return '\n'.join(head) + '\n', '\n'.join(body) + '\n'


# the reference page

def type_text(name):
    if name.startswith('['):
        return f'array of {type_text(name[1:-1])}'
    return name if name in BUILTINS else f':ref:`{name} <qmp-{name.lower()}>`'


def emit_members(members, out):
    for member in members:
        optional = ', optional' if member.optional else ''
        out.append(f'``{member.name}`` ({type_text(member.type)}{optional})\n    {member.doc or "."}')
    out.append('')


def heading(out, text, mark, label=None):
    if label:
        out.append(f'.. _qmp-{label.lower()}:\n')
    out += [text, mark * len(text), '']


def emit_reference(schema):
    """Everything that monitors understand, for people."""
    out = ['.. Made by scripts/schema.py.', '']
    heading(out, 'QMP reference', '=')
    for section in schema.sections:
        heading(out, section['title'], '-')
        out += [section['doc'], '']
        for command in section['commands']:
            heading(out, f'``{command.name}``', '~', 'command-' + command.name)
            out += [command.doc, '']
            if command.inline:
                emit_members(command.inline.members, out)
            elif command.args:
                out += [f'Arguments: {type_text(command.args)}', '']
            elif command.dynamic:
                out += ['Arguments: ``qom-type``, ``id`` and the properties of that type.', '']
            if command.returns:
                out += [f'Returns: {type_text(command.returns)}', '']
            if command.oob:
                out += ['Can be executed out of band.', '']
            for name, text in command.features.items():
                out += [f'Feature ``{name}``: {text}', '']
        for event in section['events']:
            heading(out, f'Event ``{event.name}``', '~', 'event-' + event.name)
            out += [event.doc, '']
            if event.limit:
                out += ['Sent once a second at most; what comes in between is left out, but for the last.', '']
            if event.inline:
                emit_members(event.inline.members, out)
        for type_ in section['types']:
            heading(out, type_.name, '~', type_.name)
            out += [type_.doc, '']
            if type_.values is not None:
                out += [f'``{value}``\n    {doc or "."}' for value, doc in type_.values.items()] + ['']
            else:
                emit_members(type_.members, out)
            for case, variant in type_.variants.items():
                out += [f'With ``{type_.tag}`` ``{case}`` also the members of {type_text(variant)}.', '']
    return '\n'.join(out)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--output', type=Path, required=True)
    parser.add_argument('files', type=Path, nargs='+')
    options = parser.parse_args()
    try:
        schema = Schema(sorted(options.files))
    except SchemaError as error:
        sys.exit(f'schema.py: {error}')
    events_header, events_source = emit_events(schema)
    for name, text in (('types.h', emit_types_header(schema)), ('types.c', emit_types_source(schema)),
                       ('commands.h', emit_commands_header(schema)), ('commands.c', emit_commands_source(schema)),
                       ('events.h', events_header), ('events.c', events_source),
                       ('reference.rst', emit_reference(schema))):
        (options.output / name).write_text(text, encoding='utf-8')


if __name__ == '__main__':
    main()
