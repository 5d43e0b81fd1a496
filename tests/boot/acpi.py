#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The ACPI tables of every PC board, as a guest finds them in memory: sums, and what iasl says.

usage: acpi.py [--build=FOLDER] [--keep=FOLDER]
"""
import argparse
import re
import shutil
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import guest

RSDP = 0xe0000
ROWS = {
    'microvm': ['-M', 'microvm', '-smp', '4'],
    'microvm-virtio': ['-M', 'microvm', '-device', 'virtio-rng-device', '-smp', '1'],
    'microvm-bare': ['-M', 'microvm,pic=off,pit=off,rtc=off,isa-serial=off,ioapic2=off'],
    'pc': ['-M', 'pc', '-smp', '2,sockets=2', '-m', '512M'],
    'q35': ['-M', 'q35', '-smp', '255', '-m', '3G'],
    'q35-vmgenid': ['-M', 'q35', '-device', 'pvpanic', '-parallel', 'null', '-device', 'vmgenid,guid=324e6eaf-d1d1-4bf6-bf41-b9bb6c91fb87'],
    'pc-numa': ['-M', 'pc', '-smp', '4', '-m', '6G', '-numa', 'node,cpus=0-1,mem=1G', '-numa', 'node,cpus=2-3,mem=5G',
                '-numa', 'dist,src=0,dst=1,val=30', '-global', 'PIIX4_PM.disable_s3=1'],
}


def program():
    """An ELF executable of 64 bits: one HLT at 2 MiB."""
    entry = 0x200000
    header = struct.pack('<16sHHIQQQIHHHHHH', b'\x7fELF\2\1\1', 2, 62, 1, entry, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    segment = struct.pack('<IIQQQQQQ', 1, 5, 120, entry, entry, 1, 1, 0x1000)
    return header + segment + b'\xf4'


class Machine:
    """A stopped machine whose memory can be read."""

    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def read(self, address, length):
        self.process.stdin.write(f'read {address:#x} {length:#x}\n')
        self.process.stdin.flush()
        answer = self.process.stdout.readline().split()
        if answer[:1] != ['OK']:
            raise guest.Failure(f'the memory at {address:#x} cannot be read: {answer}')
        return bytes.fromhex(answer[1].removeprefix('0x'))

    def table(self, address):
        return self.read(address, struct.unpack('<I', self.read(address + 4, 4))[0])

    def end(self):
        self.process.kill()
        self.process.wait()


def tables(machine):
    """Every table, from the root pointer on."""
    rsdp = machine.read(RSDP, 36)
    if rsdp[:8] != b'RSD PTR ' or sum(rsdp) % 256 or sum(rsdp[:20]) % 256:
        raise guest.Failure(f'there is no root pointer: {rsdp.hex()}')
    xsdt = machine.table(struct.unpack_from('<Q', rsdp, 24)[0])
    found = [xsdt, machine.table(struct.unpack_from('<I', rsdp, 16)[0])]
    for address in struct.unpack_from(f'<{(len(xsdt) - 36) // 8}Q', xsdt, 36):
        found.append(machine.table(address))
        if found[-1][:4] == b'FACP':
            found.append(machine.table(struct.unpack_from('<Q', found[-1], 140)[0]))
    for table in found:
        if sum(table) % 256:
            raise guest.Failure(f'the sum of {table[:4].decode()} is wrong')
    return found


def check(name, table, folder):
    signature = table[:4].decode()
    path = folder / f'{name}-{signature}.aml'
    path.write_bytes(table)
    for command in (['iasl', '-d', path],
                    ['iasl', '-oa', path.with_suffix('.dsl')] if signature == 'DSDT' else None):
        if not command:
            continue
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        said = result.stdout + result.stderr
        remarks = [line for line in said.splitlines() if re.search('warning|error', line, re.I)]
        remarks = [line for line in remarks if '0 Errors, 0 Warnings' not in line]
        if result.returncode or remarks:
            raise guest.Failure(f'{name}: iasl about {signature}:\n{said}')


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument('--build')
    parser.add_argument('--keep', type=Path)
    options = parser.parse_args()
    binary = guest.emulator(None, options.build, 'x86_64')
    if not binary:
        guest.skip('rhea-system-x86_64 is not built', tap=True)
    if not shutil.which('iasl'):
        guest.skip('iasl is not installed', tap=True)
    print(f'1..{len(ROWS)}')
    failed = False
    with tempfile.TemporaryDirectory() as name:
        folder = options.keep or Path(name)
        kernel = folder / 'program'
        kernel.write_bytes(program())
        for number, (row, words) in enumerate(ROWS.items(), 1):
            machine = Machine([binary, *words, '-accel', 'qtest', '-qtest', 'stdio', '-display', 'none', '-bios', 'none',
                               '-kernel', str(kernel), '-monitor', 'none'])
            try:
                for table in tables(machine):
                    check(row, table, folder)
                print(f'ok {number} {row}')
            except guest.Failure as failure:
                print(f'not ok {number} {row}\n# ' + str(failure).replace('\n', '\n# '))
                failed = True
            finally:
                machine.end()
    sys.exit(failed)


if __name__ == '__main__':
    main()
