#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What a user who errs gets: one line that names the thing, exit status 1, and nothing left behind.

usage: cli.py [--binary=EMULATOR] [--build=FOLDER] [PATTERN]        Speaks TAP.
Rows of GOOD and BAD are command lines; {name} stands for a file that files() makes.
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

VIRT = '-machine virt -display none -serial none -monitor none'


def kernel(name):
    """Scripts look for these words; the file's name stands before or behind them."""
    return rf'(?=.*could not load kernel).*{name}'


# command line -> what the one line on stderr must match
BAD = [
    ('-kernle x', r'-kernle.*-kernel'),
    ('-machine', r'-machine'),
    ('-machine vitr', r'vitr.*virt'),
    ('-machine virt,nosuch=1', r'nosuch'),
    ('-machine virt,accel=nosuch', r'nosuch'),
    ('-accel nosuch', r'nosuch'),
    (f'{VIRT} -accel tcg,nosuch=on', r'nosuch'),
    (f'{VIRT} -cpu nosuch', r'nosuch'),
    (f'{VIRT} -cpu rv64,zbx=on', r'zbx.*zb'),
    (f'{VIRT} -cpu rv64,zbb=maybe', r'maybe'),
    (f'{VIRT} -smp 0', r'smp|0'),
    (f'{VIRT} -smp -1', r'-1'),
    (f'{VIRT} -smp many', r'many'),
    (f'{VIRT} -smp 100000', r'100000'),
    (f'{VIRT} -smp 4,sockets=3', r'smp|socket|3'),
    (f'{VIRT} -m 0', r'-m|memory'),
    (f'{VIRT} -m 12q', r'12q'),
    (f'{VIRT} -m 1000000T', r'1000000T|memory'),
    (f'{VIRT} -m 99999999999999999999', r'99999999999999999999'),
    (f'{VIRT} -kernel {{missing}}', kernel('missing')),
    (f'{VIRT} -kernel {{folder}}', kernel('folder')),
    (f'{VIRT} -kernel {{empty}}', kernel('empty')),
    (f'{VIRT} -kernel {{x86_elf}}', kernel('x86_elf')),
    (f'{VIRT} -kernel {{cut_elf}}', kernel('cut_elf')),
    (f'{VIRT} -kernel {{huge_elf}}', kernel('huge_elf')),
    (f'{VIRT} -kernel {{wild_elf}}', kernel('wild_elf')),
    (f'{VIRT} -kernel {{cut_gzip}}', kernel('cut_gzip')),
    (f'{VIRT} -kernel {{loop}} -initrd {{missing}}', r'missing'),
    (f'{VIRT} -kernel {{loop}} -initrd {{folder}}', r'folder'),
    (f'{VIRT} -kernel {{loop}} -m 64M -initrd {{big}}', r'big'),
    (f'{VIRT} -bios {{missing}}', r'missing'),
    (f'{VIRT} -bios {{folder}}', r'folder'),
    (f'{VIRT} -bios {{empty}}', r'empty'),
    (f'{VIRT} -bios {{x86_elf}}', r'x86_elf'),
    (f'{VIRT} -bios none -kernel {{loop}} -dtb {{missing}}', r'missing'),
    (f'{VIRT} -bios none -kernel {{loop}} -dtb {{empty}}', r'empty'),
    (f'{VIRT} -bios none -kernel {{loop}} -dtb {{broken_dtb}}', r'broken_dtb'),
    (f'{VIRT} -append x', r'-append.*-kernel'),
    (f'{VIRT} -initrd {{loop}}', r'-initrd.*-kernel'),
    (f'{VIRT} -device nosuch', r'nosuch'),
    (f'{VIRT} -drive if=pflash,file={{missing}},format=raw', r'missing'),
    (f'{VIRT} -drive if=pflash,file={{folder}},format=raw', r'folder'),
    ('-machine virt -serial nosuch:x', r'nosuch'),
    ('-machine virt -display none -serial file:{missing}/x', r'missing'),
    ('-machine virt -display none -serial unix:{missing}/x', r'missing'),
    ('-machine virt -display none -serial tcp:localhost:99999', r'99999'),
    ('-machine virt -display none -serial chardev:nosuch', r'nosuch'),
    ('-machine virt -chardev nosuch,id=a', r'nosuch'),
    ('-machine virt -chardev null', r'id'),
    ('-machine virt -display nosuch', r'nosuch'),
    (f'{VIRT} -rtc base=never', r'never'),
    (f'{VIRT} -icount shift=99', r'99'),
    (f'{VIRT} -seed x', r'x'),
    (f'{VIRT} -uuid 12', r'12'),
    (f'{VIRT} -d nosuch', r'nosuch'),
    (f'{VIRT} -D {{missing}}/log', r'missing'),
    (f'{VIRT} -pidfile {{missing}}/pid', r'missing'),
    (f'{VIRT} -readconfig {{missing}}', r'missing'),
    (f'{VIRT} -echr 999', r'999'),
    ('stray', r'stray'),
]

# command line -> what stdout must match; exit status 0, nothing on stderr
GOOD = [
    ('--version', r'(?m)^Rhea emulator version \d+\.\d+\.\d+'),
    ('-h', r'(?m)^-kernel'),
    ('-machine help', r'(?m)^virt +\S.*'),
    ('-machine ?', r'(?m)^virt +\S.*'),
    ('-machine virt -cpu help', r'(?m)^ *rv64\b'),
    ('-accel help', r'(?m)^tcg\b'),
    ('-device help', r'(?m)^name "'),
    ('-chardev help', r'(?m)^ *stdio\b'),
    ('-d help', r'(?m)^guest_errors +\S'),
]


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


def files(folder):
    """The files that rows name, made in @folder: name -> path."""
    loop = struct.pack('<I', 0x0000006f)    # j .
    riscv, x86 = 243, 62
    contents = {
        'empty': b'',
        'loop': elf(riscv, [(0x80000000, 4, loop)]),
        'x86_elf': elf(x86, [(0x80000000, 4, loop)]),
        'cut_elf': elf(riscv, [(0x80000000, 4096, bytes(4096))])[:300],
        'huge_elf': elf(riscv, [(0x80000000, 1 << 62, loop)]),
        'wild_elf': elf(riscv, [(0x10, 4, loop)]),
        'cut_gzip': b'\x1f\x8b\x08\0\0\0\0\0\0\x03' + b'\xff' * 20,
        'broken_dtb': b'\xd0\x0d\xfe\xed' + b'\xff' * 60,
    }
    paths = {name: str(folder / name) for name in (*contents, 'missing', 'folder', 'big')}
    for name, data in contents.items():
        Path(paths[name]).write_bytes(data)
    Path(paths['folder']).mkdir()
    with open(paths['big'], 'wb') as big:
        big.truncate(128 << 20)
    return paths


def run(binary, line):
    return subprocess.run([binary, *shlex.split(line)], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          errors='replace', check=False, timeout=20)


def wrong_with(result, status, pattern):
    """What is wrong with how a command line ended, or None."""
    if result.returncode != status:
        return f'exit status {result.returncode}, not {status}; stderr: {result.stderr.strip()!r}'
    lines = result.stderr.splitlines()
    if status == 0:
        if lines:
            return f'stderr: {lines}'
        return None if re.search(pattern, result.stdout) else f'stdout is not {pattern!r}: {result.stdout[:300]!r}'
    if len(lines) != 1:
        return f'{len(lines)} lines on stderr: {lines[:4]}'
    if result.stdout:
        return f'stdout: {result.stdout[:200]!r}'
    return None if re.search(pattern, lines[0]) else f'the line is not {pattern!r}: {lines[0]!r}'


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument('--binary')
    parser.add_argument('--build')
    parser.add_argument('pattern', nargs='?', default='')
    options = parser.parse_args()
    binary = guest.emulator(options.binary, options.build)
    rows = [(line, status, pattern) for status, table in ((0, GOOD), (1, BAD)) for line, pattern in table
            if options.pattern in line]
    print(f'1..{len(rows)}')
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        paths = files(Path(folder))
        before = set(Path(folder).iterdir())
        for number, (line, status, pattern) in enumerate(rows, 1):
            if not binary:
                print(f'ok {number} {line} # SKIP rhea-system-riscv64 is not built')
                continue
            try:
                wrong = wrong_with(run(binary, line.format(**paths)), status, pattern)
            except subprocess.TimeoutExpired:
                wrong = 'went on running'
            left = set(Path(folder).iterdir()) - before
            wrong = wrong or (f'left {left} behind' if left else None)
            print(f'{"not ok" if wrong else "ok"} {number} {line}', flush=True)
            if wrong:
                print(f'# {wrong}')
                failed = True
    sys.exit(failed)


if __name__ == '__main__':
    main()
