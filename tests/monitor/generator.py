#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The schema generator: what it makes, and what it refuses.

usage: generator.py --build=FOLDER        Speaks TAP.
"""
import argparse
import json
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / 'scripts'))
sys.path.insert(1, str(Path(__file__).resolve().parent))
import client
import schema as generator



def load(data):
    """The schema in @data (text, or what JSON stands for)."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / 'test.json'
        path.write_text(data if isinstance(data, str) else json.dumps(data), encoding='utf-8')
        return generator.Schema([path])


def refused(data, *parts):
    try:
        load(data)
    except generator.SchemaError as error:
        assert all(part in str(error) for part in ('test.json',) + parts), error
        return
    raise AssertionError(f'accepted: {data}')


def test_mistakes_are_named():
    refused('{', 'line 1')
    refused('{"types": {"A": {"enum": {}}, "A": {"enum": {}}}}', '"A" appears twice')
    refused({'typos': {}}, 'typos')
    refused({'types': {'A': {}}}, 'A', 'struct')
    refused({'types': {'A': {'struct': {'x': 'B'}}}}, 'A.x', '"B"')
    refused({'types': {'A': {'struct': {'x': 5}}}}, '"x"')
    refused({'types': {'A': {'struct': {'x': 'str'}, 'union': 'x'}}}, 'tag')
    refused({'types': {'E': {'enum': {'a': ''}}, 'A': {'struct': {'x': 'E'}, 'union': 'x', 'variants': {'b': 'A'}}}}, '"b"')
    refused({'commands': {'c': {}}}, 'doc')
    refused({'commands': {'c': {'doc': 'x', 'returns': 'int'}}}, 'returns')
    refused({'commands': {'c d': {'doc': 'x'}}}, 'c d')


def test_optional_values_have_flags_and_pointers_have_not():
    made = load({'types': {'A': {'struct': {'n?': 'int', 's?': 'str', 'a?': '[int]', 'default': 'bool'}}}})
    header = generator.emit_types_header(made)
    assert 'bool has_n;' in header and 'has_s' not in header and 'has_a' not in header
    assert 'GArray *a;' in header and 'bool default_;' in header


def test_names_become_identifiers():
    assert generator.snake('query-cpus-fast') == 'query_cpus_fast'
    assert generator.snake('CpuInfoFast') == 'cpu_info_fast'
    assert generator.snake('QMPCapability') == 'qmp_capability'


def test_reference_names_every_command():
    made = generator.Schema(sorted((ROOT / 'schema').glob('*.json')))
    page = generator.emit_reference(made)
    for name in list(made.commands) + list(made.events):
        assert f'``{name}``' in page, name
    for thing in list(made.commands.values()) + list(made.events.values()) + list(made.types.values()):
        assert thing.doc, thing.name


def main():
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_known_args()
    tests = [test for name, test in sorted(globals().items()) if name.startswith('test_')]
    return client.run_tests(tests)


if __name__ == '__main__':
    sys.exit(main())
