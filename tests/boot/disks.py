#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Boots PCs through SeaBIOS from disks and CDs of every controller.

usage: disks.py [--build=FOLDER] [--echo] CASE...       `disks.py list` names the cases

A boot sector made here says its name on the first serial line; GRUB, when grub-pc-bin is installed, reads further.
"""
import argparse
import shutil
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import guest
from guest import Failure, Guest

SECTOR = 512
GRUB_FOLDER = Path('/usr/lib/grub/i386-pc')
GRUB_MODULES = ('biosdisk', 'serial', 'terminal', 'echo', 'ls', 'part_msdos', 'iso9660', 'minicmd', 'test')
GRUB_CONFIG = '''serial --unit=0 --speed=115200
terminal_output serial
echo "GRUB on $root"
ls
echo "GRUB is up"
'''
CASES = {}


def case(name):
    def enter(function):
        CASES[name] = function
        return function
    return enter


def boot_sector(text):
    """cli, so that the firmware's own lines are not in between; xor ax,ax; mov ds,ax; mov si,text; then lodsb, out to port 3f8h, until a zero; hlt."""
    code = bytearray.fromhex('fa31c08ed8be0000ac84c07406baf803eeebf5f4ebfd')
    struct.pack_into('<H', code, 6, 0x7c00 + len(code))
    code += text.encode() + b'\r\n\0'
    return bytes(code).ljust(SECTOR - 2, b'\0') + b'\x55\xaa'


class Setting:
    """The emulator under test, and a folder for images."""

    def __init__(self, binary, echo, folder):
        self.binary, self.echo, self.folder = binary, echo, Path(folder)

    def image(self, name):
        """A disk whose boot sector says "I AM NAME"."""
        path = self.folder / f'{name}.img'
        path.write_bytes(boot_sector(f'I AM {name}').ljust(1 << 20, b'\0'))
        return path

    def start(self, machine, *words):
        return Guest([self.binary, '-M', machine, '-nographic', *words], self.echo)

    def says(self, name, machine, *words):
        with self.start(machine, *words) as running:
            running.expect(f'I AM {name}', 60)

    def grub(self, *more):
        if not shutil.which('grub-mkimage') or not (GRUB_FOLDER / 'boot.img').exists():
            guest.skip('grub-pc-bin is not installed')
        config, core = self.folder / 'grub.cfg', self.folder / 'core.img'
        config.write_text(GRUB_CONFIG)
        subprocess.run(['grub-mkimage', '-O', 'i386-pc', '-d', GRUB_FOLDER, '-p', '/boot', '-c', config, '-o', core, *more,
                        *GRUB_MODULES], check=True)
        return bytearray(core.read_bytes())

    def grub_disk(self):
        """boot.img in the first sector; core.img behind it, whose first sector lists where the rest is."""
        core = self.grub()
        boot = bytearray((GRUB_FOLDER / 'boot.img').read_bytes())
        core += bytes(-len(core) % SECTOR)
        struct.pack_into('<Q', boot, 0x5c, 1)       # sector of core.img
        boot[0x64] = 0xff                           # on the drive that was booted
        boot[SECTOR - 2:] = b'\x55\xaa'
        struct.pack_into('<QHH', core, SECTOR - 12, 2, len(core) // SECTOR - 1, 0x820)
        path = self.folder / 'grub.img'
        path.write_bytes(bytes(boot + core).ljust(4 << 20, b'\0'))
        return path

    def grub_cd(self):
        """El Torito without emulation: cdboot.img and core.img are one file."""
        self.grub()
        if not shutil.which('xorriso'):
            guest.skip('xorriso is not installed')
        tree = self.folder / 'tree'
        tree.mkdir(exist_ok=True)
        (tree / 'eltorito.img').write_bytes((GRUB_FOLDER / 'cdboot.img').read_bytes() + (self.folder / 'core.img').read_bytes())
        path = self.folder / 'grub.iso'
        subprocess.run(['xorriso', '-as', 'mkisofs', '-quiet', '-o', path, '-b', 'eltorito.img', '-no-emul-boot', '-boot-load-size',
                        '4', '-boot-info-table', tree], check=True, capture_output=True)
        return path


def drive(path, name, *more):
    return ['-drive', ','.join([f'file={path},format=raw,if=none,id={name}', *more])]


@case('places')
def places(setting):
    """Every controller boots."""
    a = setting.image('A')
    for machine in 'pc', 'q35':
        setting.says('A', machine, '-hda', a)
        setting.says('A', machine, '-drive', f'file={a},format=raw,index=1')
        setting.says('A', machine, '-drive', f'file={a},format=raw,if=virtio')
    setting.says('A', 'pc', *drive(a, 'a'), '-device', 'ahci,id=sata', '-device', 'ide-hd,drive=a,bus=sata.3')


@case('floppy')
def floppy(setting):
    """A floppy disk boots, in either board."""
    path = setting.image('FLOPPY')
    path.write_bytes(path.read_bytes().ljust(1474560, b'\0'))
    for machine in 'pc', 'q35':
        setting.says('FLOPPY', machine, '-fda', path)
        setting.says('FLOPPY', machine, '-drive', f'file={path},if=floppy,readonly=on', '-boot', 'a')


@case('order')
def order(setting):
    """The device with the smaller bootindex is booted, whatever it hangs on."""
    disks = [*drive(setting.image('A'), 'a'), *drive(setting.image('B'), 'b')]
    for machine in 'pc', 'q35':
        for first, second in ('ide-hd', 'ide-hd'), ('ide-hd', 'virtio-blk-pci'), ('virtio-blk-pci', 'ide-hd'):
            for a, b, wanted in (1, 2, 'A'), (2, 1, 'B'):
                setting.says(wanted, machine, *disks, '-device', f'{first},drive=a,bootindex={a}', '-device',
                             f'{second},drive=b,bootindex={b}')


@case('grub-disk')
def grub_disk(setting):
    """GRUB comes up from a disk."""
    image = setting.grub_disk()
    for machine in 'pc', 'q35':
        with setting.start(machine, '-hda', image) as running:
            running.expect('GRUB is up', 90)


@case('grub-cd')
def grub_cd(setting):
    """GRUB comes up from a CD."""
    image = setting.grub_cd()
    for machine in 'pc', 'q35':
        with setting.start(machine, '-cdrom', image) as running:
            running.expect('GRUB is up', 90)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--build')
    parser.add_argument('--echo', action='store_true')
    parser.add_argument('cases', nargs='+')
    arguments = parser.parse_args()
    if arguments.cases == ['list']:
        print('\n'.join(CASES))
        return 0
    binary = guest.emulator(build=arguments.build, arch='x86_64')
    for name in arguments.cases:
        with tempfile.TemporaryDirectory() as folder:
            try:
                CASES[name](Setting(binary, arguments.echo, folder))
            except Failure as failure:
                print(f'{name}: {failure}', file=sys.stderr)
                return 1
        print(f'{name}: ok')
    return 0


if __name__ == '__main__':
    sys.exit(main())
