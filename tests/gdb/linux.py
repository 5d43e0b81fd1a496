#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""gdb on a running Debian kernel: break, backtrace, finish, change a register, watch, step, threads.

The kernel's addresses come from its own /proc/kallsyms; gdb gets them as the symbols of an empty program.

usage: linux.py [--build=FOLDER] [--echo] riscv64|x86_64 CPUS
"""
import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import guest
from guest import Failure, Guest

PROMPT = r'guest:~# '
# Guest -> words of the command line, gdb's name of the architecture, the system call's entry, the register it returns in,
# kernel, its command line.
GUESTS = {
    'x86_64': (['-M', 'q35', '-bios', 'none'], 'i386:x86-64', '__x64_sys_umask', 'rax', 'vmlinuz', 'console=ttyS0'),
    'riscv64': (['-machine', 'virt', '-bios', 'fw_dynamic.bin'], 'riscv:rv64', '__riscv_sys_umask', 'a0', 'Image', ''),
}
COUNTER = 'jiffies_64'
PRETENDED = 0o765


def symbol_file(folder, symbols, arch):
    """An ELF file of nothing but @symbols, in a section that has no bytes."""
    source, output = folder / 'symbols.S', folder / 'symbols.elf'
    base = min(symbols.values())
    lines = ['.section .kernel, "awx", @nobits']
    for name, at in sorted(symbols.items(), key=lambda pair: pair[1]):
        lines += [f'.globl {name}', f'.type {name}, %{"object" if name == COUNTER else "function"}', f'.org {at - base}', f'{name}:',
                  '.skip 64', f'.size {name}, 64']
    source.write_text('\n'.join(lines) + '\n')
    compiler = guest.CROSS if arch == 'riscv64' else 'gcc'
    subprocess.run([compiler, '-nostdlib', '-static', '-Wl,--build-id=none', f'-Wl,--section-start=.kernel={base:#x},--no-warn-rwx-segments',
                    '-Wl,-e,0', '-o', output, source], check=True)
    return output


def addresses(running, names):
    """name -> address, by the kernel's own word."""
    words = ' '.join(f"-e ' {name}$'" for name in names)
    text = running.command_output(f'mount -t proc proc /proc 2>/dev/null; grep {words} /proc/kallsyms')
    return {name: int(at, 16) for at, _, name in re.findall(r'^([0-9a-f]{8,16}) (\w) (\w+)$', text, re.M)}


def debug(running, path, program, architecture, *commands):
    """Starts gdb with @commands; returns the process."""
    words = ['gdb-multiarch', '-q', '-nx', '-batch']
    for command in ('set pagination off', 'set confirm off', f'set architecture {architecture}', f'symbol-file {program}',
                    f'target remote {path}', *commands):
        words += ['-ex', command]
    return subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def expect(said, *patterns):
    for pattern in patterns:
        if not re.search(pattern, said):
            raise Failure(f'gdb did not say {pattern!r}:\n{said}')


def session(running, path, program, arch, cpus):
    architecture, call, result = GUESTS[arch][1:4]
    gdb = debug(running, path, program, architecture, f'break *&{call}', 'echo ready\\n', 'continue', 'backtrace', 'info threads',
                'delete', 'finish', f'set ${result} = {PRETENDED}', f'watch *(unsigned long *)&{COUNTER}', 'continue', 'continue',
                'delete', 'stepi', 'stepi', 'x/2i $pc', 'info registers pc', 'detach')
    ready = ''
    while 'ready' not in ready:
        line = gdb.stdout.readline()
        if not line:
            raise Failure(f'gdb ended: {ready}')
        ready += line
    answer = running.command_output('umask', 120)
    said = gdb.communicate(timeout=120)[0]
    expect(said, rf'Breakpoint 1, .*{call}', rf'#0 .*{call}', r'Hardware watchpoint 2',
           r'Old value = \d+\s+New value = \d+', r'=> 0x')
    old, new = map(int, re.findall(r'(?:Old|New) value = (\d+)', said)[-2:])
    if new <= old:
        raise Failure(f'the watchpoint saw {old} become {new}')
    if len(re.findall(r'\(CPU#\d', said)) != cpus:
        raise Failure(f'not {cpus} threads:\n{said}')
    if f'{PRETENDED:04o}' not in answer:
        raise Failure(f'the changed register was not what the program saw: {answer!r}\n{said}')


def run(binary, folder, arch, cpus, echo):
    words, *_, kernel, append = GUESTS[arch]
    words = [folder / word if word.startswith('fw_') else word for word in words]
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / 'gdb'
        command = [binary, *words, '-smp', str(cpus), '-m', '256M', '-nographic', '-no-reboot', '-kernel', folder / kernel, '-initrd',
                   folder / 'initramfs.cpio', '-append', f'{append} nokaslr', '-gdb', f'unix:{path}']
        with Guest(command, echo) as running:
            running.expect(PROMPT, 300)
            known = addresses(running, (GUESTS[arch][2], COUNTER))
            if len(known) != 2:
                raise Failure(f'the kernel knows only {known}')
            program = symbol_file(Path(name), known, arch)
            session(running, path, program, arch, cpus)
            running.send('poweroff -f\n')
            running.wait(60)


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument('--build', default=str(guest.ROOT / 'build'))
    parser.add_argument('--echo', action='store_true')
    parser.add_argument('arch', choices=GUESTS)
    parser.add_argument('cpus', type=int)
    options = parser.parse_args()
    binary = guest.emulator(None, options.build, options.arch)
    found = subprocess.run([guest.ROOT / 'scripts/fetch-guest', '--offline', options.arch], capture_output=True, text=True, check=False)
    if not binary or found.returncode:
        guest.skip('the emulator is not built' if not binary else 'scripts/fetch-guest has not run')
    for tool in 'gdb-multiarch', guest.CROSS if options.arch == 'riscv64' else 'gcc':
        if not shutil.which(tool):
            guest.skip(f'{tool} is not installed')
    try:
        run(binary, Path(found.stdout.strip()), options.arch, options.cpus, options.echo)
    except Failure as failure:
        sys.exit(str(failure))


if __name__ == '__main__':
    main()
