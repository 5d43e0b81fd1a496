#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Any command line turns into one file and back into the same machine: --print-config, --config, -writeconfig, -set.

usage: config.py --build=FOLDER [--seed=N] [--lines=N]        Speaks TAP.
"""
import argparse
import json
import random
import re
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / 'monitor'))
import client

# pieces that random command lines are made of
PIECES = [
    ['-m', '64'], ['-m', 'size=96M'], ['-smp', '2'], ['-smp', 'cpus=2,cores=2,sockets=1'], ['-S'], ['-name', 'guest=a,,b'],
    ['-uuid', '12345678-1234-1234-1234-123456789abc'], ['-rtc', 'base=utc,clock=vm'], ['-seed', '5'], ['-no-reboot'],
    ['-action', 'panic=pause'], ['-msg', 'timestamp=on'], ['-global', 'virtio-rng-device.max-bytes=64'],
    ['-object', 'rng-random,id=r%d,filename=/dev/urandom'], ['-object', 'memory-backend-ram,id=b%d,size=2M'],
    ['-object', '{"qom-type":"memory-backend-ram","id":"j%d","size":2097152,"share":false}'],
    ['-chardev', 'null,id=c%d'], ['-chardev', 'ringbuf,id=k%d,size=64'], ['-chardev', 'file,id=f%d,path=out-%d,append=on'],
    ['-device', 'virtio-rng-device'], ['-device', 'virtio-rng-device,id=d%d,max-bytes=32'], ['-icount', '3'],
    ['-overcommit', 'mem-lock=off'], ['-nodefaults'], ['-semihosting-config', 'enable=on,arg=a,arg=b c'],
]
BASE = ['-machine', 'virt', '-bios', 'none', '-display', 'none', '-serial', 'null']


def run(binary, folder, *words):
    return subprocess.run([binary, *words], cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL,
                          timeout=client.TIMEOUT_S, check=False)


def printed(binary, folder, *words):
    result = run(binary, folder, *words, '--print-config')
    assert result.returncode == 0 and not result.stderr, (words, result)
    return result.stdout


def random_line(rng):
    pieces = rng.sample(PIECES, rng.randrange(1, 9))
    words = list(BASE)
    for number, piece in enumerate(pieces):
        words += [word.replace('%d', str(number)) for word in piece]
    return words


def test_lines_come_back_unchanged(binary, options):
    print(f'# seed {options.seed}, {options.lines} lines', flush=True)
    rng = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as folder:
        for _unused in range(options.lines):
            words = random_line(rng)
            first = printed(binary, folder, *words)
            (Path(folder) / 'machine.json').write_text(first)
            assert printed(binary, folder, '--config', 'machine.json') == first, words
            data = json.loads(first)
            assert data['arch'] == 'riscv64' and len(data['options']) == sum(word[0] == '-' for word in words), (words, data)


def tree(emulator):
    """Objects and their properties, without what differs from run to run."""
    with_tree = emulator.connect().negotiate()
    text = ''.join(with_tree.call('human-monitor-command', command_line=line)
                   for line in ('info qom-tree /', 'info qtree', 'info mtree -f', 'info name', 'info uuid', 'info status'))
    with_tree.call('quit')
    emulator.wait()
    return re.sub(r'rhea-monitor-\w+', 'FOLDER', text)


def test_the_machine_is_the_same(binary, options):
    rng = random.Random(options.seed)
    for _unused in range(6):
        words = random_line(rng) + ['-S']
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / 'machine.json'
            path.write_text(printed(binary, folder, *words))
            with client.Emulator(binary, *words, machine=()) as one, client.Emulator(binary, '--config', str(path), machine=()) as two:
                first, second = tree(one), tree(two)
                assert first == second, (words, first, second)
                assert '/machine' in first or 'virt' in first


def test_written_sections_are_read_back(binary, _):
    with tempfile.TemporaryDirectory() as folder:
        words = ['-machine', 'virt', '-chardev', 'null,id=c', '-object', 'memory-backend-ram,id=m,size=2M', '-smp', '2', '-S']
        assert run(binary, folder, *words, '-writeconfig', 'out.ini', '--print-config').returncode == 0
        text = (Path(folder) / 'out.ini').read_text()
        assert '[chardev "c"]' in text and '# -S' in text, text
        again = json.loads(printed(binary, folder, '-readconfig', 'out.ini'))
        assert [name for option in again['options'] for name in option] == ['machine', 'chardev', 'object', 'smp'], again


def test_set_changes_an_earlier_option(binary, _):
    with tempfile.TemporaryDirectory() as folder:
        text = printed(binary, folder, '-object', 'memory-backend-ram,id=m,size=2M', '-set', 'object.m.size=4M')
        assert json.loads(text)['options'][0]['object']['size'] == ['2M', '4M'], text
        for line, part in ((['-set', 'object.n.size=1'], "no -object with id 'n'"), (['-set', 'x'], 'expected GROUP'),
                           (['-set', 'smp.x.cpus=1'], 'has no ids')):
            result = run(binary, folder, *line)
            assert result.returncode == 1 and part in result.stderr, result


def test_wrong_files_are_named(binary, _):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / 'f.json'
        for text, part in (('{', 'not a JSON object'), ('[]', 'not a JSON object'), ('{}', "'options' is missing"),
                           ('{"options":[],"x":1}', "unknown member 'x'"), ('{"arch":"x86_64","options":[]}', 'another architecture'),
                           ('{"options":[5]}', 'options[0]: must be an object'), ('{"options":[{"a":1,"b":2}]}', 'with one member'),
                           ('{"options":[{"smpp":{}}]}', "did you mean 'smp'?"), ('{"options":[{"S":5}]}', "value of 'S'"),
                           ('{"options":[{"S":"x"}]}', "'S' takes true"), ('{"options":[{"smp":true}]}', "'smp' takes an argument"),
                           ('{"options":[{"kernel":{}}]}', "takes a string"), ('{"options":[{"smp":{"cpus":[1,{}]}}]}', "'cpus' must be"),
                           ('{"options":[{"smp":{"cpu":1}}]}', "unknown key 'cpu'"), ('{"options":[{"config":"f.json"}]}', 'f.json')):
            path.write_text(text)
            result = run(binary, folder, '--config', 'f.json')
            assert result.returncode == 1 and part in result.stderr and result.stderr.count('\n') == 1, (text, result)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--build', type=Path, required=True)
    parser.add_argument('--seed', type=int, default=random.randrange(2**32))
    parser.add_argument('--lines', type=int, default=100)
    options = parser.parse_args()
    binary = str(options.build.resolve() / 'rhea-system-riscv64')
    tests = [test for name, test in sorted(globals().items()) if name.startswith('test_')]
    return client.run_tests(tests, binary, options)


if __name__ == '__main__':
    sys.exit(main())
