# SPDX-License-Identifier: GPL-2.0-or-later
"""rhea top: what a machine is doing, once a second.

usage: rhea top [--once] [--json] [--every=SECONDS] SOCKET

SOCKET is the path or HOST:PORT given to -qmp. Processors: time on the host's CPU, and per second what query-stats
counts. Disks: requests and bytes per second. --once prints one screen and ends; --json prints a line of JSON each time.
"""
import json
import os
import select
import shutil
import sys
import time

from client import Monitor, Problem

TICKS = os.sysconf('SC_CLK_TCK')


def thread_seconds(thread):
    """Time that @thread has spent on a CPU; None when it is not on this host, or not ours."""
    try:
        with open(f'/proc/{thread}/stat', encoding='ascii', errors='replace') as file:
            fields = file.read().rpartition(')')[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS
    except (OSError, IndexError, ValueError):
        return None


def numbers(monitor, known, target):
    """qom-path -> {name: number} of what grows."""
    result = {}
    if 'query-stats' not in known:
        return result
    for entry in monitor.command('query-stats', target=target):
        to = result.setdefault(entry.get('qom-path', ''), {})
        to.update({row['name']: row['value'] for row in entry['stats']
                   if isinstance(row['value'], (int, float)) and not isinstance(row['value'], bool)})
    return result


class Sample:
    """Everything that is looked at, at one moment."""

    def __init__(self, monitor, known):
        self.at = time.monotonic()
        self.status = monitor.command('query-status')['status']
        self.cpus = {}
        counted = numbers(monitor, known, 'vcpu')
        for cpu in monitor.command('query-cpus-fast'):
            counts = dict(counted.get(cpu['qom-path'], {}))
            told = counts.pop('cpu-time', None)     # in ns, as the machine sees it
            seen = thread_seconds(cpu['thread-id'])
            self.cpus[cpu['cpu-index']] = {'seconds': seen if told is None else told / 1e9, **counts}
        self.machine = numbers(monitor, known, 'vm').get('', {})
        self.disks = {}
        for disk in monitor.command('query-blockstats') if 'query-blockstats' in known else []:
            self.disks[disk.get('device') or disk.get('node-name') or disk.get('qdev', '?')] = disk['stats']


def growing(monitor, known):
    """Names of the numbers that are rates when divided by time."""
    if 'query-stats-schemas' not in known:
        return set()
    return {row['name'] for schema in monitor.command('query-stats-schemas') for row in schema['stats'] if row['type'] == 'cumulative'}


def rates(new, old, elapsed, names):
    """name -> per second, or the number as it is when it does not only grow."""
    result = {}
    for name, value in new.items():
        before = old.get(name)
        if value is None or before is None:
            result[name] = None
        else:
            result[name] = max(0, value - before) / elapsed if names is None or name in names else value
    return result


def report(new, old, names):
    elapsed = max(new.at - old.at, 1e-3)
    cpus = {}
    for index, cpu in new.cpus.items():
        cpu_rates = rates(cpu, old.cpus.get(index, {}), elapsed, names | {'seconds'})
        share = cpu_rates.pop('seconds')
        cpus[index] = {'host-cpu-percent': None if share is None else round(100 * share, 1),
                       **{name: round(value, 1) for name, value in cpu_rates.items() if value is not None}}
    disks = {name: {key: round(value, 1) for key, value in rates(
        {key: stats[key] for key in ('rd_operations', 'wr_operations', 'rd_bytes', 'wr_bytes') if key in stats},
        old.disks.get(name, {}), elapsed, None).items() if value is not None} for name, stats in new.disks.items()}
    machine = {name: round(value, 1) for name, value in rates(new.machine, old.machine, elapsed, names).items() if value is not None}
    return {'status': new.status, 'cpus': cpus, 'machine': machine, 'disks': disks}


def short(value):
    """A number in five characters or so."""
    if value is None:
        return '-'
    for limit, divisor, suffix in ((1e4, 1, ''), (1e6, 1e3, 'k'), (1e9, 1e6, 'M'), (float('inf'), 1e9, 'G')):
        if value < limit:
            scaled = value / divisor
            return (f'{scaled:.1f}' if suffix and scaled < 1000 else f'{scaled:.0f}') + suffix
    return str(value)


def table(title, rows):
    """@rows: label -> {column: text}"""
    columns = list(dict.fromkeys(column for row in rows.values() for column in row))
    if not columns:
        return []
    widths = {column: max(len(column), *(len(row.get(column, '-')) for row in rows.values())) for column in columns}
    first = max(len(title), *map(len, rows))
    lines = [title.ljust(first) + ''.join('  ' + column.rjust(widths[column]) for column in columns)]
    lines += [label.ljust(first) + ''.join('  ' + row.get(column, '-').rjust(widths[column]) for column in columns)
              for label, row in rows.items()]
    return lines


def screen(name, data):
    heads = {'rd_operations': 'reads/s', 'wr_operations': 'writes/s', 'rd_bytes': 'read B/s', 'wr_bytes': 'written B/s',
             'host-cpu-percent': 'host %'}

    def rows(group, label):
        return {label(key): {heads.get(column, column): short(value) for column, value in row.items()} for key, row in group.items()}
    total = sum(cpu['host-cpu-percent'] or 0 for cpu in data['cpus'].values())
    lines = [f'{name}: {data["status"]}, {len(data["cpus"])} processor{"s" * (len(data["cpus"]) != 1)}, {total:.0f} % of a host CPU', '']
    lines += table('CPU', rows(data['cpus'], lambda key: f'CPU {key}'))
    if data['machine']:
        lines += ['', *table('machine', rows({'all': data['machine']}, str))]
    if data['disks']:
        lines += ['', *table('disk', rows(data['disks'], str))]
    return lines


def pause(seconds):
    """False: the user wants to leave."""
    if not sys.stdin.isatty():
        time.sleep(seconds)
        return True
    ready, _, _ = select.select([sys.stdin], [], [], seconds)
    return not (ready and os.read(sys.stdin.fileno(), 1) in (b'q', b''))


def watch(monitor, name, seconds, once, as_json):
    known = {row['name'] for row in monitor.command('query-commands')}
    names = growing(monitor, known)
    drawing = sys.stdout.isatty() and not once and not as_json
    old = Sample(monitor, known)
    while pause(seconds):
        new = Sample(monitor, known)
        data = report(new, old, names)
        if as_json:
            print(json.dumps(data), flush=True)
        else:
            height = max(1, shutil.get_terminal_size().lines - 2) if drawing else None
            lines = screen(name, data)[:height]
            if drawing:
                print('\x1b[H' + ''.join(line + '\x1b[K\n' for line in [*lines, '', 'q leaves']) + '\x1b[J', end='', flush=True)
            else:
                print('\n'.join(lines), flush=True)
        old = new
        if once:
            return


def main(words):
    once, as_json, seconds, addresses = False, False, 1.0, []
    for word in words:
        if word in ('--once', '--json'):
            once, as_json = once or word == '--once', as_json or word == '--json'
        elif word.startswith('--every='):
            try:
                seconds = max(0.05, float(word.partition('=')[2]))
            except ValueError:
                raise Problem(f"{word}: must be a number of seconds") from None
        elif word.startswith('-'):
            raise Problem(f"unknown option '{word}'; there are --once, --json and --every=SECONDS")
        else:
            addresses.append(word)
    if len(addresses) != 1:
        raise Problem('which machine? rhea top SOCKET')
    before = None
    if sys.stdin.isatty() and sys.stdout.isatty() and not once and not as_json:
        import termios
        before = termios.tcgetattr(0)
        raw = termios.tcgetattr(0)
        raw[3] &= ~(termios.ICANON | termios.ECHO)
        termios.tcsetattr(0, termios.TCSADRAIN, raw)
        print('\x1b[?1049h\x1b[?25l', end='')
    try:
        with Monitor(addresses[0]) as monitor:
            named = monitor.command('query-name').get('name')
            watch(monitor, named or addresses[0], seconds, once, as_json)
    except KeyboardInterrupt:
        pass
    finally:
        if before:
            import termios
            termios.tcsetattr(0, termios.TCSADRAIN, before)
            print('\x1b[?25h\x1b[?1049l', end='', flush=True)
    return 0
