#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs the programs of this folder on the bare machine; each checks itself (system.h, system64.h). Speaks TAP.

usage: run.py [--binary=EMULATOR] [--build=FOLDER] [--variant=NAME] [NAME...]
The head of a program may say `options: -smp 4` (more of the command line) and `not in: icount` (variants).
"""
import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[2]))
import guest

FLAGS = ['-m32', '-O1', '-ffreestanding', '-nostdlib', '-static', '-no-pie', '-fno-pic', '-mgeneral-regs-only',
         '-fno-stack-protector', '-fno-asynchronous-unwind-tables', '-fcf-protection=none', '-Wall', '-Wno-main',
         '-Wl,--section-start=.text.start=0x100000', '-Wl,-Ttext=0x101000', '-Wl,--build-id=none',
         '-Wl,-z,noexecstack']
LONG_FLAGS = ['-m64', '-mcmodel=small', '-mno-red-zone', *FLAGS[1:], '-Wl,-z,max-page-size=4096', '-Wl,-z,norelro',
              '-Wl,-m,elf_x86_64']
PASSED = 1  # what isa-debug-exit makes of 0


def build(name, folder):
    source = HERE / f'{name}.c'
    output = folder / f'{name}.elf'
    if '64-bit:' not in source.read_text():
        subprocess.run(['gcc', *FLAGS, '-o', output, HERE / 'start32.S', source], check=True)
        return output
    wide = folder / f'{name}.elf64'
    subprocess.run(['gcc', *LONG_FLAGS, '-o', wide, HERE / 'start64.S', source], check=True)
    subprocess.run(['objcopy', '-O', 'elf32-i386', wide, output], check=True, capture_output=True)
    return output


def head_of(name, key):
    """Words of a line `key: ...` in the program's text."""
    match = re.search(rf'^ \* {key}: (.*)$', (HERE / f'{name}.c').read_text(), re.M)
    return match.group(1).split() if match else []


def run(binary, program, options, folder):
    """None, or what went wrong."""
    log = folder / 'messages'
    command = [binary, '-M', 'microvm', '-cpu', 'max', '-no-reboot', '-display', 'none', '-serial', 'none', '-monitor', 'none',
               '-kernel', program, '-device', 'isa-debug-exit,iobase=0xf4,iosize=4',
               '-chardev', f'file,id=messages,path={log}', '-device', 'isa-debugcon,iobase=0xe9,chardev=messages', *options]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)
    except subprocess.TimeoutExpired:
        return 'no end in 60 s'
    if done.returncode == PASSED:
        return None
    text = log.read_text(errors='replace') if log.exists() else ''
    return f'exit {done.returncode}: {done.stderr.strip()} {text.strip()[:2000]}'


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--binary')
    parser.add_argument('--build')
    parser.add_argument('--variant', default='default')
    parser.add_argument('names', nargs='*')
    args = parser.parse_args()
    binary = guest.emulator(args.binary, args.build, 'x86_64')
    if not binary:
        guest.skip('the emulator is not built', tap=True)
    if not shutil.which('gcc') or subprocess.run(['gcc', '-m32', '-E', '-x', 'c', '/dev/null'], capture_output=True,
                                                 check=False).returncode:
        guest.skip('no compiler for 32-bit x86', tap=True)
    machines = subprocess.run([binary, '-M', 'help'], capture_output=True, text=True, check=False).stdout
    if 'microvm' not in machines:
        guest.skip('the machine microvm is not there', tap=True)
    options = guest.accel_options(binary, args.variant, tap=True)
    names = args.names or sorted(path.stem for path in HERE.glob('*.c'))
    failed = False
    print(f'1..{len(names)}')
    with tempfile.TemporaryDirectory() as folder:
        for number, name in enumerate(names, 1):
            if args.variant in head_of(name, 'not in'):
                print(f'ok {number} - {name} # SKIP not in this variant')
                continue
            error = run(binary, build(name, Path(folder)), [*head_of(name, 'options'), *options], Path(folder))
            failed |= error is not None
            for line in (error or '').splitlines():
                print(f'# {line}')
            print(f'{"not ok" if error else "ok"} {number} - {name}', flush=True)
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
