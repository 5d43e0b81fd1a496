#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The debugging stub on RISC-V: packets by hand, hostile ones too, and sessions of a real gdb.

usage: gdb.py [--binary=EMULATOR] [--build=FOLDER] [--variant=NAME] [PATTERN]        Speaks TAP.
"""
import re
import shutil
import time

import session
from session import HERE, SECONDS, Client, Machine, gdb

FLAGS = ['-march=rv64gc', '-mabi=lp64d', '-Wl,-N,-Ttext=0x80000000']
Machine.words = ('-machine', 'virt', '-smp', '2', '-bios', 'none')
PC = 32


def test_description_and_registers(folder):
    with Machine(folder) as machine:
        client = Client(machine)
        said = client.ask('qSupported:multiprocess+;swbreak+')
        assert 'PacketSize=' in said and 'qXfer:features:read+' in said, said
        text, more = '', 'm'
        while more == 'm':
            part = client.ask(f'qXfer:features:read:target.xml:{len(text):x},1000')
            more, text = part[0], text + part[1:]
        assert '<architecture>riscv:rv64</architecture>' in text and 'org.gnu.gdb.riscv.cpu' in text, text[:200]
        assert client.register(PC) == 0x1000
        assert client.ask('P5=8877665544332211') == 'OK'
        assert client.register(5) == 0x1122334455667788
        assert client.ask('P0=0100000000000000') == 'OK' and client.register(0) == 0
        general = client.ask('g')
        assert len(general) == 33 * 16 and general[5 * 16:6 * 16] == '8877665544332211', general
        assert client.ask('pffffff').startswith('E')


def test_threads(folder):
    with Machine(folder) as machine:
        client = Client(machine)
        assert client.ask('qfThreadInfo') == 'm1,2' and client.ask('qsThreadInfo') == 'l'
        assert client.ask('qSupported:multiprocess+') and client.ask('qfThreadInfo') == 'mp1.1,p1.2'
        assert b'CPU#1' in bytes.fromhex(client.ask('qThreadExtraInfo,p1.2'))
        assert client.ask('Hgp1.2') == 'OK' and client.ask('Hgp1.3').startswith('E')
        assert client.ask('Tp1.2') == 'OK' and client.ask('T9').startswith('E')


def test_breakpoint_stops_before_the_instruction(folder):
    with Machine(folder) as machine:
        client = Client(machine)
        leaf = machine.symbols['leaf']
        assert client.ask(f'Z0,{leaf:x},4') == 'OK'
        for count in 1, 2, 3:
            said = client.ask('vCont;c')
            assert said.startswith('T05') and client.register(PC) == leaf, said
            assert client.word(machine.symbols['counter']) == count
            assert client.ask(f'z0,{leaf:x},4') == 'OK'
            said = client.ask('vCont;s:1')
            assert said.startswith('T05') and client.register(PC) == leaf + 4, said
            assert client.ask(f'Z1,{leaf:x},4') == 'OK' and client.ask(f'Z0,{leaf:x},4') == 'OK'
            assert client.ask(f'z1,{leaf:x},4') == 'OK'


def test_watchpoints_are_exact_and_come_behind_the_access(folder):
    with Machine(folder) as machine:
        client = Client(machine)
        counter, total = machine.symbols['counter'], machine.symbols['sum']
        loop = machine.symbols['loop']
        assert client.ask(f'Z2,{counter:x},8') == 'OK'
        for count in 1, 2:
            said = client.ask('vCont;c')
            assert f'watch:{counter:x};' in said and 'rwatch' not in said and 'awatch' not in said, said
            assert client.word(counter) == count and client.register(PC) == loop + 8
        assert client.ask(f'z2,{counter:x},8') == 'OK' and client.ask(f'Z3,{total:x},1') == 'OK'
        said = client.ask('vCont;c')
        assert f'rwatch:{total:x};' in said and client.register(PC) == loop + 12, said
        assert client.ask(f'z3,{total:x},1') == 'OK' and client.ask(f'Z4,{total + 7:x},1') == 'OK'
        said = client.ask('vCont;c')
        assert f'awatch:{total + 7:x};' in said and client.register(PC) == machine.symbols['after_leaf'], said


def test_one_thread_may_run_while_the_other_is_held(folder):
    with Machine(folder) as machine:
        client = Client(machine)
        beats, counter, leaf = (machine.symbols[name] for name in ('beats', 'counter', 'leaf'))
        assert client.ask(f'Z0,{leaf:x},4') == 'OK'
        assert client.ask('vCont;c:1').startswith('T05')
        assert client.word(beats) == 0 and client.word(counter) == 1
        assert client.ask('Hg2') == 'OK' and client.register(PC) == 0x1000
        assert client.ask(f'z0,{leaf:x},4') == 'OK'
        client.socket.sendall(client.frame(b'vCont;c:2;t'))
        time.sleep(0.2)
        client.socket.sendall(b'\x03')
        assert client.packet().startswith('T02')
        assert client.word(beats) > 0 and client.word(counter) == 1


def test_steps_within_a_range(folder):
    with Machine(folder) as machine:
        client = Client(machine)
        loop = machine.symbols['loop']
        assert client.ask(f'Z0,{loop:x},4') == 'OK' and client.ask('vCont;c').startswith('T05')
        assert client.ask(f'z0,{loop:x},4') == 'OK'
        said = client.ask(f'vCont;r{loop:x},{loop + 16:x}:1')
        assert said.startswith('T05') and client.register(PC) == loop + 16, said


def test_memory(folder):
    with Machine(folder) as machine:
        client = Client(machine)
        total = machine.symbols['sum']
        assert client.ask(f'M{total:x},4:78563412') == 'OK' and client.word(total) == 0x12345678
        assert client.ask(f'X{total:x},3:}}\x03}}\x04}}]') == 'OK'
        assert client.ask(f'm{total:x},3') == '23247d'
        assert client.ask('m0,8').startswith('E') and client.ask('m80000000,0') == ''
        assert client.ask('Qqemu.PhyMemMode:1') == 'OK' and client.ask('qqemu.PhyMemMode') == '1'
        assert client.ask('m80000000,4') != '' and client.ask(f'm{(1 << 64) - 4:x},8').startswith('E')


def test_monitor_commands(folder):
    with Machine(folder) as machine:
        client = Client(machine)
        said = bytes.fromhex(client.ask('qRcmd,' + b'info status'.hex()))
        assert b'paused' in said, said
        assert b'did you mean' in bytes.fromhex(client.ask('qRcmd,' + b'info statsu'.hex()))
        assert client.ask('qRcmd,xx').startswith('E')
        assert b'door' in bytes.fromhex(client.ask('qRcmd,' + b'gdbserver none'.hex()))
        client.ask('qRcmd,' + b'cont'.hex())        # behind the stub's back: it stops the machine again
        assert client.ask(f'Z0,{machine.symbols["leaf"]:x},4') == 'OK' and client.ask('vCont;x').startswith('E')
        assert client.ask('vCont;c').startswith('T05') and client.register(PC) == machine.symbols['leaf']


def test_detach_lets_the_machine_go_and_another_may_come(folder):
    with Machine(folder) as machine:
        client = Client(machine)
        assert client.ask(f'Z0,{machine.symbols["leaf"]:x},4') == 'OK' and client.ask('D') == 'OK'
        client.socket.close()
        time.sleep(0.1)
        client = Client(machine)
        first = client.word(machine.symbols['counter'])
        client.socket.close()       # hung up without a word: what was stopped stays stopped
        client = Client(machine)
        assert first > 0 and client.word(machine.symbols['counter']) == first
        assert client.ask('?').startswith('T')
        client.socket.sendall(client.frame(b'k'))
        assert machine.process.wait(SECONDS) == 0


def test_hostile_packets(folder):
    with Machine(folder) as machine:
        client = Client(machine)
        for text in ('', 'm', 'mzz', 'm1', 'm1,', f'm80000000,{"f" * 16}', 'M80000000,5:00', 'X80000000,ffff:1', 'G', 'G1', 'P', 'P1',
                     'P1=', 'pzz', 'Z', 'Z9,0,0', 'Z0', 'Z0,', f'Z2,{"f" * 16},{"f" * 16}', 'z2,0,0', 'H', 'Hx1', 'T', 'vCont',
                     'vCont;', 'vCont;x', 'vCont;s:99', 'vCont;r1', 'vCont;c:p2.1', 'v', 'qRcmd,', 'qRcmd,1', 'qThreadExtraInfo,',
                     'qXfer:features:read:target.xml:ffffffff,1', 'qXfer:features:read:nothing:0,1', 'Qqemu.sstep=ff', '\x00\x01'):
            client.ask(text)
        client.socket.sendall(b'$m80000000,4#00')     # a wrong sum
        assert client.byte() == b'-'
        client.socket.sendall(b'$' + b'm' * 100000 + b'#' + b'%02x' % (ord('m') * 100000 & 255))
        client.socket.sendall(b'+-+-\x00\xff$$$' + client.frame(b'?'))
        said = ''
        while not said.startswith('T'):
            said = client.packet()
        points = sum(client.ask(f'Z0,{address:x},4') == 'OK' for address in range(0, 4 * 1100, 4))
        assert points <= 1024, points


def test_session_of_gdb(folder):
    if not shutil.which('gdb-multiarch'):
        return 'gdb-multiarch is not installed'
    with Machine(folder) as machine:
        Client(machine).socket.close()      # it listens now
        said = gdb(machine, 'break leaf', 'continue', 'print/d *(long*)&counter', 'backtrace', 'info threads', 'delete',
                   'watch *(long*)&counter', 'continue', 'continue', 'delete', 'stepi', 'set $s1 = 100', 'tbreak leaf', 'continue',
                   'print/d $s1', 'print/d *(long*)&counter', 'info registers mhartid pc', 'monitor info name', 'detach')
        for pattern in (r'Breakpoint 1, .*leaf', r'\$1 = 1\b', r'#1 .*loop', r'CPU#1', r'Old value = 1\s+New value = 2',
                        r'Old value = 2\s+New value = 3', r'Temporary breakpoint 3', r'\$2 = 10[0-9]\b', r'\$3 = 3\b',
                        r'mhartid +0x0'):
            assert re.search(pattern, said), f'{pattern}\n{said}'
    return None


def build(folder):
    return session.assemble(session.guest.CROSS, 'riscv64-linux-gnu-nm', FLAGS, HERE / 'program.S', folder)


if __name__ == '__main__':
    session.main('riscv64', session.guest.CROSS, build, globals(), __doc__)
