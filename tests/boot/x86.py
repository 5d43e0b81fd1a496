#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Boots PCs: firmware to its prompt, and Debian's cloud kernel to a shell on every board.

usage: x86.py [--build=FOLDER] [--echo] [--times=N] CASE...       `x86.py list` names the cases
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

PROMPT = r'guest:\S+# '
# What a kernel says when it blames the machine.
BLAME = re.compile(r'firmware bug|BIOS bug|unstable|unchecked MSR|\[Firmware|ACPI (error|warning)|failed to report alive', re.I)
CASES = {}


def case(name):
    def enter(function):
        CASES[name] = function
        return function
    return enter


class Setting:
    """The emulator under test, and the guests that scripts/fetch-guest keeps."""

    def __init__(self, binary, echo):
        self.binary, self.echo = binary, echo

    def folder(self, kind='x86_64'):
        """Where the files of the guest @kind are; a test without them is skipped."""
        result = subprocess.run([guest.ROOT / 'scripts/fetch-guest', '--offline', kind], capture_output=True, text=True,
                                check=False)
        if result.returncode:
            guest.skip(f'scripts/fetch-guest {kind} has not run')
        return Path(result.stdout.strip())

    def start(self, machine, *words):
        return Guest([self.binary, '-M', machine, '-nographic', *words], self.echo)


def check_blame(running):
    blamed = [line for line in running.text.splitlines() if BLAME.search(line)]
    if blamed:
        clocks = [line for line in running.text.splitlines() if re.search(r'tsc|clocksource', line, re.I)]
        raise Failure('\n'.join(['the kernel complains:', *blamed[:3], 'what it said of clocks:', *clocks]))


def power_off(running, command='poweroff -f'):
    running.send(command + '\n')
    status = running.wait(60)
    if status:
        raise Failure(f'exit status {status} after {command}')


def shell(setting, machine, *more, cpus=1, memory=256, kernel=('x86_64', 'vmlinuz')):
    """A shell with @cpus processors and @memory MiB, a kernel that blames nobody, an orderly end."""
    kind, image = kernel
    system = 'i386' if kind == 'i386' else 'x86_64'
    with setting.start(machine, '-smp', cpus, '-m', f'{memory}M', '-no-reboot', '-kernel', setting.folder(kind) / image,
                       '-initrd', setting.folder(system) / 'initramfs.cpio', '-append', 'console=ttyS0', *more) as running:
        running.expect(PROMPT, 240)
        online = running.command_output('nproc').split()[0]
        if online != str(cpus):
            raise Failure(f'{online} CPUs are online, not {cpus}')
        seen = int(running.command_output("awk '/MemTotal/ {print int($2 / 1024)}' /proc/meminfo").split()[0])
        if not memory * 0.8 < seen <= memory:
            raise Failure(f'the kernel sees {seen} MiB of {memory}')
        power_off(running)
        check_blame(running)


def add_shell(name, *words, **named):
    CASES[name] = lambda setting: shell(setting, *words, **named)


for board in 'microvm', 'pc', 'q35':
    for count in 1, 2, 4:
        # A busy host delays ticks, the only clock that microvm's kernel has to check a TSC by that may stop.
        trusted = ['-cpu', 'max'] if board == 'microvm' else []
        add_shell(f'{board}-{count}', board, '-bios', 'none', *trusted, cpus=count)
        add_shell(f'{board}-amd64-{count}', board, cpus=count, memory=384, kernel=('x86_64-more', 'vmlinuz-amd64'))
for board in 'pc', 'q35':
    add_shell(f'{board}-4g', board, cpus=2, memory=6144)
    for count in 1, 2, 4:
        # This kernel believes the TSCs of several sockets only if they never stop, which qemu64 does not promise.
        add_shell(f'{board}-686-{count}', board, '-cpu', 'max', cpus=count, kernel=('i386', 'vmlinuz-686'))
        add_shell(f'{board}-686-pae-{count}', board, '-cpu', 'max', cpus=count, kernel=('i386', 'vmlinuz-686-pae'))
    CASES[f'{board}-seabios'] = (
        lambda setting, b=board: shell(setting, b, '-bios', setting.folder() / 'bios-256k.bin', cpus=2))


@case('reboot')
def reboot(setting):
    """A guest that asks for it starts again, firmware first."""
    folder = setting.folder()
    for board in 'pc', 'q35':
        with setting.start(board, '-m', '256M', '-smp', 2, '-bios', folder / 'bios-256k.bin', '-kernel', folder / 'vmlinuz',
                           '-initrd', folder / 'initramfs.cpio', '-append', 'console=ttyS0 quiet') as running:
            for _ in range(3):
                running.expect(PROMPT, 120)
                running.send('reboot -f\n')
                running.expect('SeaBIOS', 30)
            running.expect(PROMPT, 120)
            power_off(running)


@case('memtest')
def memtest(setting):
    """One whole pass of memtest86+, 64 and 32 bits."""
    folder = setting.folder('x86_64-more')
    for board, image in ('pc', 'memtest-x64.bin'), ('q35', 'memtest-ia32.bin'):
        with setting.start(board, '-m', '24M', '-kernel', folder / image, '-append', 'console=ttyS0,115200') as running:
            running.expect(r'Status: Pass ', 900)


@case('systemd')
def systemd(setting):
    """Debian with systemd, from an initial file system to its login prompt, a session, and its end."""
    result = subprocess.run([guest.ROOT / 'scripts/debian-root', '--offline'], capture_output=True, text=True, check=False)
    if result.returncode:
        guest.skip('scripts/debian-root has not run')
    with setting.start('q35', '-m', '1G', '-smp', 2, '-no-reboot', '-kernel', setting.folder() / 'vmlinuz', '-initrd',
                       result.stdout.strip(), '-append', 'console=ttyS0') as running:
        running.expect('guest login: ', 300)
        running.send('root\n')
        running.expect(r':~# ', 60)
        failed = running.command_output('systemctl --failed --no-legend --plain', 60).strip()
        if failed:
            raise Failure(f'systemd says of a unit: {failed}')
        power_off(running, 'poweroff')
        check_blame(running)


def linux(setting, append=''):
    folder = setting.folder()
    return ['-kernel', folder / 'vmlinuz', '-initrd', folder / 'initramfs.cpio', '-append', f'console=ttyS0 {append}']


def sleep(setting, machine, *more):
    """The guest sleeps in RAM until its clock's alarm, and goes on with what it had."""
    with setting.start(machine, '-smp', '2', '-m', '256M', *linux(setting, 'no_console_suspend'), *more) as running:
        running.expect(PROMPT, 120)
        running.send('echo +3 > /sys/class/rtc/rtc0/wakealarm; echo mem > /sys/power/state; echo aw""ake $?\n')
        running.expect('awake 0', 60)
        if 'Low-level resume complete' not in running.text:
            raise Failure('it did not sleep')
        if running.command_output('nproc').split()[0] != '2':
            raise Failure('a processor did not wake')


for board in 'pc', 'q35':
    CASES[f'{board}-sleep-seabios'] = (
        lambda setting, b=board: sleep(setting, b, '-bios', setting.folder() / 'bios-256k.bin'))
    CASES[f'{board}-sleep'] = (lambda setting, b=board: sleep(setting, b, '-bios', 'none'))


@case('isapc')
def isapc(setting):
    """A shell where there is no PCI, no ACPI and no APIC."""
    with setting.start('isapc', '-cpu', 'qemu64', '-m', '256M', *linux(setting)) as running:
        running.expect(PROMPT, 120)
        if 'XT-PIC' not in running.command_output('cat /proc/interrupts'):
            raise Failure('interrupts do not come by the 8259')


@case('numa')
def numa(setting):
    """Two nodes, and memory above 4 GiB."""
    with setting.start('q35', '-smp', '4', '-m', '6G', '-bios', 'none', *linux(setting), '-numa', 'node,cpus=0-1,mem=1G',
                       '-numa', 'node,cpus=2-3,mem=5G', '-numa', 'dist,src=0,dst=1,val=30') as running:
        running.expect(PROMPT, 120)
        nodes = running.command_output('cat /sys/devices/system/node/node*/cpulist /sys/devices/system/node/node0/distance')
        if nodes.split() != ['0-1', '2-3', '10', '30']:
            raise Failure(f'nodes are {nodes!r}')
        kib = int(running.command_output('grep MemTotal /proc/meminfo').split()[1])
        if kib < 5800 << 10:
            raise Failure(f'the guest sees {kib} KiB of 6 GiB')


@case('seabios')
def seabios(setting):
    """SeaBIOS looks for something to boot, in vain."""
    for board in 'pc', 'q35':
        with setting.start(board, '-bios', setting.folder() / 'bios-256k.bin') as running:
            running.expect('SeaBIOS', 30)
            running.expect('No bootable device', 60)


@case('ovmf')
def ovmf(setting):
    """OVMF in flash reaches its shell."""
    folder = setting.folder()
    with tempfile.TemporaryDirectory() as name:
        shutil.copy(folder / 'OVMF_VARS_4M.fd', name)
        flash = ['-drive', f'if=pflash,format=raw,readonly=on,file={folder}/OVMF_CODE_4M.fd',
                 '-drive', f'if=pflash,format=raw,file={name}/OVMF_VARS_4M.fd']
        with setting.start('q35', '-m', '512M', *flash) as running:
            running.expect('Shell> ', 120)


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument('--build')
    parser.add_argument('--echo', action='store_true')
    parser.add_argument('--times', type=int, default=1)
    parser.add_argument('cases', nargs='+')
    options = parser.parse_args()
    if options.cases == ['list']:
        print('\n'.join(CASES))
        return
    wrong = [name for name in options.cases if name not in CASES]
    if wrong:
        sys.exit(f'x86.py: no case is called {wrong[0]}; x86.py list names them')
    binary = guest.emulator(None, options.build, 'x86_64')
    if not binary:
        guest.skip('rhea-system-x86_64 is not built')
    setting = Setting(binary, options.echo)
    for name in options.cases * options.times:
        try:
            CASES[name](setting)
        except Failure as failure:
            sys.exit(f'{name}: failed: {failure}')
        print(f'{name}: passed', flush=True)


if __name__ == '__main__':
    main()
