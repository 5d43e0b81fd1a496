#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The debugging stub on a PC: what differs from RISC-V (gdb.py): modes, segments, block moves, shadows.

usage: x86.py [--binary=EMULATOR] [--build=FOLDER] [--variant=NAME] [PATTERN]        Speaks TAP.
"""
import re
import shutil
import socket
import time

import session
from session import HERE, SECONDS, Client, Machine, gdb

FLAGS = ['-m64', '-Wl,-N,-Ttext=0x100000']
Machine.words = ('-machine', 'microvm', '-cpu', 'max', '-smp', '2')
CR4_PAE, LME = 0x20, 0x100
TRAMPOLINE = 0x8000
BREAKS = ':swbreak+;hwbreak+'


def run_to(client, place):
    """Continues to the address @place."""
    assert client.ask(f'Z0,{place:x},1') == 'OK'
    said = client.ask('vCont;c')
    assert said.startswith('T05'), said
    assert client.ask(f'z0,{place:x},1') == 'OK'
    return said


def test_description(folder):
    with Machine(folder) as machine:
        client = Client(machine)
        text = client.describe()
        assert '<architecture>i386:x86-64</architecture>' in text
        for feature in 'core', 'sse', 'avx', 'segments', 'pkeys':
            assert f'"org.gnu.gdb.i386.{feature}"' in text, text
        assert client.names[:18] == ['rax', 'rbx', 'rcx', 'rdx', 'rsi', 'rdi', 'rbp', 'rsp', 'r8', 'r9', 'r10', 'r11', 'r12',
                                     'r13', 'r14', 'r15', 'rip', 'eflags']
        assert client.names[18:24] == ['cs', 'ss', 'ds', 'es', 'fs', 'gs'] and client.names[24:32] == [f'st{i}' for i in range(8)]
        assert len(set(client.names)) == len(client.names)
        general = client.ask('g')
        assert len(general) == 2 * (17 * 8 + 7 * 4 + 8 * 10 + 8 * 4), len(general)
        for number in range(len(client.names)):
            assert not client.ask(f'p{number:x}').startswith('E'), client.names[number]


def test_description_of_a_processor_of_32_bits(folder):
    with Machine(folder, '-cpu', 'qemu32') as machine:
        client = Client(machine)
        assert '<architecture>i386</architecture>' in client.describe()
        assert client.names[:10] == ['eax', 'ecx', 'edx', 'ebx', 'esp', 'ebp', 'esi', 'edi', 'eip', 'eflags']
        assert 'xmm7' in client.names and 'xmm8' not in client.names
        assert client.set('eax', 0x11223344, 4) == 'OK' and client.get('eax') == 0x11223344
        assert client.get('eip') == machine.symbols['_start']


def test_registers_have_the_width_of_the_mode(folder):
    with Machine(folder) as machine:
        client = Client(machine)
        client.describe()
        assert client.set('rax', 0x1122334455667788) == 'OK' and client.get('rax') == 0x55667788
        assert client.set('r8', 1) .startswith('E') and client.get('r8') == 0
        run_to(client, machine.symbols['in64'])
        assert client.get('efer') == 0x500 and client.get('cr0') >> 31 == 1
        assert client.set('rax', 0x1122334455667788) == 'OK' and client.get('rax') == 0x1122334455667788
        assert client.set('r15', 1 << 63) == 'OK' and client.get('r15') == 1 << 63
        assert client.ask('vCont;s:1').startswith('T05') and client.get('rax') == 16


def test_system_registers_keep_the_rules(folder):
    with Machine(folder) as machine:
        client = Client(machine)
        client.describe()
        run_to(client, machine.symbols['loop'])
        assert client.set('cr4', client.get('cr4') & ~CR4_PAE).startswith('E')
        assert client.set('efer', client.get('efer') & ~LME).startswith('E')
        assert client.set('cr0', 0x60000011).startswith('E') and client.get('cr0') >> 31 == 1
        assert client.set('cr8', 5) == 'OK' and client.get('cr8') == 5 and client.set('cr8', 16).startswith('E')
        assert client.set('rip', 1 << 62).startswith('E') and client.get('rip') == machine.symbols['loop']
        assert client.set('fs_base', 0xffff800000001000) == 'OK' and client.get('fs_base') == 0xffff800000001000
        assert client.set('gs_base', 1 << 55).startswith('E')
        assert client.set('lstar', 0x1234) == 'OK' and client.get('lstar') == 0x1234
        assert client.set('ds', 0, 4) == 'OK' and client.get('ds') == 0 and client.set('ds', 16, 4) == 'OK'
        assert client.set('cs', 0, 4).startswith('E') and client.set('ds', 0x60, 4).startswith('E')
        assert client.set('dr7', 0x401) == 'OK' and client.set('dr7', 0x400) == 'OK'
        assert client.set('eflags', client.get('eflags') | 1 << 17, 4).startswith('E')
        assert client.set('eflags', 0xd5, 4) == 'OK' and client.get('eflags') == 0xd7
        assert client.set('mxcsr', 0x1f80, 4) == 'OK' and client.set('mxcsr', 1 << 16, 4).startswith('E')
        assert client.ask('vCont;s:1').startswith('T05')      # nothing of what was refused is raised
        assert client.get('rip') == machine.symbols['loop'] + 3


def test_vectors_and_floats(folder):
    with Machine(folder) as machine:
        client = Client(machine)
        client.describe()
        run_to(client, machine.symbols['loop'])
        assert client.get('xmm1') == (1 << 128) - 1
        assert client.get('st0') == 0x4000c90fdaa22168c235        # pi, from the top of the stack
        assert client.get('fstat') >> 11 & 7 == 7 and client.get('ftag') == 0x3fff and client.get('fctrl') == 0x37f
        assert client.set('xmm3', 3 << 64 | 4, 16) == 'OK' and client.get('xmm3') == 3 << 64 | 4
        assert client.set('ymm3h', 5 << 64, 16) == 'OK' and client.get('ymm3h') == 5 << 64 and client.get('xmm3') == 3 << 64 | 4
        assert client.set('st1', 0x3fff8000000000000000, 10) == 'OK' and client.get('st1') == 0x3fff8000000000000000


def test_breakpoints_say_which_kind(folder):
    with Machine(folder) as machine:
        client = Client(machine)
        leaf = machine.symbols['leaf']
        client.describe(BREAKS)
        for kind, name in (0, 'swbreak'), (1, 'hwbreak'):
            assert client.ask(f'Z{kind},{leaf:x},1') == 'OK'
            said = client.ask('vCont;c')
            assert f'{name}:;' in said and client.get('rip') == leaf, said
            assert client.ask(f'z{kind},{leaf:x},1') == 'OK'
            assert client.ask('vCont;s:1').startswith('T05')


def test_watchpoints(folder):
    with Machine(folder) as machine:
        client = Client(machine)
        client.describe()
        counter, total, loop = (machine.symbols[name] for name in ('counter', 'sum', 'loop'))
        assert client.ask(f'Z2,{counter:x},8') == 'OK'
        for count in 1, 2:
            said = client.ask('vCont;c')
            assert f';watch:{counter:x};' in said and client.word(counter) == count, said
            assert client.get('rip') == loop + 6        # behind the store
        assert client.ask(f'z2,{counter:x},8') == 'OK' and client.ask(f'Z3,{total + 7:x},1') == 'OK'
        said = client.ask('vCont;c')
        assert f'rwatch:{total + 7:x};' in said and client.get('rip') == loop + 10, said
        assert client.ask(f'z3,{total + 7:x},1') == 'OK' and client.ask(f'Z4,{total + 3:x},2') == 'OK'
        said = client.ask('vCont;c')
        assert f'awatch:{total + 3:x};' in said and client.get('rip') == machine.symbols['after_leaf'], said


def test_block_moves_are_stepped_by_element(folder):
    with Machine(folder) as machine:
        client = Client(machine)
        client.describe()
        move, moved = machine.symbols['move'], machine.symbols['moved']
        run_to(client, move)
        count = client.get('rcx')
        for done in 1, 2, 3:
            assert client.ask('vCont;s:1').startswith('T05')
            assert client.get('rcx') == count - done and client.get('rip') == move and client.get('rdi') == TRAMPOLINE + done
        assert client.ask(f'Z2,{TRAMPOLINE + 10:x},1') == 'OK'
        said = client.ask('vCont;c')
        assert f';watch:{TRAMPOLINE + 10:x};' in said, said
        assert client.get('rdi') == TRAMPOLINE + 11 and client.get('rip') == move
        assert client.ask(f'z2,{TRAMPOLINE + 10:x},1') == 'OK'
        said = client.ask(f'vCont;r{move:x},{moved:x}:1')
        assert said.startswith('T05') and client.get('rip') == moved and client.get('rcx') == 0


def steps(client, count):
    """Where it is after each of @count single steps."""
    places = []
    for _ in range(count):
        assert client.ask('vCont;s:1').startswith('T05')
        places.append(client.get('rip'))
    return places


def test_interrupts_while_stepping(folder):
    for mask, arrives in (7, False), (1, True):
        with Machine(folder) as machine:
            client = Client(machine)
            client.describe()
            end, handler = machine.symbols['shadow_end'], machine.symbols['handler']
            run_to(client, machine.symbols['loop'])
            assert client.set('rip', machine.symbols['shadow']) == 'OK'
            assert client.ask(f'Qqemu.sstep={mask:x}') == 'OK'
            assert steps(client, 6)[-1] == end - 2      # behind STI: its shadow
            places = steps(client, 3)
            if arrives:     # behind the instruction in the shadow, before the one that follows
                assert end - 1 in places and places[-1] >= handler, [hex(place) for place in places]
            else:
                assert places == [end - 1, end, end], [hex(place) for place in places]


def test_real_mode(folder):
    with Machine(folder) as machine:
        client = Client(machine)
        client.describe(BREAKS)
        assert client.ask(f'Z0,{TRAMPOLINE:x},1') == 'OK'
        said = client.ask('vCont;c')        # linear 0x8000 is 0800:0000
        assert said.startswith('T05thread:2;') and 'swbreak' not in said, said
        assert client.get('rip') == 0 and client.get('cs') == 0x800 and client.get('cs_base') == TRAMPOLINE
        assert client.get('cr0') & 1 == 0
        assert client.set('rip', 1) == 'OK' and client.get('rip') == 1 and client.set('rip', 0) == 'OK'
        assert client.set('ds', 0x1234, 4) == 'OK' and client.get('ds_base') == 0x12340
        assert client.ask(f'Z0,{machine.symbols["other"]:x},1') == 'OK'
        said = client.ask('vCont;c')        # not the same point again, though the debugger could not step over it
        assert 'thread:2;swbreak:;' in said and client.get('rip') == machine.symbols['other'], said


def test_memory_is_virtual_or_physical(folder):
    with Machine(folder) as machine:
        client = Client(machine)
        client.describe()
        run_to(client, machine.symbols['loop'])
        words = machine.symbols['words']
        assert client.word(words) == 0x1122334455667788
        assert client.set('cr3', 0x1000000) == 'OK'     # no tables there
        assert client.ask(f'm{words:x},8').startswith('E')
        assert client.ask('Qqemu.PhyMemMode:1') == 'OK' and client.word(words) == 0x1122334455667788
        assert client.ask(f'M{words:x},2:0102') == 'OK' and client.word(words) == 0x1122334455660201


def test_one_thread_may_run_while_the_other_is_held(folder):
    with Machine(folder) as machine:
        client = Client(machine)
        client.describe()
        run_to(client, machine.symbols['beat'])
        beats = machine.symbols['beats']
        assert client.ask('vCont;s:2').startswith('T05thread:2;') and client.word(beats) == 0
        counter = client.word(machine.symbols['counter'])
        client.socket.sendall(client.frame(b'vCont;c:2;t'))
        time.sleep(0.2)
        client.socket.sendall(b'\x03')
        assert client.packet().startswith('T02')
        assert client.word(beats) > 0 and client.word(machine.symbols['counter']) == counter


def test_it_calls_a_debugger_that_listens(folder):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.settimeout(SECONDS)
        listener.bind(str(folder / 'listens'))
        listener.listen()
        with Machine(folder, '-gdb', f'unix:{folder}/listens,server=off') as machine:
            client = Client(machine, listener.accept()[0])
            client.describe()
            assert client.get('rip') == machine.symbols['_start']


def test_a_server_waits_for_nobody(folder):
    for words in (f'unix:{folder}/gdb,server', f'unix:{folder}/gdb,server=on', f'unix:path={folder}/gdb,server=on,wait=on',
                  'chardev:line'):
        line = ('-chardev', f'socket,id=line,path={folder}/gdb,server=on,wait=off')
        with Machine(folder, *line[:2 * (words == 'chardev:line')], '-gdb', words) as machine:
            client = Client(machine)
            assert client.ask('?').startswith('T'), words
            client.socket.sendall(client.frame(b'k'))
            assert machine.process.wait(SECONDS) == 0


def test_session_of_gdb(folder):
    if not shutil.which('gdb-multiarch'):
        return 'gdb-multiarch is not installed'
    with Machine(folder) as machine:
        Client(machine).socket.close()      # it listens now
        said = gdb(machine, 'hbreak in64', 'continue', 'delete', 'break leaf', 'continue', 'print/d *(long*)&counter', 'backtrace',
                   'info threads', 'delete', 'watch *(long*)&counter', 'continue', 'continue', 'delete', 'stepi', 'set $r12 = 100',
                   'tbreak leaf', 'continue', 'print/d $r12', 'print/d *(long*)&counter', 'info registers cr0 efer eflags',
                   'print $xmm1.uint128', 'print $ymm1.v4_int64', 'print (float)$st0', 'monitor info name', 'detach')
        for pattern in (r'Breakpoint 1, .*in64', r'Breakpoint 2, .*leaf', r'\$1 = 1\b', r'#1 .*loop', r'CPU#1',
                        r'Old value = 1\s+New value = 2', r'Old value = 2\s+New value = 3', r'Temporary breakpoint 4', r'\$2 = 10[0-9]\b',
                        r'\$3 = 3\b', r'cr0 .*\[.*PE.*PG.*\]', r'efer .*\[ LME LMA \]', r'\$4 = 340282366920938463463374607431768211455',
                        r'\$5 = \{-1, -1, 0, 0\}', r'\$6 = 3.1415'):
            assert re.search(pattern, said), f'{pattern}\n{said}'
    return None


def build(folder):
    return session.assemble('gcc', 'nm', FLAGS, HERE / 'program_x86.S', folder)


if __name__ == '__main__':
    session.main('x86_64', 'gcc', build, globals(), __doc__)
