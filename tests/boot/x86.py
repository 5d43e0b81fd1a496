#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Boots PCs: firmware to its prompt, and Debian's cloud kernel to a shell on every board.

usage: x86.py [--build=FOLDER] [--echo] CASE...       `x86.py list` names the cases
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
# What a kernel says when it blames the machine.
BLAME = re.compile(r'firmware bug|BIOS bug|unstable|unchecked MSR|\[Firmware|ACPI (error|warning)|failed to report alive', re.I)
CASES = {}


def case(name):
    def enter(function):
        CASES[name] = function
        return function
    return enter


def folder_of_guest():
    result = subprocess.run([guest.ROOT / 'scripts/fetch-guest', '--offline', 'x86_64'], capture_output=True, text=True,
                            check=False)
    return Path(result.stdout.strip()) if result.returncode == 0 else None


def shell(setting, machine, *more, cpus=1):
    """A shell with @cpus processors, a kernel that blames nobody, an orderly end."""
    binary, folder, echo = setting
    command = [binary, '-M', machine, '-smp', cpus, '-m', '256M', '-nographic', '-no-reboot', '-kernel', folder / 'vmlinuz',
               '-initrd', folder / 'initramfs.cpio', '-append', 'console=ttyS0', *more]
    with Guest(command, echo) as running:
        running.expect(PROMPT, 120)
        online = running.command_output('nproc').split()[0]
        if online != str(cpus):
            raise Failure(f'{online} CPUs are online, not {cpus}')
        running.send('poweroff -f\n')
        status = running.wait(60)
        if status:
            raise Failure(f'exit status {status} after poweroff')
        blamed = [line for line in running.text.splitlines() if BLAME.search(line)]
        if blamed:
            raise Failure('the kernel complains: ' + '; '.join(blamed[:3]))


for board in 'microvm', 'pc', 'q35':
    for count in 1, 2, 4:
        CASES[f'{board}-{count}'] = (lambda setting, b=board, n=count: shell(setting, b, '-bios', 'none', cpus=n))
for board in 'pc', 'q35':
    CASES[f'{board}-seabios'] = (
        lambda setting, b=board: shell(setting, b, '-bios', setting[1] / 'bios-256k.bin', cpus=2))


@case('seabios')
def seabios(setting):
    """SeaBIOS looks for something to boot, in vain."""
    binary, folder, echo = setting
    for board in 'pc', 'q35':
        with Guest([binary, '-M', board, '-nographic', '-bios', folder / 'bios-256k.bin'], echo) as running:
            running.expect('SeaBIOS', 30)
            running.expect('No bootable device', 60)


@case('ovmf')
def ovmf(setting):
    """OVMF in flash reaches its shell."""
    binary, folder, echo = setting
    with tempfile.TemporaryDirectory() as name:
        shutil.copy(folder / 'OVMF_VARS_4M.fd', name)
        flash = ['-drive', f'if=pflash,format=raw,readonly=on,file={folder}/OVMF_CODE_4M.fd',
                 '-drive', f'if=pflash,format=raw,file={name}/OVMF_VARS_4M.fd']
        with Guest([binary, '-M', 'q35', '-m', '512M', '-nographic', *flash], echo) as running:
            running.expect('Shell> ', 120)


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument('--build')
    parser.add_argument('--echo', action='store_true')
    parser.add_argument('cases', nargs='+')
    options = parser.parse_args()
    if options.cases == ['list']:
        print('\n'.join(CASES))
        return
    wrong = [name for name in options.cases if name not in CASES]
    if wrong:
        sys.exit(f'x86.py: no case is called {wrong[0]}; x86.py list names them')
    binary, folder = guest.emulator(None, options.build, 'x86_64'), folder_of_guest()
    if not binary or not folder:
        guest.skip('rhea-system-x86_64 is not built, or scripts/fetch-guest x86_64 has not run')
    for name in options.cases:
        try:
            CASES[name]((binary, folder, options.echo))
        except Failure as failure:
            sys.exit(f'{name}: failed: {failure}')
        print(f'{name}: passed', flush=True)


if __name__ == '__main__':
    main()
