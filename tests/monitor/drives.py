#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Drives through the monitor: what is in them, changing it, what they tell.

usage: drives.py --build=FOLDER        Speaks TAP.
"""
import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parent))
import client
import guest

PC = ('-machine', 'pc', '-accel', 'qtest', '-vga', 'none')


def drive(qmp, name):
    return next(entry for entry in qmp.call('query-block') if entry['device'] == name)


def test_drives_are_listed(start, disk, _other):
    with start('-drive', f'file={disk},format=raw,if=none,id=d', '-device', 'ide-hd,id=first,drive=d', '-device', 'ide-cd,id=cd') as emulator:
        qmp = emulator.connect().negotiate()
        entry = drive(qmp, 'd')
        assert entry['qdev'] == 'first' and not entry['removable'] and entry['io-status'] == 'ok', entry
        assert entry['inserted']['drv'] == 'raw' and entry['inserted']['image']['virtual-size'] == 1 << 20, entry
        assert entry['inserted']['cache'] == {'writeback': True, 'direct': False, 'no-flush': False}, entry
        empty = drive(qmp, 'cd')
        assert empty['removable'] and not empty['tray_open'] and 'inserted' not in empty, empty
        stats = next(e for e in qmp.call('query-blockstats') if e['device'] == 'd')
        assert stats['stats']['rd_operations'] == 0, stats


def test_a_pc_has_an_empty_cd_drive_unless_told(start, disk, _other):
    for words, names in (((), {'ide1-cd0'}), (('-nodefaults',), set()), (('-hda', disk), {'ide0-hd0', 'ide1-cd0'}),
                         (('-cdrom', disk), {'ide1-cd0'}), (('-hdc', disk), {'ide1-hd0'})):
        with start(*words) as emulator:
            listed = {entry['device'] for entry in emulator.connect().negotiate().call('query-block')}
            assert listed == names, (words, listed)


def test_media_are_changed(start, disk, other):
    with start('-cdrom', disk) as emulator:
        qmp = emulator.connect().negotiate()
        qmp.call('blockdev-change-medium', device='ide1-cd0', filename=str(other), format='raw')
        assert qmp.wait_event('DEVICE_TRAY_MOVED')['data']['tray-open'] is True
        assert qmp.wait_event('DEVICE_TRAY_MOVED')['data']['tray-open'] is False
        assert drive(qmp, 'ide1-cd0')['inserted']['file'] == str(other)
        qmp.error('blockdev-change-medium', {'device': 'ide1-cd0', 'filename': '/nowhere'})
        assert drive(qmp, 'ide1-cd0')['inserted']['file'] == str(other)
        qmp.error('blockdev-remove-medium', {'id': 'ide1-cd0'})
        qmp.call('blockdev-open-tray', device='ide1-cd0')
        qmp.call('blockdev-remove-medium', id='ide1-cd0')
        assert 'inserted' not in drive(qmp, 'ide1-cd0')
        qmp.call('blockdev-close-tray', device='ide1-cd0')
        qmp.call('eject', device='ide1-cd0')
        assert drive(qmp, 'ide1-cd0')['tray_open']


def test_disks_grow_and_have_no_tray(start, _disk, disk):
    with start('-hda', disk) as emulator:
        qmp = emulator.connect().negotiate()
        qmp.call('block_resize', device='ide0-hd0', size=2 << 20)
        assert drive(qmp, 'ide0-hd0')['inserted']['image']['virtual-size'] == 2 << 20
        assert Path(disk).stat().st_size == 2 << 20
        qmp.error('block_resize', {'device': 'ide0-hd0', 'size': 1000})
        qmp.error('block_resize', {'device': 'nothing', 'size': 1024})
        qmp.error('eject', {'device': 'ide0-hd0'})
        qmp.error('eject', {})


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--build')
    binary = guest.emulator(build=parser.parse_args().build, arch='x86_64')
    with tempfile.TemporaryDirectory() as folder:
        disk, other = Path(folder) / 'disk', Path(folder) / 'other'
        for path in disk, other:
            path.write_bytes(bytes(1 << 20))
        tests = [test for name, test in sorted(globals().items()) if name.startswith('test_')]
        return client.run_tests(tests, lambda *words: client.Emulator(binary, *[str(word) for word in words], machine=PC), disk, other)


if __name__ == '__main__':
    sys.exit(main())
