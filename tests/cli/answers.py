#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What command lines get: answers.txt (with --arch=x86_64: answers_x86.txt) holds each line and, indented below it, its answer.

usage: answers.py [--binary=EMULATOR] [--build=FOLDER] [--arch=NAME] [--update]        Speaks TAP.
A wrong line gets exactly these words on stderr, nothing else, and the exit status 1. An answer that begins with
`~ ` is a regular expression for what a right line prints, with status 0 and a silent stderr. Nothing is left behind.
  --update   write down what the wrong lines get now
"""
import argparse
import re
import shlex
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import guest

# The table of each architecture, and what stands before each of its lines.
TABLES = {
    'riscv64': ('answers.txt', []),
    'x86_64': ('answers_x86.txt', ['-display', 'none', '-serial', 'none', '-monitor', 'none']),
}
SECONDS = 10




def elf(machine, segments, entry=0x80000000):
    """A 64-bit ELF of @machine with @segments: (address, bytes in memory, contents)."""
    header = struct.pack('<4sBBB9xHHIQQQIHHHHHH', b'\x7fELF', 2, 1, 1, 2, machine, 1, entry, 64, 0, 0, 64, 56,
                         len(segments), 64, 0, 0)
    at = 64 + 56 * len(segments)
    table = contents = b''
    for address, size, data in segments:
        table += struct.pack('<IIQQQQQQ', 1, 7, at + len(contents), address, address, len(data), size, 4096)
        contents += data
    return header + table + contents


def make_files(folder):
    """The files that the table names."""
    loop = struct.pack('<I', 0x0000006f)    # j .
    riscv, x86 = 243, 62
    contents = {
        'empty': b'',
        'file': b'something\n',
        'broken.ini': b'[machine]\ntype "none"\n',
        'wrong.ini': b'# comment\n[smp]\n  cpus = "x"\n',
        'loop': elf(riscv, [(0x80000000, 4, loop)]),
        'x86_elf': elf(x86, [(0x80000000, 4, loop)]),
        'cut_elf': elf(riscv, [(0x80000000, 4096, bytes(4096))])[:300],
        'huge_elf': elf(riscv, [(0x80000000, 1 << 62, loop)]),
        'overlap_elf': elf(riscv, [(0x80000000, 0x2000, loop), (0x80001000, 0x2000, loop)]),
        'wild_elf': elf(riscv, [(0x10, 4, loop)]),
        'cut_gzip': b'\x1f\x8b\x08\0\0\0\0\0\0\x03' + b'\xff' * 20,
        'broken_dtb': b'\xd0\x0d\xfe\xed' + b'\xff' * 60,
    }
    for name, data in contents.items():
        (folder / name).write_bytes(data)
    (folder / 'folder').mkdir()
    with open(folder / 'big', 'wb') as big:
        big.truncate(128 << 20)


def answer(binary, before, line, folder, expected):
    """What @line gets, the program's name left out; anything out of order shows up too."""
    try:
        result = subprocess.run([binary, *before, *shlex.split(line)], cwd=folder, stdin=subprocess.DEVNULL, text=True,
                                capture_output=True, errors='replace', timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return 'it went on running'
    if expected.startswith('~ ') and result.returncode == 0 and not result.stderr:
        return expected if re.search(expected[2:], result.stdout, re.M) else f'stdout {result.stdout[:300]!r}'
    text = result.stderr.removeprefix(f'{Path(binary).name}: ')
    if result.returncode != 1 or result.stdout or text.count('\n') != 1:
        return f'status {result.returncode}, stdout {result.stdout!r}, stderr {result.stderr!r}'
    return text.rstrip('\n')


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument('--binary')
    parser.add_argument('--build')
    parser.add_argument('--arch', choices=TABLES, default='riscv64')
    parser.add_argument('--update', action='store_true')
    options = parser.parse_args()
    binary = guest.emulator(options.binary, options.build, options.arch)
    table, always = Path(__file__).with_name(TABLES[options.arch][0]), TABLES[options.arch][1]
    binary = binary and Path(binary).absolute()
    text = table.read_text().splitlines()
    comments = [line for line in text if line.startswith('#')]
    rows = [(line, text[number + 1].strip() if number + 1 < len(text) and text[number + 1].startswith('    ') else '')
            for number, line in enumerate(text) if line and line[0] not in ' #']
    failed = False
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_files(folder)
        before = set(folder.iterdir())
        if options.update:
            rows = [(line, answer(binary, always, line, folder, expected)) for line, expected in rows]
            table.write_text('\n'.join(comments + [f'{line}\n    {got}' for line, got in rows]) + '\n')
            return
        print(f'1..{len(rows)}')
        for number, (line, expected) in enumerate(rows, 1):
            if not binary:
                print(f'ok {number} {line} # SKIP rhea-system-{options.arch} is not built')
                continue
            got = answer(binary, always, line, folder, expected)
            left = set(folder.iterdir()) - before
            wrong = got != expected or left
            print(f'{"not ok" if wrong else "ok"} {number} {line}', flush=True)
            if wrong:
                print(f'# expected {expected}\n# but got  {got}\n# left behind: {[str(path) for path in left]}')
                failed = True
    sys.exit(failed)


if __name__ == '__main__':
    main()
